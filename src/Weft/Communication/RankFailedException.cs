namespace Weft.Communication;

/// <summary>
/// A process of the group failed, and so the group's work cannot go on. Every process that was waiting for it, or that calls
/// the communicator later, ends with this exception.
/// </summary>
public sealed class RankFailedException : Exception
{
    /// <summary>The exception that names the failing process.</summary>
    /// <param name="rank">The process that failed, by its rank among all processes.</param>
    /// <param name="reason">What happened there.</param>
    /// <param name="cause">The exception that it ended with, if it ended with one.</param>
    public RankFailedException(int rank, string reason, Exception? cause = null)
        : base($"rank {rank} failed: {reason}", cause) => Rank = rank;

    /// <summary>The process that failed, by its rank among all processes.</summary>
    public int Rank { get; }
}
