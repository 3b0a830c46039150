using Weft.Kernels;

namespace Weft.Graphs;

/// <summary>
/// A view's edges cut into pieces of about equal work: some whole rows, or one part of a row too long for a single piece.
/// Threads share out pieces, so that a hub never holds one of them, and what is summed piece by piece has an order that
/// depends on the graph alone.
/// </summary>
internal sealed class EdgePieces
{
    private const long FewestEdges = 256, MostRows = 256;

    public EdgePieces(EdgeView view)
    {
        var cut = new List<(long LastRow, long FirstRow, long First, long Last, int Part)>();
        var longRows = new List<LongRow>();
        // Small graphs in enough pieces for every thread, large ones in few enough to keep a partial sum for each.
        long target = FewestEdges;
        while (target < RowVector.LongestRun && view.Count > 1024 * target) target *= 2;
        if (view.ByLeaf) target = long.MaxValue;
        long start = 0;
        for (long i = 0; i < view.Rows; i++)
        {
            long edges = view.Pointers[i + 1] - view.Pointers[i];
            if (edges > RowVector.LongestRun)
            {
                Close(start, i);
                CutRow(i);
                start = i + 1;
            }
            else if (view.Pointers[i + 1] - view.Pointers[start] >= target || (view.ByLeaf ? (i + 1) % MostRows == 0 : i + 1 - start == MostRows))
            {
                Close(start, i + 1);
                start = i + 1;
            }
        }
        Close(start, view.Rows);
        (FirstRow, LastRow) = (new long[cut.Count], new long[cut.Count]);
        (FirstEdge, LastEdge, Part) = (new long[cut.Count], new long[cut.Count], new int[cut.Count]);
        for (int p = 0; p < cut.Count; p++) (LastRow[p], FirstRow[p], FirstEdge[p], LastEdge[p], Part[p]) = cut[p];
        LongRows = [.. longRows];

        void Close(long start, long end)
        {
            if (end > start) cut.Add((end, start, view.Pointers[start], view.Pointers[end], -1));
        }

        void CutRow(long i)
        {
            int firstPart = longRows.Count == 0 ? 0 : longRows[^1].FirstPart + longRows[^1].Parts, part = firstPart;
            for (long e = view.Pointers[i]; e < view.Pointers[i + 1]; e += RowVector.LongestRun)
                cut.Add((i + 1, i, e, Math.Min(e + RowVector.LongestRun, view.Pointers[i + 1]), part++));
            longRows.Add(new LongRow(i, firstPart, part - firstPart));
        }
    }

    /// <summary>Rows of each piece: FirstRow … LastRow − 1; one row, where the piece is a part.</summary>
    public long[] FirstRow { get; }

    /// <inheritdoc cref="FirstRow"/>
    public long[] LastRow { get; }

    /// <summary>Edges of each piece: FirstEdge … LastEdge − 1.</summary>
    public long[] FirstEdge { get; }

    /// <inheritdoc cref="FirstEdge"/>
    public long[] LastEdge { get; }

    /// <summary>Number of the part among all parts of long rows; −1 where the piece is whole rows.</summary>
    public int[] Part { get; }

    /// <summary>Rows that are cut into parts.</summary>
    public LongRow[] LongRows { get; }

    public int Count => Part.Length;

    /// <summary>Parts of long rows, all rows together.</summary>
    public int Parts => LongRows.Length == 0 ? 0 : LongRows[^1].FirstPart + LongRows[^1].Parts;
}

/// <summary>A row of more than <see cref="RowVector.LongestRun"/> edges.</summary>
/// <param name="Row">The row.</param>
/// <param name="FirstPart">Its first part.</param>
/// <param name="Parts">How many parts it is cut into; they are combined in a dyadic tree.</param>
internal readonly record struct LongRow(long Row, int FirstPart, int Parts);
