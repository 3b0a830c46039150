namespace Weft.Tests.Oracles;

/// <summary>H = σ(φ(U·W1 + b1)·W2 + b2), U_i = (1 + eps)·H_prev,i + Σ over in-edges of ReLU(H_prev,src + E_e·W_edge + b_edge).</summary>
internal sealed record GineOracle(OracleActivation Inner, OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = graph.Nodes, D = H.GetLength(1);
        var relu = new OracleActivation("relu");
        var Xedge = AttentionStage.OfEdges(run)!;
        var inEdges = graph.InEdges();
        var AH = new Var[N, D];
        var U = new Var[N, D];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < D; c++)
            {
                int column = c;
                AH[i, c] = Var.Sum(run.Tape, inEdges[i].Select(e => relu.Of(run.H[graph.Source[e], column] + Xedge[e, column] + run["b_edge"][0, column])).ToArray());
                U[i, c] = (run["eps"][0, 0] + 1) * run.H[i, c] + AH[i, c];
            }
        var T = Inner.Of(run.AddBias(run.Multiply(U, run["W1"]), "b1"));
        var Z = run.AddBias(run.Multiply(T, run["W2"]), "b2");
        run.Name("AH", AH);
        run.Name("U", U);
        run.Name("Z", Z);
        return run.Finish(Activation.Of(Z), dH);
    }
}
