using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>H^l = σ(H^{l−1}·W + b): a layer that does not look at the edges.</summary>
public sealed class Linear : ILayer
{
    private readonly Parameter W;
    private readonly Parameter? b;
    private readonly Activation σ;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d</param>
    /// <param name="bias">True for a bias b.</param>
    /// <param name="activation">σ</param>
    public Linear(long inputs, long outputs, bool bias = true, Activation activation = default)
    {
        W = new Parameter("W", inputs, outputs, Initializer.Glorot);
        b = bias ? new Parameter("b", 1, outputs, Initializer.Zero) : null;
        σ = activation;
        Parameters = b is null ? [W] : [W, b];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public long Outputs(long inputs) => W.Value.Columns;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        var Z = saved.TakeArgument(σ, H.Rows, W.Value.Columns);
        return saved.ProductOutput(σ, b, H, W.Value, Z);                       // Z = H·W + 1 bᵀ, H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        if (!saved.Tracing && !saved.NeedsInputGradient && !H.IsSparse)
        {
            saved.AddProductGradients(graph, σ, W, b, H.Dense, dH);            // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i, dW = Hᵀ·dZ
            return default;
        }
        var dZ = saved.OutputAdjoint(graph, σ, b, dH);                         // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i
        saved.AddProductGradient(graph, W, H, dZ, "dW");                       // dW = Hᵀ·dZ
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dZ, W.Value, dH_prev);                    // dH_prev = dZ·Wᵀ
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("Z", "Z", "Z", "σ's argument"),
        new("H", "H", "H", "output"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        .. JoinNames.Bias(b),
        new("dW", "dW", "∂ℒ/∂W", "Hᵀ·dZ"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dZ·Wᵀ"),
    ];
}
