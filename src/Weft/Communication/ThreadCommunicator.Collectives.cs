using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Memory;

namespace Weft.Communication;

// The collectives that move data. Each leaves this member's data, waits for the others, and reads theirs in rank order.
public sealed unsafe partial class ThreadCommunicator
{
    private readonly List<ThreadPending> idle = [];

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> data, int root)
        where T : unmanaged
    {
        fixed (T* entries = data) Broadcast(entries, data.Length, sizeof(T), root);
    }

    /// <inheritdoc/>
    public void Broadcast(Matrix data, int root)
    {
        Pieces.CheckContiguous(data);
        Broadcast(data.Data, data.Count, sizeof(Real), root);
        data.KeepAlive();
    }

    /// <inheritdoc/>
    public void AllReduce<T>(Span<T> data, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        fixed (T* entries = data) AllReduce(entries, data.Length, reduction);
    }

    /// <inheritdoc/>
    public void AllReduce(Matrix data, Reduction reduction)
    {
        Pieces.CheckContiguous(data);
        AllReduce(data.Data, data.Count, reduction);
        data.KeepAlive();
    }

    /// <inheritdoc/>
    public void AllGather<T>(ReadOnlySpan<T> mine, Span<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged
    {
        Check("AllGather", receive.Set(counts, all.Length, "all"));
        fixed (T* given = mine, gathered = all) AllGather(given, mine.Length, gathered, all.Length, sizeof(T));
    }

    /// <inheritdoc/>
    public void AllGather(Matrix mine, Matrix all, ReadOnlySpan<long> counts)
    {
        Pieces.CheckContiguous(mine);
        Pieces.CheckContiguous(all);
        Check("AllGather", receive.Set(counts, all.Count, "all"));
        AllGather(mine.Data, mine.Count, all.Data, all.Count, sizeof(Real));
        mine.KeepAlive();
        all.KeepAlive();
    }

    /// <inheritdoc/>
    public void ReduceScatter(Matrix sums, ReadOnlySpan<long> counts, Matrix mine)
    {
        Pieces.CheckContiguous(sums);
        Pieces.CheckContiguous(mine);
        Check("ReduceScatter", send.Set(counts, sums.Count, "of the sum"));
        if (mine.Count != counts[Rank]) throw Mismatch($"ReduceScatter: it takes {mine.Count} entries, and its own count says {counts[Rank]}");
        var offers = Meet(new Call("ReduceScatter", sizeof(Real), sums.Count), sums.Data, sums.Count, send);
        for (int q = 0; q < Size; q++)
        {
            var piece = (Real*)offers[q].Piece(Rank, out long length);
            if (length != mine.Count) throw Mismatch($"ReduceScatter: rank {group.Name(q)} cut a piece of {length} entries for it where {mine.Count} were expected");
            if (q == 0) NativeMemory.Copy(piece, mine.Data, (nuint)mine.Bytes);
            else Fold.Into(mine.Data, piece, length, Reduction.Sum);
        }
        sums.KeepAlive();
        mine.KeepAlive();
    }

    /// <inheritdoc/>
    public void AllToAll<T>(ReadOnlySpan<T> send, ReadOnlySpan<int> sendCounts, Span<T> receive, ReadOnlySpan<int> receiveCounts)
        where T : unmanaged
    {
        Check("AllToAll", this.send.Set(sendCounts, send.Length, "sent"));
        Check("AllToAll", this.receive.Set(receiveCounts, receive.Length, "received"));
        fixed (T* given = send, received = receive) AllToAll(given, send.Length, this.send, received, this.receive, sizeof(T));
    }

    /// <inheritdoc/>
    public void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts) =>
        AllToAll(send, sendCounts, this.send, receive, receiveCounts, this.receive);

    /// <inheritdoc/>
    public IPending StartAllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        if (idle.Count == 0) idle.Add(new ThreadPending(this));
        var pending = idle[^1];
        idle.RemoveAt(idle.Count - 1);
        pending.Set(send, sendCounts, receive, receiveCounts);
        return pending;
    }

    private void Broadcast(void* data, long length, int width, int root)
    {
        CheckMember(root, nameof(root));
        var offers = Meet(new Call("Broadcast", width, length, root), data, Rank == root ? length : 0);
        if (Rank != root) NativeMemory.Copy(offers[root].Data, data, (nuint)(length * width));
    }

    private void AllReduce<T>(T* data, long length, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        var offers = Meet(new Call("AllReduce", sizeof(T), length, (int)reduction), data, length);
        NativeMemory.Copy(offers[0].Data, data, (nuint)(length * sizeof(T)));
        for (int q = 1; q < Size; q++) Fold.Into(data, (T*)offers[q].Data, length, reduction);
    }

    private void AllGather(void* mine, long length, void* all, long total, int width)
    {
        if (length != receive[Rank]) throw Mismatch($"AllGather: it gives {length} entries, and its own count says {receive[Rank]}");
        var offers = Meet(new Call("AllGather", width, total), mine, length);
        byte* to = (byte*)all;
        for (int q = 0; q < Size; to += receive[q++] * width)
        {
            if (offers[q].Length != receive[q])
                throw Mismatch($"AllGather: rank {group.Name(q)} gave {offers[q].Length} entries where {receive[q]} were expected");
            NativeMemory.Copy(offers[q].Data, to, (nuint)(receive[q] * width));
        }
    }

    private void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Pieces sent, Matrix receive, ReadOnlySpan<long> receiveCounts, Pieces received)
    {
        Pieces.CheckContiguous(send);
        Pieces.CheckContiguous(receive);
        Check("AllToAll", sent.Set(sendCounts, send.Count, "sent"));
        Check("AllToAll", received.Set(receiveCounts, receive.Count, "received"));
        AllToAll(send.Data, send.Count, sent, receive.Data, received, sizeof(Real));
        send.KeepAlive();
        receive.KeepAlive();
    }

    private void AllToAll(void* given, long length, Pieces sent, void* into, Pieces received, int width)
    {
        var offers = Meet(new Call("AllToAll", width), given, length, sent);
        byte* to = (byte*)into;
        for (int q = 0; q < Size; to += received[q++] * width)
        {
            byte* piece = offers[q].Piece(Rank, out long count);
            if (count != received[q])
                throw Mismatch($"AllToAll: rank {group.Name(q)} sends it {count} entries where {received[q]} were expected");
            NativeMemory.Copy(piece, to, (nuint)(count * width));
        }
    }

    /// <summary>
    /// An exchange that is all done in Wait: a caller that forgets to wait, or touches a buffer before, shows in every test.
    /// </summary>
    private sealed class ThreadPending(ThreadCommunicator owner) : IPending
    {
        private readonly long[] sendCounts = new long[owner.Size], receiveCounts = new long[owner.Size];
        private Matrix send, receive;
        private bool waits;

        public void Set(Matrix from, ReadOnlySpan<long> fromCounts, Matrix to, ReadOnlySpan<long> toCounts)
        {
            if (fromCounts.Length != owner.Size) throw owner.Mismatch($"AllToAll: {fromCounts.Length} counts for a group of {owner.Size}");
            if (toCounts.Length != owner.Size) throw owner.Mismatch($"AllToAll: {toCounts.Length} counts for a group of {owner.Size}");
            fromCounts.CopyTo(sendCounts);
            toCounts.CopyTo(receiveCounts);
            (send, receive, waits) = (from, to, true);
        }

        public bool Poll() => !waits;

        public void Wait()
        {
            if (!waits) throw new InvalidOperationException("this exchange was waited for before");
            waits = false;
            owner.AllToAll(send, sendCounts, receive, receiveCounts);
            (send, receive) = (default, default);
            owner.idle.Add(this);
        }
    }
}
