namespace Weft.Tests.Oracles;

/// <summary>What GAT, GATv2 and self-attention share once their logits are known: S, Z^k, the join of the heads.</summary>
internal static class AttentionStage
{
    /// <summary>
    /// Softmax over the in-edges of each node, Z^k_i = Σ_e B_e S_e X_src(e), heads side by side or averaged, bias, H_prev·W_skip
    /// where there is such a parameter, activation.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="logits">L of each head and edge, [K][E].</param>
    /// <param name="X">What is aggregated, [N, K·d].</param>
    /// <param name="factor">Attention dropout factors [E, K], or null.</param>
    /// <param name="average">Whether the heads are averaged.</param>
    /// <param name="activation">σ.</param>
    public static Var[,] Of(OracleRun run, Var[][] logits, Var[,] X, double[,]? factor, bool average, OracleActivation activation)
    {
        var graph = run.Graph;
        int N = graph.Nodes, K = logits.Length, d = X.GetLength(1) / K;
        var inEdges = graph.InEdges();
        var S = new Var[K][];
        var Z = new Var[N, K * d];
        for (int k = 0; k < K; k++)
        {
            S[k] = new Var[graph.Edges];
            for (int i = 0; i < N; i++)
            {
                var row = run.Softmax([.. inEdges[i].Select(e => logits[k][e])]);
                for (int p = 0; p < row.Length; p++) S[k][inEdges[i][p]] = row[p];
                var used = new Var[row.Length];
                for (int p = 0; p < row.Length; p++) used[p] = factor is null ? row[p] : factor[inEdges[i][p], k] * row[p];
                for (int c = 0; c < d; c++)
                {
                    int column = k * d + c;
                    Z[i, column] = Var.Dot(run.Tape, inEdges[i].Select((e, p) => (used[p], X[graph.Source[e], column])));
                }
            }
        }
        run.Name("L", logits.SelectMany(x => x));
        run.Name("S", S.SelectMany(x => x));
        NamePerHead(run, "Zk", Z, K);
        var joined = run.AddBias(average ? HeadMeanOracle.Of(run, Z, K) : Z);
        if (run.Has("W_skip"))
        {
            var skip = run.Multiply(run.H, run["W_skip"]);
            for (int i = 0; i < N; i++)
                for (int c = 0; c < joined.GetLength(1); c++) joined[i, c] += skip[i, c];
        }
        run.Name(average ? "Zbar" : "Z", joined);
        return activation.Of(joined);
    }

    /// <summary>E·W_edge, [E, K·d], or null where the layer has no such parameter.</summary>
    public static Var[,]? OfEdges(OracleRun run)
    {
        if (!run.Has("W_edge")) return null;
        var W = run["W_edge"];
        var X = new Var[run.Graph.Edges, W.GetLength(1)];
        for (int e = 0; e < run.Graph.Edges; e++)
            for (int j = 0; j < W.GetLength(1); j++)
                X[e, j] = Var.Sum(run.Tape, Enumerable.Range(0, W.GetLength(0)).Select(c => run.Graph.Features[e, c] * W[c, j]).ToArray());
        return X;
    }

    /// <summary>Names [N, K·d] in the layout [K, N, d].</summary>
    public static void NamePerHead(OracleRun run, string name, Var[,] x, int heads)
    {
        int rows = x.GetLength(0), d = x.GetLength(1) / heads;
        var ordered = new List<Var>();
        for (int k = 0; k < heads; k++)
            for (int i = 0; i < rows; i++)
                for (int c = 0; c < d; c++) ordered.Add(x[i, k * d + c]);
        run.Name(name, ordered);
    }
}

/// <summary>
/// GATv1: L_e = LeakyReLU(⟨a_dst, X_dst(e)⟩ + ⟨a_src, X_src(e)⟩) with X = H_prev·W; where there is a W_edge, + ⟨a_edge, E_e·W_edge⟩
/// inside. Edge weights do not enter.
/// </summary>
internal sealed record GatOracle(double Slope, bool Average, OracleActivation Activation, double[,]? Factor = null) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var leaky = new OracleActivation("leaky_relu", Slope);
        Var[,] aSrc = run["a_src"], aDst = run["a_dst"];
        int K = aSrc.GetLength(0), d = aSrc.GetLength(1);
        var X = run.Multiply(run.H, run["W"]);
        var P = new Var[K][];
        var cSrc = new Var[K][];
        var cDst = new Var[K][];
        var Xedge = AttentionStage.OfEdges(run);
        for (int k = 0; k < K; k++)
        {
            int head = k;
            Var Coefficient(Var[,] a, int i) => Var.Dot(run.Tape, Enumerable.Range(0, d).Select(c => (X[i, head * d + c], a[head, c])));
            cSrc[k] = [.. Enumerable.Range(0, graph.Nodes).Select(j => Coefficient(aSrc, j))];
            cDst[k] = [.. Enumerable.Range(0, graph.Nodes).Select(i => Coefficient(aDst, i))];
            P[k] = [.. Enumerable.Range(0, graph.Edges).Select(e => cDst[head][graph.Destination[e]] + cSrc[head][graph.Source[e]])];
            if (Xedge is not null)
                P[k] = [.. P[k].Select((p, e) => p + Var.Dot(run.Tape, Enumerable.Range(0, d).Select(c => (Xedge[e, head * d + c], run["a_edge"][head, c]))))];
        }
        AttentionStage.NamePerHead(run, "X", X, K);
        run.Name("c_src", cSrc.SelectMany(x => x));
        run.Name("c_dst", cDst.SelectMany(x => x));
        run.Name("P", P.SelectMany(x => x));
        Var[][] L = [.. P.Select(head => head.Select(leaky.Of).ToArray())];
        return run.Finish(AttentionStage.Of(run, L, X, Factor, Average, Activation), dH);
    }
}

/// <summary>
/// GATv2: L_e = ⟨a, LeakyReLU(X_dst,dst(e) + X_src,src(e))⟩, aggregated X_src. With one matrix W for both roles the
/// parameters hold W instead of W_src and W_dst; where they hold W_edge, E_e·W_edge is added before the LeakyReLU.
/// </summary>
internal sealed record GatV2Oracle(double Slope, bool Average, OracleActivation Activation, double[,]? Factor = null) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var leaky = new OracleActivation("leaky_relu", Slope);
        var a = run["a"];
        int K = a.GetLength(0), d = a.GetLength(1);
        var Xsrc = run.Multiply(run.H, run[run.Has("W") ? "W" : "W_src"]);
        var Xdst = run.Multiply(run.H, run[run.Has("W") ? "W" : "W_dst"]);
        var Xedge = AttentionStage.OfEdges(run);
        var P = new List<Var>();
        var L = new Var[K][];
        for (int k = 0; k < K; k++)
        {
            L[k] = new Var[graph.Edges];
            for (int e = 0; e < graph.Edges; e++)
            {
                var terms = new (Var, Var)[d];
                for (int c = 0; c < d; c++)
                {
                    var p = Xdst[graph.Destination[e], k * d + c] + Xsrc[graph.Source[e], k * d + c];
                    if (Xedge is not null) p += Xedge[e, k * d + c];
                    P.Add(p);
                    terms[c] = (a[k, c], leaky.Of(p));
                }
                L[k][e] = Var.Dot(run.Tape, terms);
            }
        }
        AttentionStage.NamePerHead(run, "X_src", Xsrc, K);
        AttentionStage.NamePerHead(run, "X_dst", Xdst, K);
        run.Name("P", P);
        return run.Finish(AttentionStage.Of(run, L, Xsrc, Factor, Average, Activation), dH);
    }
}
