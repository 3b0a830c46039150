using System.Runtime.CompilerServices;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>GATv1: L = σ_L(c_own + c_other), one number for each node and head.</summary>
internal readonly unsafe struct SumScore(Matrix own, Matrix other, Real leak) : IScoreOfSum<SumScore>
{
    public long Heads => 1;

    public SumScore Over(Matrix rows) => new(own, rows, leak);

    public Matrix Own => own;

    public Matrix Other => other;

    public static bool ReadsValues => false;

    public static bool GradientReadsOther => false;

    public static bool Asks => false;

    public static long SumStep(long padded) => 1;

    public long RowScratch<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => 0;

    public Real* Prepare<TLanes, TVector>(long row, Real* scratch, bool adjoint)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => own.Data + row * own.Stride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Logits<TLanes, TVector>(Real* c, int* others, int count, int reach, in TileNumbers L, in TileNumbers slope)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (L.AreEdgeByEdge)
        {
            EightHeads.SlopedSums(c, leak, other, others, count, L.Data, slope.Data);
            return;
        }
        long heads = other.Columns, stride = other.Stride;
        for (int t = 0; t < count; t++)
        {
            Real* from = other.Data + others[t] * stride;
            for (long k = 0; k < heads; k++) L.Data[k * EdgeRows.Tile + t] = c[k] + from[k]; // (6)   P = c_dst ⊕ c_src
        }
        TVector leaky = TLanes.All(leak), one = TLanes.All(1);
        for (long k = 0; k < heads; k++)
            for (long t = k * EdgeRows.Tile; t < k * EdgeRows.Tile + count; t += TLanes.Count)
            {
                var p = TLanes.Load(L.Data + t);
                var σ = TLanes.Select(TLanes.Less(default, p), one, leaky);    // (23)  C′ = σ_L′(P)
                TLanes.Store(σ, slope.Data + t);
                TLanes.Store(TLanes.Multiply(σ, p), L.Data + t);                    // (8)   L = σ_L(P)
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ThroughSlope<TLanes, TVector>(int count, in TileNumbers slope, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (dL.AreEdgeByEdge) RowVector.Multiply(slope.Data, dL.Data, dL.Data, count * EightHeads.Count); // (24)  Δ = C′ ⊙ dL
        else
            for (long at = 0; at < own.Columns * EdgeRows.Tile; at += EdgeRows.Tile) RowVector.Multiply(slope.Data + at, dL.Data + at, dL.Data + at, count); // (24)
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddGradient<TLanes, TVector>(Real* c, int* others, int count, int reach, in TileNumbers dL, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (dL.AreEdgeByEdge && own.Columns == EightHeads.Count && EightHeads.IsSupported)
        {
            EightHeads.AddNumbers(dL, count, sum);
            return;
        }
        for (long k = 0; k < own.Columns; k++)
        {
            // Summed up in a register: through memory every addition would wait for the one before.
            Real* Δ = dL.Data + k * dL.Head;
            Real total = sum[k];
            for (int t = 0; t < count; t++, Δ += dL.Edge) total += *Δ;         // (25)  Σ Δ
            sum[k] = total;
        }
    }

    public void Finish<TLanes, TVector>(Real* c, Real* sum, Real* da)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        // Δ has no factor that the edges of a row share.
    }

    public void Slopes<TLanes, TVector>(Real* c, Real* tile, long row, int count, in TileNumbers dL)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int t = 0; t < count; t++, tile += row)
            for (long k = 0; k < row; k++) tile[k] = k < own.Columns ? dL.Data[t * dL.Edge + k * dL.Head] : 0; // (24)  Δ
    }
}
