namespace Weft.Graphs;

/// <summary>
/// A block's edges apart by who owns their sources: those that start at own rows are summed while the rows of other processes are
/// under way, the rest when they have arrived. On the way back, what belongs to others is summed first, and sent while the
/// own rows are summed. The order of sums differs from that of a block which waits.
/// </summary>
internal sealed class SplitEdges
{
    /// <summary>Slices between which an exchange is given the processor: without that, a library may not move anything.</summary>
    private const int Slices = 8;

    private readonly EdgeView whole;
    private readonly long firstOwn, afterOwn;
    private readonly List<(EdgeView View, RowSlice[] Others, RowSlice[] Own)> bySource = [];

    /// <param name="byDestination">The block's edges, their columns numbered among the rows that are gathered.</param>
    /// <param name="columns">The rows that are gathered.</param>
    public SplitEdges(EdgeView byDestination, SharedRows columns)
    {
        whole = byDestination;
        int me = columns.Group.Rank;
        for (int q = 0; q < me; q++) firstOwn += columns.Needed[q];
        afterOwn = firstOwn + columns.Needed[me];
        long placeOfOwn = 0;
        for (int q = 0; q < me; q++) placeOfOwn += columns.Owned[q];
        Own = Slice(Part(own: true, column => columns.PlaceOf(column) - (int)placeOfOwn), 0, whole.Rows);
        Others = Part(own: false, column => column < firstOwn ? column : (int)(column - (afterOwn - firstOwn)));
    }

    /// <summary>Edges that start at own rows, which are their columns; some rows at a time.</summary>
    public RowSlice[] Own { get; }

    /// <summary>The other edges; their columns are the rows that are gathered from other processes, one after another.</summary>
    public EdgeView Others { get; }

    /// <summary>Own rows among those that the block needs.</summary>
    public long OwnRows => afterOwn - firstOwn;

    /// <summary>Bytes of the arrays.</summary>
    public long Bytes => 2L * sizeof(int) * whole.Count + 4L * sizeof(long) * whole.Rows;

    /// <summary>A view by source, whose rows are those that the block needs, apart in the same way: before and after the own rows, and these.</summary>
    public (RowSlice[] Others, RowSlice[] Own) Of(EdgeView view)
    {
        foreach (var known in bySource)
            if (ReferenceEquals(known.View, view)) return (known.Others, known.Own);
        RowSlice[] others = [Rows(view, 0, firstOwn), Rows(view, afterOwn, view.Rows)];
        var own = Slice(view, firstOwn, afterOwn);
        bySource.Add((view, others, own));
        return (others, own);
    }

    private EdgeView Part(bool own, Func<int, int> number)
    {
        bool Takes(int column) => (column >= firstOwn && column < afterOwn) == own;
        var pointers = new long[whole.Rows + 1];
        int count = 0;
        foreach (int column in whole.Index)
            if (Takes(column)) count++;
        var index = GC.AllocateUninitializedArray<int>(count, pinned: true);
        int[] values = new int[count];
        int at = 0;
        for (long i = 0; i < whole.Rows; i++)
        {
            for (long e = whole.Pointers[i]; e < whole.Pointers[i + 1]; e++)
                if (Takes(whole.Index[e])) (index[at], values[at++]) = (number(whole.Index[e]), whole.Value(e));
            pointers[i + 1] = at;
        }
        return new EdgeView(pointers, index, values, whole.Columns);
    }

    // Of about equally many edges.
    private static RowSlice[] Slice(EdgeView view, long first, long last)
    {
        var slices = new List<RowSlice>();
        long edges = view.Pointers[last] - view.Pointers[first], row = first;
        for (int slice = 1; slice <= Slices; slice++)
        {
            long end = row, goal = view.Pointers[first] + edges * slice / Slices;
            while (end < last && (slice == Slices || view.Pointers[end] < goal)) end++;
            if (end > row) slices.Add(Rows(view, row, end));
            row = end;
        }
        return [.. slices];
    }

    private static RowSlice Rows(EdgeView view, long first, long last) =>
        new(first, last, new EdgeView(view.Pointers[(int)first..(int)(last + 1)], view.Index, view.Permutation, view.Columns));
}

/// <summary>Rows First … Last − 1 of a view, as a view of their own.</summary>
internal readonly record struct RowSlice(long First, long Last, EdgeView View)
{
    public long Rows => Last - First;
}
