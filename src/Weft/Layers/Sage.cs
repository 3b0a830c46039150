using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>GraphSAGE with the mean: H^l = σ(H·W_self + M·W_neigh + b), M_i the mean of i's in-neighbours, 0 without any.</summary>
/// <remarks>
/// The mean counts edges with multiplicity and ignores weights. W_neigh is applied before the mean, which is the same product and
/// keeps sparse features sparse; where the input is constant and dense, M is computed once for the whole run.
/// </remarks>
public sealed class Sage : ILayer
{
    private readonly Parameter Wself, Wneigh;
    private readonly Parameter? b;
    private readonly Activation σ;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d</param>
    /// <param name="bias">True for a bias b.</param>
    /// <param name="activation">σ</param>
    public Sage(long inputs, long outputs, bool bias = true, Activation activation = default)
    {
        Wself = new Parameter("W_self", inputs, outputs, Initializer.Glorot);
        Wneigh = new Parameter("W_neigh", inputs, outputs, Initializer.Glorot);
        b = bias ? new Parameter("b", 1, outputs, Initializer.Zero) : null;
        σ = activation;
        Parameters = b is null ? [Wself, Wneigh] : [Wself, Wneigh, b];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public long Outputs(long inputs) => Wself.Value.Columns;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations, d = Wself.Value.Columns;
        Matrix Z;
        if (AggregatesFirst(saved))
        {
            var M = saved.Constant("M", n, H.Columns, out bool stale);
            if (stale) graph.Aggregate(graph.MeanWeights, H.Dense, M);         // M = D⁻¹·A·H
            Z = saved.TakeArgument(σ, n, d);
            Gemm.Multiply(M, Wneigh.Value, Z);                                 // Z = M·W_neigh
        }
        else
        {
            if (saved.Tracing) TraceMean(graph, H, saved);
            Z = saved.TakeArgument(σ, n, d);
            var Y = saved.Temporary("Y", H.Rows, d);
            NodeProduct.Multiply(H, Wneigh.Value, Y);                          // Y = H·W_neigh
            graph.Aggregate(graph.MeanWeights, Y, Z);                          // Z = D⁻¹·A·Y
        }
        return saved.ProductOutput(σ, b, H.Top(n), Wself.Value, Z, accumulate: true); // Z + H·W_self + 1 bᵀ, H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        long n = graph.OwnedDestinations;
        var dZ = saved.OutputAdjoint(graph, σ, b, dH);                         // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i
        saved.AddProductGradient(graph, Wself, H.Top(n), dZ, "dWself");        // dW_self = Hᵀ·dZ
        if (AggregatesFirst(saved) && !saved.NeedsInputGradient)
        {
            saved.AddProductGradient(graph, Wneigh, saved["M"], dZ, "dWneigh"); // dW_neigh = Mᵀ·dZ
            return default;
        }
        var dY = saved.Temporary("dY", H.Rows, dZ.Columns);
        graph.AggregateAdjoint(graph.MeanWeights, dZ, dY);                     // dY = Aᵀ·D⁻¹·dZ
        saved.AddProductGradient(graph, Wneigh, H, dY, "dWneigh");             // dW_neigh = Hᵀ·dY = Mᵀ·dZ
        if (saved.Tracing) Gemm.MultiplyTransposedRight(dZ, Wneigh.Value, saved.Take("dM", n, H.Columns)); // dM = dZ·W_neighᵀ
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dY, Wneigh.Value, dH_prev);               // dH = dY·W_neighᵀ
        Gemm.MultiplyTransposedRight(dZ, Wself.Value, dH_prev.Top(n), accumulate: true); // + dZ·W_selfᵀ
        return dH_prev;
    }

    private static bool AggregatesFirst(Saved saved) => !saved.Tracing && !saved.Input.IsSparse && saved.InputIsConstant;

    // What the transform-first form passes by: the mean at the input's width.
    private static void TraceMean(Graph graph, NodeMatrix H, Saved saved)
    {
        if (!H.IsSparse) graph.Aggregate(graph.MeanWeights, H.Dense, saved.Take("M", graph.OwnedDestinations, H.Columns));
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("M", "M", "M", "D⁻¹·A·H"),
        new("Z", "Z", "Z", "H·W_self + M·W_neigh + b"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        .. JoinNames.Bias(b),
        new("dWself", "dW_self", "∂ℒ/∂W_self", "Hᵀ·dZ"),
        new("dWneigh", "dW_neigh", "∂ℒ/∂W_neigh", "Mᵀ·dZ"),
        new("dM", "dM", "∂ℒ/∂M", "dZ·W_neighᵀ"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dZ·W_selfᵀ + Aᵀ·D⁻¹·dM"),
    ];
}
