using Weft.Communication;

namespace Weft.Graphs;

/// <summary>
/// The rows that the members of a group own, one member's after another's: which of them this process's block needs, and which of
/// this process's own rows the blocks of the others need.
/// </summary>
internal sealed class SharedRows
{
    private SharedRows(ICommunicator group, long[] owned, int[] channels, long[] needed, long[] sent)
    {
        (Group, Owned, Channels, Needed, Sent) = (group, owned, channels, needed, sent);
        foreach (long rows in needed) Count += rows;
        foreach (long rows in owned) All += rows;
    }

    /// <summary>The processes that share the rows.</summary>
    public ICommunicator Group { get; }

    /// <summary>Rows that each member owns.</summary>
    public long[] Owned { get; }

    /// <summary>Channel of each member.</summary>
    public int[] Channels { get; }

    /// <summary>Rows of each member that this block needs.</summary>
    public long[] Needed { get; }

    /// <summary>Rows of this process that each member's block needs.</summary>
    public long[] Sent { get; }

    /// <summary>Places, among all rows of the group, of those that this block needs, ascending; null where it needs all.</summary>
    public int[]? NeededAt { get; private init; }

    /// <summary>Places, among this process's rows, of those that the members need, member after member; null where they need all.</summary>
    public int[]? SentAt { get; private init; }

    /// <summary>Rows that this block needs: rows of its matrices.</summary>
    public long Count { get; }

    /// <summary>Rows of the whole group.</summary>
    public long All { get; }

    /// <summary>True where every row needed is owned by this process, in the same place.</summary>
    public bool IsIdentity => Group.Size == 1;

    /// <summary>Bytes of the lists.</summary>
    public long Bytes => ((NeededAt?.Length ?? 0) + (SentAt?.Length ?? 0)) * (long)sizeof(int);

    /// <summary>Place, among all rows of the group, of a row that this block needs.</summary>
    public int PlaceOf(long row) => NeededAt is null ? (int)row : NeededAt[row];

    /// <summary>The block needs every row.</summary>
    public static SharedRows Whole(ICommunicator group, long[] owned, int[] channels)
    {
        var sent = new long[owned.Length];
        Array.Fill(sent, owned[group.Rank]);
        return new SharedRows(group, owned, channels, owned, sent);
    }

    /// <summary>The block needs only the rows that <paramref name="used"/> marks. A collective call: members tell each other what they need.</summary>
    public static SharedRows Only(ICommunicator group, long[] owned, int[] channels, ReadOnlySpan<bool> used)
    {
        if (group.Size == 1) return Whole(group, owned, channels);
        int members = group.Size;
        var (needed, sent) = (new int[members], new int[members]);
        var at = new int[used.Count(true)];
        // A list tells a member the places among its own rows; at keeps those among all rows.
        var lists = new int[at.Length];
        long first = 0;
        for (int q = 0, p = 0; q < members; first += owned[q++])
        {
            int before = p;
            for (long row = 0; row < owned[q]; row++)
                if (used[(int)(first + row)]) (lists[p], at[p++]) = ((int)row, (int)(first + row));
            needed[q] = p - before;
        }
        var one = new int[members];
        Array.Fill(one, 1);
        group.AllToAll<int>(needed, one, sent, one);
        var sentAt = new int[checked((int)sent.Sum(rows => (long)rows))];
        group.AllToAll<int>(lists, needed, sentAt, sent);
        return new SharedRows(group, owned, channels, Array.ConvertAll(needed, rows => (long)rows), Array.ConvertAll(sent, rows => (long)rows))
        {
            NeededAt = at,
            SentAt = sentAt,
        };
    }

    /// <summary>For each row of the group, its number among those that this block needs; −1 where it does not. Null where it needs all.</summary>
    public int[]? Numbers()
    {
        if (NeededAt is null) return null;
        var numbers = new int[All];
        Array.Fill(numbers, -1);
        for (int p = 0; p < NeededAt.Length; p++) numbers[NeededAt[p]] = p;
        return numbers;
    }
}
