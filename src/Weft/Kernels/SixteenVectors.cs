using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Weft.Kernels;

/// <summary>
/// What <see cref="EdgeRows"/> does head by head, for the heads of a row of sixteen vectors at once: each row is read once, from its begin
/// to its end, which is what memory gives fastest.
/// </summary>
internal static unsafe class SixteenVectors
{
    /// <summary>True if the heads' rows are sixteen whole vectors of the widest kind, four or more a head: processors that have it have registers for all their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Are<TLanes, TVector>(long heads, long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        Vector512.IsHardwareAccelerated && heads is 1 or 2 or 4 && heads * columns == 16 * TLanes.Count && TLanes.Count == Vector512<Real>.Count;

    /// <summary>sum^k += Σ_t weights[t, k] · X^k_{index[t]} for all heads of sixteen vectors: each row is read once, from its begin to its end.</summary>
    public static void AddWeighted<TLanes, TVector>(in TileNumbers weights, long heads, Real* x, long stride, int* index, int count, int reach, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (reach < 0) AddWeighted<TLanes, TVector, Silent>(weights, heads, x, stride, index, count, 0, 0, sum);
        else AddWeighted<TLanes, TVector, Asking>(weights, heads, x, stride, index, count, reach, EdgeRows.AheadOf(stride), sum);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddWeighted<TLanes, TVector, TAsk>(in TileNumbers weights, long heads, Real* x, long stride, int* index, int count, int reach, int ahead, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TAsk : struct, IAsk
    {
        int w = TLanes.Count;
        // The heads of the second, third and fourth quarter of a row.
        Real* first = weights.Data, second = first + heads / 4 * weights.Head, third = first + heads / 2 * weights.Head, fourth = third + heads / 4 * weights.Head;
        long step = weights.Edge, at = 0;
        TVector s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + w), s2 = TLanes.Load(sum + 2 * w), s3 = TLanes.Load(sum + 3 * w);
        TVector s4 = TLanes.Load(sum + 4 * w), s5 = TLanes.Load(sum + 5 * w), s6 = TLanes.Load(sum + 6 * w), s7 = TLanes.Load(sum + 7 * w);
        TVector s8 = TLanes.Load(sum + 8 * w), s9 = TLanes.Load(sum + 9 * w), s10 = TLanes.Load(sum + 10 * w), s11 = TLanes.Load(sum + 11 * w);
        TVector s12 = TLanes.Load(sum + 12 * w), s13 = TLanes.Load(sum + 13 * w), s14 = TLanes.Load(sum + 14 * w), s15 = TLanes.Load(sum + 15 * w);
        for (int t = 0; t < count; t++)
        {
            Real* row = x + index[t] * stride, next = TAsk.Asks ? x + index[Math.Min(t + ahead, reach)] * stride : row;
            TVector w0 = TLanes.All(first[at]), w1 = TLanes.All(second[at]), w2 = TLanes.All(third[at]), w3 = TLanes.All(fourth[at]);
            at += step;
            TAsk.For(next);
            TAsk.For(next + w);
            TAsk.For(next + 2 * w);
            TAsk.For(next + 3 * w);
            s0 = TLanes.MultiplyAdd(w0, TLanes.Load(row), s0);
            s1 = TLanes.MultiplyAdd(w0, TLanes.Load(row + w), s1);
            s2 = TLanes.MultiplyAdd(w0, TLanes.Load(row + 2 * w), s2);
            s3 = TLanes.MultiplyAdd(w0, TLanes.Load(row + 3 * w), s3);
            TAsk.For(next + 4 * w);
            TAsk.For(next + 5 * w);
            TAsk.For(next + 6 * w);
            TAsk.For(next + 7 * w);
            s4 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 4 * w), s4);
            s5 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 5 * w), s5);
            s6 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 6 * w), s6);
            s7 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 7 * w), s7);
            TAsk.For(next + 8 * w);
            TAsk.For(next + 9 * w);
            TAsk.For(next + 10 * w);
            TAsk.For(next + 11 * w);
            s8 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 8 * w), s8);
            s9 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 9 * w), s9);
            s10 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 10 * w), s10);
            s11 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 11 * w), s11);
            TAsk.For(next + 12 * w);
            TAsk.For(next + 13 * w);
            TAsk.For(next + 14 * w);
            TAsk.For(next + 15 * w);
            s12 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 12 * w), s12);
            s13 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 13 * w), s13);
            s14 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 14 * w), s14);
            s15 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 15 * w), s15);
        }
        TLanes.Store(s0, sum);
        TLanes.Store(s1, sum + w);
        TLanes.Store(s2, sum + 2 * w);
        TLanes.Store(s3, sum + 3 * w);
        TLanes.Store(s4, sum + 4 * w);
        TLanes.Store(s5, sum + 5 * w);
        TLanes.Store(s6, sum + 6 * w);
        TLanes.Store(s7, sum + 7 * w);
        TLanes.Store(s8, sum + 8 * w);
        TLanes.Store(s9, sum + 9 * w);
        TLanes.Store(s10, sum + 10 * w);
        TLanes.Store(s11, sum + 11 * w);
        TLanes.Store(s12, sum + 12 * w);
        TLanes.Store(s13, sum + 13 * w);
        TLanes.Store(s14, sum + 14 * w);
        TLanes.Store(s15, sum + 15 * w);
    }

    /// <summary>sum^k += Σ_t weights[t, k] σ_L′(own^k + X^k_{index[t]}), as in <see cref="EdgeRows"/>, for all heads at once.</summary>
    /// <param name="negative">−own.</param>
    /// <param name="weights">One for each edge and head.</param>
    /// <param name="slope">The slope of σ_L.</param>
    /// <param name="heads">K</param>
    /// <param name="x">Row 0 of X.</param>
    /// <param name="stride">From one row of X to the next.</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges.</param>
    /// <param name="reach">As for the dot products.</param>
    /// <param name="sum">[K, d]</param>
    public static void AddSloped<TLanes, TVector>(Real* negative, in TileNumbers weights, Real slope, long heads, Real* x, long stride, int* index, int count, int reach, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (reach < 0) AddSloped<TLanes, TVector, Silent>(negative, weights, slope, heads, x, stride, index, count, 0, 0, sum);
        else AddSloped<TLanes, TVector, Asking>(negative, weights, slope, heads, x, stride, index, count, reach, EdgeRows.AheadOf(stride), sum);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddSloped<TLanes, TVector, TAsk>(Real* negative, in TileNumbers weights, Real slope, long heads, Real* x, long stride, int* index, int count, int reach, int ahead, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TAsk : struct, IAsk
    {
        int w = TLanes.Count;
        Real* first = weights.Data, second = first + heads / 4 * weights.Head, third = first + heads / 2 * weights.Head, fourth = third + heads / 4 * weights.Head;
        long step = weights.Edge, at = 0;
        TVector s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + w), s2 = TLanes.Load(sum + 2 * w), s3 = TLanes.Load(sum + 3 * w);
        TVector s4 = TLanes.Load(sum + 4 * w), s5 = TLanes.Load(sum + 5 * w), s6 = TLanes.Load(sum + 6 * w), s7 = TLanes.Load(sum + 7 * w);
        TVector s8 = TLanes.Load(sum + 8 * w), s9 = TLanes.Load(sum + 9 * w), s10 = TLanes.Load(sum + 10 * w), s11 = TLanes.Load(sum + 11 * w);
        TVector s12 = TLanes.Load(sum + 12 * w), s13 = TLanes.Load(sum + 13 * w), s14 = TLanes.Load(sum + 14 * w), s15 = TLanes.Load(sum + 15 * w);
        for (int t = 0; t < count; t++, at += step)
        {
            Real* row = x + index[t] * stride, next = TAsk.Asks ? x + index[Math.Min(t + ahead, reach)] * stride : row;
            TAsk.For(next);
            TAsk.For(next + w);
            TAsk.For(next + 2 * w);
            TAsk.For(next + 3 * w);
            TVector w0 = TLanes.All(first[at]), v0 = TLanes.All(slope * first[at]);
            s0 = TLanes.AddChosen(TLanes.Load(negative), TLanes.Load(row), s0, w0, v0);
            s1 = TLanes.AddChosen(TLanes.Load(negative + w), TLanes.Load(row + w), s1, w0, v0);
            s2 = TLanes.AddChosen(TLanes.Load(negative + 2 * w), TLanes.Load(row + 2 * w), s2, w0, v0);
            s3 = TLanes.AddChosen(TLanes.Load(negative + 3 * w), TLanes.Load(row + 3 * w), s3, w0, v0);
            TAsk.For(next + 4 * w);
            TAsk.For(next + 5 * w);
            TAsk.For(next + 6 * w);
            TAsk.For(next + 7 * w);
            TVector w1 = TLanes.All(second[at]), v1 = TLanes.All(slope * second[at]);
            s4 = TLanes.AddChosen(TLanes.Load(negative + 4 * w), TLanes.Load(row + 4 * w), s4, w1, v1);
            s5 = TLanes.AddChosen(TLanes.Load(negative + 5 * w), TLanes.Load(row + 5 * w), s5, w1, v1);
            s6 = TLanes.AddChosen(TLanes.Load(negative + 6 * w), TLanes.Load(row + 6 * w), s6, w1, v1);
            s7 = TLanes.AddChosen(TLanes.Load(negative + 7 * w), TLanes.Load(row + 7 * w), s7, w1, v1);
            TAsk.For(next + 8 * w);
            TAsk.For(next + 9 * w);
            TAsk.For(next + 10 * w);
            TAsk.For(next + 11 * w);
            TVector w2 = TLanes.All(third[at]), v2 = TLanes.All(slope * third[at]);
            s8 = TLanes.AddChosen(TLanes.Load(negative + 8 * w), TLanes.Load(row + 8 * w), s8, w2, v2);
            s9 = TLanes.AddChosen(TLanes.Load(negative + 9 * w), TLanes.Load(row + 9 * w), s9, w2, v2);
            s10 = TLanes.AddChosen(TLanes.Load(negative + 10 * w), TLanes.Load(row + 10 * w), s10, w2, v2);
            s11 = TLanes.AddChosen(TLanes.Load(negative + 11 * w), TLanes.Load(row + 11 * w), s11, w2, v2);
            TAsk.For(next + 12 * w);
            TAsk.For(next + 13 * w);
            TAsk.For(next + 14 * w);
            TAsk.For(next + 15 * w);
            TVector w3 = TLanes.All(fourth[at]), v3 = TLanes.All(slope * fourth[at]);
            s12 = TLanes.AddChosen(TLanes.Load(negative + 12 * w), TLanes.Load(row + 12 * w), s12, w3, v3);
            s13 = TLanes.AddChosen(TLanes.Load(negative + 13 * w), TLanes.Load(row + 13 * w), s13, w3, v3);
            s14 = TLanes.AddChosen(TLanes.Load(negative + 14 * w), TLanes.Load(row + 14 * w), s14, w3, v3);
            s15 = TLanes.AddChosen(TLanes.Load(negative + 15 * w), TLanes.Load(row + 15 * w), s15, w3, v3);
        }
        TLanes.Store(s0, sum);
        TLanes.Store(s1, sum + w);
        TLanes.Store(s2, sum + 2 * w);
        TLanes.Store(s3, sum + 3 * w);
        TLanes.Store(s4, sum + 4 * w);
        TLanes.Store(s5, sum + 5 * w);
        TLanes.Store(s6, sum + 6 * w);
        TLanes.Store(s7, sum + 7 * w);
        TLanes.Store(s8, sum + 8 * w);
        TLanes.Store(s9, sum + 9 * w);
        TLanes.Store(s10, sum + 10 * w);
        TLanes.Store(s11, sum + 11 * w);
        TLanes.Store(s12, sum + 12 * w);
        TLanes.Store(s13, sum + 13 * w);
        TLanes.Store(s14, sum + 14 * w);
        TLanes.Store(s15, sum + 15 * w);
    }
}
