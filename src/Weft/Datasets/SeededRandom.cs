using System.Numerics;

namespace Weft.Datasets;

/// <summary>
/// The random numbers of generated sets and splits: xoshiro256** (Blackman and Vigna), its state filled by SplitMix64.
/// Integer arithmetic alone, so a seed means the same set on every platform.
/// </summary>
internal sealed class SeededRandom
{
    private ulong s0, s1, s2, s3;

    public SeededRandom(ulong seed)
    {
        (s0, s1, s2, s3) = (Mix(ref seed), Mix(ref seed), Mix(ref seed), Mix(ref seed));
    }

    private static ulong Mix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong result = BitOperations.RotateLeft(s1 * 5, 7) * 9, t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A whole number 0 … bound − 1, each as likely (Lemire's multiplication with rejection).</summary>
    public int Below(int bound)
    {
        ulong range = (ulong)bound, low, high = Math.BigMul(Next(), range, out low);
        if (low < range)
            for (ulong threshold = (0 - range) % range; low < threshold;) high = Math.BigMul(Next(), range, out low);
        return (int)high;
    }

    /// <summary>A multiple of 2⁻⁵³ in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1L << 53));

    /// <summary>Puts the items in a random order, each order as likely (Fisher and Yates).</summary>
    public void Shuffle(Span<int> items)
    {
        for (int p = items.Length - 1; p > 0; p--)
        {
            int q = Below(p + 1);
            (items[p], items[q]) = (items[q], items[p]);
        }
    }

    /// <summary>0 … count − 1 in a random order.</summary>
    public int[] Permutation(int count)
    {
        var items = new int[count];
        for (int p = 0; p < count; p++) items[p] = p;
        Shuffle(items);
        return items;
    }
}
