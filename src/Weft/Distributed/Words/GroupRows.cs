using Weft.Graphs;

namespace Weft.Distributed.Words;

/// <summary>Rows that one process exchanges within its row group or its column group, seen from that process.</summary>
/// <param name="members">Members of the group; member c·Channels + k works on channel k.</param>
/// <param name="mine">This process's number in the group.</param>
internal abstract class GroupRows(int members, int mine)
{
    public int Members { get; } = members;

    public int Mine { get; } = mine;

    /// <summary>Rows of the block on this side, its own included.</summary>
    public abstract long All { get; }

    /// <summary>Rows of the other members that this block needs, and how many members they come from.</summary>
    public abstract (long Rows, int Peers) Needed { get; }

    /// <summary>Partial sums of this process's rows that the other members have, each in that member's heads: rows times heads, and how many members they come from.</summary>
    public abstract (long RowsTimesHeads, int Peers) Returned(long heads, int channels);

    /// <summary>Rows counted for each member.</summary>
    public static GroupRows Counted(long[] needed, long[] sent, int mine) => new Lists(needed, sent, mine);

    /// <summary>The row group of a process on a grid with even parts and dense exchanges: sizes alone, however many members there are.</summary>
    public static GroupRows EvenRow(ProcessGrid grid, long nodes, int rank)
    {
        var (i, j, k) = grid.PlaceOf(rank);
        return new Even(grid.Columns * grid.Channels, j * grid.Channels + k, grid.Owned(nodes, rank).Count, Placement.Cut(nodes, grid.Rows, i).Count);
    }

    /// <summary>The column group: the j-th column pieces of all row pieces.</summary>
    public static GroupRows EvenColumn(ProcessGrid grid, long nodes, int rank)
    {
        var (i, j, k) = grid.PlaceOf(rank);
        // The first row pieces are longer by one node than the others.
        long longer = nodes % grid.Rows, rows = nodes / grid.Rows;
        long all = longer * Placement.Cut(rows + 1, grid.Columns, j).Count + (grid.Rows - longer) * Placement.Cut(rows, grid.Columns, j).Count;
        return new Even(grid.Rows * grid.Channels, i * grid.Channels + k, grid.Owned(nodes, rank).Count, all);
    }

    private sealed class Lists(long[] needed, long[] sent, int mine) : GroupRows(needed.Length, mine)
    {
        public override long All => needed.Sum();

        public override (long Rows, int Peers) Needed
        {
            get
            {
                var (rows, peers) = (0L, 0);
                for (int q = 0; q < needed.Length; q++)
                    if (q != Mine && needed[q] > 0) (rows, peers) = (rows + needed[q], peers + 1);
                return (rows, peers);
            }
        }

        public override (long RowsTimesHeads, int Peers) Returned(long heads, int channels)
        {
            var (rows, peers) = (0L, 0);
            for (int q = 0; q < sent.Length; q++)
                if (q != Mine && sent[q] * Placement.Cut(heads, channels, q % channels).Count is > 0 and var some) (rows, peers) = (rows + some, peers + 1);
            return (rows, peers);
        }
    }

    private sealed class Even(int members, int mine, long own, long all) : GroupRows(members, mine)
    {
        public override long All => all;

        public override (long Rows, int Peers) Needed => (all - own, Members - 1);

        public override (long RowsTimesHeads, int Peers) Returned(long heads, int channels)
        {
            long here = Placement.Cut(heads, channels, Mine % channels).Count;
            long working = Members / channels * Math.Min(channels, heads);
            return (own * (Members / channels * heads - here), (int)(working - (here > 0 ? 1 : 0)));
        }
    }
}
