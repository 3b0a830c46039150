using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>GATv2: L = ⟨a, σ_L(x_own + x_other)⟩; a is [K, d] with each head padded to whole vectors by zeros.</summary>
internal readonly unsafe struct LeakySumScore(Matrix own, Matrix other, long heads, Real* a, Real leak) : IScoreOfSum<LeakySumScore>
{
    public long Heads => heads;

    public LeakySumScore Over(Matrix rows) => new(own, rows, heads, a, leak);

    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => true;

    public static bool GradientReadsOther => true;

    public static bool Asks => true;

    public static long SumStep(long padded) => padded;

    // The row, and the row with its sign turned.
    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => 2 * heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = own.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d), all = heads * padded;
        Real* x = EdgeRows.HeadsPadded(own.Data + row * own.Stride, heads, d, padded, scratch);
        if (!adjoint) return x;
        for (long j = 0; j < all; j += TLanes.Count)
        {
            var v = TLanes.Load(x + j);
            TLanes.Store(v, scratch + j);
            TLanes.Store(TLanes.Negate(v), scratch + all + j);
        }
        return scratch;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, int reach, in TileNumbers L, in TileNumbers slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (L.AreEdgeByEdge) EightHeads.SlopedDots(x, a, leak, other, others, count, reach, L.Data); // (9)   L = ⟨a, σ_L(P)⟩
        else if (leak > 1) Logits<TLanes, TVector, Steep, Silent>(x, others, count, count - 1, L.Data);
        else if (reach < 0) Logits<TLanes, TVector, Gentle, Silent>(x, others, count, count - 1, L.Data);
        else Logits<TLanes, TVector, Gentle, Asking>(x, others, count, reach, L.Data);
    }

    private void Logits<TLanes, TVector, TLeak, TAsk>(Real* x, int* others, int count, int reach, Real* L)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TLeak : struct, ILeak
        where TAsk : struct, IAsk
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        int ahead = EdgeRows.AheadOf(other.Columns);
        var leaky = TLanes.All(leak);
        for (int t = 0; t < count; t += EdgeRows.Abreast)
        {
            FourRows y = new(other, others, t, count - 1), next = TAsk.Asks ? new(other, others, t + ahead, reach) : y;
            for (long k = 0; k < heads; k++)
            {
                Real* own = x + k * padded, vector = a + k * padded;
                TVector l0 = default, l1 = default, l2 = default, l3 = default;
                for (long j = 0; j < d; j += TLanes.Count)
                {
                    long c = k * d + j;
                    TAsk.For(next.First + c);
                    TAsk.For(next.Second + c);
                    TAsk.For(next.Third + c);
                    TAsk.For(next.Fourth + c);
                    TVector o = TLanes.Load(own + j), v = TLanes.Load(vector + j);
                    l0 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y.First + c)), leaky), l0);
                    l1 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y.Second + c)), leaky), l1);
                    l2 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y.Third + c)), leaky), l2);
                    l3 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y.Fourth + c)), leaky), l3);
                }
                TLanes.StoreSums(l0, l1, l2, l3, L + k * EdgeRows.Tile + t);   // (9)   L = ⟨a, σ_L(P)⟩
            }
        }
    }

    public void ThroughSlope<TLanes, TVector>(int count, in TileNumbers slope, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        // σ_L′ is another number in every column.
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, int reach, in TileNumbers dL, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        Real* negative = x + heads * padded;
        if (EightHeads.Are(heads, d)) EightHeads.AddSloped(negative, dL, leak, other, others, count, reach, sum); // (29)  Σ Δ / a
        else if (SixteenVectors.Are<TLanes, TVector>(heads, d)) SixteenVectors.AddSloped<TLanes, TVector>(negative, dL, leak, heads, other.Data, other.Stride, others, count, reach, sum); // (29)  Σ Δ / a
        else
            for (long k = 0; k < heads; k++)
                EdgeRows.AddSloped<TLanes, TVector>(negative + k * padded, dL.Data + k * dL.Head, dL.Edge, leak, other.Data + k * d, other.Stride, d, others, count, reach, sum + k * padded); // (29)
    }

    // da = Σ_e dL σ_L(P) and σ_L(P) = σ_L′(P) ⊙ (x_dst + x_src): each end adds its own row times its own sum.
    public void Finish<TLanes, TVector>(Real* x, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long all = heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);
        for (long j = 0; j < all; j += TLanes.Count)
        {
            var s = TLanes.Load(sum + j);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(x + j), s, TLanes.Load(da + j)), da + j); // (30)
            TLanes.Store(TLanes.Multiply(TLanes.Load(a + j), s), sum + j);     // (28)  Δ = a ⊙ …
        }
    }

    public void Slopes<TLanes, TVector>(Real* x, Real* tile, long row, int count, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long padded = row / heads;
        for (int t = 0; t < count; t++)
            for (long k = 0; k < heads; k++)
            {
                TVector weight = TLanes.All(dL.Data[t * dL.Edge + k * dL.Head]), leaky = TLanes.All(leak * dL.Data[t * dL.Edge + k * dL.Head]);
                for (long j = k * padded; j < (k + 1) * padded; j += TLanes.Count)
                {
                    Real* y = tile + t * row + j;
                    var p = TLanes.Add(TLanes.Load(x + j), TLanes.Load(y));
                    TLanes.Store(TLanes.Select(TLanes.Less(default, p), weight, leaky), y); // (28)  Δ / a
                }
            }
    }

    private interface ILeak
    {
        static abstract TVector Of<TLanes, TVector>(TVector p, TVector leaky)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged;
    }

    /// <summary>A slope of at most 1: σ_L(p) is the larger of p and slope · p.</summary>
    private readonly struct Gentle : ILeak
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector p, TVector leaky)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Max(p, TLanes.Multiply(p, leaky));
    }

    private readonly struct Steep : ILeak
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector p, TVector leaky)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Min(p, TLanes.Multiply(p, leaky));
    }
}
