using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>Layer normalisation: H^l = σ(γ ⊙ X̂ + β), X̂_i = (H_i − μ_i) / √(σ²_i + ε), with μ_i and σ²_i over the columns of node i's row.</summary>
/// <remarks>Ba, Kiros and Hinton 2016. A row does not see the others, so training and evaluation, and every process grid, compute the same.</remarks>
public sealed class LayerNorm : ILayer
{
    private readonly Parameter gamma, beta;
    private readonly Activation σ;

    /// <summary>A layer with γ = 1 and β = 0 once it is initialised.</summary>
    /// <param name="features">D, columns of input and output.</param>
    /// <param name="activation">σ</param>
    public LayerNorm(long features, Activation activation = default)
    {
        gamma = new Parameter("gamma", 1, features, Initializer.One);
        beta = new Parameter("beta", 1, features, Initializer.Zero);
        σ = activation;
        Parameters = [gamma, beta];
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
        var X = NormSteps.DenseInput(H, gamma.Value.Columns, "a layer norm");
        var (mu, inverse) = (saved.Take("mu", X.Rows, 1), saved.Take("inverse", X.Rows, 1));
        if (saved.Tracing) Normalize.Rows(X, NormSteps.Epsilon, default, default, mu, inverse, saved.Take("Xhat", X.Rows, X.Columns));
        var Z = saved.TakeArgument(σ, X.Rows, X.Columns);
        Normalize.Rows(X, NormSteps.Epsilon, gamma.Value, beta.Value, mu, inverse, Z); // μ_i, 1/√(σ²_i + ε), Z = γ ⊙ X̂ + β
        return saved.Output(σ, null, Z);                                       // H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var X = saved.Input.Dense;
        long columns = X.Columns;
        var (mu, inverse) = (saved["mu"], saved["inverse"]);
        var dZ = saved.OutputAdjoint(graph, σ, null, dH);                      // dZ = dH ⊙ σ′(Z)
        var dH_prev = saved.NeedsInputGradient ? saved.Take("dH_prev", X.Rows, columns) : default;
        var both = saved.TemporarySums(graph, "sums", 1, 2 * columns);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, X.Rows);
            var sum = both.RowRange(run, 1);
            // dX̂ = dZ ⊙ γ, dH_i = (dX̂_i − mean(dX̂_i) − X̂_i·mean(dX̂_i ⊙ X̂_i)) / √(σ²_i + ε)
            Normalize.RowsAdjoint(dZ.RowRange(first, rows), X.RowRange(first, rows), gamma.Value, mu.RowRange(first, rows), inverse.RowRange(first, rows),
                dH_prev.IsMissing ? default : dH_prev.RowRange(first, rows), sum.ColumnRange(columns, columns), sum.ColumnRange(0, columns));
        }
        var all = graph.SumOfRuns(both);
        saved.AddScaleAndShift(gamma, beta, all.ColumnRange(0, columns), all.ColumnRange(columns, columns)); // dβ = Σ_i dZ_i, dγ = Σ_i dZ_i ⊙ X̂_i
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("mu", "mu", "μ_i", "mean of row i"),
        new("inverse", "inverse", "1/√(σ²_i + ε)", "of row i"),
        new("Xhat", "Xhat", "X̂", "(H_i − μ_i)/√(σ²_i + ε)"),
        new("Z", "Z", "Z", "γ ⊙ X̂ + β"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "(dX̂ − mean(dX̂) − X̂·mean(dX̂ ⊙ X̂))/√(σ²_i + ε), dX̂ = dZ ⊙ γ"),
        new("dbeta", "dbeta", "∂ℒ/∂β", "Σ dZ", TraceLayout.Vector),
        new("dgamma", "dgamma", "∂ℒ/∂γ", "Σ dZ ⊙ X̂", TraceLayout.Vector),
    ];
}
