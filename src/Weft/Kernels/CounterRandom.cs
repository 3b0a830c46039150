using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// What a stream of random numbers is for. Equal keys give equal numbers on any machine, thread or process.
/// </summary>
/// <param name="Seed">Key of the generator.</param>
/// <param name="Step">Optimiser step, or 0 for what happens once.</param>
/// <param name="Stream">Number of the layer and purpose.</param>
internal readonly record struct RandomKey(ulong Seed, uint Step, uint Stream)
{
    public uint Low => (uint)Seed;

    public uint High => (uint)(Seed >> 32);
}

/// <summary>
/// Philox4x32-10: four 32-bit words from a counter and a key, without state (J. Salmon, M. Moraes, R. Dror, D. Shaw,
/// "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// </summary>
/// <remarks>
/// The counter is (step, stream, original node or edge id, block of 4 columns); column j takes word j mod 4 of block j / 4.
/// So a number belongs to an entry of a matrix and not to an order of evaluation.
/// </remarks>
internal static partial class CounterRandom
{
    internal const uint FirstMultiplier = 0xD2511F53, SecondMultiplier = 0xCD9E8D57;
    internal const uint FirstWeyl = 0x9E3779B9, SecondWeyl = 0xBB67AE85;
    internal const int Rounds = 10;

    /// <summary>The four words of one counter.</summary>
    public static (uint, uint, uint, uint) Philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong first = (ulong)FirstMultiplier * c0, second = (ulong)SecondMultiplier * c2;
            (c0, c1, c2, c3) = ((uint)(second >> 32) ^ c1 ^ k0, (uint)second, (uint)(first >> 32) ^ c3 ^ k1, (uint)first);
            k0 += FirstWeyl;
            k1 += SecondWeyl;
        }
        return (c0, c1, c2, c3);
    }

    /// <summary>The word of one entry: row or edge <paramref name="id"/>, column <paramref name="column"/>.</summary>
    public static uint Word(RandomKey key, uint id, uint column)
    {
        var (w0, w1, w2, w3) = Philox(key.Step, key.Stream, id, column / 4, key.Low, key.High);
        return (column % 4) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 };
    }

    /// <summary>A word as a number in [0, 1): its upper 24 bits, which both precisions hold exactly.</summary>
    public static double Uniform(uint word) => (word >> 8) * (1.0 / (1 << 24));

    /// <summary>W(i, j) uniform in [low, high), from (key, i, j) alone.</summary>
    public static void UniformRange(Matrix W, double low, double high, RandomKey key)
    {
        for (long i = 0; i < W.Rows; i++)
            for (long j = 0; j < W.Columns; j++) W[i, j] = (Real)(low + (high - low) * Uniform(Word(key, (uint)i, (uint)j)));
    }

    /// <summary>W(i, j) normal with mean 0 (Box and Muller's pairs of columns), from (key, i, j) alone.</summary>
    public static void Normal(Matrix W, double deviation, RandomKey key)
    {
        for (long i = 0; i < W.Rows; i++)
            for (long j = 0; j < W.Columns; j++)
            {
                uint even = (uint)j & ~1u;
                // In (0, 1], so that the logarithm is finite.
                double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(Word(key, (uint)i, even))));
                double angle = 2 * Math.PI * Uniform(Word(key, (uint)i, even + 1));
                W[i, j] = (Real)(deviation * radius * (j % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle)));
            }
    }
}
