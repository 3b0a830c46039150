namespace Weft.Tests.Oracles;

/// <summary>H = σ(H_prev·W_self + M·W_neigh + b), M_i the mean over the in-edges of i, zero if it has none.</summary>
internal sealed record SageOracle(OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = graph.Nodes, D = H.GetLength(1);
        var inEdges = graph.InEdges();
        var M = new Var[N, D];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < D; c++)
            {
                var sum = Var.Sum(run.Tape, inEdges[i].Select(e => run.H[graph.Source[e], c]));
                M[i, c] = inEdges[i].Length == 0 ? sum : sum / inEdges[i].Length;
            }
        var own = run.Multiply(run.H, run["W_self"]);
        var near = run.Multiply(M, run["W_neigh"]);
        var Z = new Var[N, own.GetLength(1)];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < own.GetLength(1); c++) Z[i, c] = own[i, c] + near[i, c];
        Z = run.AddBias(Z);
        run.Name("M", M);
        run.Name("Z", Z);
        return run.Finish(Activation.Of(Z), dH);
    }
}
