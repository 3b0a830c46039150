using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Batch normalisation: H^l = σ(γ ⊙ X̂ + β), X̂ = (H − μ) / √(σ² + ε), with μ and σ² over all nodes of a training pass, on every
/// process; elsewhere with the running mean and variance that training has left.
/// </summary>
/// <remarks>
/// Ioffe and Szegedy 2015. Over all nodes of the pass: of the graph, of all graphs of a batch, or of a sampled block. The running
/// variance takes in N/(N − 1)·σ². X̂ is never kept: the adjoint makes it again from the input.
/// </remarks>
public sealed class BatchNorm : ILayer
{
    private readonly Parameter gamma, beta, mean, variance;
    private readonly Activation σ;
    private readonly double momentum;

    /// <summary>A layer with γ = 1, β = 0, running mean 0 and running variance 1 once it is initialised.</summary>
    /// <param name="features">D, columns of input and output.</param>
    /// <param name="activation">σ</param>
    /// <param name="momentum">Share of a training pass in the running statistics.</param>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not in (0, 1].</exception>
    public BatchNorm(long features, Activation activation = default, double momentum = 0.1)
    {
        if (!(momentum > 0 && momentum <= 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "the momentum of a batch norm lies above 0 and at most at 1");
        gamma = new Parameter("gamma", 1, features, Initializer.One);
        beta = new Parameter("beta", 1, features, Initializer.Zero);
        mean = new Parameter("running_mean", 1, features, Initializer.Zero) { IsLearned = false };
        variance = new Parameter("running_var", 1, features, Initializer.One) { IsLearned = false };
        (σ, this.momentum) = (activation, momentum);
        Parameters = [gamma, beta, mean, variance];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        var X = NormSteps.DenseInput(H, gamma.Value.Columns, "a batch norm");
        var (mu, var, inverse) = (saved.Take("mu", 1, X.Columns), saved.Take("var", 1, X.Columns), saved.Take("inverse", 1, X.Columns));
        if (saved.Pass.Training)
        {
            double n = saved.ColumnMean(graph, X, mu);                         // μ = (1/N) Σ_i H_i
            saved.ColumnVariance(graph, X, mu, n, var);                        // σ² = (1/N) Σ_i (H_i − μ)²
            saved.Take("nodes", 1, 1)[0, 0] = (Real)n;
            Follow(mean.Value, mu, 1);
            Follow(variance.Value, var, n > 1 ? n / (n - 1) : 1);
        }
        else
        {
            mean.Value.CopyTo(mu);
            variance.Value.CopyTo(var);
        }
        NormSteps.InverseDeviation(var, inverse);
        if (saved.Tracing) Normalize.Apply(X, null, mu, inverse, default, saved.Take("Xhat", X.Rows, X.Columns));
        var scale = saved.Temporary("scale", 1, X.Columns);
        Elementwise.Multiply(inverse, gamma.Value, scale);
        var Z = saved.TakeArgument(σ, X.Rows, X.Columns);
        Normalize.Apply(X, null, mu, scale, beta.Value, Z);                    // Z = (H − μ) ⊙ γ/√(σ² + ε) + β
        return saved.Output(σ, null, Z);                                       // H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var X = saved.Input.Dense;
        var (mu, inverse) = (saved["mu"], saved["inverse"]);
        var dZ = saved.OutputAdjoint(graph, σ, null, dH);                      // dZ = dH ⊙ σ′(Z)
        var (sums, products) = saved.ColumnProducts(graph, dZ, X, mu);         // Σ_i dZ_i, Σ_i dZ_i ⊙ (H_i − μ)
        var (scale, dGamma) = (saved.Temporary("scale", 1, X.Columns), saved.Temporary("dGamma", 1, X.Columns));
        Elementwise.Multiply(products, inverse, dGamma);
        saved.AddScaleAndShift(gamma, beta, sums, dGamma);                     // dβ = Σ_i dZ_i, dγ = Σ_i dZ_i ⊙ X̂_i
        if (!saved.NeedsInputGradient) return default;
        var (p, q) = (saved.Temporary("p", 1, X.Columns), saved.Temporary("q", 1, X.Columns));
        // The running statistics do not depend on the input.
        double share = saved.Pass.Training ? 1.0 / saved["nodes"][0, 0] : 0;
        Elementwise.Scale(sums, share, p);
        Elementwise.Scale(dGamma, share, q);
        Elementwise.Multiply(q, inverse, q);
        Elementwise.Multiply(inverse, gamma.Value, scale);
        var dH_prev = saved.Take("dH_prev", X.Rows, X.Columns);
        Normalize.Adjoint(dZ, X, null, mu, scale, p, q, dH_prev);              // γ/√(σ² + ε) ⊙ (dZ − dβ/N − X̂ ⊙ dγ/N)
        return dH_prev;
    }

    // running ← (1 − m)·running + m·factor·statistic
    private void Follow(Matrix running, Matrix statistic, double factor)
    {
        for (long j = 0; j < running.Columns; j++)
            running[0, j] = (Real)((1 - momentum) * running[0, j] + momentum * factor * statistic[0, j]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("mu", "mu", "μ", "(1/N) Σ H", TraceLayout.Vector),
        new("var", "var", "σ²", "(1/N) Σ (H − μ)²", TraceLayout.Vector),
        new("Xhat", "Xhat", "X̂", "(H − μ)/√(σ² + ε)"),
        new("Z", "Z", "Z", "γ ⊙ X̂ + β"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("dbeta", "dbeta", "∂ℒ/∂β", "Σ dZ", TraceLayout.Vector),
        new("dgamma", "dgamma", "∂ℒ/∂γ", "Σ dZ ⊙ X̂", TraceLayout.Vector),
        new("dH_prev", "dH_prev", "δ^{l−1}", "γ/√(σ² + ε) ⊙ (dZ − dβ/N − X̂ ⊙ dγ/N)"),
    ];
}
