using Weft.Communication;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Where a graph lives: which rows and heads this process works on, and whom it exchanges rows with. Alone, all of it is here.
/// </summary>
internal sealed class Placement
{
    private readonly Dictionary<(int Heads, bool All), HeadShare> shares = [];
    private readonly Lock gate = new();

    /// <summary>All processes.</summary>
    public required ICommunicator World { get; init; }

    /// <summary>Processes that hold other columns of the same rows, for the same heads: together they hold whole rows.</summary>
    public required ICommunicator RowPeers { get; init; }

    /// <summary>The block's rows (its destinations), shared with the processes of its row of the grid.</summary>
    public required SharedRows Rows { get; init; }

    /// <summary>The block's columns (its sources), shared with the processes of its column of the grid.</summary>
    public required SharedRows Columns { get; init; }

    /// <summary>
    /// Destinations of the edges that leave this process's nodes, where sums over out-edges are made whole by the process that owns
    /// the source; null where partial sums travel.
    /// </summary>
    public SharedRows? Outgoing { get; init; }

    /// <summary>The tree of sums over nodes, where their bits must not depend on the number of processes; else null.</summary>
    public NodeTree? Tree { get; init; }

    /// <summary>Number of channels: heads (or feature columns) are shared out among so many processes.</summary>
    public required int Channels { get; init; }

    /// <summary>This process's channel.</summary>
    public required int Channel { get; init; }

    /// <summary>Whether the block's rows and columns are all those of the group, or those that have edges.</summary>
    public ExchangeKind Kind { get; init; }

    /// <summary>True to aggregate own rows while those of others are under way, which changes the order of sums.</summary>
    public bool Overlap { get; init; }

    /// <summary>True where there are rows under way to work beside: by lists, in one channel, without reproducible bits.</summary>
    public bool Overlaps => Overlap && Kind == ExchangeKind.Halo && Channels == 1 && Tree is null && !Columns.IsIdentity;

    /// <summary>Memory of the exchanges, side 0 being the destinations', 1 the sources', 2 the tree's and 3 the outgoing edges'.</summary>
    public Workspace Buffers { get; private init; } = new();

    /// <summary>One process holds everything.</summary>
    public static Placement Alone(long destinations, long sources) => new()
    {
        World = Communication.Alone.Instance,
        RowPeers = Communication.Alone.Instance,
        Rows = SharedRows.Whole(Communication.Alone.Instance, [destinations], [0]),
        Columns = SharedRows.Whole(Communication.Alone.Instance, [sources], [0]),
        Channels = 1,
        Channel = 0,
    };

    /// <summary>The same place for a block with these rows and columns.</summary>
    public Placement With(SharedRows rows, SharedRows columns, SharedRows? outgoing) => new()
    {
        Outgoing = outgoing,
        Tree = Tree,
        World = World,
        RowPeers = RowPeers,
        Rows = rows,
        Columns = columns,
        Channels = Channels,
        Channel = Channel,
        Kind = Kind,
        Overlap = Overlap,
        Buffers = Buffers,
    };

    /// <summary>This process's part of <paramref name="heads"/> heads, with the exchanges that move the rows of them that the block needs.</summary>
    public HeadShare Share(int heads) => Share(heads, all: false);

    /// <summary>This process's part of <paramref name="heads"/> heads, with exchanges that move all rows of the two groups.</summary>
    public HeadShare ShareAll(int heads) => Share(heads, all: Kind == ExchangeKind.Halo);

    private HeadShare Share(int heads, bool all)
    {
        lock (gate)
        {
            if (shares.TryGetValue((heads, all), out var share)) return share;
            return shares[(heads, all)] = NewShare(heads, all);
        }
    }

    // Apart from Share: its closures capture the number of heads and would be allocated in every call.
    private HeadShare NewShare(int heads, bool all)
    {
        var (first, count) = Cut(heads, Channels, Channel);
        Exchange Of(SharedRows rows, int side) => new(
            all ? SharedRows.Whole(rows.Group, rows.Owned, rows.Channels) : rows,
            [.. rows.Channels.Select(c => Cut(heads, Channels, c))], heads, Buffers, side);
        return new HeadShare(first, count, Of(Rows, 0), Of(Columns, 1), Outgoing is null ? null : Of(Outgoing, 3));
    }

    /// <summary>Piece number <paramref name="at"/> of <paramref name="items"/> cut into <paramref name="pieces"/>: contiguous, remainder first.</summary>
    public static (int First, int Count) Cut(int items, int pieces, int at)
    {
        var (first, count) = Cut((long)items, pieces, at);
        return ((int)first, (int)count);
    }

    /// <inheritdoc cref="Cut(int, int, int)"/>
    public static (long First, long Count) Cut(long items, int pieces, int at)
    {
        long quotient = items / pieces, remainder = items % pieces;
        return (at * quotient + Math.Min(at, remainder), quotient + (at < remainder ? 1 : 0));
    }

    /// <summary>The piece of <see cref="Cut(long, int, int)"/> in which an item lies.</summary>
    public static int PieceOf(long items, int pieces, long item)
    {
        long quotient = items / pieces, remainder = items % pieces, wide = remainder * (quotient + 1);
        return (int)(item < wide ? item / (quotient + 1) : remainder + (item - wide) / quotient);
    }
}

/// <summary>The heads that this process works on, and the exchanges of rows with that many heads.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Count">How many.</param>
/// <param name="Destinations">Rows of the block.</param>
/// <param name="Sources">Columns of the block.</param>
/// <param name="Outgoing">Destinations of the edges that leave own nodes, where sums over them are made whole here; else null.</param>
internal sealed record HeadShare(int First, int Count, Exchange Destinations, Exchange Sources, Exchange? Outgoing);
