using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;
#if REAL64
using Eight = System.Runtime.Intrinsics.Vector512<double>;
using EightLanes = Weft.Kernels.Lanes512;
using PlaceNumber = long;
using Places = System.Runtime.Intrinsics.Vector512<long>;
#else
using Eight = System.Runtime.Intrinsics.Vector256<float>;
using EightLanes = Weft.Kernels.Lanes256;
using PlaceNumber = int;
using Places = System.Runtime.Intrinsics.Vector512<int>;
#endif

namespace Weft.Kernels;

/// <summary>
/// What <see cref="EdgeRows"/> does head by head, for eight heads of half a vector each (8 × 8 in single precision, 8 × 4 in double): the numbers of
/// an edge's heads lie side by side and are worked on at once. Rows are as short as those of citation graphs, a few edges, so that work done once
/// for each row and head had cost more than the edges.
/// </summary>
internal static unsafe class EightHeads
{
    /// <summary>Heads, and entries from one edge's numbers to the next one's.</summary>
    public const int Count = 8;

    private const int Vectors = 4;

    private static int Width => Vector512<Real>.Count;

    // The heads whose columns vector v of a row holds: 2v in its first half, 2v + 1 in the second.
    private static Places Halves => Unsafe.SizeOf<Real>() == 4
        ? Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1).As<int, PlaceNumber>()
        : Vector512.Create(0L, 0, 0, 0, 1, 1, 1, 1).As<long, PlaceNumber>();

    /// <summary>True if the processor sums up halves of its vectors.</summary>
    public static bool IsSupported => Avx512F.IsSupported && Vector512.IsHardwareAccelerated;

    /// <summary>True if there are eight heads of half a vector each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Are(long heads, long columns) => IsSupported && heads == Count && 2 * columns == Vector512<Real>.Count;

    /// <summary>dots[8·t + k] = ⟨own^k, X^k_{index[t]}⟩</summary>
    public static void Dots(Real* own, Matrix X, int* index, int count, int reach, Real* dots)
    {
        int w = Width, ahead = EdgeRows.AheadOf(X.Columns);
        Vector512<Real> o0 = Vector512.Load(own), o1 = Vector512.Load(own + w), o2 = Vector512.Load(own + 2 * w), o3 = Vector512.Load(own + 3 * w);
        for (int t = 0; t < count; t++)
        {
            Real* x = X.Data + index[t] * X.Stride;
            if (reach >= 0) Ask(X.Data + index[Math.Min(t + ahead, reach)] * X.Stride);
            HeadSums(o0 * Vector512.Load(x), o1 * Vector512.Load(x + w), o2 * Vector512.Load(x + 2 * w), o3 * Vector512.Load(x + 3 * w), dots + Count * t);
        }
    }

    /// <summary>L[8·t + k] = ⟨a^k, σ_L(own^k + X^k_{index[t]})⟩ with a leaky ReLU.</summary>
    public static void SlopedDots(Real* own, Real* a, Real slope, Matrix X, int* index, int count, int reach, Real* L)
    {
        int w = Width, ahead = EdgeRows.AheadOf(X.Columns);
        var leaky = Vector512.Create(slope);
        Vector512<Real> o0 = Vector512.Load(own), o1 = Vector512.Load(own + w), o2 = Vector512.Load(own + 2 * w), o3 = Vector512.Load(own + 3 * w);
        Vector512<Real> a0 = Vector512.Load(a), a1 = Vector512.Load(a + w), a2 = Vector512.Load(a + 2 * w), a3 = Vector512.Load(a + 3 * w);
        for (int t = 0; t < count; t++)
        {
            Real* x = X.Data + index[t] * X.Stride;
            if (reach >= 0) Ask(X.Data + index[Math.Min(t + ahead, reach)] * X.Stride);
            HeadSums(a0 * Leaky(o0 + Vector512.Load(x), leaky), a1 * Leaky(o1 + Vector512.Load(x + w), leaky), a2 * Leaky(o2 + Vector512.Load(x + 2 * w), leaky), a3 * Leaky(o3 + Vector512.Load(x + 3 * w), leaky), L + Count * t);
        }
    }

    /// <summary>P = c ⊕ C_{index[t]}, then slope ← σ_L′(P) and L ← σ_L(P), one number a head.</summary>
    public static void SlopedSums(Real* c, Real slope, Matrix C, int* index, int count, Real* L, Real* slopes)
    {
        Eight own = EightLanes.Load(c), leaky = EightLanes.All(slope), one = EightLanes.All(1);
        for (int t = 0; t < count; t++)
        {
            var p = EightLanes.Add(own, EightLanes.Load(C.Data + index[t] * C.Stride)); // (6)   P = c_dst ⊕ c_src
            var σ = EightLanes.Select(EightLanes.Less(default, p), one, leaky);         // (23)  C′ = σ_L′(P)
            EightLanes.Store(σ, slopes + Count * t);
            EightLanes.Store(EightLanes.Multiply(σ, p), L + Count * t);                 // (8)   L = σ_L(P)
        }
    }

    /// <summary>L ← B ⊙ exp(L − m) with m and s = Σ exp(L − m), [8 ‖ 8], and what was summed up under an m that is no longer the largest, brought up to date.</summary>
    public static void Exponentials(Real* L, Real* B, int count, bool begun, Real* state, Real* sum)
    {
        Eight m = EightLanes.Load(L), s = default;
        for (int t = 1; t < count; t++) m = EightLanes.Max(m, EightLanes.Load(L + Count * t));
        if (begun)
        {
            var before = EightLanes.Load(state);
            m = EightLanes.Max(m, before);
            Real* factor = stackalloc Real[Width];
            var change = VectorMath.Exp<EightLanes, Eight>(EightLanes.Subtract(before, m));
            EightLanes.Store(change, factor);
            s = EightLanes.Multiply(change, EightLanes.Load(state + Count));
            var wide = Vector512.Load(factor);
            for (int v = 0; v < Vectors; v++) Vector512.Store(Vector512.Load(sum + v * Width) * Spread(wide, v), sum + v * Width);
        }
        for (int t = 0; t < count; t++)
        {
            var e = VectorMath.Exp<EightLanes, Eight>(EightLanes.Subtract(EightLanes.Load(L + Count * t), m));
            s = EightLanes.Add(s, e);
            EightLanes.Store(B == null ? e : EightLanes.Multiply(e, EightLanes.Load(B + Count * t)), L + Count * t);
        }
        EightLanes.Store(m, state);
        EightLanes.Store(s, state + Count);
    }

    /// <summary>Z = sum / s, or s·Z itself; and the pairs (m, s) of the heads.</summary>
    /// <param name="row">The sums and, after them, [m ‖ s].</param>
    /// <param name="normalize">False to leave s·Z.</param>
    /// <param name="z">[8·d]</param>
    /// <param name="pairs">[8·2]</param>
    public static void Store(Real* row, bool normalize, Real* z, Real* pairs)
    {
        Real* state = row + Vectors * Width, factors = stackalloc Real[Width];
        Eight s = EightLanes.Load(state + Count), one = EightLanes.All(1);
        EightLanes.Store(normalize ? EightLanes.Select(EightLanes.AtMost(s, default), one, EightLanes.Divide(one, s)) : one, factors);
        var wide = Vector512.Load(factors);
        for (int v = 0; v < Vectors; v++) Vector512.Store(Vector512.Load(row + v * Width) * Spread(wide, v), z + v * Width);
        for (int k = 0; k < Count; k++) (pairs[2 * k], pairs[2 * k + 1]) = (state[k], state[Count + k]);
    }

    /// <summary>[m ‖ s] → (m, s) of one head after another.</summary>
    public static void Pair(Real* state)
    {
        Real* side = stackalloc Real[2 * Count];
        for (int k = 0; k < 2 * Count; k++) side[k] = state[k];
        for (int k = 0; k < Count; k++) (state[2 * k], state[2 * k + 1]) = (side[k], side[Count + k]);
    }

    /// <summary>S ← exp(S − m) / s and dL ← S (dL − r), with the terms of one row, or of the row of each edge where there is an index.</summary>
    /// <param name="terms">Row 0, or the row: m, 1/s and r of each head, [8·4].</param>
    /// <param name="stride">From one row of terms to the next.</param>
    /// <param name="index">The row of each edge; null where all have one.</param>
    /// <param name="count">Edges.</param>
    /// <param name="S">[count, 8]</param>
    /// <param name="dL">[count, 8]</param>
    public static void Coefficients(Real* terms, long stride, int* index, int count, Real* S, Real* dL)
    {
        // m, 1/s and r side by side.
        Real* side = stackalloc Real[3 * Count];
        for (int t = 0; t < count; t++, S += Count, dL += Count)
        {
            if (t == 0 || index != null)
            {
                Real* row = terms + (index == null ? 0 : index[t] * stride);
                for (int k = 0; k < Count; k++, row += RowTerms.Count)
                    (side[k], side[Count + k], side[2 * Count + k]) = (row[RowTerms.Largest], row[RowTerms.InverseSum], row[RowTerms.Dot]);
            }
            var s = EightLanes.Multiply(EightLanes.Load(side + Count), VectorMath.Exp<EightLanes, Eight>(EightLanes.Subtract(EightLanes.Load(S), EightLanes.Load(side))));
            EightLanes.Store(s, S);
            EightLanes.Store(EightLanes.Multiply(s, EightLanes.Subtract(EightLanes.Load(dL), EightLanes.Load(side + 2 * Count))), dL);
        }
    }

    /// <summary>sum += Σ_t numbers[t], eight at once.</summary>
    public static void AddNumbers(in TileNumbers numbers, int count, Real* sum)
    {
        var s = EightLanes.Load(sum);
        Real* from = numbers.Data;
        for (int t = 0; t < count; t++, from += numbers.Edge) s = EightLanes.Add(s, EightLanes.Load(from));
        EightLanes.Store(s, sum);
    }

    /// <summary>sum^k += Σ_t weights[t, k] · X^k_{index[t]}; the weights of an edge lie side by side.</summary>
    public static void AddWeighted(in TileNumbers weights, Matrix X, int* index, int count, int reach, Real* sum)
    {
        int w = Width, ahead = EdgeRows.AheadOf(X.Columns);
        Real* from = weights.Data;
        Vector512<Real> s0 = Vector512.Load(sum), s1 = Vector512.Load(sum + w), s2 = Vector512.Load(sum + 2 * w), s3 = Vector512.Load(sum + 3 * w);
        for (int t = 0; t < count; t++, from += weights.Edge)
        {
            Real* x = X.Data + index[t] * X.Stride;
            if (reach >= 0) Ask(X.Data + index[Math.Min(t + ahead, reach)] * X.Stride);
            var weight = Vector512.Load(from);
            s0 = Lanes512.MultiplyAdd(Spread(weight, 0), Vector512.Load(x), s0);
            s1 = Lanes512.MultiplyAdd(Spread(weight, 1), Vector512.Load(x + w), s1);
            s2 = Lanes512.MultiplyAdd(Spread(weight, 2), Vector512.Load(x + 2 * w), s2);
            s3 = Lanes512.MultiplyAdd(Spread(weight, 3), Vector512.Load(x + 3 * w), s3);
        }
        Vector512.Store(s0, sum);
        Vector512.Store(s1, sum + w);
        Vector512.Store(s2, sum + 2 * w);
        Vector512.Store(s3, sum + 3 * w);
    }

    /// <summary>sum^k += Σ_t weights[t, k] σ_L′(own^k + X^k_{index[t]}), σ_L′ being 1 above zero and the slope elsewhere.</summary>
    public static void AddSloped(Real* negative, in TileNumbers weights, Real slope, Matrix X, int* index, int count, int reach, Real* sum)
    {
        int w = Width, ahead = EdgeRows.AheadOf(X.Columns);
        Real* from = weights.Data;
        var leaky = Vector512.Create(slope);
        Vector512<Real> n0 = Vector512.Load(negative), n1 = Vector512.Load(negative + w), n2 = Vector512.Load(negative + 2 * w), n3 = Vector512.Load(negative + 3 * w);
        Vector512<Real> s0 = Vector512.Load(sum), s1 = Vector512.Load(sum + w), s2 = Vector512.Load(sum + 2 * w), s3 = Vector512.Load(sum + 3 * w);
        for (int t = 0; t < count; t++, from += weights.Edge)
        {
            Real* x = X.Data + index[t] * X.Stride;
            if (reach >= 0) Ask(X.Data + index[Math.Min(t + ahead, reach)] * X.Stride);
            Vector512<Real> weight = Vector512.Load(from), less = weight * leaky;
            s0 = Lanes512.AddChosen(n0, Vector512.Load(x), s0, Spread(weight, 0), Spread(less, 0));
            s1 = Lanes512.AddChosen(n1, Vector512.Load(x + w), s1, Spread(weight, 1), Spread(less, 1));
            s2 = Lanes512.AddChosen(n2, Vector512.Load(x + 2 * w), s2, Spread(weight, 2), Spread(less, 2));
            s3 = Lanes512.AddChosen(n3, Vector512.Load(x + 3 * w), s3, Spread(weight, 3), Spread(less, 3));
        }
        Vector512.Store(s0, sum);
        Vector512.Store(s1, sum + w);
        Vector512.Store(s2, sum + 2 * w);
        Vector512.Store(s3, sum + 3 * w);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<Real> Leaky(Vector512<Real> p, Vector512<Real> slope) => Vector512.ConditionalSelect(Vector512.GreaterThan(p, Vector512<Real>.Zero), p, p * slope);

    /// <summary>Entry 2v in the first half, entry 2v + 1 in the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<Real> Spread(Vector512<Real> heads, int v) => Vector512.ShuffleNative(heads, Halves + Vector512.Create((PlaceNumber)(2 * v)));

    /// <summary>The sums of the eight halves, in their order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HeadSums(Vector512<Real> v0, Vector512<Real> v1, Vector512<Real> v2, Vector512<Real> v3, Real* sums)
    {
        // Quarters of vectors: those of halves 0 … 3, and of 4 … 7, each plus its neighbour.
        var low = Avx512F.Shuffle4x128(v0, v1, 0b10_00_10_00) + Avx512F.Shuffle4x128(v0, v1, 0b11_01_11_01);
        var high = Avx512F.Shuffle4x128(v2, v3, 0b10_00_10_00) + Avx512F.Shuffle4x128(v2, v3, 0b11_01_11_01);
        if (Unsafe.SizeOf<Real>() == 4)
        {
            // In each quarter g: two parts of half g, then two of half 4 + g; each plus its neighbour.
            var pairs = Avx512F.Shuffle(low, high, 0b01_00_01_00) + Avx512F.Shuffle(low, high, 0b11_10_11_10);
            var floats = pairs.As<Real, float>();
            var all = (floats + Avx512F.Permute4x32(floats, 0b10_11_00_01)).As<float, Real>();
            Keep(Vector512.ShuffleNative(all, Vector512.Create(0, 4, 8, 12, 2, 6, 10, 14, 0, 4, 8, 12, 2, 6, 10, 14).As<int, PlaceNumber>()), sums);
        }
        else
        {
            var all = Avx512F.Shuffle(low, high, 0) + Avx512F.Shuffle(low, high, 0xFF);
            Keep(Vector512.ShuffleNative(all, Vector512.Create(0L, 2, 4, 6, 1, 3, 5, 7).As<long, PlaceNumber>()), sums);
        }
    }

    // The first eight entries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(Vector512<Real> all, Real* sums)
    {
        if (Unsafe.SizeOf<Real>() == 4) Vector256.Store(all.GetLower(), sums);
        else Vector512.Store(all, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(Real* row)
    {
        for (int line = 0; line < Vectors; line++) Sse.Prefetch1(row + line * Width);
    }
}
