namespace Weft.Distributed.Partitioning;

/// <summary>Cuts the nodes of a graph into parts, one for each process: few edges between parts, about equal work in each.</summary>
internal interface IPartitioner
{
    /// <summary>The part of each node, 0 … parts − 1. A function of the graph and of the partitioner's settings alone.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="parts">Number of parts, P; a part may come back empty (<see cref="Partition"/> mends that).</param>
    /// <returns>[N]</returns>
    int[] Parts(GraphStructure graph, int parts);
}

/// <summary>The partitioners by name.</summary>
internal static class Partitioners
{
    /// <summary>block, random, ldg, metis.</summary>
    public static IReadOnlyList<string> Names { get; } = ["block", "random", "ldg", "metis"];

    /// <summary>The partitioner of this name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static IPartitioner Named(string name, ulong seed = 0) => name switch
    {
        "block" => new BlockPartitioner(),
        "random" => new RandomPartitioner(seed),
        "ldg" => new GreedyPartitioner(),
        "metis" => new MetisPartitioner { Seed = (int)(seed & int.MaxValue) },
        _ => throw new ArgumentException($"there is no partitioner '{name}'; use {string.Join(", ", Names)}"),
    };
}
