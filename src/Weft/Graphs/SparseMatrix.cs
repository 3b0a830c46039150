using Weft.Memory;

namespace Weft.Graphs;

/// <summary>A sparse matrix in compressed rows, [Rows, Columns], with its column-sorted view for products with the transpose.</summary>
public sealed class SparseMatrix
{
    internal readonly EdgeView ByRow;
    /// <summary>Value of each stored entry; [Count, 1].</summary>
    internal readonly Matrix Values;
    private readonly Lazy<EdgeView> byColumn;
    private SparseMatrix? top;

    /// <summary>A sparse matrix from the given arrays, of which it keeps the first two.</summary>
    /// <param name="rowPointers">Row i's entries are rowPointers[i] … rowPointers[i + 1] − 1; [rows + 1].</param>
    /// <param name="columnIndices">Column of each entry.</param>
    /// <param name="values">Value of each entry.</param>
    /// <param name="columns">Number of columns.</param>
    /// <exception cref="ArgumentException">The arrays do not describe a matrix.</exception>
    public SparseMatrix(long[] rowPointers, int[] columnIndices, ReadOnlySpan<Real> values, long columns)
    {
        ArgumentNullException.ThrowIfNull(rowPointers);
        ArgumentNullException.ThrowIfNull(columnIndices);
        if (rowPointers.Length == 0 || rowPointers[0] != 0 || rowPointers[^1] != columnIndices.Length || values.Length != columnIndices.Length)
            throw new ArgumentException("row pointers must start at 0 and end at the number of entries, and there must be one value per entry");
        for (int i = 1; i < rowPointers.Length; i++)
            if (rowPointers[i] < rowPointers[i - 1]) throw new ArgumentException($"row pointers decrease at row {i - 1}");
        foreach (int j in columnIndices)
            if ((uint)j >= (ulong)columns) throw new ArgumentException($"column index {j} is outside 0 … {columns - 1}");
        ByRow = new EdgeView(rowPointers, columnIndices, null, columns);
        Values = Matrix.Allocate(values.Length, 1);
        for (int q = 0; q < values.Length; q++) Values[q, 0] = values[q];
        byColumn = new Lazy<EdgeView>(ByRow.Transpose);
    }

    private SparseMatrix(long[] rowPointers, int[] columnIndices, Matrix values, long columns, long count)
    {
        ByRow = new EdgeView(rowPointers, columnIndices, null, columns);
        Values = values.Top(count);
        byColumn = new Lazy<EdgeView>(ByRow.Transpose);
    }

    private SparseMatrix(SparseMatrix pattern, Matrix values)
    {
        (ByRow, byColumn, Values) = (pattern.ByRow, pattern.byColumn, values);
    }

    /// <summary>Number of rows.</summary>
    public long Rows => ByRow.Rows;

    /// <summary>Number of columns.</summary>
    public long Columns => ByRow.Columns;

    /// <summary>Number of stored entries.</summary>
    public long Count => ByRow.Count;

    internal EdgeView ByColumn => byColumn.Value;

    /// <summary>Bytes of every array held now.</summary>
    internal long Bytes
    {
        get
        {
            var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
            long bytes = ByRow.CountInto(seen) + Values.Bytes;
            if (byColumn.IsValueCreated) bytes += ByColumn.CountInto(seen);
            return top is null ? bytes : bytes + top.ByRow.CountInto(seen) + (top.byColumn.IsValueCreated ? top.ByColumn.CountInto(seen) : 0);
        }
    }

    /// <summary>A matrix with the same stored positions and values of its own.</summary>
    internal SparseMatrix WithValues(Matrix values) => new(this, values);

    /// <summary>The first <paramref name="rows"/> rows, made when first asked for.</summary>
    internal SparseMatrix Top(long rows)
    {
        var known = top;
        if (known is not null && known.Rows == rows) return known;
        int count = (int)ByRow.Pointers[rows];
        return top = new SparseMatrix(ByRow.Pointers[..(int)(rows + 1)], ByRow.Index[..count], Values, Columns, count);
    }

    /// <summary>Column indices of row i's stored entries.</summary>
    public ReadOnlySpan<int> IndicesOfRow(long i) => ByRow.Index.AsSpan((int)ByRow.Pointers[i], (int)(ByRow.Pointers[i + 1] - ByRow.Pointers[i]));

    /// <summary>Values of row i's stored entries.</summary>
    public ReadOnlySpan<Real> ValuesOfRow(long i)
    {
        long first = ByRow.Pointers[i], count = ByRow.Pointers[i + 1] - first;
        return count == 0 ? [] : Values.RowRange(first, count).Reshape(1, count).Row(0);
    }
}
