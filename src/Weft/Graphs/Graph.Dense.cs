using Weft.Communication;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// Attention between all pairs of nodes: the complete graph, which is never stored. The edges of this graph play no part, and
// neither do the lists of rows at which it has edges.
public sealed partial class Graph
{
    /// <summary>Z^k = softmax(τ·Q^k·(K^k)ᵀ)·V^k over all sources.</summary>
    /// <param name="Qm">Queries, [N destinations, K·d].</param>
    /// <param name="Km">Keys, [N sources, K·d].</param>
    /// <param name="Vm">Values, [N sources, K·d].</param>
    /// <param name="heads">K</param>
    /// <param name="scale">τ</param>
    /// <param name="kept">Receives what is gathered from other processes, for the adjoint.</param>
    /// <param name="m">Receives each row's largest logit, [AllBlockRows, local heads].</param>
    /// <param name="s">Receives each row's sum of exponentials, [AllBlockRows, local heads].</param>
    /// <param name="Z">[N destinations, K·d]</param>
    internal void AttendAll(Matrix Qm, Matrix Km, Matrix Vm, int heads, double scale, GatheredRows kept, Matrix m, Matrix s, Matrix Z)
    {
        if (IsReproducible) throw new NotSupportedException("attention between all pairs adds up what the processes found for a node: a reproducible run has attention on edges alone");
        var share = Place.ShareAll(heads);
        var (Q, K, V) = Pairs(Qm, Km, Vm, share, heads, kept, gather: true);
        DenseAttention.RowMax(Q, K, share.Count, (Real)scale, m);
        Place.RowPeers.AllReduce(m, Reduction.Max);
        var partial = share.Destinations.Partial(Z);
        DenseAttention.RowSums(Q, K, V, share.Count, (Real)scale, m, s, partial);
        Place.RowPeers.AllReduce(s, Reduction.Sum);
        DenseAttention.Divide(partial, s, share.Count);
        share.Destinations.ScatterSum(partial, Z);
    }

    /// <summary>dQ, dK and dV of <see cref="AttendAll"/>, with the coefficients made again from m and s.</summary>
    /// <param name="Qm">Queries.</param>
    /// <param name="Km">Keys.</param>
    /// <param name="Vm">Values.</param>
    /// <param name="heads">K</param>
    /// <param name="scale">τ</param>
    /// <param name="kept">What the forward pass gathered.</param>
    /// <param name="m">What <see cref="AttendAll"/> returned.</param>
    /// <param name="s">What <see cref="AttendAll"/> returned.</param>
    /// <param name="r">Receives ⟨dZ, Z⟩ of each own row and head, [N destinations, K].</param>
    /// <param name="Z">What <see cref="AttendAll"/> returned.</param>
    /// <param name="dZ">[N destinations, K·d]</param>
    /// <param name="dQm">[N destinations, K·d]</param>
    /// <param name="dKm">[N sources, K·d]</param>
    /// <param name="dVm">[N sources, K·d]</param>
    internal void AttendAllAdjoint(Matrix Qm, Matrix Km, Matrix Vm, int heads, double scale, GatheredRows kept, Matrix m, Matrix s, Matrix r, Matrix Z, Matrix dZ, Matrix dQm, Matrix dKm, Matrix dVm)
    {
        var share = Place.ShareAll(heads);
        long d = dZ.Columns / heads;
        var (Q, K, V) = Pairs(Qm, Km, Vm, share, heads, kept, gather: false);
        DenseAttention.RowDots(dZ, Z, heads, r); // r_i = ⟨dZ_i, Z_i⟩
        var (dz, dots) = (dZ, r);
        if (!share.Destinations.IsIdentity)
        {
            var both = share.Destinations.Buffer("dZ", d + 1);
            share.Destinations.Gather(HeadPart.Of(dZ, heads), HeadPart.Of(r, heads), both);
            (dz, dots) = (both.ColumnRange(0, share.Count * d), both.ColumnRange(share.Count * d, share.Count));
        }
        var rows = new DenseAttention.Adjoint(Q, K, V, dz, m, s, dots, share.Count, (Real)scale);
        var dq = share.Destinations.Partial(dQm);
        DenseAttention.AdjointQ(rows, dq);
        share.Destinations.ScatterSum(dq, dQm);
        var back = share.Sources;
        if (back.IsIdentity)
        {
            DenseAttention.AdjointKV(rows, dKm, dVm);
            return;
        }
        var packed = back.Buffer("partial", 2 * d);
        DenseAttention.AdjointKV(rows, packed.ColumnRange(0, share.Count * d), packed.ColumnRange(share.Count * d, share.Count * d));
        back.ScatterSum(packed, HeadPart.Of(dKm, heads), HeadPart.Of(dVm, heads));
    }

    private static (Matrix Q, Matrix K, Matrix V) Pairs(Matrix Qm, Matrix Km, Matrix Vm, HeadShare share, int heads, GatheredRows kept, bool gather)
    {
        var (Q, K, V) = (Qm, Km, Vm);
        long d = Qm.Columns / heads;
        if (!share.Sources.IsIdentity)
        {
            var both = gather ? kept.Take("gathered sources", share.Sources.Rows, share.Count * 2 * d) : kept["gathered sources"];
            if (gather) share.Sources.Gather(HeadPart.Of(Km, heads), HeadPart.Of(Vm, heads), both);
            (K, V) = (both.ColumnRange(0, share.Count * d), both.ColumnRange(share.Count * d, share.Count * d));
        }
        if (!share.Destinations.IsIdentity)
        {
            Q = gather ? kept.Take("gathered destinations", share.Destinations.Rows, share.Count * d) : kept["gathered destinations"];
            if (gather) share.Destinations.Gather(HeadPart.Of(Qm, heads), default, Q);
        }
        return (Q, K, V);
    }
}
