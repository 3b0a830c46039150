namespace Weft.Communication;

/// <summary>How an all-reduction combines the values of the processes.</summary>
public enum Reduction
{
    /// <summary>The sum, added in rank order.</summary>
    Sum,

    /// <summary>The largest.</summary>
    Max,
}

/// <summary>
/// The only door to other processes. Every call is collective over the group (but Send and Receive), in the same order on
/// every member. Buffers are row-major; counts are numbers of entries.
/// </summary>
public interface ICommunicator
{
    /// <summary>This process's number in the group, 0 … Size − 1.</summary>
    int Rank { get; }

    /// <summary>Number of processes in the group.</summary>
    int Size { get; }

    /// <summary>Divides the group: processes that give the same colour form a group, ordered by key, then by rank.</summary>
    ICommunicator Split(int color, int key);

    /// <summary>Returns when every member has called it.</summary>
    void Barrier();

    /// <summary>Copies the root's data to every member.</summary>
    void Broadcast(Span<Real> data, int root);

    /// <summary>Combines the members' data entry by entry, in rank order; every member gets the result.</summary>
    void AllReduce(Span<Real> data, Reduction reduction);

    /// <summary>Member q's <paramref name="mine"/> arrives everywhere as the q-th piece of <paramref name="all"/>; <paramref name="counts"/> are the pieces' sizes.</summary>
    void AllGather(ReadOnlySpan<Real> mine, Span<Real> all, ReadOnlySpan<int> counts);

    /// <summary>Piece q of <paramref name="send"/> goes to member q; what member q sent here arrives as piece q of <paramref name="receive"/>.</summary>
    void AllToAll(ReadOnlySpan<Real> send, ReadOnlySpan<int> sendCounts, Span<Real> receive, ReadOnlySpan<int> receiveCounts);

    /// <summary>Sends to one member, which must call <see cref="Receive"/>.</summary>
    void Send(ReadOnlySpan<Real> data, int target);

    /// <summary>Receives exactly data.Length entries from one member.</summary>
    void Receive(Span<Real> data, int source);
}
