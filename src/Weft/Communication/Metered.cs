using System.Diagnostics;
using System.Numerics;
using Weft.Memory;

namespace Weft.Communication;

/// <summary>
/// A communicator that counts what this process receives through it, and through every group split from it: for each operation,
/// and for each layer and direction of the passes that call it.
/// </summary>
/// <remarks>
/// A word is one value of the library's precision, or one 32-bit number; values of other types count as so many 32-bit numbers.
/// The counts do not depend on what a library does underneath. In a group of g, of which this is member q:
/// Broadcast of m: m words (none on the root); AllGather: the others' pieces; ReduceScatter of pieces m_q: (g − 1)·m_q;
/// AllReduce of m: (g − 1)·m_q + (m − m_q), m cut in balanced pieces m_q; AllToAll: what the others sent here; Receive: its length.
/// Messages: ⌈log₂ g⌉ for a collective, twice that for AllReduce, one for each member that sent anything in AllToAll.
/// </remarks>
public sealed class Metered : ICommunicator
{
    private readonly ICommunicator inner;
    private readonly TrafficLedger ledger;
    private readonly List<MeteredPending> idle = [];

    /// <summary>A meter around <paramref name="inner"/>.</summary>
    public Metered(ICommunicator inner)
        : this(inner, new TrafficLedger())
    {
    }

    private Metered(ICommunicator inner, TrafficLedger ledger) => (this.inner, this.ledger) = (inner, ledger);

    /// <inheritdoc/>
    public int Rank => inner.Rank;

    /// <inheritdoc/>
    public int Size => inner.Size;

    /// <summary>All operations together.</summary>
    public Traffic Total => ledger.Sum(null, null, null);

    /// <summary>Everything counted since the last <see cref="Reset"/>, by layer, direction and operation.</summary>
    public IReadOnlyList<TrafficRow> Rows => [.. ledger.Rows];

    /// <summary>What <paramref name="operation"/> has brought here since the last <see cref="Reset"/>.</summary>
    public Traffic this[Operation operation] => ledger.Sum(operation, null, null);

    /// <summary>What passes in one direction have brought here, all layers together.</summary>
    public Traffic this[Direction direction] => ledger.Sum(null, null, direction);

    /// <summary>What <paramref name="operation"/> has brought here in one place; all operations, where it is null.</summary>
    public Traffic this[Operation? operation, int layer, Direction direction] => ledger.Sum(operation, layer, direction);

    private long Depth => Size == 1 ? 0 : 1 + long.Log2(Size - 1);

    /// <summary>Sets all counts to zero.</summary>
    public void Reset() => ledger.Reset();

    /// <inheritdoc/>
    public void Enter(int layer, Direction direction)
    {
        (ledger.Layer, ledger.Direction) = (layer, direction);
        inner.Enter(layer, direction);
    }

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key) => new Metered(inner.Split(color, key), ledger);

    /// <inheritdoc/>
    public void Barrier()
    {
        long start = Stopwatch.GetTimestamp();
        inner.Barrier();
        ledger.Count(Operation.Barrier, 0, Depth, start);
    }

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> data, int root)
        where T : unmanaged
    {
        long start = Stopwatch.GetTimestamp();
        inner.Broadcast(data, root);
        ledger.Count(Operation.Broadcast, Rank == root ? 0 : Words<T>(data.Length), Depth, start);
    }

    /// <inheritdoc/>
    public void Broadcast(Matrix data, int root)
    {
        long start = Stopwatch.GetTimestamp();
        inner.Broadcast(data, root);
        ledger.Count(Operation.Broadcast, Rank == root ? 0 : data.Count, Depth, start);
    }

    /// <inheritdoc/>
    public void AllReduce<T>(Span<T> data, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllReduce(data, reduction);
        ledger.Count(Operation.AllReduce, Words<T>(ReducedByAll(data.Length)), 2 * Depth, start);
    }

    /// <inheritdoc/>
    public void AllReduce(Matrix data, Reduction reduction)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllReduce(data, reduction);
        ledger.Count(Operation.AllReduce, ReducedByAll(data.Count), 2 * Depth, start);
    }

    /// <inheritdoc/>
    public void AllGather<T>(ReadOnlySpan<T> mine, Span<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllGather(mine, all, counts);
        ledger.Count(Operation.AllGather, Words<T>(all.Length - mine.Length), Depth, start);
    }

    /// <inheritdoc/>
    public void AllGather(Matrix mine, Matrix all, ReadOnlySpan<long> counts)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllGather(mine, all, counts);
        ledger.Count(Operation.AllGather, all.Count - mine.Count, Depth, start);
    }

    /// <inheritdoc/>
    public void ReduceScatter(Matrix sums, ReadOnlySpan<long> counts, Matrix mine)
    {
        long start = Stopwatch.GetTimestamp();
        inner.ReduceScatter(sums, counts, mine);
        ledger.Count(Operation.ReduceScatter, (Size - 1) * mine.Count, Depth, start);
    }

    /// <inheritdoc/>
    public void AllToAll<T>(ReadOnlySpan<T> send, ReadOnlySpan<int> sendCounts, Span<T> receive, ReadOnlySpan<int> receiveCounts)
        where T : unmanaged
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
        ledger.Count(Operation.AllToAll, Words<T>(words), messages, start);
    }

    /// <inheritdoc/>
    public void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        long start = Stopwatch.GetTimestamp();
        inner.AllToAll(send, sendCounts, receive, receiveCounts);
        CountAllToAll(receiveCounts, start);
    }

    /// <inheritdoc/>
    public IPending StartAllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        if (idle.Count == 0) idle.Add(new MeteredPending(this));
        var pending = idle[^1];
        idle.RemoveAt(idle.Count - 1);
        long start = Stopwatch.GetTimestamp();
        pending.Set(inner.StartAllToAll(send, sendCounts, receive, receiveCounts));
        CountAllToAll(receiveCounts, start);
        return pending;
    }

    /// <inheritdoc/>
    public void Send<T>(ReadOnlySpan<T> data, int target)
        where T : unmanaged => inner.Send(data, target);

    /// <inheritdoc/>
    public void Receive<T>(Span<T> data, int source)
        where T : unmanaged
    {
        long start = Stopwatch.GetTimestamp();
        inner.Receive(data, source);
        ledger.Count(Operation.Receive, Words<T>(data.Length), 1, start);
    }

    private void CountAllToAll(ReadOnlySpan<long> receiveCounts, long start)
    {
        long words = 0, messages = 0;
        for (int q = 0; q < receiveCounts.Length; q++)
        {
            if (q == Rank || receiveCounts[q] == 0) continue;
            words += receiveCounts[q];
            messages++;
        }
        ledger.Count(Operation.AllToAll, words, messages, start);
    }

    private long ReducedByAll(long entries)
    {
        long mine = Pieces.Balanced(entries, Size, Rank);
        return (Size - 1) * mine + (entries - mine);
    }

    private static unsafe long Words<T>(long entries)
        where T : unmanaged => typeof(T) == typeof(Real) ? entries : (entries * sizeof(T) + sizeof(int) - 1) / sizeof(int);

    /// <summary>The exchange itself was counted when it began; the time of polling and waiting belongs to the same row.</summary>
    private sealed class MeteredPending(Metered owner) : IPending
    {
        private IPending? begun;
        private int layer;
        private Direction direction;

        public void Set(IPending pending) => (begun, layer, direction) = (pending, owner.ledger.Layer, owner.ledger.Direction);

        public bool Poll()
        {
            long start = Stopwatch.GetTimestamp();
            bool done = Begun().Poll();
            owner.ledger.Count(Operation.AllToAll, layer, direction, new Traffic(0, 0, 0, TrafficLedger.Since(start)));
            return done;
        }

        public void Wait()
        {
            long start = Stopwatch.GetTimestamp();
            Begun().Wait();
            begun = null;
            owner.ledger.Count(Operation.AllToAll, layer, direction, new Traffic(0, 0, 0, TrafficLedger.Since(start)));
            owner.idle.Add(this);
        }

        private IPending Begun() => begun ?? throw new InvalidOperationException("this exchange was waited for before");
    }
}
