namespace Weft.Measurement;

/// <summary>
/// One row of a bench: a kernel, or a limit of the machine, at one shape on a number of threads. Rates and the share of the limit are
/// those of the shortest run: on a machine that is busy with other things too, it is the run that shows the kernel.
/// </summary>
public sealed record Measured
{
    /// <summary>What ran.</summary>
    public required string Name { get; init; }

    /// <summary>Its sizes, N nodes and E edges among them; for heads, their number × their width.</summary>
    public required string Shape { get; init; }

    /// <summary>Threads that it ran on.</summary>
    public required int Threads { get; init; }

    /// <summary>How many samples were taken.</summary>
    public required int Samples { get; init; }

    /// <summary>Median of the samples, in milliseconds a run.</summary>
    public required double MedianMilliseconds { get; init; }

    /// <summary>Shortest sample, in milliseconds a run.</summary>
    public required double MinimumMilliseconds { get; init; }

    /// <summary>Floating-point operations per nanosecond, those that the formula has; null for a kernel without arithmetic.</summary>
    public double? Gigaflops { get; init; }

    /// <summary>
    /// Bytes per nanosecond that the kernel asks for: every operand read once and every result written once, a gathered row once for each edge.
    /// What caches serve counts too. Null for a kernel in registers.
    /// </summary>
    public double? GigabytesPerSecond { get; init; }

    /// <summary>Nanoseconds an edge; null for a kernel that knows no edges.</summary>
    public double? NanosecondsPerEdge { get; init; }

    /// <summary>Name and shape of the limit that bounds it at these sizes; null for a limit.</summary>
    public string? Limit { get; init; }

    /// <summary>The least time that the limit allows, in percent of the time it took; null for a limit.</summary>
    public double? PercentOfLimit { get; init; }

    /// <summary>How many times as fast as on one thread; null for a row on one thread.</summary>
    public double? Scaling { get; init; }

    /// <summary>For attention: its time over that of the weighted sparse product of the same width; null for other rows.</summary>
    public double? TimesSpmm { get; init; }
}
