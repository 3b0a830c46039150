using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Self-attention: L = τ·⟨q, k⟩, query and key being the own row and the other or the other way round.</summary>
internal readonly unsafe struct DotScore(Matrix own, Matrix other, long heads, Real scale) : IAttentionScore
{
    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    public static bool GradientReadsOther => true;

    public static bool Asks => true;

    public static long SumStep(long padded) => padded;

    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        EdgeRows.HeadsPadded(own.Data + row * own.Stride, heads, own.Columns / heads, EdgeRows.Padded<TLanes, TVector>(own.Columns / heads), scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* x, int* others, int count, int reach, in TileNumbers L, in TileNumbers slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        if (L.AreEdgeByEdge)
        {
            EightHeads.Dots(x, other, others, count, reach, L.Data);
            for (int p = 0; p < EightHeads.Count * count; p++) L.Data[p] *= scale;  // L = τ·⟨Q_i, K_j⟩
            return;
        }
        EdgeRows.HeadDots<TLanes, TVector>(x, other, heads, padded, others, count, reach, L.Data);
        var τ = TLanes.All(scale);
        for (long k = 0; k < heads; k++)
            for (long t = k * EdgeRows.Tile; t < k * EdgeRows.Tile + count; t += TLanes.Count) TLanes.Store(TLanes.Multiply(τ, TLanes.Load(L.Data + t)), L.Data + t); // L = τ·⟨Q_i, K_j⟩
    }

    public void ThroughSlope<TLanes, TVector>(int count, in TileNumbers slope, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        // L is the dot product itself.
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* x, int* others, int count, int reach, in TileNumbers dL, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = other.Columns / heads, padded = EdgeRows.Padded<TLanes, TVector>(d);
        if (EightHeads.Are(heads, d))
        {
            EightHeads.AddWeighted(dL, other, others, count, reach, sum);      // dQ = τ·dL·K, dK = τ·dLᵀ·Q
            return;
        }
        for (long k = 0; k < heads; k++)
            EdgeRows.AddWeighted<TLanes, TVector>(dL.Data + k * dL.Head, dL.Edge, other.Data + k * d, other.Stride, d, others, count, reach, sum + k * padded); // dQ = τ·dL·K, dK = τ·dLᵀ·Q
    }

    public void Finish<TLanes, TVector>(Real* x, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long all = heads * EdgeRows.Padded<TLanes, TVector>(own.Columns / heads);
        for (long j = 0; j < all; j += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.All(scale), TLanes.Load(sum + j)), sum + j);
    }
}
