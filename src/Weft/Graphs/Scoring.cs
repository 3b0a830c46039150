using Weft.Memory;

namespace Weft.Graphs;

/// <summary>The kinds of scores that fused attention knows.</summary>
internal enum ScoringKind
{
    /// <summary>L = σ_L(c_dst + c_src): GATv1.</summary>
    Additive,

    /// <summary>L = ⟨a, σ_L(X_dst + X_src)⟩: GATv2.</summary>
    AdditiveBeforeNonlinearity,

    /// <summary>L = τ·⟨Q, K⟩: self-attention.</summary>
    DotProduct,
}

/// <summary>How attention scores an edge from what its two ends offer, for all heads side by side.</summary>
/// <param name="Kind">The formula.</param>
/// <param name="Destination">c_dst [n, K], X_dst [n, K·d] or Q [n, K·d]</param>
/// <param name="Source">c_src [N, K], X_src [N, K·d] or K [N, K·d]</param>
/// <param name="Vector">a [K, d], or missing</param>
/// <param name="Parameter">Slope of the leaky ReLU σ_L, or the scale τ.</param>
internal readonly record struct Scoring(ScoringKind Kind, Matrix Destination, Matrix Source, Matrix Vector, double Parameter)
{
    /// <summary>E, features of the edges in the order of edge matrices, [Edges, D_e], or missing: P_e gains E_e·<see cref="EdgeWeights"/>.</summary>
    public Matrix Edges { get; init; }

    /// <summary>What the features are multiplied with: [D_e, K] for GATv1, W_edge [D_e, K·d] for GATv2.</summary>
    public Matrix EdgeWeights { get; init; }

    public static Scoring Additive(Matrix cDst, Matrix cSrc, double slope) => new(ScoringKind.Additive, cDst, cSrc, default, slope);

    public static Scoring AdditiveBeforeNonlinearity(Matrix Xdst, Matrix Xsrc, Matrix a, double slope) => new(ScoringKind.AdditiveBeforeNonlinearity, Xdst, Xsrc, a, slope);

    public static Scoring DotProduct(Matrix Q, Matrix K, double scale) => new(ScoringKind.DotProduct, Q, K, default, scale);
}

/// <summary>Where the adjoint of attention leaves the gradients of a <see cref="Scoring"/>'s operands.</summary>
/// <param name="Destination">Shaped like the operand; may be the operand itself.</param>
/// <param name="Source">Shaped like the operand; missing where the operand is the X that is summed up, whose gradient then holds both.</param>
/// <param name="Vector">[K, d], over this process's edges, or missing.</param>
/// <param name="EdgeWeights">Shaped like the operand, over this process's edges, or missing.</param>
internal readonly record struct ScoringGradient(Matrix Destination, Matrix Source, Matrix Vector, Matrix EdgeWeights = default);
