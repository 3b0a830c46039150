using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>Features for graphs that come without.</summary>
public enum FeatureKind
{
    /// <summary>Two columns: ln(1 + in-degree) and ln(1 + out-degree).</summary>
    Degree,

    /// <summary>One column per node: the identity, sparse.</summary>
    OneHot,

    /// <summary>One column of ones.</summary>
    Constant,

    /// <summary>The identity, with a learned embedding of its own behind it.</summary>
    Learned,

    /// <summary>One column per kind of node, for sets that give their nodes kinds (the node labels of a TUDataset), without other attributes.</summary>
    Labels,
}

/// <summary>What is done to features before training: normalised, binarised, made from the graph, rows chosen.</summary>
internal static class FeatureMatrix
{
    public static NodeMatrix NormalizeRows(NodeMatrix features)
    {
        if (features.Sparse is { } sparse) return WithValues(sparse, Normalize);
        var result = Copy(features.Dense);
        for (long i = 0; i < result.Rows; i++) Normalize(result.Row(i));
        return result;
    }

    public static NodeMatrix Binarize(NodeMatrix features)
    {
        if (features.Sparse is { } sparse) return WithValues(sparse, Binarize);
        var result = Copy(features.Dense);
        for (long i = 0; i < result.Rows; i++) Binarize(result.Row(i));
        return result;
    }

    public static NodeMatrix Make(FeatureKind kind, EdgeList edges)
    {
        long n = edges.Nodes;
        if (kind is FeatureKind.OneHot or FeatureKind.Learned) return OneHot([.. Enumerable.Range(0, (int)n)], n);
        var result = Matrix.Allocate(n, kind == FeatureKind.Degree ? 2 : 1);
        if (kind == FeatureKind.Constant) result.Fill(1);
        else
        {
            int[] into = edges.InDegrees(), outOf = edges.OutDegrees();
            for (int i = 0; i < n; i++) (result[i, 0], result[i, 1]) = ((Real)Math.Log(1.0 + into[i]), (Real)Math.Log(1.0 + outOf[i]));
        }
        return result;
    }

    /// <summary>One 1 in each row, at the given column; [rows, columns].</summary>
    public static SparseMatrix OneHot(int[] columnOfRow, long columns)
    {
        var pointers = new long[columnOfRow.Length + 1];
        for (int i = 0; i < pointers.Length; i++) pointers[i] = i;
        var ones = new Real[columnOfRow.Length];
        ones.AsSpan().Fill(1);
        return new SparseMatrix(pointers, columnOfRow, ones, columns);
    }

    /// <summary>The same numbers with every zero stored.</summary>
    public static Matrix Densify(SparseMatrix sparse)
    {
        var dense = Matrix.Allocate(sparse.Rows, sparse.Columns);
        for (long i = 0; i < sparse.Rows; i++)
        {
            var columns = sparse.IndicesOfRow(i);
            var values = sparse.ValuesOfRow(i);
            var row = dense.Row(i);
            for (int p = 0; p < columns.Length; p++) row[columns[p]] += values[p];
        }
        return dense;
    }

    /// <summary>The non-zero entries of a row-major dense matrix.</summary>
    public static SparseMatrix Sparsify(Matrix dense)
    {
        var (pointers, columns, values) = (new long[dense.Rows + 1], new List<int>(), new List<Real>());
        for (long i = 0; i < dense.Rows; i++)
        {
            var row = dense.Row(i);
            for (int j = 0; j < row.Length; j++)
                if (row[j] != 0)
                {
                    columns.Add(j);
                    values.Add(row[j]);
                }
            pointers[i + 1] = columns.Count;
        }
        return new SparseMatrix(pointers, [.. columns], [.. values], dense.Columns);
    }

    public static NodeMatrix SelectRows(NodeMatrix features, int[] rows)
    {
        if (features.Sparse is not { } sparse)
        {
            var result = Matrix.Allocate(rows.Length, features.Columns);
            for (int i = 0; i < rows.Length; i++) features.Dense.Row(rows[i]).CopyTo(result.Row(i));
            return result;
        }
        var pointers = new long[rows.Length + 1];
        for (int i = 0; i < rows.Length; i++) pointers[i + 1] = pointers[i] + sparse.IndicesOfRow(rows[i]).Length;
        var (columns, values) = (new int[pointers[^1]], new Real[pointers[^1]]);
        for (int i = 0; i < rows.Length; i++)
        {
            sparse.IndicesOfRow(rows[i]).CopyTo(columns.AsSpan((int)pointers[i]));
            sparse.ValuesOfRow(rows[i]).CopyTo(values.AsSpan((int)pointers[i]));
        }
        return new SparseMatrix(pointers, columns, values, sparse.Columns);
    }

    private delegate void RowChange(Span<Real> row);

    private static SparseMatrix WithValues(SparseMatrix sparse, RowChange change)
    {
        var values = Copy(sparse.Values);
        for (long i = 0; i < sparse.Rows; i++)
        {
            long first = sparse.ByRow.Pointers[i], count = sparse.ByRow.Pointers[i + 1] - first;
            if (count > 0) change(values.RowRange(first, count).Reshape(1, count).Row(0));
        }
        return sparse.WithValues(values);
    }

    // In double, so that a row of counts sums to one as nearly in single precision.
    internal static void Normalize(Span<Real> row)
    {
        double sum = 0;
        foreach (Real v in row) sum += Math.Abs(v);
        if (sum == 0) return;
        foreach (ref Real v in row) v = (Real)(v / sum);
    }

    internal static void Binarize(Span<Real> row)
    {
        foreach (ref Real v in row) v = v > 0 ? 1 : 0;
    }

    private static Matrix Copy(Matrix matrix)
    {
        var copy = Matrix.Allocate(matrix.Rows, matrix.Columns);
        matrix.CopyTo(copy);
        return copy;
    }
}
