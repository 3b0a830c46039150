namespace Weft.Communication;

/// <summary>A call of MPI has failed. The job cannot go on: the exception must reach the end of the process, which ends the others.</summary>
public sealed class MpiException : Exception
{
    /// <summary>The exception of one call.</summary>
    /// <param name="call">The function of MPI.</param>
    /// <param name="code">What it returned.</param>
    /// <param name="reason">The library's words for that.</param>
    public MpiException(string call, int code, string reason)
        : base($"{call} failed: {reason}") => (Call, Code) = (call, code);

    /// <summary>The function of MPI that failed.</summary>
    public string Call { get; }

    /// <summary>The error code, whose meaning is the library's own.</summary>
    public int Code { get; }
}
