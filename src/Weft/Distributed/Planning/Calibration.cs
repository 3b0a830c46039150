using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weft.Distributed.Planning;

/// <summary>What messages and arithmetic cost on a cluster: six numbers, and where they come from.</summary>
/// <remarks>
/// A message of m words takes α + β·m seconds, with an α and a β within a machine and others between machines; f operations take
/// γ·f seconds, with a γ for products with the adjacency matrix and another for dense ones. A word is one value of this build's
/// precision. The same numbers must be used by all processes, which then plan alike.
/// </remarks>
internal sealed record Calibration
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>Seconds of a message of one word between two processes of a machine.</summary>
    public required double AlphaWithin { get; init; }

    /// <summary>Seconds of each further word of a long message within a machine, while all processes send.</summary>
    public required double BetaWithin { get; init; }

    /// <summary>Seconds of a message of one word between machines.</summary>
    public required double AlphaBetween { get; init; }

    /// <summary>Seconds of each further word of a long message between machines, for one process, while all send.</summary>
    public required double BetaBetween { get; init; }

    /// <summary>Seconds of one operation of a product with the adjacency matrix, on one process.</summary>
    public required double GammaSparse { get; init; }

    /// <summary>Seconds of one operation of a dense product, on one process.</summary>
    public required double GammaDense { get; init; }

    /// <summary>The six numbers in the order of the properties.</summary>
    [JsonIgnore]
    public double[] Numbers
    {
        get => [AlphaWithin, BetaWithin, AlphaBetween, BetaBetween, GammaSparse, GammaDense];
        init => (AlphaWithin, BetaWithin, AlphaBetween, BetaBetween, GammaSparse, GammaDense) = (value[0], value[1], value[2], value[3], value[4], value[5]);
    }

    /// <summary>Where the numbers come from, for a person.</summary>
    public required string Source { get; init; }

    /// <summary>Names of the machines; null where nothing was measured.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>What carried the messages.</summary>
    public string? Library { get; init; }

    /// <summary>Number of processes that measured.</summary>
    public int? Processes { get; init; }

    /// <summary>Bits of a word.</summary>
    public int Precision { get; init; } = sizeof(Real) * 8;

    /// <summary>
    /// What is taken where nothing was measured. Within a machine: shared memory of Open MPI 4.1 and MPICH 4.0, 0.15 µs and
    /// 0.46 ns a word of 4 bytes, measured with the spike that the MPI binding grew from. Between machines: 2 µs and 12.5 GB/s,
    /// a nominal network of 100 Gbit/s. Arithmetic: 8 and 80 Gflop/s, one core with 512-bit vectors by benchmarks/results/bench.md.
    /// </summary>
    public static Calibration Default { get; } = new()
    {
        AlphaWithin = 0.15e-6,
        BetaWithin = 0.46e-9 * sizeof(Real) / 4,
        AlphaBetween = 2e-6,
        BetaBetween = 0.32e-9 * sizeof(Real) / 4,
        GammaSparse = 0.125e-9 * sizeof(Real) / 4,
        GammaDense = 12.5e-12 * sizeof(Real) / 4,
        Source = "defaults, nothing was measured (weft plan --calibrate)",
    };

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Reads a calibration.</summary>
    /// <exception cref="FormatException">The text is none; the message says why.</exception>
    public static Calibration FromJson(string text)
    {
        try
        {
            var read = JsonSerializer.Deserialize<Calibration>(text, Format) ?? throw new FormatException("it holds null");
            return read.Numbers.All(x => double.IsFinite(x) && x > 0) ? read : throw new FormatException("every number must be above 0");
        }
        catch (JsonException problem)
        {
            throw new FormatException(problem.Message, problem);
        }
    }
}
