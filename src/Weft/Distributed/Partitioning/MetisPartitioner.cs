namespace Weft.Distributed.Partitioning;

/// <summary>
/// METIS (Karypis and Kumar), multilevel k-way with the volume of communication as its objective. The library is loaded when it
/// is asked for, and only then; nothing else of Weft needs it.
/// </summary>
/// <remarks>
/// The graph is made symmetric and loses its loops first. A node weighs 1 + κ·(in-degree), so that parts have about equal work
/// in dense and in sparse products. METIS's volume counts, for each node, the other parts among its neighbours: on a symmetric
/// graph just the rows that travel, Σ_p N_p.
/// </remarks>
internal sealed class MetisPartitioner : IPartitioner
{
    private static readonly string[] Names = ["libmetis.so.5", "libmetis.so", "libmetis.dylib", "metis.dll"];

    /// <summary>True if the library is here; whether it is of the right kind shows when it is used.</summary>
    public static bool IsInstalled => MetisLibrary.IsInstalled(Names);

    /// <summary>Names under which the library is looked for, in this order.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = Names;

    /// <summary>Seed of its random choices.</summary>
    public int Seed { get; init; }

    /// <summary>κ: work of an edge over the work of a node; 0 gives parts of equal node numbers.</summary>
    public double EdgeWork { get; init; } = 1;

    /// <summary>What METIS said the volume of the last partition was; for tests.</summary>
    internal long Objective { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">METIS is not installed, was built with another size of index, or gave up; the message says what to do.</exception>
    public int[] Parts(GraphStructure graph, int parts)
    {
        var metis = MetisLibrary.Load(Libraries);
        var (pointers, index) = graph.Neighbours;
        // METIS divides by the number of edges, and by the logarithm of the number of parts.
        if (parts == 1 || index.Length == 0) return new BlockPartitioner().Parts(graph, parts);
        var (part, objective) = metis.Partition(Array.ConvertAll(pointers, p => (int)p), index, Weights(graph), parts, Seed);
        Objective = objective;
        return part;
    }

    // METIS adds weights up in 32 bits: where the sum would not fit, all are made smaller together.
    private int[]? Weights(GraphStructure graph)
    {
        if (EdgeWork == 0) return null;
        double total = graph.Nodes + EdgeWork * graph.InEdges.Count, scale = Math.Min(1, (1 << 30) / total);
        var weights = new int[graph.Nodes];
        for (int i = 0; i < weights.Length; i++) weights[i] = Math.Max(1, (int)Math.Round(scale * (1 + EdgeWork * graph.InDegree(i))));
        return weights;
    }
}
