using Weft.Communication.Mpi;
using Weft.Memory;

namespace Weft.Communication;

// The collectives that only move data. Each begins the operation that does not block, and waits in the binding's own way.
public sealed unsafe partial class MpiCommunicator
{
    private readonly Pieces sent, received;
    private readonly MpiLayout sentLayout, receivedLayout;
    private readonly List<MpiPending> idle = [];

    /// <inheritdoc/>
    public void Broadcast<T>(Span<T> data, int root)
        where T : unmanaged
    {
        fixed (T* entries = data) Broadcast((byte*)entries, data.Length, sizeof(T), root);
    }

    /// <inheritdoc/>
    public void Broadcast(Matrix data, int root)
    {
        Pieces.CheckContiguous(data);
        Broadcast((byte*)data.Data, data.Count, sizeof(Real), root);
        data.KeepAlive();
    }

    /// <inheritdoc/>
    public void AllGather<T>(ReadOnlySpan<T> mine, Span<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged
    {
        Check("AllGather", received.Set(counts, all.Length, "all"));
        fixed (T* given = mine, gathered = all) AllGather(given, mine.Length, gathered, sizeof(T));
    }

    /// <inheritdoc/>
    public void AllGather(Matrix mine, Matrix all, ReadOnlySpan<long> counts)
    {
        Pieces.CheckContiguous(mine);
        Pieces.CheckContiguous(all);
        Check("AllGather", received.Set(counts, all.Count, "all"));
        AllGather(mine.Data, mine.Count, all.Data, sizeof(Real));
        mine.KeepAlive();
        all.KeepAlive();
    }

    /// <inheritdoc/>
    public void AllToAll<T>(ReadOnlySpan<T> send, ReadOnlySpan<int> sendCounts, Span<T> receive, ReadOnlySpan<int> receiveCounts)
        where T : unmanaged
    {
        Check("AllToAll", sent.Set(sendCounts, send.Length, "sent"));
        Check("AllToAll", received.Set(receiveCounts, receive.Length, "received"));
        fixed (T* given = send, taken = receive) AllToAll(given, taken, sizeof(T), nameof(AllToAll));
    }

    /// <inheritdoc/>
    public void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        SetPieces(send, sendCounts, receive, receiveCounts);
        AllToAll(send.Data, receive.Data, sizeof(Real), nameof(AllToAll));
        send.KeepAlive();
        receive.KeepAlive();
    }

    /// <inheritdoc/>
    public IPending StartAllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        SetPieces(send, sendCounts, receive, receiveCounts);
        if (idle.Count == 0) idle.Add(new MpiPending(this));
        var pending = idle[^1];
        pending.Start(send, receive);
        idle.RemoveAt(idle.Count - 1);
        return pending;
    }

    private void SetPieces(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts)
    {
        Pieces.CheckContiguous(send);
        Pieces.CheckContiguous(receive);
        Check("AllToAll", sent.Set(sendCounts, send.Count, "sent"));
        Check("AllToAll", received.Set(receiveCounts, receive.Count, "received"));
    }

    private void Broadcast(byte* data, long length, int width, int root)
    {
        CheckUse();
        CheckMember(root, nameof(root));
        if (Size > 2 && length * width >= WorthChaining)
        {
            Chain(data, length * width, root);
            return;
        }
        do
        {
            // All members cut alike: some algorithms of the libraries cut messages by the size of the type.
            int count = (int)Math.Min(length, MpiLayout.Largest);
            nint request = 0;
            MpiProcess.Check(MpiImports.MPI_Ibcast(Any(data), count, mpi.TypeOf(width), root, handle, &request));
            Complete(request, nameof(Broadcast));
            data += (long)count * width;
            length -= count;
        }
        while (length > 0);
    }

    // The sizes of all pieces are in "received".
    private void AllGather(void* mine, long length, void* all, int width)
    {
        if (length != received[Rank]) throw new ArgumentException($"AllGather: this member gives {length} entries, and its own count says {received[Rank]}");
        CheckUse();
        receivedLayout.Set(received, width);
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Iallgatherv(Any(mine), receivedLayout.Counts[Rank], receivedLayout.Type,
            Any(all), receivedLayout.Counts, receivedLayout.Displacements, receivedLayout.Type, handle, &request));
        Complete(request, nameof(AllGather));
    }

    // The sizes of the pieces are in "sent" and "received".
    private void AllToAll(void* given, void* taken, int width, string operation)
    {
        sentLayout.Set(sent, width);
        receivedLayout.Set(received, width);
        Complete(StartAllToAll(given, sentLayout, taken, receivedLayout), operation);
    }

    private nint StartAllToAll(void* given, MpiLayout from, void* taken, MpiLayout to)
    {
        CheckUse();
        nint request = 0;
        MpiProcess.Check(MpiImports.MPI_Ialltoallv(Any(given), from.Counts, from.Displacements, from.Type,
            Any(taken), to.Counts, to.Displacements, to.Type, handle, &request));
        return request;
    }

    // Of an empty buffer the library wants an address all the same.
    private void* Any(void* data) => data == null ? sentLayout.Counts : data;

    private static void Check(string operation, string? problem)
    {
        if (problem is not null) throw new ArgumentException($"{operation}: {problem}");
    }

    /// <summary>An exchange that goes on by itself, or when polled.</summary>
    private sealed class MpiPending(MpiCommunicator owner) : IPending
    {
        private readonly MpiLayout from = new(owner.mpi, owner.Size), to = new(owner.mpi, owner.Size);
        // Held until the operation is done, so that their memory lasts.
        private Matrix send, receive;
        private nint request;
        private bool runs, done;

        public void Start(Matrix sent, Matrix received)
        {
            from.Set(owner.sent, sizeof(Real));
            to.Set(owner.received, sizeof(Real));
            request = owner.mpi.Abi.FromSlot(owner.StartAllToAll(sent.Data, from, received.Data, to));
            (send, receive, runs, done) = (sent, received, true, false);
        }

        public bool Poll()
        {
            if (!runs || done) return true;
            owner.CheckUse();
            fixed (nint* slot = &request) done = owner.mpi.Test(slot, owner.mpi.Abi.IgnoredStatus);
            return done;
        }

        public void Wait()
        {
            if (!runs) throw new InvalidOperationException("this exchange was waited for before");
            owner.CheckUse();
            if (!done)
                fixed (nint* slot = &request) owner.mpi.Complete(slot, nameof(AllToAll));
            (send, receive, runs) = (default, default, false);
            owner.idle.Add(this);
        }
    }
}
