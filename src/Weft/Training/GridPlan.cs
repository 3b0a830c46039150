using Weft.Distributed.Planning;
using Weft.Models;

namespace Weft.Training;

/// <summary>What the planner of grids must know of a run.</summary>
internal static class GridPlan
{
    /// <summary>Bytes that a process holds beside its data: the runtime, compiled code and the MPI library.</summary>
    public const double ProgramBytes = 80e6;

    /// <summary>The question which grid a run should use.</summary>
    /// <param name="size">Sizes of the whole data.</param>
    /// <param name="model">The model.</param>
    /// <param name="settings">How it is trained.</param>
    /// <param name="processes">P</param>
    /// <param name="ranksPerNode">Processes of one machine.</param>
    public static PlanRequest Request(DataSize size, ModelSettings model, TrainingSettings settings, int processes, int ranksPerNode)
    {
        var layers = LayerShapes.Of(model, size.Features, size.Classes, size.FeatureEntries is not null);
        var memory = MemoryPlan.For(size, model, settings);
        return new PlanRequest
        {
            Nodes = size.Nodes,
            Edges = size.Edges,
            Layers = layers,
            EntriesPerNode = (size.FeatureEntries ?? 0) / (double)size.Nodes,
            Processes = processes,
            RanksPerNode = ranksPerNode,
            Memory = share => ProgramBytes + GridMemory.Bytes(share, size, memory, layers),
        };
    }
}
