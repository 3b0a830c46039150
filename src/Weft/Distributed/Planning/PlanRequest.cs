using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>What is to be distributed, over what.</summary>
internal sealed record PlanRequest
{
    /// <summary>N</summary>
    public required long Nodes { get; init; }

    /// <summary>E, loops included where a layer adds them.</summary>
    public required long Edges { get; init; }

    /// <summary>The layers, first to last.</summary>
    public required IReadOnlyList<LayerShape> Layers { get; init; }

    /// <summary>Stored entries of a node's features on average, where they are sparse.</summary>
    public double EntriesPerNode { get; init; }

    /// <summary>P</summary>
    public required int Processes { get; init; }

    /// <summary>Processes of one machine, which have neighbouring ranks.</summary>
    public required int RanksPerNode { get; init; }

    /// <summary>Most bytes that one process may hold.</summary>
    public double MemoryLimit { get; init; } = double.PositiveInfinity;

    /// <summary>Bytes of a process with this share of the graph.</summary>
    public required Func<ProcessShare, double> Memory { get; init; }

    /// <summary>
    /// Rows that each process of a grid exchanges if only those with edges travel; null where the graph is not there to be
    /// counted, and for a grid on which it was not.
    /// </summary>
    public Func<ProcessGrid, HaloCounts[]?>? Halo { get; init; }

    /// <summary>Edges of the fullest block of a grid; null for edges spread evenly.</summary>
    public Func<ProcessGrid, long>? FullestBlock { get; init; }
}

/// <summary>What one process holds of a distributed graph.</summary>
/// <param name="Grid">The grid.</param>
/// <param name="OwnNodes">Nodes that it owns: rows of its node matrices.</param>
/// <param name="BlockRows">Destinations that its block's edges end at, or may.</param>
/// <param name="BlockColumns">Sources that they start from, or may.</param>
/// <param name="BlockEdges">Edges of its block.</param>
/// <param name="Halo">True if it exchanges only rows with edges.</param>
internal readonly record struct ProcessShare(ProcessGrid Grid, long OwnNodes, long BlockRows, long BlockColumns, long BlockEdges, bool Halo);
