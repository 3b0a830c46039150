using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Graph normalisation: H^l = σ(γ ⊙ U/√(v + ε) + β), U = H − α ⊙ μ, with μ the mean of the columns over the nodes of each graph, v that
/// of U², and α learned: how much of the mean is taken away.
/// </summary>
/// <remarks>
/// Cai et al. 2021. The graphs of a batch are normalised one by one; a graph that is alone is one, on every process. Training and
/// evaluation compute the same. U is never kept: the adjoint makes it again from the input.
/// </remarks>
public sealed class GraphNorm : ILayer
{
    private readonly Parameter gamma, beta, alpha;
    private readonly Activation σ;

    /// <summary>A layer with α = γ = 1 and β = 0 once it is initialised.</summary>
    /// <param name="features">D, columns of input and output.</param>
    /// <param name="activation">σ</param>
    public GraphNorm(long features, Activation activation = default)
    {
        gamma = new Parameter("gamma", 1, features, Initializer.One);
        beta = new Parameter("beta", 1, features, Initializer.Zero);
        alpha = new Parameter("alpha", 1, features, Initializer.One);
        σ = activation;
        Parameters = [gamma, beta, alpha];
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
        var X = NormSteps.DenseInput(H, gamma.Value.Columns, "a graph norm");
        var members = MembersOf(graph, X);
        int[]? group = members?.BySource.Index;
        long graphs = members?.OwnedDestinations ?? 1, columns = X.Columns;
        var (mu, var, inverse) = (saved.Take("mu", graphs, columns), saved.Take("var", graphs, columns), saved.Take("inverse", graphs, columns));
        var shift = saved.Temporary("shift", graphs, columns);
        if (members is null)
        {
            double n = saved.ColumnMean(graph, X, mu);                         // μ = (1/N) Σ_i H_i
            ScaleRows(mu, alpha.Value, shift);
            saved.ColumnVariance(graph, X, shift, n, var);                     // v = (1/N) Σ_i (H_i − α ⊙ μ)²
            saved.Take("nodes", 1, 1)[0, 0] = (Real)n;
        }
        else
        {
            var squares = saved.Temporary("squares", X.Rows, columns);
            members.Aggregate(members.MeanWeights, X, mu);                     // of each graph
            ScaleRows(mu, alpha.Value, shift);
            Normalize.Squares(X, group, shift, squares);
            members.Aggregate(members.MeanWeights, squares, var);
            var nodes = saved.Take("nodes", graphs, 1);
            for (long g = 0; g < graphs; g++) nodes[g, 0] = Math.Max(1, members.ByDestination.Pointers[g + 1] - members.ByDestination.Pointers[g]);
        }
        NormSteps.InverseDeviation(var, inverse);
        if (saved.Tracing) Normalize.Apply(X, group, shift, inverse, default, saved.Take("Xhat", X.Rows, columns));
        var scale = saved.Temporary("scale", graphs, columns);
        ScaleRows(inverse, gamma.Value, scale);
        var Z = saved.TakeArgument(σ, X.Rows, columns);
        Normalize.Apply(X, group, shift, scale, beta.Value, Z);                // Z = (H − α ⊙ μ) ⊙ γ/√(v + ε) + β
        return saved.Output(σ, null, Z);                                       // H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var X = saved.Input.Dense;
        var members = MembersOf(graph, X);
        int[]? group = members?.BySource.Index;
        long graphs = members?.OwnedDestinations ?? 1, columns = X.Columns;
        var (mu, inverse, nodes) = (saved["mu"], saved["inverse"], saved["nodes"]);
        var shift = saved.Temporary("shift", graphs, columns);
        ScaleRows(mu, alpha.Value, shift);
        var dZ = saved.OutputAdjoint(graph, σ, null, dH);                      // dZ = dH ⊙ σ′(Z)
        Matrix sums, products;                                                 // Σ_i dZ_i, Σ_i dZ_i ⊙ U_i over the nodes of each graph
        if (members is null) (sums, products) = saved.ColumnProducts(graph, dZ, X, shift);
        else
        {
            (sums, products) = (saved.Temporary("dZsums", graphs, columns), saved.Temporary("dZproducts", graphs, columns));
            var each = saved.Temporary("products", X.Rows, columns);
            members.Aggregate(default, dZ, sums);
            Normalize.Products(dZ, X, group, shift, each);
            members.Aggregate(default, each, products);
        }
        var (scale, p, q) = (saved.Temporary("scale", graphs, columns), saved.Temporary("p", graphs, columns), saved.Temporary("q", graphs, columns));
        var (dBeta, dGamma, dAlpha) = (saved.Temporary("dBeta", 1, columns), saved.Temporary("dGamma", 1, columns), saved.Temporary("dAlpha", 1, columns));
        for (long j = 0; j < columns; j++)
        {
            double beta = 0, gammas = 0, alphas = 0, weight = alpha.Value[0, j];
            for (long g = 0; g < graphs; g++)
            {
                double n = nodes[g, 0], r = inverse[g, j], a = r * gamma.Value[0, j], slope = products[g, j] * r * r / n;
                // Σ_i U_i = n·(1 − α)·μ, and the change of v with μ goes through it.
                double whole = sums[g, j] - n * (1 - weight) * mu[g, j] * slope;
                beta += sums[g, j];
                gammas += r * products[g, j];
                alphas -= mu[g, j] * a * whole;
                (scale[g, j], p[g, j], q[g, j]) = ((Real)a, (Real)(weight * whole / n), (Real)slope);
            }
            (dBeta[0, j], dGamma[0, j], dAlpha[0, j]) = ((Real)beta, (Real)gammas, (Real)alphas);
        }
        saved.AddScaleAndShift(gamma, beta, dBeta, dGamma);                    // dβ = Σ_i dZ_i, dγ = Σ_i dZ_i ⊙ X̂_i
        saved.Note("dalpha", dAlpha);
        Elementwise.Add(alpha.Gradient, dAlpha, alpha.Gradient);               // dα = −Σ_g μ_g ⊙ Σ_i dU_i
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", X.Rows, columns);
        Normalize.Adjoint(dZ, X, group, shift, scale, p, q, dH_prev);          // dU − α ⊙ mean(dU), dU = γ/√(v + ε) ⊙ (dZ − X̂ ⊙ mean(dZ ⊙ X̂))
        return dH_prev;
    }

    // Where the nodes of several graphs lie side by side, the graph that leads from them to their graphs.
    private static Graph? MembersOf(Graph graph, Matrix X) => graph.Membership is { } members && members.OwnedSources == X.Rows ? members : null;

    private static void ScaleRows(Matrix rows, Matrix factor, Matrix result)
    {
        for (long g = 0; g < rows.Rows; g++)
            for (long j = 0; j < rows.Columns; j++) result[g, j] = rows[g, j] * factor[0, j];
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("mu", "mu", "μ", "mean of H, of each graph"),
        new("var", "var", "v", "mean of (H − α ⊙ μ)²"),
        new("Xhat", "Xhat", "X̂", "(H − α ⊙ μ)/√(v + ε)"),
        new("Z", "Z", "Z", "γ ⊙ X̂ + β"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("dbeta", "dbeta", "∂ℒ/∂β", "Σ dZ", TraceLayout.Vector),
        new("dgamma", "dgamma", "∂ℒ/∂γ", "Σ dZ ⊙ X̂", TraceLayout.Vector),
        new("dalpha", "dalpha", "∂ℒ/∂α", "−Σ μ ⊙ dU", TraceLayout.Vector),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dU − α ⊙ mean(dU), dU = γ/√(v + ε) ⊙ (dZ − X̂ ⊙ mean(dZ ⊙ X̂))"),
    ];
}
