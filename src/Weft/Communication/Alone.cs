using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Communication;

/// <summary>One process: every collective is the identity.</summary>
public sealed unsafe class Alone : ICommunicator
{
    private sealed class Done : IPending
    {
        public static readonly Done Instance = new();

        public bool Poll() => true;

        public void Wait()
        {
        }
    }

    /// <summary>The group of this process alone.</summary>
    public static Alone Instance { get; } = new();

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int Size => 1;

    /// <inheritdoc/>
    public ICommunicator Split(int color, int key) => this;

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> data, int root)
        where T : unmanaged
    {
    }

    /// <inheritdoc/>
    public void AllReduce<T>(Span<T> data, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
    }

    /// <inheritdoc/>
    public void AllGather<T>(ReadOnlySpan<T> mine, Span<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged => mine.CopyTo(all);

    /// <inheritdoc/>
    public void AllToAll<T>(ReadOnlySpan<T> send, ReadOnlySpan<int> sendCounts, Span<T> receive, ReadOnlySpan<int> receiveCounts)
        where T : unmanaged => send.CopyTo(receive);

    /// <inheritdoc/>
    public void Send<T>(ReadOnlySpan<T> data, int target)
        where T : unmanaged => throw new InvalidOperationException("a process that is alone has nobody to send to");

    /// <inheritdoc/>
    public void Receive<T>(Span<T> data, int source)
        where T : unmanaged => throw new InvalidOperationException("a process that is alone has nobody to receive from");

    /// <inheritdoc/>
    public void Broadcast(Matrix data, int root)
    {
    }

    /// <inheritdoc/>
    public void AllReduce(Matrix data, Reduction reduction)
    {
    }

    /// <inheritdoc/>
    public void AllGather(Matrix mine, Matrix all, ReadOnlySpan<long> counts) => Copy(mine, all);

    /// <inheritdoc/>
    public void ReduceScatter(Matrix sums, ReadOnlySpan<long> counts, Matrix mine) => Copy(sums, mine);

    /// <inheritdoc/>
    public void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts) => Copy(send, receive);

    /// <inheritdoc/>
    public IPending StartAllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        Copy(send, receive);
        return Done.Instance;
    }

    private static void Copy(Matrix from, Matrix to)
    {
        if (from.Count != to.Count) throw new ArgumentException($"{from} goes to {to}, which has another number of entries");
        if (!from.IsContiguous || !to.IsContiguous) throw new ArgumentException($"{from} or {to} is some columns of a matrix; what is communicated is contiguous");
        NativeMemory.Copy(from.Data, to.Data, (nuint)from.Bytes);
        from.KeepAlive();
        to.KeepAlive();
    }
}
