using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

internal readonly record struct RandomKey(ulong Seed, uint Step, uint Stream);

/// <summary>Random numbers as a function of a key: Philox4x32-10.</summary>
internal static class CounterRandom
{
    public static (uint, uint, uint, uint) Philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong a = 0xD2511F53ul * c0, b = 0xCD9E8D57ul * c2;
            (c0, c1, c2, c3) = ((uint)(b >> 32) ^ c1 ^ k0, (uint)b, (uint)(a >> 32) ^ c3 ^ k1, (uint)a);
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        return (c0, c1, c2, c3);
    }

    public static void DropRows(Matrix H, int[] ids, double rate, RandomKey key, Matrix result)
    {
        for (long i = 0; i < H.Rows; i++)
            for (long j = 0; j < H.Columns; j++) result[i, j] = H[i, j] * Factor((uint)ids[i], j, rate, key);
    }

    public static void DropEntries(EdgeView pattern, Matrix values, int[] ids, double rate, RandomKey key, Matrix result)
    {
        for (long i = 0; i < pattern.Rows; i++)
            for (long q = pattern.Pointers[i]; q < pattern.Pointers[i + 1]; q++)
                result[q, 0] = values[q, 0] * Factor((uint)ids[i], pattern.Index[q], rate, key);
    }

    public static void DropEdges(Matrix S, int[] ids, int firstHead, double rate, RandomKey key, Matrix result)
    {
        for (long e = 0; e < S.Rows; e++)
            for (long k = 0; k < S.Columns; k++) result[e, k] = S[e, k] * Factor((uint)ids[e], firstHead + k, rate, key);
    }

    public static void UniformRange(Matrix W, double low, double high, RandomKey key)
    {
        for (long i = 0; i < W.Rows; i++)
            for (long j = 0; j < W.Columns; j++)
                W[i, j] = (Real)(low + (high - low) * ((Word((uint)i, j, key) >> 8) / 16777216.0));
    }

    private static Real Factor(uint id, long column, double rate, RandomKey key) =>
        Word(id, column, key) < rate * 4294967296.0 ? 0 : (Real)(1 / (1 - rate));

    private static uint Word(uint id, long column, RandomKey key)
    {
        var word = Philox(key.Step, key.Stream, id, (uint)(column / 4), (uint)key.Seed, (uint)(key.Seed >> 32));
        return (column % 4) switch { 0 => word.Item1, 1 => word.Item2, 2 => word.Item3, _ => word.Item4 };
    }
}
