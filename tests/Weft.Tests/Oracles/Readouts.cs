namespace Weft.Tests.Oracles;

/// <summary>One graph as one row: the sum, the mean or the maximum of its nodes' rows. Of equal maxima the first node's counts.</summary>
internal sealed record ReadoutOracle(string Kind) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int D = H.GetLength(1);
        var output = new Var[1, D];
        for (int c = 0; c < D; c++)
        {
            Var[] column = [.. Enumerable.Range(0, graph.Nodes).Select(i => run.H[i, c])];
            output[0, c] = Kind switch
            {
                "sum" => Var.Sum(run.Tape, column),
                "mean" => Var.Sum(run.Tape, column) / graph.Nodes,
                _ => 1 * column.First(x => x.Value == column.Max(y => y.Value)),
            };
        }
        return run.Finish(output, dH);
    }
}

/// <summary>One graph as one row: Σ_i S_i H_i with S the softmax over its nodes of ⟨a, H_i⟩.</summary>
internal sealed record AttentionReadoutOracle : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int D = H.GetLength(1);
        var L = run.Multiply(run.H, run["a"]);
        var S = run.Softmax([.. L.Cast<Var>()]);
        run.Name("S", S);
        var output = new Var[1, D];
        for (int c = 0; c < D; c++) output[0, c] = Var.Dot(run.Tape, Enumerable.Range(0, graph.Nodes).Select(i => (S[i], run.H[i, c])));
        return run.Finish(output, dH);
    }
}

/// <summary>U = (1 + eps)·H + Σ over in-edges of H; edge weights do not enter, parallel edges count. Without the parameter eps is 0.</summary>
internal sealed record GinSumOracle : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        int N = graph.Nodes, D = H.GetLength(1);
        var inEdges = graph.InEdges();
        var U = new Var[N, D];
        for (int i = 0; i < N; i++)
            for (int c = 0; c < D; c++)
            {
                var sum = Var.Sum(run.Tape, inEdges[i].Select(e => run.H[graph.Source[e], c]));
                U[i, c] = (run.Has("eps") ? (run["eps"][0, 0] + 1) * run.H[i, c] : 1 * run.H[i, c]) + sum;
            }
        return run.Finish(U, dH);
    }
}
