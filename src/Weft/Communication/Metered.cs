using System.Diagnostics;

namespace Weft.Communication;

/// <summary>The operations of a communicator that <see cref="Metered"/> counts.</summary>
public enum Operation
{
    /// <summary><see cref="ICommunicator.Barrier"/>.</summary>
    Barrier,

    /// <summary><see cref="ICommunicator.Broadcast"/>.</summary>
    Broadcast,

    /// <summary><see cref="ICommunicator.AllReduce"/>.</summary>
    AllReduce,

    /// <summary><see cref="ICommunicator.AllGather"/>.</summary>
    AllGather,

    /// <summary><see cref="ICommunicator.AllToAll"/>.</summary>
    AllToAll,

    /// <summary><see cref="ICommunicator.Receive"/>.</summary>
    Receive,
}

/// <summary>What one process received by one operation.</summary>
/// <param name="Calls">How often it was called.</param>
/// <param name="Words">Values received from other processes.</param>
/// <param name="Messages">Messages that a model of latency counts, one after another.</param>
/// <param name="Seconds">Time spent, waiting for others included.</param>
public readonly record struct Traffic(long Calls, long Words, long Messages, double Seconds)
{
    /// <summary>Both together.</summary>
    public static Traffic operator +(Traffic a, Traffic b) =>
        new(a.Calls + b.Calls, a.Words + b.Words, a.Messages + b.Messages, a.Seconds + b.Seconds);

    /// <summary>Both together.</summary>
    public static Traffic Add(Traffic left, Traffic right) => left + right;
}

/// <summary>
/// A communicator that counts what this process receives through it, and through every group split from it. A word is one value
/// of the library's precision.
/// </summary>
/// <remarks>
/// The counts do not depend on what a library does underneath. In a group of g, of which this is member q:
/// Broadcast of m: m words (none on the root); AllGather: the others' pieces; AllReduce of m: (g − 1)·m_q + (m − m_q), m cut in
/// balanced pieces m_q; AllToAll: what the others sent here; Receive: its length. Messages: ⌈log₂ g⌉ for a collective, twice
/// that for AllReduce, one for each member that sent anything in AllToAll.
/// </remarks>
public sealed class Metered : ICommunicator
{
    private readonly ICommunicator inner;
    private readonly Traffic[] ledger;

    /// <summary>A meter around <paramref name="inner"/>.</summary>
    public Metered(ICommunicator inner)
        : this(inner, new Traffic[Enum.GetValues<Operation>().Length])
    {
    }

    private Metered(ICommunicator inner, Traffic[] ledger) => (this.inner, this.ledger) = (inner, ledger);

    /// <inheritdoc/>
    public int Rank => inner.Rank;

    /// <inheritdoc/>
    public int Size => inner.Size;

    /// <summary>All operations together.</summary>
    public Traffic Total
    {
        get
        {
            var total = default(Traffic);
            foreach (var traffic in ledger) total += traffic;
            return total;
        }
    }

    /// <summary>What <paramref name="operation"/> has brought here since the last <see cref="Reset"/>.</summary>
    public Traffic this[Operation operation] => ledger[(int)operation];

    private long Depth => Size == 1 ? 0 : 1 + long.Log2(Size - 1);

    /// <summary>Sets all counts to zero.</summary>
    public void Reset() => Array.Clear(ledger);

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key) => new Metered(inner.Split(color, key), ledger);

    /// <inheritdoc/>
    public void Barrier()
    {
        long start = Stopwatch.GetTimestamp();
        inner.Barrier();
        Count(Operation.Barrier, 0, Depth, start);
    }

    /// <inheritdoc/>
    public void Broadcast(Span<Real> data, int root)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Broadcast(data, root);
        Count(Operation.Broadcast, Rank == root ? 0 : data.Length, Depth, start);
    }

    /// <inheritdoc/>
    public void AllReduce(Span<Real> data, Reduction reduction)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllReduce(data, reduction);
        long mine = data.Length / Size + (Rank < data.Length % Size ? 1 : 0);
        Count(Operation.AllReduce, (Size - 1) * mine + (data.Length - mine), 2 * Depth, start);
    }

    /// <inheritdoc/>
    public void AllGather(ReadOnlySpan<Real> mine, Span<Real> all, ReadOnlySpan<int> counts)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllGather(mine, all, counts);
        Count(Operation.AllGather, all.Length - mine.Length, Depth, start);
    }

    /// <inheritdoc/>
    public void AllToAll(ReadOnlySpan<Real> send, ReadOnlySpan<int> sendCounts, Span<Real> receive, ReadOnlySpan<int> receiveCounts)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllToAll(send, sendCounts, receive, receiveCounts);
        long words = 0, messages = 0;
        for (int q = 0; q < receiveCounts.Length; q++)
        {
            if (q == Rank || receiveCounts[q] == 0) continue;
            words += receiveCounts[q];
            messages++;
        }
        Count(Operation.AllToAll, words, messages, start);
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<Real> data, int target) => inner.Send(data, target);

    /// <inheritdoc/>
    public void Receive(Span<Real> data, int source)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Receive(data, source);
        Count(Operation.Receive, data.Length, 1, start);
    }

    private void Count(Operation operation, long words, long messages, long start) =>
        ledger[(int)operation] += new Traffic(1, words, messages, Stopwatch.GetElapsedTime(start).TotalSeconds);
}
