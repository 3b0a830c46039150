using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>Graph convolution: H^l = σ(A′·H^{l−1}·W + b) with A′ = D̂^{-1/2} (A + I) D̂^{-1/2}.</summary>
/// <remarks>
/// Kipf and Welling's layer in the notation of Blakely, Lanchantin and Qi; their eqs. 28–30 omit σ′, which belongs at dZ.
/// The product is associative: where the input is constant, A′·H is computed once for the whole run.
/// </remarks>
public sealed class Gcn : ILayer
{
    private readonly Parameter W;
    private readonly Parameter? b;
    private readonly Activation σ;
    private readonly bool addLoops;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d</param>
    /// <param name="bias">True for a bias b.</param>
    /// <param name="activation">σ</param>
    /// <param name="addLoops">False to aggregate over A instead of A + I.</param>
    public Gcn(long inputs, long outputs, bool bias = true, Activation activation = default, bool addLoops = true)
    {
        W = new Parameter("W", inputs, outputs, Initializer.Glorot);
        b = bias ? new Parameter("b", 1, outputs, Initializer.Zero) : null;
        (σ, this.addLoops) = (activation, addLoops);
        Parameters = b is null ? [W] : [W, b];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    internal bool AddsLoops => addLoops;

    /// <inheritdoc/>
    public long Outputs(long inputs) => W.Value.Columns;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        var A = graph.Normalized(addLoops);
        long n = graph.OwnedDestinations, d = W.Value.Columns;
        if (AggregatesFirst(saved))
        {
            var AH = saved.Constant("AH", n, H.Columns, out bool stale);
            if (stale) A.Aggregate(A.Weights, H.Dense, AH);                    // A′·H
            var Zfirst = saved.TakeArgument(σ, n, d);
            return saved.ProductOutput(σ, b, AH, W.Value, Zfirst);             // H′ = σ((A′·H)·W + 1 bᵀ)
        }
        var X = saved.Temporary("X", H.Rows, d);
        NodeProduct.Multiply(H, W.Value, X);                                   // X = H·W
        var Z = saved.TakeArgument(σ, n, d);
        A.Aggregate(A.Weights, X, Z);                                          // Z = A′·X
        return saved.Output(σ, b, Z);                                          // H′ = σ(Z + 1 bᵀ)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var A = graph.Normalized(addLoops);
        var H = saved.Input;
        if (AggregatesFirst(saved) && !saved.NeedsInputGradient)
        {
            saved.AddProductGradients(graph, σ, W, b, saved["AH"], dH);        // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i, dW = (A′·H)ᵀ·dZ
            return default;
        }
        var dZ = saved.OutputAdjoint(graph, σ, b, dH);                         // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i
        if (AggregatesFirst(saved))
        {
            saved.AddProductGradient(graph, W, saved["AH"], dZ, "dW");         // dW = (A′·H)ᵀ·dZ
            var dAH = saved.Temporary("dAH", dZ.Rows, H.Columns);
            Gemm.MultiplyTransposedRight(dZ, W.Value, dAH);                    // dZ·Wᵀ
            var dInput = saved.Take("dH_prev", H.Rows, H.Columns);
            A.AggregateAdjoint(A.Weights, dAH, dInput);                        // dH_prev = A′ᵀ·(dZ·Wᵀ)
            return dInput;
        }
        var dX = saved.Temporary("dX", H.Rows, W.Value.Columns);
        A.AggregateAdjoint(A.Weights, dZ, dX);                                 // dX = A′ᵀ·dZ
        saved.AddProductGradient(graph, W, H, dX, "dW");                       // dW = Hᵀ·dX
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dX, W.Value, dH_prev);                    // dH_prev = dX·Wᵀ
        return dH_prev;
    }

    // The narrower side is aggregated; A′·H of constant features costs nothing after the first step.
    private bool AggregatesFirst(Saved saved) =>
        !saved.Tracing && !saved.Input.IsSparse && (saved.InputIsConstant || W.Value.Rows < W.Value.Columns);

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("X", "X", "X", "H·W"),
        new("Z", "Z", "Z", "A′·X + b"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        .. JoinNames.Bias(b),
        new("dX", "dX", "D", "A′ᵀ·dZ"),
        new("dW", "dW", "∂ℒ/∂W", "Hᵀ·dX"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dX·Wᵀ"),
    ];
}
