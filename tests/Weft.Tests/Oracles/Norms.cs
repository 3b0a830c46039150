namespace Weft.Tests.Oracles;

/// <summary>H = σ(γ ⊙ (H_prev − μ)/√(σ² + ε) + β) with mean and variance of each column over all nodes, written without any closed adjoint.</summary>
internal sealed record BatchNormOracle(OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = H.GetLength(0), D = H.GetLength(1);
        var Z = new Var[N, D];
        for (int j = 0; j < D; j++)
        {
            var normal = Norms.Standardised(run.Tape, [.. Enumerable.Range(0, N).Select(i => run.H[i, j])]);
            for (int i = 0; i < N; i++) Z[i, j] = normal[i] * run["gamma"][0, j] + run["beta"][0, j];
        }
        return run.Finish(Activation.Of(Z), dH);
    }
}

/// <summary>The same with mean and variance of each row over its columns.</summary>
internal sealed record LayerNormOracle(OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = H.GetLength(0), D = H.GetLength(1);
        var Z = new Var[N, D];
        for (int i = 0; i < N; i++)
        {
            var normal = Norms.Standardised(run.Tape, [.. Enumerable.Range(0, D).Select(j => run.H[i, j])]);
            for (int j = 0; j < D; j++) Z[i, j] = normal[j] * run["gamma"][0, j] + run["beta"][0, j];
        }
        return run.Finish(Activation.Of(Z), dH);
    }
}

internal static class Norms
{
    /// <summary>(x − mean)/√(variance + ε), the variance with 1/n.</summary>
    public static Var[] Standardised(Tape tape, Var[] x)
    {
        var mean = Var.Sum(tape, x) / x.Length;
        Var[] deviations = [.. x.Select(v => v - mean)];
        var variance = Var.Sum(tape, deviations.Select(u => u * u)) / x.Length;
        var deviation = Var.Sqrt(variance + 1e-5);
        return [.. deviations.Select(u => u / deviation)];
    }
}

/// <summary>The same over the nodes of each graph (null: one graph) with a share α of the mean taken away: U = H_prev − α·μ, X̂ = U/√(mean(U²) + ε).</summary>
internal sealed record GraphNormOracle(OracleActivation Activation, int[]? Membership = null) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = H.GetLength(0), D = H.GetLength(1);
        var Z = new Var[N, D];
        foreach (var nodes in Enumerable.Range(0, N).GroupBy(i => Membership is null ? 0 : Membership[i]))
        {
            int[] members = [.. nodes];
            for (int j = 0; j < D; j++)
            {
                var mean = Var.Sum(run.Tape, members.Select(i => run.H[i, j])) / members.Length;
                Var[] U = [.. members.Select(i => run.H[i, j] - run["alpha"][0, j] * mean)];
                var deviation = Var.Sqrt(Var.Sum(run.Tape, U.Select(u => u * u)) / members.Length + 1e-5);
                for (int k = 0; k < members.Length; k++) Z[members[k], j] = U[k] / deviation * run["gamma"][0, j] + run["beta"][0, j];
            }
        }
        return run.Finish(Activation.Of(Z), dH);
    }
}
