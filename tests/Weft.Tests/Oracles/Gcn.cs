namespace Weft.Tests.Oracles;

/// <summary>
/// H = σ(A'·(H_prev·W) + b) with a dense A' = D̂^-½ Â D̂^-½, Â = A (+ I, one loop of weight 1 more for every node),
/// D̂ the row sums of Â; a row sum that is not positive counts as D̂^-½ = 0.
/// </summary>
internal sealed record GcnOracle(bool AddSelfLoops, OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var A = NormalisedAdjacency(graph);
        var X = run.Multiply(run.H, run["W"]);
        int N = graph.Nodes, d = X.GetLength(1);
        var Z = new Var[N, d];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < d; c++)
            {
                double sum = 0;
                for (int j = 0; j < N; j++)
                {
                    if (A[i, j] == 0) continue;
                    sum += A[i, j] * X[j, c].Value;
                    run.Tape.Link(X[j, c], A[i, j]);
                }
                Z[i, c] = run.Tape.Close(sum);
            }
        Z = run.AddBias(Z);
        run.Name("X", X);
        run.Name("Z", Z);
        return run.Finish(Activation.Of(Z), dH);
    }

    /// <summary>A', [N, N], row = destination.</summary>
    public double[,] NormalisedAdjacency(OracleGraph graph)
    {
        int N = graph.Nodes;
        var A = new double[N, N];
        for (int e = 0; e < graph.Edges; e++) A[graph.Destination[e], graph.Source[e]] += graph.Weight[e];
        if (AddSelfLoops)
            for (int i = 0; i < N; i++) A[i, i] += 1;
        var scale = new double[N];
        for (int i = 0; i < N; i++)
        {
            double sum = 0;
            for (int j = 0; j < N; j++) sum += A[i, j];
            scale[i] = sum > 0 ? 1 / Math.Sqrt(sum) : 0;
        }
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) A[i, j] *= scale[i] * scale[j];
        return A;
    }
}
