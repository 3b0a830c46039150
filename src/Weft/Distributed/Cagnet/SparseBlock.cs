using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>A rectangle of M = Aᵀ, or of A, in compressed rows: what a process stores, and what SUMMA sends.</summary>
/// <param name="View">Entries by row, columns counted from the rectangle's first.</param>
/// <param name="Values">[Count, 1]</param>
internal sealed record SparseBlock(EdgeView View, Matrix Values)
{
    /// <summary>
    /// The rectangles of one strip of rows. <paramref name="matrix"/> is M (edges by destination) or A (edges by source) of the
    /// whole graph; the columns of the rectangles ascend and do not overlap.
    /// </summary>
    /// <param name="matrix">The whole matrix, with values by number.</param>
    /// <param name="values">Its values, [E, 1]; missing where all are 1.</param>
    /// <param name="rows">Rows of the strip.</param>
    /// <param name="columns">Columns of each rectangle.</param>
    public static SparseBlock[] Cut(EdgeView matrix, Matrix values, (long First, long Count) rows, (long First, long Count)[] columns)
    {
        long[] firsts = [.. columns.Select(piece => piece.First)];
        var builders = Array.ConvertAll(columns, piece => new Builder(rows.Count, piece));
        for (long i = 0; i < rows.Count; i++)
            for (long q = matrix.Pointers[rows.First + i]; q < matrix.Pointers[rows.First + i + 1]; q++)
            {
                int piece = Array.BinarySearch(firsts, matrix.Index[q]);
                if (piece < 0) piece = ~piece - 1;
                if (piece >= 0) builders[piece].Add(i, matrix.Index[q], values.IsMissing ? 1 : values[matrix.Value(q), 0]);
            }
        return Array.ConvertAll(builders, builder => builder.Build());
    }

    /// <summary>
    /// The root's block, on every member of the group: row pointers as 32-bit numbers, columns and values, 2·nnz + rows + 1 words.
    /// A collective call.
    /// </summary>
    /// <param name="group">The members.</param>
    /// <param name="root">Who has the block.</param>
    /// <param name="mine">The block on the root; not read elsewhere.</param>
    /// <param name="shape">Rows, columns and entries of the block, which every member knows.</param>
    public static SparseBlock Broadcast(ICommunicator group, int root, SparseBlock? mine, (long Rows, long Columns, long Entries) shape)
    {
        if (group.Size == 1) return mine!;
        bool here = group.Rank == root;
        var pointers = new int[shape.Rows + 1];
        for (int i = 0; here && i < pointers.Length; i++) pointers[i] = checked((int)mine!.View.Pointers[i]);
        group.Broadcast(pointers.AsSpan(), root);
        int[] index = here ? mine!.View.Index : new int[shape.Entries];
        var values = here ? mine!.Values : Matrix.Allocate(shape.Entries, 1);
        if (shape.Entries > 0)
        {
            group.Broadcast(index.AsSpan(), root);
            group.Broadcast(values, root);
        }
        return here ? mine! : new SparseBlock(new EdgeView(Array.ConvertAll(pointers, p => (long)p), index, null, shape.Columns), values);
    }

    /// <summary>T += block · X.</summary>
    public void MultiplyAdd(Matrix X, Matrix T) => Kernels.Spmm.Multiply(View, Values, X, T, accumulate: true);

    private sealed class Builder(long rows, (long First, long Count) columns)
    {
        private readonly long[] pointers = new long[rows + 1];
        private readonly List<int> index = [];
        private readonly List<Real> values = [];

        public void Add(long row, int column, Real value)
        {
            if (column >= columns.First + columns.Count) return;
            index.Add((int)(column - columns.First));
            values.Add(value);
            pointers[row + 1] = index.Count;
        }

        public SparseBlock Build()
        {
            // A row without an entry ends where the row before does.
            for (long i = 0; i < rows; i++) pointers[i + 1] = Math.Max(pointers[i], pointers[i + 1]);
            var numbers = Matrix.Allocate(values.Count, 1);
            for (int q = 0; q < values.Count; q++) numbers[q, 0] = values[q];
            return new SparseBlock(new EdgeView(pointers, [.. index], null, columns.Count), numbers);
        }
    }
}
