namespace Weft.Tests.Oracles;

/// <summary>
/// L_ij = τ⟨Q_i, K_j⟩, S its row softmax, Z^k = S·V, heads side by side or averaged; over all pairs of nodes, or over the edges of the
/// graph only. The query belongs to the destination.
/// </summary>
/// <remarks>Over all pairs, pair (i, j) counts as edge i·N + j, also in <paramref name="Factor"/>.</remarks>
internal sealed record SelfAttentionOracle(int Heads, double Scale, bool Masked, OracleActivation Activation, double[,]? Factor = null, bool Average = false) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        if (!Masked) graph = Complete(graph.Nodes);
        var run = new OracleRun(graph, H, parameters);
        var Qm = run.Multiply(run.H, run["W_Q"]);
        var Km = run.Multiply(run.H, run["W_K"]);
        var Vm = run.Multiply(run.H, run["W_V"]);
        int d = Qm.GetLength(1) / Heads;
        var L = new Var[Heads][];
        for (int k = 0; k < Heads; k++)
        {
            L[k] = new Var[graph.Edges];
            for (int e = 0; e < graph.Edges; e++)
            {
                int i = graph.Destination[e], j = graph.Source[e], first = k * d;
                L[k][e] = Scale * Var.Dot(run.Tape, Enumerable.Range(first, d).Select(c => (Qm[i, c], Km[j, c])));
            }
        }
        AttentionStage.NamePerHead(run, "Qm", Qm, Heads);
        AttentionStage.NamePerHead(run, "Km", Km, Heads);
        AttentionStage.NamePerHead(run, "Vm", Vm, Heads);
        return run.Finish(AttentionStage.Of(run, L, Vm, Factor, Average, Activation), dH);
    }

    private static OracleGraph Complete(int nodes)
    {
        var source = new int[nodes * nodes];
        var destination = new int[nodes * nodes];
        for (int i = 0; i < nodes; i++)
            for (int j = 0; j < nodes; j++) (destination[i * nodes + j], source[i * nodes + j]) = (i, j);
        return new OracleGraph("complete", nodes, source, destination, [.. Enumerable.Repeat(1.0, nodes * nodes)]);
    }
}
