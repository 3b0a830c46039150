using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>Sizes of a graph and of the heads on it: N nodes, E edges, K heads of the given width.</summary>
public readonly record struct EdgeShape(int Nodes, int EdgeCount, int Heads, int Width)
{
    /// <summary>
    /// One whose matrices stay in the cache, with heads that fill vectors; one that does not fit, with heads of an odd width,
    /// rows of very different lengths and a hub that is cut.
    /// </summary>
    public static IReadOnlyList<EdgeShape> Both { get; } = [new(2708, 13_264, 8, 8), new(60_013, 700_001, 3, 21)];

    /// <summary>Short enough for a column of a table.</summary>
    public override string ToString() => $"{EdgeCount} edges, {Heads}×{Width}";

    /// <summary>
    /// A graph from a fixed seed. Node v gets more edges the smaller its number: E/∛N go to node 0 (18,000 of
    /// the larger shape), fewer and fewer to the others, none to some.
    /// </summary>
    internal Graph Graph()
    {
        var random = new Random(1);
        int[] destination = new int[EdgeCount], source = new int[EdgeCount];
        for (int e = 0; e < EdgeCount; e++)
        {
            double u = random.NextDouble();
            (destination[e], source[e]) = ((int)(u * u * u * Nodes), random.Next(Nodes));
        }
        return Graphs.Graph.FromEdges(Nodes, source, destination);
    }

    /// <summary>Its edges by destination.</summary>
    internal EdgeView Edges() => Graph().ByDestination;

    /// <summary>Random numbers, one row an edge.</summary>
    internal Matrix OnEdges(int columns, uint stream) => Uniform(EdgeCount, columns, stream);

    /// <summary>Random numbers, one row a node.</summary>
    internal Matrix OnNodes(int columns, uint stream) => Uniform(Nodes, columns, stream);

    /// <summary>Random numbers of any shape.</summary>
    internal static Matrix Uniform(long rows, long columns, uint stream)
    {
        var matrix = Matrix.Allocate(rows, columns);
        CounterRandom.UniformRange(matrix, -1, 1, new RandomKey(1, 0, stream));
        return matrix;
    }
}
