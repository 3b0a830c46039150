namespace Weft.Tests.Oracles;

/// <summary>H = σ(φ(((1 + eps)·H_prev + Σ over in-edges)·W1 + b1)·W2 + b2); edge weights do not enter, parallel edges count.</summary>
internal sealed record GinOracle(OracleActivation Inner, OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = graph.Nodes, D = H.GetLength(1);
        var inEdges = graph.InEdges();
        var AH = new Var[N, D];
        var U = new Var[N, D];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < D; c++)
            {
                AH[i, c] = Var.Sum(run.Tape, inEdges[i].Select(e => run.H[graph.Source[e], c]));
                U[i, c] = (run["eps"][0, 0] + 1) * run.H[i, c] + AH[i, c];
            }
        var Z1 = run.AddBias(run.Multiply(U, run["W1"]), "b1");
        var T = Inner.Of(Z1);
        var Z = run.AddBias(run.Multiply(T, run["W2"]), "b2");
        run.Name("AH", AH);
        run.Name("U", U);
        run.Name("Z1", Z1);
        run.Name("T", T);
        run.Name("Z", Z);
        return run.Finish(Activation.Of(Z), dH);
    }
}
