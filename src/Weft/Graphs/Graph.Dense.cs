using Weft.Communication;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// Attention between all pairs of nodes: the complete graph, which is never stored. The edges of this graph play no part.
public sealed partial class Graph
{
    /// <summary>Z^k = softmax(τ·Q^k·(K^k)ᵀ)·V^k over all sources.</summary>
    /// <param name="Qm">Queries, [N destinations, K·d].</param>
    /// <param name="Km">Keys, [N sources, K·d].</param>
    /// <param name="Vm">Values, [N sources, K·d].</param>
    /// <param name="heads">K</param>
    /// <param name="scale">τ</param>
    /// <param name="m">Receives each row's largest logit, [BlockRows, local heads].</param>
    /// <param name="s">Receives each row's sum of exponentials, [BlockRows, local heads].</param>
    /// <param name="Z">[N destinations, K·d]</param>
    public void AttendAll(Matrix Qm, Matrix Km, Matrix Vm, int heads, double scale, Matrix m, Matrix s, Matrix Z)
    {
        var share = Place.Share(heads);
        var (Q, K, V) = (share.Destinations.Gather(Qm, "Q"), share.Sources.Gather(Km, "K"), share.Sources.Gather(Vm, "V"));
        DenseAttention.RowMax(Q, K, share.Count, (Real)scale, m);
        Place.RowPeers.AllReduce(m, Reduction.Max);
        var partial = share.Destinations.Partial(Z);
        DenseAttention.RowSums(Q, K, V, share.Count, (Real)scale, m, s, partial);
        Place.RowPeers.AllReduce(s, Reduction.Sum);
        DenseAttention.Divide(partial, s, share.Count);
        share.Destinations.ScatterSum(partial, Z);
    }

    /// <summary>dQ, dK and dV of <see cref="AttendAll"/>, with the coefficients made again from m and s.</summary>
    public void AttendAllAdjoint(Matrix Qm, Matrix Km, Matrix Vm, int heads, double scale, Matrix m, Matrix s, Matrix r, Matrix Z, Matrix dZ, Matrix dQm, Matrix dKm, Matrix dVm)
    {
        var share = Place.Share(heads);
        var (Q, K, V) = (share.Destinations.Gather(Qm, "Q"), share.Sources.Gather(Km, "K"), share.Sources.Gather(Vm, "V"));
        var dz = share.Destinations.Gather(dZ, "dZ");
        DenseAttention.RowDots(dz, share.Destinations.Gather(Z, "Z"), share.Count, r); // r_i = ⟨dZ_i, Z_i⟩
        var rows = new DenseAttention.Adjoint(Q, K, V, dz, m, s, r, share.Count, (Real)scale);
        var dq = share.Destinations.Partial(dQm);
        DenseAttention.AdjointQ(rows, dq);
        share.Destinations.ScatterSum(dq, dQm);
        var dk = share.Sources.Partial(dKm);
        var dv = dk == dKm ? dVm : share.Sources.Scratch("partial dV", dk.Rows, dk.Columns);
        DenseAttention.AdjointKV(rows, dk, dv);
        share.Sources.ScatterSum(dk, dKm);
        share.Sources.ScatterSum(dv, dVm);
    }
}
