using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Weft.Kernels;

/// <summary>Vectors of 64-bit lanes, each with one 32-bit word of one counter in its lower half.</summary>
internal unsafe interface IWords<TVector>
    where TVector : unmanaged
{
    static abstract int Count { get; }
    static abstract TVector All(uint word);

    /// <summary>Reads Count words, one to a lane.</summary>
    static abstract TVector Load(uint* words);

    /// <summary>64-bit products of the lower halves.</summary>
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Xor(TVector a, TVector b, TVector c);
    static abstract TVector UpperHalf(TVector a);

    /// <summary>Writes the lower halves of the four vectors lane by lane: w0 w1 w2 w3 of the first counter, and so on.</summary>
    static abstract void Interleave(TVector w0, TVector w1, TVector w2, TVector w3, uint* target);
}

internal readonly unsafe struct Words512 : IWords<Vector512<ulong>>
{
    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> All(uint word) => Vector512.Create((ulong)word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Load(uint* words)
    {
        var (low, high) = Vector256.Widen(Vector256.Load(words));
        return Vector512.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Multiply(Vector512<ulong> a, Vector512<ulong> b) => Avx512F.IsSupported
        ? Avx512F.Multiply(a.AsUInt32(), b.AsUInt32())
        : (a & Vector512.Create((ulong)uint.MaxValue)) * (b & Vector512.Create((ulong)uint.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Xor(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> UpperHalf(Vector512<ulong> a) => Vector512.ShiftRightLogical(a, 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(Vector512<ulong> w0, Vector512<ulong> w1, Vector512<ulong> w2, Vector512<ulong> w3, uint* target)
    {
        var low = Vector512.Create((ulong)uint.MaxValue);
        var first = (w0 & low) | Vector512.ShiftLeft(w1, 32);
        var second = (w2 & low) | Vector512.ShiftLeft(w3, 32);
        var odd = Vector512.Create(0UL, ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue);
        Vector512.Store(Vector512.ConditionalSelect(odd, Vector512.Shuffle(second, Vector512.Create(0UL, 0, 1, 1, 2, 2, 3, 3)), Vector512.Shuffle(first, Vector512.Create(0UL, 0, 1, 1, 2, 2, 3, 3))), (ulong*)target);
        Vector512.Store(Vector512.ConditionalSelect(odd, Vector512.Shuffle(second, Vector512.Create(4UL, 4, 5, 5, 6, 6, 7, 7)), Vector512.Shuffle(first, Vector512.Create(4UL, 4, 5, 5, 6, 6, 7, 7))), (ulong*)target + 8);
    }
}

internal readonly unsafe struct Words256 : IWords<Vector256<ulong>>
{
    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> All(uint word) => Vector256.Create((ulong)word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Load(uint* words)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(words));
        return Vector256.Create(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Multiply(Vector256<ulong> a, Vector256<ulong> b) => Avx2.IsSupported
        ? Avx2.Multiply(a.AsUInt32(), b.AsUInt32())
        : (a & Vector256.Create((ulong)uint.MaxValue)) * (b & Vector256.Create((ulong)uint.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Xor(Vector256<ulong> a, Vector256<ulong> b, Vector256<ulong> c) => a ^ b ^ c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> UpperHalf(Vector256<ulong> a) => Vector256.ShiftRightLogical(a, 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Interleave(Vector256<ulong> w0, Vector256<ulong> w1, Vector256<ulong> w2, Vector256<ulong> w3, uint* target)
    {
        var low = Vector256.Create((ulong)uint.MaxValue);
        var first = (w0 & low) | Vector256.ShiftLeft(w1, 32);
        var second = (w2 & low) | Vector256.ShiftLeft(w3, 32);
        var odd = Vector256.Create(0UL, ulong.MaxValue, 0, ulong.MaxValue);
        Vector256.Store(Vector256.ConditionalSelect(odd, Vector256.Shuffle(second, Vector256.Create(0UL, 0, 1, 1)), Vector256.Shuffle(first, Vector256.Create(0UL, 0, 1, 1))), (ulong*)target);
        Vector256.Store(Vector256.ConditionalSelect(odd, Vector256.Shuffle(second, Vector256.Create(2UL, 2, 3, 3)), Vector256.Shuffle(first, Vector256.Create(2UL, 2, 3, 3))), (ulong*)target + 4);
    }
}

internal static unsafe partial class CounterRandom
{
    /// <summary>Counters that one call of <see cref="Words"/> turns into words.</summary>
    internal const int Batch = 16;

    /// <summary>The words of 16 counters (step, stream, ids[t], blocks[t]): 64 words, counter after counter.</summary>
    internal static void Words(RandomKey key, uint* ids, uint* blocks, uint* words)
    {
        if (Vector512.IsHardwareAccelerated) Words<Words512, Vector512<ulong>>(key, ids, blocks, words);
        else if (Vector256.IsHardwareAccelerated) Words<Words256, Vector256<ulong>>(key, ids, blocks, words);
        else
            for (int t = 0; t < Batch; t++, words += 4)
                (words[0], words[1], words[2], words[3]) = Philox(key.Step, key.Stream, ids[t], blocks[t], key.Low, key.High);
    }

    private static void Words<TWords, TVector>(RandomKey key, uint* ids, uint* blocks, uint* words)
        where TWords : struct, IWords<TVector>
        where TVector : unmanaged
    {
        TVector first = TWords.All(FirstMultiplier), second = TWords.All(SecondMultiplier);
        for (int t = 0; t < Batch; t += TWords.Count)
        {
            TVector c0 = TWords.All(key.Step), c1 = TWords.All(key.Stream), c2 = TWords.Load(ids + t), c3 = TWords.Load(blocks + t);
            uint k0 = key.Low, k1 = key.High;
            for (int round = 0; round < Rounds; round++)
            {
                // Upper halves carry what is left of products; only lower halves are ever multiplied or written.
                TVector product0 = TWords.Multiply(first, c0), product2 = TWords.Multiply(second, c2);
                c0 = TWords.Xor(TWords.UpperHalf(product2), c1, TWords.All(k0));
                c1 = product2;
                c2 = TWords.Xor(TWords.UpperHalf(product0), c3, TWords.All(k1));
                c3 = product0;
                k0 += FirstWeyl;
                k1 += SecondWeyl;
            }
            TWords.Interleave(c0, c1, c2, c3, words + 4 * t);
        }
    }
}
