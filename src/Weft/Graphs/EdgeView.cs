namespace Weft.Graphs;

/// <summary>
/// Entries of a sparse matrix grouped by row: the entries of row i are Pointers[i] … Pointers[i + 1] − 1, entry q lies in
/// column Index[q] and carries the value number <see cref="Value"/>(q).
/// </summary>
/// <remarks>
/// One matrix has two views that share its values: by row, where entry q carries value q, and by column, where it carries
/// value Permutation[q]. A kernel that walks one view is the adjoint of the same kernel on the other.
/// </remarks>
internal sealed class EdgeView(long[] pointers, int[] index, int[]? permutation, long columns, bool byLeaf = false)
{
    /// <summary>Row i's first entry; [Rows + 1].</summary>
    public readonly long[] Pointers = pointers;

    /// <summary>Column of each entry; [Count].</summary>
    public readonly int[] Index = index;

    /// <summary>Number of the value that each entry carries; null where entry q carries value q.</summary>
    public readonly int[]? Permutation = permutation;

    /// <summary>True where pieces of edges must not depend on which other rows are here: they end at every 256th row.</summary>
    public bool ByLeaf => byLeaf;

    private EdgePieces? pieces;

    public long Rows => Pointers.Length - 1;

    public long Columns => columns;

    public long Count => Index.Length;

    /// <summary>The edges cut into pieces of about equal work. Computed once.</summary>
    public EdgePieces Pieces => pieces ?? Interlocked.CompareExchange(ref pieces, new EdgePieces(this), null) ?? pieces;

    /// <summary>Bytes of the arrays that <paramref name="seen"/> does not hold yet; it holds them then.</summary>
    public long CountInto(HashSet<object> seen)
    {
        long bytes = seen.Add(Pointers) ? (long)Pointers.Length * sizeof(long) : 0;
        if (seen.Add(Index)) bytes += (long)Index.Length * sizeof(int);
        if (Permutation is not null && seen.Add(Permutation)) bytes += (long)Permutation.Length * sizeof(int);
        return bytes;
    }

    /// <summary>The same entries, where entry q carries value q of an array in the order of this view.</summary>
    public EdgeView WithValuesInOrder() => Permutation is null ? this : new EdgeView(Pointers, Index, null, columns, byLeaf) { pieces = Pieces };

    public int Value(long entry) => Permutation is null ? (int)entry : Permutation[entry];

    /// <summary>
    /// Groups coordinates by row with a stable sort: entries of a row keep their order. <paramref name="order"/> tells
    /// which coordinate each entry came from.
    /// </summary>
    public static EdgeView Group(ReadOnlySpan<int> row, ReadOnlySpan<int> column, long rows, long columns, out int[] order)
    {
        var pointers = new long[rows + 1];
        foreach (int i in row) pointers[i + 1]++;
        for (long i = 0; i < rows; i++) pointers[i + 1] += pointers[i];
        var next = pointers.AsSpan(0, (int)rows).ToArray();
        var index = GC.AllocateUninitializedArray<int>(row.Length, pinned: true);
        order = GC.AllocateUninitializedArray<int>(row.Length, pinned: true);
        for (int e = 0; e < row.Length; e++)
        {
            long q = next[row[e]]++;
            index[q] = column[e];
            order[q] = e;
        }
        return new EdgeView(pointers, index, null, columns);
    }

    /// <summary>The same entries grouped by column; within a column they keep the order of this view.</summary>
    /// <remarks>Row after row is walked, so that no list of every entry's row is made: of a large graph it would be as large as its edges, when memory is fullest.</remarks>
    public EdgeView Transpose()
    {
        var pointers = new long[columns + 1];
        foreach (int j in Index) pointers[j + 1]++;
        for (long j = 0; j < columns; j++) pointers[j + 1] += pointers[j];
        var next = pointers.AsSpan(0, (int)columns).ToArray();
        var index = GC.AllocateUninitializedArray<int>(Index.Length, pinned: true);
        int[] order = GC.AllocateUninitializedArray<int>(Index.Length, pinned: true);
        for (long i = 0; i < Rows; i++)
            for (long e = Pointers[i]; e < Pointers[i + 1]; e++)
            {
                long q = next[Index[e]]++;
                index[q] = (int)i;
                order[q] = Value(e);
            }
        return new EdgeView(pointers, index, order, Rows, byLeaf);
    }
}
