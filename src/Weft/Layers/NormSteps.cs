using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>The steps that the normalising layers share: moments of columns over the nodes of every process, and the gradients of scale and shift.</summary>
internal static class NormSteps
{
    /// <summary>The numerical floor of a variance in every normalisation.</summary>
    public const double Epsilon = 1e-5;

    /// <summary>A dense input, or a message that says what to do.</summary>
    public static Matrix DenseInput(NodeMatrix H, long features, string layer)
    {
        if (H.IsSparse) throw new ArgumentException($"{layer} takes dense rows; put a layer with weights before it");
        return H.Columns == features ? H.Dense : throw new ArgumentException($"{layer} was made for {features} columns; its input has {H.Columns}");
    }

    /// <summary>μ = (1/N) Σ_i X_i over the rows of all processes, μ [1, D].</summary>
    /// <returns>N; it travels with the sums.</returns>
    public static double ColumnMean(this Saved saved, Graph graph, Matrix X, Matrix mu)
    {
        long columns = X.Columns;
        var sums = saved.TemporarySums(graph, "sums", 1, columns + 1);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, X.Rows);
            var sum = sums.RowRange(run, 1);
            Elementwise.ColumnSums(X.RowRange(first, rows), sum.ColumnRange(0, columns));
            sum[0, columns] = rows;
        }
        var all = graph.SumOfRuns(sums);
        double n = all[0, columns];
        Elementwise.Scale(all.ColumnRange(0, columns), 1 / n, mu);
        return n;
    }

    /// <summary>σ² = (1/N) Σ_i (X_i − μ)² over the rows of all processes: around the mean, because a difference of squares loses what matters.</summary>
    public static void ColumnVariance(this Saved saved, Graph graph, Matrix X, Matrix mu, double n, Matrix variance)
    {
        var squares = saved.TemporarySums(graph, "squares", 1, X.Columns);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, X.Rows);
            Normalize.ColumnSquares(X.RowRange(first, rows), mu, squares.RowRange(run, 1));
        }
        Elementwise.Scale(graph.SumOfRuns(squares), 1 / n, variance);
    }

    /// <summary>Σ_i dZ_i and Σ_i dZ_i ⊙ (X_i − μ) over the rows of all processes, [1, D] each.</summary>
    public static (Matrix Sums, Matrix Products) ColumnProducts(this Saved saved, Graph graph, Matrix dZ, Matrix X, Matrix mu)
    {
        long columns = X.Columns;
        var both = saved.TemporarySums(graph, "products", 1, 2 * columns);
        for (int run = 0; run < graph.Runs; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, X.Rows);
            var sum = both.RowRange(run, 1);
            Normalize.ColumnProducts(dZ.RowRange(first, rows), X.RowRange(first, rows), mu, sum.ColumnRange(0, columns), sum.ColumnRange(columns, columns));
        }
        var all = graph.SumOfRuns(both);
        return (all.ColumnRange(0, columns), all.ColumnRange(columns, columns));
    }

    /// <summary>1/√(σ² + ε), entry by entry.</summary>
    public static void InverseDeviation(Matrix variance, Matrix inverse)
    {
        for (long g = 0; g < variance.Rows; g++)
            for (long j = 0; j < variance.Columns; j++) inverse[g, j] = (Real)(1 / Math.Sqrt(variance[g, j] + Epsilon));
    }

    /// <summary>Adds dβ and dγ, whole sums over the nodes, to the parameters' gradients.</summary>
    public static void AddScaleAndShift(this Saved saved, Parameter gamma, Parameter beta, Matrix dBeta, Matrix dGamma)
    {
        saved.Note("dbeta", dBeta);
        saved.Note("dgamma", dGamma);
        Elementwise.Add(beta.Gradient, dBeta, beta.Gradient);
        Elementwise.Add(gamma.Gradient, dGamma, gamma.Gradient);
    }
}
