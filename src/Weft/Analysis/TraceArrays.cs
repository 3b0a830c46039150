using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Analysis;

/// <summary>Matrices of the code as arrays of a file and back: in a file heads lead and edges keep the order of the edge list.</summary>
internal static class TraceArrays
{
    /// <summary>[K, D, d] → [D, K·d]; [r, c] and [n] → [1, n] as they are.</summary>
    public static Matrix ToMatrix(NpyArray array)
    {
        double[] values = array.AsDoubles();
        switch (array.Shape)
        {
            case [long n]:
                return Matrix.From(1, n, values);
            case [long rows, long columns]:
                return Matrix.From(rows, columns, values);
            case [long heads, long rows, long width]:
                var matrix = Matrix.Allocate(rows, heads * width);
                for (long k = 0; k < heads; k++)
                    for (long i = 0; i < rows; i++)
                        for (long c = 0; c < width; c++) matrix[i, k * width + c] = (Real)values[(k * rows + i) * width + c];
                return matrix;
            default:
                throw array.Error($"shape ({string.Join(", ", array.Shape)})", "one, two or three dimensions");
        }
    }

    /// <summary>Sparse rows written out, dense ones as they are.</summary>
    public static Matrix Dense(NodeMatrix rows)
    {
        if (rows.Sparse is not { } sparse) return rows.Dense;
        var dense = Matrix.Allocate(rows.Rows, rows.Columns);
        for (long i = 0; i < dense.Rows; i++)
        {
            var indices = sparse.IndicesOfRow(i);
            var values = sparse.ValuesOfRow(i);
            var row = dense.Row(i);
            row.Clear();
            for (int q = 0; q < indices.Length; q++) row[indices[q]] += values[q];
        }
        GC.KeepAlive(dense);
        return dense;
    }

    /// <summary>A matrix in the layout of a file.</summary>
    /// <param name="X">The matrix.</param>
    /// <param name="layout">How the file has it.</param>
    /// <param name="heads">K</param>
    /// <param name="edgeIds">Place of each row of an edge matrix in the edge list.</param>
    public static NpyArray ToArray(Matrix X, TraceLayout layout, int heads, ReadOnlySpan<int> edgeIds)
    {
        long rows = X.Rows, width = X.Columns / Math.Max(heads, 1);
        return layout switch
        {
            TraceLayout.Plain => new NpyArray(Entries(X), rows, X.Columns),
            TraceLayout.Vector => new NpyArray(Entries(X), X.Count),
            TraceLayout.Heads or TraceLayout.Pairs => new NpyArray(HeadsFirst(X, heads, []), heads, rows, width),
            TraceLayout.HeadScalars => new NpyArray(HeadsFirst(X, heads, []), heads, rows),
            TraceLayout.EdgeScalars => new NpyArray(HeadsFirst(X, heads, edgeIds), heads, rows),
            TraceLayout.EdgeHeads => new NpyArray(HeadsFirst(X, heads, edgeIds), heads, rows, width),
            _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "no such layout"),
        };
    }

    private static Real[] Entries(Matrix X)
    {
        var entries = new Real[X.Count];
        for (long i = 0; i < X.Rows; i++) X.Row(i).CopyTo(entries.AsSpan((int)(i * X.Columns)));
        // The loop holds the address of the numbers, not the matrix that owns them.
        GC.KeepAlive(X);
        return entries;
    }

    private static Real[] HeadsFirst(Matrix X, int heads, ReadOnlySpan<int> place)
    {
        long width = X.Columns / heads;
        var entries = new Real[X.Count];
        for (long i = 0; i < X.Rows; i++)
        {
            long at = place.IsEmpty ? i : place[(int)i];
            for (int k = 0; k < heads; k++)
                for (long c = 0; c < width; c++) entries[(k * X.Rows + at) * width + c] = X[i, k * width + c];
        }
        GC.KeepAlive(X);
        return entries;
    }

    /// <summary>norm_src, norm_dst and norm_weight: A′ as an edge list, the given edges and then the added loops.</summary>
    public static IEnumerable<(string Name, NpyArray Array)> Normalized(Graph A)
    {
        var (source, destination, weight) = (new long[A.Edges], new long[A.Edges], new Real[A.Edges]);
        var view = A.ByDestination;
        for (long i = 0; i < view.Rows; i++)
            for (long p = view.Pointers[i]; p < view.Pointers[i + 1]; p++)
            {
                int e = A.EdgeIds[p];
                (source[e], destination[e], weight[e]) = (view.Index[p], i, A.Weights[p, 0]);
            }
        yield return ("norm_src", new NpyArray(source, source.LongLength));
        yield return ("norm_dst", new NpyArray(destination, destination.LongLength));
        yield return ("norm_weight", new NpyArray(weight, weight.LongLength));
    }
}
