namespace Weft.Communication;

/// <summary>How sums over processes are made with MPI.</summary>
public enum Reductions
{
    /// <summary>
    /// Pieces go to the members that add them in rank order, and come back: the same words as the library's own all-reduction,
    /// and the same bits with every library of MPI, with threads, and in every run.
    /// </summary>
    Deterministic,

    /// <summary>
    /// The library's own reductions, whose order of additions is its own. With Open MPI a sum that waits for a lost process is
    /// not ended by the time limit.
    /// </summary>
    Fast,
}
