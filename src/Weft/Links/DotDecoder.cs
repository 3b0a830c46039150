using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// z_p = ⟨h_i, h_j⟩ for the pair p = (i, j): the inner product of Kipf and Welling, "Variational Graph Auto-Encoders", 2016. With A the sparse matrix
/// of dz, a row for each target: dH = A·H + Aᵀ·H.
/// </summary>
internal sealed class DotDecoder : LinkDecoder
{
    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public override void Forward(Matrix H, PairViews pairs, Workspace workspace, Matrix z) =>
        Sddmm.HeadDots(pairs.ByTarget, H, H, 1, z);                            // z_p = ⟨h_j, h_i⟩

    /// <inheritdoc/>
    public override void Backward(Matrix H, PairViews pairs, Matrix dz, Workspace workspace, Matrix dH)
    {
        Spmm.Multiply(pairs.ByTarget, dz, H, dH);                              // dH_j = Σ_{p→j} dz_p h_i
        Spmm.Multiply(pairs.BySource, dz, H, dH, accumulate: true);            // dH_i += Σ_{p: i→} dz_p h_j
    }
}
