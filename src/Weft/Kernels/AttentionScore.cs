using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// How one head of an attention layer scores an edge, from a row at each end of it. "Own" is the end whose row a thread works
/// on, the destination in one pass and the source in the other; "other" is the end that an edge gathers.
/// </summary>
internal unsafe interface IAttentionScore
{
    /// <summary>What the score reads of each node at the own end, [rows, w].</summary>
    Matrix Own { get; }

    /// <summary>What the score reads of each node at the other end, [columns, w].</summary>
    Matrix Other { get; }

    /// <summary>True if the score reads the rows that attention sums up, so that they have been gathered already.</summary>
    static abstract bool ReadsValues { get; }

    /// <summary>L[t] of a few edges; σ_L′ goes to <paramref name="slope"/> where it is one number an edge.</summary>
    void Logits<TLanes, TVector>(Real* own, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>sum += Σ_t dL[t] ∂L[t]/∂own, up to the factor that <see cref="Finish"/> applies; da likewise, if wanted.</summary>
    void AddGradient<TLanes, TVector>(Real* own, int* others, int count, Real* dL, Real* slope, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;

    /// <summary>The factor that all edges share, applied to their sum.</summary>
    void Finish(Real* sum, long columns);
}

/// <summary>GATv1: L = σ_L(c_own + c_other), one number for each node.</summary>
internal readonly unsafe struct SumScore(Matrix own, Matrix other, Real leak) : IAttentionScore
{
    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* c, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int t = 0; t < count; t++)
        {
            Real p = *c + other.Data[others[t] * other.Stride];                // (6)   P = c_dst ⊕ c_src
            slope[t] = p > 0 ? 1 : leak;                                       // (23)  C′ = σ_L′(P)
            L[t] = slope[t] * p;                                               // (8)   L = σ_L(P)
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* c, int* others, int count, Real* dL, Real* slope, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int t = 0; t < count; t++) *sum += slope[t] * dL[t];              // (24)(25)  Σ Δ, Δ = C′ ⊙ dL
    }

    public void Finish(Real* sum, long columns)
    {
        // Δ has no factor that the edges of a row share.
    }
}

/// <summary>GATv2: L = ⟨a, σ_L(x_own + x_other)⟩; a is padded with zeros to whole vectors.</summary>
internal readonly unsafe struct LeakySumScore(Matrix own, Matrix other, Real* a, Real leak) : IAttentionScore
{
    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long columns = other.Columns, w = TLanes.Count;
        var leaky = TLanes.All(leak);
        for (int t = 0; t < count; t++)
        {
            Real* y = other.Data + others[t] * other.Stride;
            TVector even = default, odd = default;
            long j = 0;
            for (; j + w < columns; j += 2 * w)
            {
                even = TLanes.MultiplyAdd(TLanes.Load(a + j), Leaky<TLanes, TVector>(TLanes.Add(TLanes.Load(x + j), TLanes.Load(y + j)), leaky), even);
                odd = TLanes.MultiplyAdd(TLanes.Load(a + j + w), Leaky<TLanes, TVector>(TLanes.Add(TLanes.Load(x + j + w), TLanes.Load(y + j + w)), leaky), odd);
            }
            if (j < columns) even = TLanes.MultiplyAdd(TLanes.Load(a + j), Leaky<TLanes, TVector>(TLanes.Add(TLanes.Load(x + j), TLanes.Load(y + j)), leaky), even);
            L[t] = TLanes.Sum(TLanes.Add(even, odd));                          // (9)   L = ⟨a, σ_L(P)⟩
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Leaky<TLanes, TVector>(TVector p, TVector leaky)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        TLanes.Select(TLanes.Less(default, p), p, TLanes.Multiply(p, leaky));

    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, Real* dL, Real* slope, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int t = 0; t < count; t++) slope[t] = leak * dL[t];
        long columns = other.Columns, w = TLanes.Count, j = 0;
        for (; j + w < columns; j += 2 * w)
        {
            TVector x0 = TLanes.Load(x + j), x1 = TLanes.Load(x + j + w), s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w);
            if (da == null)
            {
                for (int t = 0; t < count; t++)
                {
                    Real* y = other.Data + others[t] * other.Stride + j;
                    TVector up = TLanes.All(dL[t]), down = TLanes.All(slope[t]);
                    s0 = TLanes.Add(s0, TLanes.Select(TLanes.Less(default, TLanes.Add(x0, TLanes.Load(y))), up, down));
                    s1 = TLanes.Add(s1, TLanes.Select(TLanes.Less(default, TLanes.Add(x1, TLanes.Load(y + w))), up, down));
                }
            }
            else
            {
                TVector a0 = TLanes.Load(da + j), a1 = TLanes.Load(da + j + w);
                for (int t = 0; t < count; t++)
                {
                    Real* y = other.Data + others[t] * other.Stride + j;
                    TVector up = TLanes.All(dL[t]), down = TLanes.All(slope[t]), p0 = TLanes.Add(x0, TLanes.Load(y)), p1 = TLanes.Add(x1, TLanes.Load(y + w));
                    var d0 = TLanes.Select(TLanes.Less(default, p0), up, down);
                    var d1 = TLanes.Select(TLanes.Less(default, p1), up, down);
                    s0 = TLanes.Add(s0, d0);
                    s1 = TLanes.Add(s1, d1);
                    a0 = TLanes.MultiplyAdd(d0, p0, a0);
                    a1 = TLanes.MultiplyAdd(d1, p1, a1);
                }
                TLanes.Store(a0, da + j);
                TLanes.Store(a1, da + j + w);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
        }
        if (j >= columns) return;
        TVector own1 = TLanes.Load(x + j), last = TLanes.Load(sum + j), lastA = da == null ? default : TLanes.Load(da + j);
        for (int t = 0; t < count; t++)
        {
            var p = TLanes.Add(own1, TLanes.Load(other.Data + others[t] * other.Stride + j));
            var d = TLanes.Select(TLanes.Less(default, p), TLanes.All(dL[t]), TLanes.All(slope[t])); // dL ⊙ σ_L′(P)
            last = TLanes.Add(last, d);                                        // (29)  Σ Δ / a
            lastA = TLanes.MultiplyAdd(d, p, lastA);                           // (30)  da = Σ dL σ_L(P)
        }
        TLanes.Store(last, sum + j);
        if (da != null) TLanes.Store(lastA, da + j);
    }

    public void Finish(Real* sum, long columns) => RowVector.Multiply(sum, a, sum, columns); // (28)  Δ = a ⊙ …
}

/// <summary>Self-attention: L = τ·⟨q, k⟩, query and key being the own row and the other or the other way round.</summary>
internal readonly unsafe struct DotScore(Matrix own, Matrix other, Real scale) : IAttentionScore
{
    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, Real* L, Real* slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        EdgeRows.Dots<TLanes, TVector>(x, other, others, count, L);            // L = τ·⟨Q_i, K_j⟩
        for (int t = 0; t < count; t++) L[t] *= scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, Real* dL, Real* slope, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        EdgeRows.AddWeighted<TLanes, TVector>(dL, other, others, count, sum);  // dQ = τ·dL·K, dK = τ·dLᵀ·Q

    public void Finish(Real* sum, long columns)
    {
        for (long j = 0; j < columns; j++) sum[j] *= scale;
    }
}
