using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// z_p = h_iᵀ W h_j for the pair p = (i, j), W full, [d, d]: it tells i → j from j → i, and begins as the
/// inner product. With Q = H·W it is the inner product of q_i and h_j, so no
/// row for a pair is ever formed.
/// </summary>
internal sealed class BilinearDecoder : LinkDecoder
{
    private readonly Parameter W;

    /// <summary>A decoder of zeros.</summary>
    /// <param name="width">d</param>
    public BilinearDecoder(long width)
    {
        W = new Parameter("W", width, width, Initializer.Identity);
        Parameters = [W];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public override void Forward(Matrix H, PairViews pairs, Workspace workspace, Matrix z)
    {
        var Q = workspace.Take(Owner, "Q", H.Rows, H.Columns);
        Gemm.Multiply(H, W.Value, Q);                                          // Q = H·W
        Sddmm.HeadDots(pairs.ByTarget, H, Q, 1, z);                            // z_p = ⟨h_j, q_i⟩
    }

    /// <inheritdoc/>
    public override void Backward(Matrix H, PairViews pairs, Matrix dz, Workspace workspace, Matrix dH)
    {
        var Q = workspace[Owner, "Q"];
        var dQ = workspace.Take(Owner, "dQ", H.Rows, H.Columns);
        Spmm.Multiply(pairs.BySource, dz, H, dQ);                              // dQ_i = Σ_{p: i→} dz_p h_j
        Spmm.Multiply(pairs.ByTarget, dz, Q, dH);                              // dH_j = Σ_{p→j} dz_p q_i
        Gemm.MultiplyTransposedRight(dQ, W.Value, dH, accumulate: true);       // dH += dQ·Wᵀ
        Gemm.MultiplyTransposedLeft(H, dQ, W.Gradient, accumulate: true);      // dW = Hᵀ·dQ
    }
}
