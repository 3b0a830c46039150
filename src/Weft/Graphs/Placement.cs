using Weft.Communication;

namespace Weft.Graphs;

/// <summary>
/// Where a graph lives: which rows and heads this process works on, and whom it exchanges rows with. Alone, all of it is here.
/// </summary>
internal sealed class Placement
{
    private readonly Dictionary<int, HeadShare> shares = [];
    private readonly Lock gate = new();

    /// <summary>All processes.</summary>
    public required ICommunicator World { get; init; }

    /// <summary>Processes that hold other columns of the same rows, for the same heads: together they hold whole rows.</summary>
    public required ICommunicator RowPeers { get; init; }

    /// <summary>Processes that share the block's rows (its destinations).</summary>
    public required ICommunicator RowGroup { get; init; }

    /// <summary>Processes that share the block's columns (its sources).</summary>
    public required ICommunicator ColumnGroup { get; init; }

    /// <summary>Destination rows owned by each member of the row group.</summary>
    public required long[] OwnedByRowGroup { get; init; }

    /// <summary>Source rows owned by each member of the column group.</summary>
    public required long[] OwnedByColumnGroup { get; init; }

    /// <summary>Channel of each member of the row group, and of the column group.</summary>
    public required int[] ChannelOfRowGroup { get; init; }

    /// <summary>Channel of each member of the column group.</summary>
    public required int[] ChannelOfColumnGroup { get; init; }

    /// <summary>Number of channels: heads (or feature columns) are shared out among so many processes.</summary>
    public required int Channels { get; init; }

    /// <summary>This process's channel.</summary>
    public required int Channel { get; init; }

    /// <summary>One process holds everything.</summary>
    public static Placement Alone(long destinations, long sources) => new()
    {
        World = Communication.Alone.Instance,
        RowPeers = Communication.Alone.Instance,
        RowGroup = Communication.Alone.Instance,
        ColumnGroup = Communication.Alone.Instance,
        OwnedByRowGroup = [destinations],
        OwnedByColumnGroup = [sources],
        ChannelOfRowGroup = [0],
        ChannelOfColumnGroup = [0],
        Channels = 1,
        Channel = 0,
    };

    /// <summary>This process's part of <paramref name="heads"/> heads, with the exchanges that move rows of them.</summary>
    public HeadShare Share(int heads)
    {
        lock (gate)
        {
            if (shares.TryGetValue(heads, out var share)) return share;
            return shares[heads] = NewShare(heads);
        }
    }

    // Apart from Share: its closures capture the number of heads and would be allocated in every call.
    private HeadShare NewShare(int heads)
    {
        var (first, count) = Cut(heads, Channels, Channel);
        return new HeadShare(
            first,
            count,
            new Exchange(RowGroup, OwnedByRowGroup, [.. ChannelOfRowGroup.Select(c => Cut(heads, Channels, c))], heads),
            new Exchange(ColumnGroup, OwnedByColumnGroup, [.. ChannelOfColumnGroup.Select(c => Cut(heads, Channels, c))], heads));
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
internal sealed record HeadShare(int First, int Count, Exchange Destinations, Exchange Sources);
