namespace Weft.Tests.Oracles;

/// <summary>H_prev + J, or H_prev + J·W, for a J that is H_prev itself.</summary>
internal sealed record ResidualOracle : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var J = run.Has("W") ? run.Multiply(run.H, run["W"]) : run.H;
        var sum = new Var[H.GetLength(0), H.GetLength(1)];
        for (int i = 0; i < sum.GetLength(0); i++)
            for (int j = 0; j < sum.GetLength(1); j++) sum[i, j] = run.H[i, j] + J[i, j];
        return run.Finish(sum, dH);
    }
}

/// <summary>Jumping knowledge over two layers whose outputs are both H_prev.</summary>
internal sealed record JumpingOracle(string Mode) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = H.GetLength(0), D = H.GetLength(1);
        var result = new Var[N, Mode == "cat" ? 2 * D : D];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < result.GetLength(1); j++)
                result[i, j] = Mode switch { "cat" => 1 * run.H[i, j % D], "max" => 1 * run.H[i, j], _ => run.H[i, j] + run.H[i, j] };
        return run.Finish(result, dH);
    }
}

/// <summary>x where x &gt; 0, else a·x with the one a of the layer.</summary>
internal sealed record PreluOracle : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        return run.Finish(OracleRun.Map(run.H, (x, _) => x.Value > 0 ? x : run["a"][0, 0] * x), dH);
    }
}
