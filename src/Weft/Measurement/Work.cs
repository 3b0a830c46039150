namespace Weft.Measurement;

/// <summary>What a limit is counted in.</summary>
internal enum Amount
{
    /// <summary>Floating-point operations.</summary>
    Operations,

    /// <summary>Bytes read and written in order.</summary>
    Bytes,

    /// <summary>Rows read in the order of the edges.</summary>
    GatheredRows,
}

/// <summary>Something to be measured: what to run, and how much of each thing one run does.</summary>
internal sealed record Work(string Name, string Shape, Action Run)
{
    /// <summary>Other ways to do the same; the fastest counts.</summary>
    public IReadOnlyList<Action> OtherForms { get; init; } = [];

    /// <summary>Floating-point operations of the formula.</summary>
    public double Operations { get; init; }

    /// <summary>Bytes asked for: operands once, results once, a gathered row for each edge.</summary>
    public double Bytes { get; init; }

    /// <summary>Edges that it walks.</summary>
    public double Edges { get; init; }

    /// <summary>Rows that it reads in the order of the edges.</summary>
    public double GatheredRows { get; init; }

    /// <summary>Null for a kernel; for a limit, what it is a limit of.</summary>
    public Amount? LimitOf { get; init; }

    /// <summary>The limits that may bound it; the one that asks for most time does.</summary>
    public IReadOnlyList<Work> Limits { get; init; } = [];

    /// <summary>A kernel of the same width whose time its own is told in.</summary>
    public Work? Beside { get; init; }

    public double Of(Amount amount) => amount switch
    {
        Amount.Operations => Operations,
        Amount.Bytes => Bytes,
        _ => GatheredRows,
    };
}
