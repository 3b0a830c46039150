namespace Weft.Measurement;

/// <summary>What a <see cref="Bench"/> measures, and for how long.</summary>
public sealed record BenchSettings
{
    /// <summary>Widest row of a node matrix that is measured.</summary>
    public const int MostFeatures = 1024;

    /// <summary>Widths F of the node matrices of graph kernels; each 1 … <see cref="MostFeatures"/>.</summary>
    public IReadOnlyList<int> Features { get; init; } = [16, 64, 128, 256];

    /// <summary>
    /// Measures only what has this in its name; <c>*</c> stands for any text, and case makes no difference. Limits that such a kernel is
    /// held against are measured too. Everything if null.
    /// </summary>
    public string? Only { get; init; }

    /// <summary>Threads that kernels are measured on; what is measured on several is measured on one too.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Times that each row is measured.</summary>
    public int Repeat { get; init; } = 7;

    /// <summary>Smaller arrays and shorter samples: a look at a machine in seconds, with less exact figures.</summary>
    public bool Quick { get; init; }

    /// <summary>Seed of the numbers in the matrices.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Seconds after which a row that was measured three times is not measured again.</summary>
    internal double SecondsPerRow => Quick ? 0.1 : 3;

    /// <summary>Milliseconds that one sample lasts at least; a shorter kernel runs several times in it.</summary>
    internal double MillisecondsPerSample => Quick ? 0.05 : 2;

    /// <summary>Bytes of each array of the machine's own bandwidth limits.</summary>
    internal long BytesPerStream => (Quick ? 32L : 128L) << 20;
}
