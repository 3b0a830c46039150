using System.Numerics;

namespace Weft.Communication;

/// <summary>The arithmetic of reductions. Every entry is on its own, so vectors change no bits.</summary>
internal static unsafe class Fold
{
    /// <summary>into_p ← into_p + other_p, or the larger or smaller of the two.</summary>
    public static void Into<T>(T* into, T* other, long length, Reduction reduction)
        where T : unmanaged, INumber<T>
    {
        long p = 0;
        if (Vector<T>.IsSupported)
            for (; p <= length - Vector<T>.Count; p += Vector<T>.Count)
            {
                var (a, b) = (*(Vector<T>*)(into + p), *(Vector<T>*)(other + p));
                *(Vector<T>*)(into + p) = reduction switch
                {
                    Reduction.Sum => a + b,
                    Reduction.Max => Vector.Max(a, b),
                    _ => Vector.Min(a, b),
                };
            }
        for (; p < length; p++)
            into[p] = reduction switch
            {
                Reduction.Sum => into[p] + other[p],
                Reduction.Max => T.Max(into[p], other[p]),
                _ => T.Min(into[p], other[p]),
            };
    }
}
