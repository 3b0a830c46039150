namespace Weft.Distributed.Planning;

/// <summary>How processes could share the work, and what a training step then costs the busiest of them.</summary>
/// <param name="Scheme">Whose scheme: "weft", which a run can use, or one of CAGNET's, to compare with.</param>
/// <param name="Grid">Its shape as --grid takes it: "8x8x4", "cagnet-1.5d:2".</param>
/// <param name="Family">1D, 1.5D, 2D or 3D.</param>
internal sealed record Candidate(string Scheme, string Grid, string Family)
{
    /// <summary>The grid of processes; null for a scheme that has none.</summary>
    public ProcessGrid? Shape { get; init; }

    /// <summary>True where only rows with edges travel, false where all do.</summary>
    public bool Halo { get; init; }

    /// <summary>Most words that a process receives in a step.</summary>
    public required long Words { get; init; }

    /// <summary>Most messages, one after another.</summary>
    public required long Messages { get; init; }

    /// <summary>Bytes of the fullest process.</summary>
    public required double Bytes { get; init; }

    /// <summary>Most operations of a process.</summary>
    public required double Operations { get; init; }

    /// <summary>Seconds of messages, of the process that has most of them.</summary>
    public required double CommunicationSeconds { get; init; }

    /// <summary>Seconds of arithmetic.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Words of the survey's asymptotic formula for the family; not a number where it has none for the layers.</summary>
    public required double SurveyWords { get; init; }

    /// <summary>True if a process has room for it.</summary>
    public required bool Fits { get; init; }

    /// <summary>True for what a run of Weft's own layers can use.</summary>
    public bool IsOurs => Shape is not null;

    /// <summary>Seconds of a step.</summary>
    public double Seconds => CommunicationSeconds + ComputeSeconds;
}
