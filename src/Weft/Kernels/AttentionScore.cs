using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// How attention scores an edge, from a row at each end of it. "Own" is the end whose row a thread works on, the destination in
/// one pass and the source in the other; "other" is the end that an edge gathers. Numbers of edge t and head k lie at [k · 32 + t].
/// </summary>
internal unsafe interface IAttentionScore
{
    /// <summary>What the score reads of each node at the own end, [rows, K·w].</summary>
    Matrix Own { get; }

    /// <summary>What the score reads of each node at the other end, [columns, K·w].</summary>
    Matrix Other { get; }

    /// <summary>Entries from one head's sum to the next, where a head of values takes <paramref name="padded"/>.</summary>
    static abstract long SumStep(long padded);

    /// <summary>True if the score reads the rows that attention sums up, so that they have been gathered already.</summary>
    static abstract bool ReadsValues { get; }

    /// <summary>Entries of scratch memory that an own row needs.</summary>
    long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>Makes an own row ready for the calls below, in scratch memory if it must be changed; for <see cref="AddGradient"/> too if asked.</summary>
    Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>L of a few edges; σ_L′ goes to <paramref name="slope"/> where it is one number an edge and head.</summary>
    void Logits<TLanes, TVector>(Real* own, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>sum += Σ_t dL[t] ∂L[t]/∂own, up to the factor that <see cref="Finish"/> applies. dL may be written over.</summary>
    void AddGradient<TLanes, TVector>(Real* own, int* others, int count, Real* dL, Real* slope, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>The factor that all edges of the row share; what they add to the gradient of the score's vector goes to da.</summary>
    void Finish<TLanes, TVector>(Real* own, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>True if the score reads features of the edges too: the members below are then called, and only then.</summary>
    static virtual bool ReadsEdges => false;

    /// <summary>Features of the edges by value number, [E, D_e].</summary>
    Matrix Edges => default;

    /// <summary>Entries of the sums over edges that the gradient of the features' weights is made from.</summary>
    long EdgeSums<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => 0;

    /// <summary>Reads the features of a few edges, before <see cref="Logits"/> of the same edges.</summary>
    /// <param name="own">The own row, as <see cref="Prepare"/> made it.</param>
    /// <param name="others">Rows at the other ends.</param>
    /// <param name="numbers">Value numbers of the edges; null where they are first, first + 1, …</param>
    /// <param name="first">See there.</param>
    /// <param name="count">Edges.</param>
    void ReadEdges<TLanes, TVector>(Real* own, int* others, int* numbers, long first, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
    }

    /// <summary>What <see cref="AddGradient"/> does, and the same for the sums over edges; the edges are those that were read last.</summary>
    void AddGradients<TLanes, TVector>(Real* own, int* numbers, long first, int count, Real* dL, Real* slope, Real* sum, Real* edgeSums)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
    }
}

/// <summary>A score that is a function of the sum of what both ends offer, so that an edge may add to it.</summary>
internal unsafe interface IScoreOfSum<TSelf> : IAttentionScore
    where TSelf : struct, IScoreOfSum<TSelf>
{
    /// <summary>The same score with other rows at the other end, each head of them in whole vectors if <see cref="Heads"/> are counted.</summary>
    TSelf Over(Matrix rows);

    /// <summary>Heads whose columns are padded one by one; 1 where all heads together are one group of columns.</summary>
    long Heads { get; }

    /// <summary>G_t = dL[t] ∂L[t]/∂y_t, up to the factor of <see cref="IAttentionScore.Finish"/>, over the rows y_t of a tile.</summary>
    void Slopes<TLanes, TVector>(Real* own, Real* tile, long row, int count, Real* dL, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}

/// <summary>GATv1: L = σ_L(c_own + c_other), one number for each node and head.</summary>
internal readonly unsafe struct SumScore(Matrix own, Matrix other, Real leak) : IScoreOfSum<SumScore>
{
    public long Heads => 1;

    public SumScore Over(Matrix rows) => new(own, rows, leak);

    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    public static long SumStep(long padded) => 1;

    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => 0;

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => own.Data + row * own.Stride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* c, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long heads = other.Columns, stride = other.Stride;
        for (int t = 0; t < count; t++)
        {
            Real* from = other.Data + others[t] * stride;
            for (long k = 0; k < heads; k++) L[k * EdgeRows.Tile + t] = c[k] + from[k]; // (6)   P = c_dst ⊕ c_src
        }
        TVector leaky = TLanes.All(leak), one = TLanes.All(1);
        for (long k = 0; k < heads; k++)
            for (long t = k * EdgeRows.Tile; t < k * EdgeRows.Tile + count; t += TLanes.Count)
            {
                var p = TLanes.Load(L + t);
                var σ = TLanes.Select(TLanes.Less(default, p), one, leaky);    // (23)  C′ = σ_L′(P)
                TLanes.Store(σ, slope + t);
                TLanes.Store(TLanes.Multiply(σ, p), L + t);                    // (8)   L = σ_L(P)
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* c, int* others, int count, Real* dL, Real* slope, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (long k = 0; k < own.Columns; k++)
            for (long t = k * EdgeRows.Tile; t < k * EdgeRows.Tile + count; t++) sum[k] += slope[t] * dL[t]; // (24)(25)  Σ Δ, Δ = C′ ⊙ dL
    }

    public void Finish<TLanes, TVector>(Real* c, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        // Δ has no factor that the edges of a row share.
    }

    public void Slopes<TLanes, TVector>(Real* c, Real* tile, long row, int count, Real* dL, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int t = 0; t < count; t++, tile += row)
            for (long k = 0; k < row; k++) tile[k] = k < own.Columns ? slope[k * EdgeRows.Tile + t] * dL[k * EdgeRows.Tile + t] : 0; // (24)  Δ
    }
}

/// <summary>GATv2: L = ⟨a, σ_L(x_own + x_other)⟩; a is [K, d] with each head padded to whole vectors by zeros.</summary>
internal readonly unsafe struct LeakySumScore(Matrix own, Matrix other, long heads, Real* a, Real leak) : IScoreOfSum<LeakySumScore>
{
    public long Heads => heads;

    public LeakySumScore Over(Matrix rows) => new(own, rows, heads, a, leak);

    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => true;

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
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (leak <= 1) Logits<TLanes, TVector, Gentle>(x, others, count, L);
        else Logits<TLanes, TVector, Steep>(x, others, count, L);
    }

    private void Logits<TLanes, TVector, TLeak>(Real* x, int* others, int count, Real* L)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TLeak : struct, ILeak
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d), stride = other.Stride;
        var leaky = TLanes.All(leak);
        for (int t = 0; t < count; t += EdgeRows.Abreast)
        {
            int left = count - t;
            Real* y0 = other.Data + others[t] * stride, y1 = other.Data + others[t + Math.Min(1, left - 1)] * stride;
            Real* y2 = other.Data + others[t + Math.Min(2, left - 1)] * stride, y3 = other.Data + others[t + Math.Min(3, left - 1)] * stride;
            for (long k = 0; k < heads; k++, y0 += d, y1 += d, y2 += d, y3 += d)
            {
                Real* own = x + k * padded, vector = a + k * padded;
                TVector l0 = default, l1 = default, l2 = default, l3 = default;
                for (long j = 0; j < d; j += TLanes.Count)
                {
                    TVector o = TLanes.Load(own + j), v = TLanes.Load(vector + j);
                    l0 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y0 + j)), leaky), l0);
                    l1 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y1 + j)), leaky), l1);
                    l2 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y2 + j)), leaky), l2);
                    l3 = TLanes.MultiplyAdd(v, TLeak.Of<TLanes, TVector>(TLanes.Add(o, TLanes.Load(y3 + j)), leaky), l3);
                }
                TLanes.StoreSums(l0, l1, l2, l3, L + k * EdgeRows.Tile + t);   // (9)   L = ⟨a, σ_L(P)⟩
            }
        }
    }

    // σ_L′ is 1 or the slope, so Σ dL σ_L′(P) = slope · Σ dL + (1 − slope) · Σ over P > 0 of dL.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, Real* dL, Real* slope, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        Real* negative = x + heads * padded;
        for (long k = 0; k < heads; k++)
        {
            Real* weights = dL + k * EdgeRows.Tile;
            Real always = 0;
            for (int t = 0; t < count; t++)
            {
                always += leak * weights[t];
                weights[t] *= 1 - leak;
            }
            EdgeRows.AddWherePositive<TLanes, TVector>(negative + k * padded, weights, always, other.Data + k * d, other.Stride, d, others, count, sum + k * padded); // (29)  Σ Δ / a
        }
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

    public void Slopes<TLanes, TVector>(Real* x, Real* tile, long row, int count, Real* dL, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long padded = row / heads;
        for (int t = 0; t < count; t++)
            for (long k = 0; k < heads; k++)
            {
                TVector weight = TLanes.All(dL[k * EdgeRows.Tile + t]), leaky = TLanes.All(leak * dL[k * EdgeRows.Tile + t]);
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

/// <summary>Self-attention: L = τ·⟨q, k⟩, query and key being the own row and the other or the other way round.</summary>
internal readonly unsafe struct DotScore(Matrix own, Matrix other, long heads, Real scale) : IAttentionScore
{
    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    public static long SumStep(long padded) => padded;

    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        EdgeRows.HeadsPadded(own.Data + row * own.Stride, heads, own.Columns / heads, EdgeRows.Padded<TLanes, TVector>(own.Columns / heads), scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        EdgeRows.HeadDots<TLanes, TVector>(x, other, heads, padded, others, count, L);
        var τ = TLanes.All(scale);
        for (long k = 0; k < heads; k++)
            for (long t = k * EdgeRows.Tile; t < k * EdgeRows.Tile + count; t += TLanes.Count) TLanes.Store(TLanes.Multiply(τ, TLanes.Load(L + t)), L + t); // L = τ·⟨Q_i, K_j⟩
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, Real* dL, Real* slope, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        for (long k = 0; k < heads; k++)
            EdgeRows.AddWeighted<TLanes, TVector>(dL + k * EdgeRows.Tile, other.Data + k * d, other.Stride, d, others, count, sum + k * padded); // dQ = τ·dL·K, dK = τ·dLᵀ·Q
    }

    public void Finish<TLanes, TVector>(Real* x, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long all = heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);
        for (long j = 0; j < all; j += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.All(scale), TLanes.Load(sum + j)), sum + j);
    }
}
