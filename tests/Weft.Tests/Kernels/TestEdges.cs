using Weft.Graphs;

namespace Weft.Tests.Kernels;

/// <summary>
/// Edges that the sparse kernels are tried on: some rows are empty, some edges parallel, some join a node with itself, and
/// row 0 takes a third of all. Both views of the same edges are tried, so that value numbers are permuted once.
/// </summary>
internal static class TestEdges
{
    /// <summary>Lengths of rows on both sides of the cuts at 4,096 edges: one run, two, three, six.</summary>
    public static readonly int[] HubSizes = [4096, 4097, 8193, 5 * 4096 + 7];

    public static EdgeView Random(int rows, int columns, int edges, Random random)
    {
        if (rows == 0 || columns == 0) edges = 0;
        int[] destination = new int[edges], source = new int[edges];
        for (int e = 0; e < edges; e++)
        {
            (destination[e], source[e]) = (random.Next(3) == 0 ? 0 : random.Next(rows), random.Next(columns));
            if (destination[e] % 5 == 2) destination[e]--;
            if (e % 9 == 8) (destination[e], source[e]) = (destination[e - 1], source[e - 1]);
            if (e % 11 == 5 && destination[e] < columns) source[e] = destination[e];
        }
        return EdgeView.Group(destination, source, rows, columns, out _);
    }

    /// <summary>Row 2 of 5 has the given number of edges, row 1 has none, the others have two; the edges come from 60 nodes.</summary>
    public static EdgeView Hub(int size, Random random)
    {
        int[] destination = [0, 0, 4, 4, 3, 3, .. Enumerable.Repeat(2, size)];
        random.Shuffle(destination);
        return EdgeView.Group(destination, [.. destination.Select(_ => random.Next(60))], 5, 60, out _);
    }

    /// <summary>The same edges by destination and by source.</summary>
    public static EdgeView[] BothViews(EdgeView byDestination) => [byDestination, byDestination.Transpose()];

    /// <summary>The edges of row i: column and value number of each.</summary>
    public static IEnumerable<(int Column, int Value)> Row(EdgeView A, long i)
    {
        for (long q = A.Pointers[i]; q < A.Pointers[i + 1]; q++) yield return (A.Index[q], A.Value(q));
    }
}
