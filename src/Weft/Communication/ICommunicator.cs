using System.Numerics;
using Weft.Memory;

namespace Weft.Communication;

/// <summary>How a reduction combines the values of the processes.</summary>
public enum Reduction
{
    /// <summary>The sum, added in rank order.</summary>
    Sum,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>The smallest.</summary>
    Min,
}

/// <summary>Where a training step is when it communicates.</summary>
public enum Direction
{
    /// <summary>Outside of a layer: set-up, losses, optimizers.</summary>
    Other,

    /// <summary>In a layer's forward pass.</summary>
    Forward,

    /// <summary>In a layer's backward pass.</summary>
    Backward,
}

/// <summary>
/// The only door to other processes. Every call is collective over the group (but Send and Receive), in the same order on
/// every member. Counts are numbers of entries, one for each member.
/// </summary>
/// <remarks>
/// Spans are for small data and set-up: values of type float, double, int, long or byte. Matrices are contiguous (their stride is
/// their number of columns, or they have one row) and may have more than 2³¹ entries; their shapes do not matter, only how many
/// entries they have.
/// </remarks>
public interface ICommunicator
{
    /// <summary>This process's number in the group, 0 … Size − 1.</summary>
    int Rank { get; }

    /// <summary>Number of processes in the group.</summary>
    int Size { get; }

    /// <summary>Divides the group: processes that give the same colour, 0 or more, form a group, ordered by key, then by rank.</summary>
    ICommunicator Split(int color, int key);

    /// <summary>Returns when every member has called it.</summary>
    void Barrier();

    /// <summary>Copies the root's data to every member.</summary>
    void Broadcast<T>(Span<T> data, int root)
        where T : unmanaged;

    /// <summary>Combines the members' data entry by entry, in rank order; every member gets the result, with the same bits.</summary>
    void AllReduce<T>(Span<T> data, Reduction reduction)
        where T : unmanaged, INumber<T>;

    /// <summary>Member q's <paramref name="mine"/> arrives everywhere as the q-th piece of <paramref name="all"/>; <paramref name="counts"/> are the pieces' sizes.</summary>
    void AllGather<T>(ReadOnlySpan<T> mine, Span<T> all, ReadOnlySpan<int> counts)
        where T : unmanaged;

    /// <summary>Piece q of <paramref name="send"/> goes to member q; what member q sent here arrives as piece q of <paramref name="receive"/>.</summary>
    void AllToAll<T>(ReadOnlySpan<T> send, ReadOnlySpan<int> sendCounts, Span<T> receive, ReadOnlySpan<int> receiveCounts)
        where T : unmanaged;

    /// <summary>Sends to one member, which must call <see cref="Receive"/>.</summary>
    void Send<T>(ReadOnlySpan<T> data, int target)
        where T : unmanaged;

    /// <summary>Receives exactly data.Length entries from one member.</summary>
    void Receive<T>(Span<T> data, int source)
        where T : unmanaged;

    /// <inheritdoc cref="Broadcast{T}"/>
    void Broadcast(Matrix data, int root);

    /// <inheritdoc cref="AllReduce{T}"/>
    void AllReduce(Matrix data, Reduction reduction);

    /// <inheritdoc cref="AllGather{T}"/>
    void AllGather(Matrix mine, Matrix all, ReadOnlySpan<long> counts);

    /// <summary>
    /// Member q gets, in <paramref name="mine"/>, the sum in rank order of everyone's q-th piece of <paramref name="sums"/>;
    /// <paramref name="counts"/> are the pieces' sizes. The two do not overlap.
    /// </summary>
    void ReduceScatter(Matrix sums, ReadOnlySpan<long> counts, Matrix mine);

    /// <inheritdoc cref="AllToAll{T}"/>
    void AllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts);

    /// <summary>
    /// Begins <see cref="AllToAll(Matrix, ReadOnlySpan{long}, Matrix, ReadOnlySpan{long})"/>. Nothing may touch the two buffers, and
    /// the received rows are not there, until <see cref="IPending.Wait"/> has returned. Every member waits for its pending
    /// operations in the same order, between the same other calls.
    /// </summary>
    IPending StartAllToAll(Matrix send, ReadOnlySpan<long> sendCounts, Matrix receive, ReadOnlySpan<long> receiveCounts);

    /// <summary>Says where a pass is, for the meter and for the message of a process that fails. Layer 0 is outside of passes.</summary>
    void Enter(int layer, Direction direction)
    {
    }
}

/// <summary>An operation that was begun and goes on while the process computes. It must be waited for, once.</summary>
public interface IPending
{
    /// <summary>Lets the operation go on; true when it is done. It may stay false until <see cref="Wait"/> is called.</summary>
    bool Poll();

    /// <summary>Returns when the operation is done. The object may then serve a later operation: do not keep it.</summary>
    void Wait();
}
