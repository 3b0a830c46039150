namespace Weft.Communication;

/// <summary>One process: every collective is the identity.</summary>
public sealed class Alone : ICommunicator
{
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
    public void Broadcast(Span<Real> data, int root)
    {
    }

    /// <inheritdoc/>
    public void AllReduce(Span<Real> data, Reduction reduction)
    {
    }

    /// <inheritdoc/>
    public void AllGather(ReadOnlySpan<Real> mine, Span<Real> all, ReadOnlySpan<int> counts) => mine.CopyTo(all);

    /// <inheritdoc/>
    public void AllToAll(ReadOnlySpan<Real> send, ReadOnlySpan<int> sendCounts, Span<Real> receive, ReadOnlySpan<int> receiveCounts) => send.CopyTo(receive);

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<Real> data, int target) => throw new InvalidOperationException("a process that is alone has nobody to send to");

    /// <inheritdoc/>
    public void Receive(Span<Real> data, int source) => throw new InvalidOperationException("a process that is alone has nobody to receive from");
}
