using Weft.Communication;
using Weft.Distributed;
using Weft.Distributed.Planning;
using Weft.Graphs;
using Weft.Models;

namespace Weft.Training;

/// <summary>What the planner of grids must know of a run.</summary>
internal static class GridPlan
{
    /// <summary>Bytes of a process that holds next to nothing: the runtime, compiled code and the MPI library; measured with either library.</summary>
    public const double ProgramBytes = 68e6;

    private const long MostEdgesCounted = 200_000_000;

    /// <summary>What carries messages between processes that are threads.</summary>
    public const string Threads = "threads of one process";

    /// <summary>
    /// The grid that a run should use, the same on every process: by what was measured last with these machines and this number of
    /// processes, else by the defaults. A collective call. Where nothing fits in memory it is the grid that takes least.
    /// </summary>
    /// <param name="world">The processes.</param>
    /// <param name="size">Sizes of the whole data.</param>
    /// <param name="model">The model.</param>
    /// <param name="settings">How it is trained.</param>
    /// <param name="edges">The edges, if this process has them all: halos are then counted. Every process gives the same.</param>
    public static ProcessGrid Choose(ICommunicator world, DataSize size, ModelSettings model, TrainingSettings settings, EdgeList? edges = null)
    {
        var machines = Machines.Ask(world);
        // The first process's file counts, and the leanest machine's memory.
        var known = (world.Rank == 0 ? CalibrationFiles.Default.Newest(machines.Names, world.Size) : null) ?? Calibration.Default;
        Span<double> numbers = known.Numbers;
        world.Broadcast(numbers, 0);
        var calibration = known with { Numbers = numbers.ToArray() };
        Span<double> room = [GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)machines.ProcessesOf(machines.Of(world.Rank))];
        world.AllReduce(room, Reduction.Min);
        var request = Request(size, model, settings, world.Size, machines.MostProcesses) with { MemoryLimit = room[0] };
        // Counting looks at every edge for every grid: of a graph so large that it takes minutes, sizes must do.
        if (edges is not null && world.Size > 1 && (long)edges.Count * Planner.Grids(request).Count() <= MostEdgesCounted) request = new LoadedGraph(edges, addsLoops: model.Model == "gcn").Counted(request);
        var candidates = Planner.All(request, calibration);
        return (candidates.FirstOrDefault(c => c.IsOurs && c.Fits) ?? candidates.Where(c => c.IsOurs).MinBy(c => c.Bytes)!).Shape!;
    }

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
        // Where heads are shared out, no process keeps the coefficients of all.
        var shared = new Lazy<Func<DataSize, MemoryPlan>>(() => MemoryPlan.For(size, model with { Recompute = true }, settings));
        return new PlanRequest
        {
            Nodes = size.Nodes,
            Edges = size.Edges,
            Layers = layers,
            EntriesPerNode = (size.FeatureEntries ?? 0) / (double)size.Nodes,
            Processes = processes,
            RanksPerNode = ranksPerNode,
            Memory = share => ProgramBytes + GridMemory.Bytes(share, size, share.Grid.Channels > 1 ? shared.Value : memory, layers) + GridMemory.Passing(share, size, layers),
        };
    }
}
