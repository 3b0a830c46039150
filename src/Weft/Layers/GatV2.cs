using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Graph attention, version 2: the logit of an edge is ⟨a, σ_L(X_dst,i + X_src,j)⟩, so that the ranking of the neighbours may
/// depend on the node that asks. With edge features (<see cref="AttentionOptions.EdgeFeatures"/>) it is ⟨a, σ_L(X_dst,i + X_src,j + E_e·W_edge)⟩.
/// </summary>
/// <remarks>
/// Equation numbers are those of Gould and Parhi, read with the corrections of docs/equations.md: (27) needs σ_L′, (19) needs
/// X_src. Heads lie side by side in the columns: W_src and W_dst are [D, K·d], a is [K, d]. With shared weights W plays both
/// roles and its gradient is dW_src + dW_dst.
/// </remarks>
public sealed class GatV2 : ILayer
{
    private readonly Parameter Wsrc, Wdst, a;
    private readonly Parameter? Wedge, b;
    private readonly AttentionOptions options;
    private readonly int K;
    private readonly long width;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d, per head</param>
    /// <param name="options">Heads and the rest.</param>
    /// <param name="shareWeights">True for W_src = W_dst.</param>
    public GatV2(long inputs, long outputs, AttentionOptions options, bool shareWeights = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, K, width) = (options, options.Heads, options.Heads * outputs);
        Wsrc = new Parameter(shareWeights ? "W" : "W_src", inputs, width, Initializer.Glorot, inputs, outputs);
        Wdst = shareWeights ? Wsrc : new Parameter("W_dst", inputs, width, Initializer.Glorot, inputs, outputs);
        a = new Parameter("a", K, outputs, Initializer.Glorot, outputs, 1);
        if (options.EdgeFeatures > 0) Wedge = new Parameter("W_edge", options.EdgeFeatures, width, Initializer.Glorot, options.EdgeFeatures, outputs);
        b = options.Bias ? new Parameter("b", 1, options.Concatenate ? width : outputs, Initializer.Zero) : null;
        Parameters = [Wsrc, .. shareWeights ? Array.Empty<Parameter>() : [Wdst], a, .. Wedge is null ? Array.Empty<Parameter>() : [Wedge], .. b is null ? Array.Empty<Parameter>() : [b]];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public int Heads => K;

    /// <inheritdoc/>
    public long Outputs(long inputs) => options.Concatenate ? width : width / K;

    private bool SharesWeights => ReferenceEquals(Wsrc, Wdst);

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations;
        var Xsrc = saved.Take("Xsrc", H.Rows, width);
        NodeProduct.Multiply(H, Wsrc.Value, Xsrc);                             // (3)   X_src = H·W_src
        var Xdst = SharesWeights && !saved.Tracing ? Xsrc.Top(n) : saved.Take("Xdst", n, width);
        if (!SharesWeights) NodeProduct.Multiply(H.Top(n), Wdst.Value, Xdst);  // (3)   X_dst = H·W_dst
        else if (saved.Tracing) Xsrc.Top(n).CopyTo(Xdst);

        Matrix Zk;
        if (saved.Tracing) Zk = TracedForward(graph, Xdst, Xsrc, saved);
        else
        {
            Zk = saved.Take("Zk", n, width);
            var state = saved.Take("state", n, 2 * K);
            graph.Attend(Scored(graph, Xdst, Xsrc), Xsrc, K, saved.EdgeDropout(options), saved.Gathered, Zk, state); // (5)–(12)  Z = softmax(⟨a, σ_L(X_dst ⊕ X_src)⟩)·X_src
        }
        return saved.JoinHeads(Zk, b, options);                                // (13)  H′ = σ(Z)
    }

    // Edge by edge, everything kept: what the fused pass must equal.
    private Matrix TracedForward(Graph graph, Matrix Xdst, Matrix Xsrc, Saved saved)
    {
        long edges = graph.Edges;
        int k = graph.LocalHeads(K);
        long local = k * (width / K);
        var Xedge = Wedge is null ? default : saved.Take("Xedge", edges, local);
        if (Wedge is not null) Gemm.Multiply(graph.EdgeFeatures(options.EdgeFeatures), Wedge.Value, Xedge); // X_edge = E·W_edge
        var P = saved.Take("P", edges, local);
        graph.OuterSum(Xdst, Xsrc, K, P);                                      // (5)(7) P_ij = X_dst,i + X_src,j
        if (Wedge is not null) Elementwise.Add(P, Xedge, P);                   //       + X_edge
        var V = saved.Take("V", edges, local);
        Elementwise.Forward(options.LogitActivation, P, V);                    // (9)   V = σ_L(P)
        var L = saved.Take("L", edges, k);
        graph.EdgeDot(V, a.Value, L);                                          // (9)   L_ij = ⟨a, V_ij⟩
        var S = saved.Softmax(graph, L, k);                                    // (10)  S_i = σ_S(L_i)
        var Zk = saved.Take("Zk", Xdst.Rows, width);
        graph.Aggregate(saved.DropAttention(graph, S, options, "SB"), Xsrc, K, Zk); // (12)  Z = S·X_src
        return Zk;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        var Xsrc = saved["Xsrc"];
        long n = graph.OwnedDestinations;
        var dZk = saved.JoinHeadsAdjoint(graph, dH, b, options, out _);        // (15)  δ′ = σ′(Z) ⊙ δ

        Matrix dXdst, dXsrc, da, dWedge;
        if (saved.Tracing) (dXdst, dXsrc, da, dWedge) = TracedBackward(graph, Xsrc, dZk, saved);
        else
        {
            da = saved.TemporarySums(graph, "da", K, width / K);
            dWedge = Wedge is null ? default : saved.Temporary("dWedge", options.EdgeFeatures, width);
            var Zk = saved["Zk"];
            var Xdst = SharesWeights ? Xsrc.Top(n) : saved["Xdst"];
            dXdst = saved.OverZk(options, b, "dXdst", n);
            dXsrc = SharesWeights ? saved.Temporary("dXsrc", H.Rows, width) : saved.Over("Xsrc", "dXsrc", H.Rows, width);
            graph.AttendAdjoint(Scored(graph, Xdst, Xsrc), Xsrc, K, saved.EdgeDropout(options), saved.Gathered, Zk, saved["state"], dZk, // (19)–(30), (37)  the bracket
                saved.Temporary("terms", n, RowTerms.Count * K), saved.Coefficients(graph, options), new(dXdst, default, da, dWedge), dXsrc);
        }
        saved.AddGradient(graph, a, da);
        if (Wedge is not null) saved.AddGradient(graph, Wedge, dWedge);
        if (SharesWeights && !saved.Tracing)
        {
            Elementwise.Add(dXsrc.Top(n), dXdst, dXsrc.Top(n));                // one W in both roles: one product, one sum over processes
            saved.AddProductGradient(graph, Wsrc, H, dXsrc, "dW");             // (39)  dW = Hᵀ·(dX_src + dX_dst)
            if (!saved.NeedsInputGradient) return default;
            var dInput = saved.Take("dH_prev", H.Rows, H.Columns);
            Gemm.MultiplyTransposedRight(dXsrc, Wsrc.Value, dInput);           // (37)  dH = (dX_src + dX_dst)·Wᵀ
            return dInput;
        }
        saved.AddProductGradient(graph, Wsrc, H, dXsrc, "dWsrc");              // (39)  dW_src = Hᵀ·dX_src
        saved.AddProductGradient(graph, Wdst, H.Top(n), dXdst, "dWdst");       // (39)  dW_dst = Hᵀ·dX_dst
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dXsrc, Wsrc.Value, dH_prev);              // (37)  dH = dX_src·W_srcᵀ
        Gemm.MultiplyTransposedRight(dXdst, Wdst.Value, dH_prev.Top(n), accumulate: true); // + dX_dst·W_dstᵀ
        return dH_prev;
    }

    private (Matrix dXdst, Matrix dXsrc, Matrix da, Matrix dWedge) TracedBackward(Graph graph, Matrix Xsrc, Matrix dZk, Saved saved)
    {
        var (P, S) = (saved["P"], saved["S"]);
        long edges = graph.Edges;
        int k = graph.LocalHeads(K);
        var dS = saved.Take("dS", edges, k);
        graph.SampledDot(dZk, Xsrc, K, dS);                                    // (19)  δ′·X_srcᵀ, on the edges of A
        saved.DropAttentionAdjoint(graph, dS, options);
        var dL = saved.SoftmaxAdjoint(graph, S, dS, k);                        // (21)  S ⊙ (dS − ⟨S, dS⟩)

        TraceCprime(graph, P, saved);
        var dP = saved.Take("dP", edges, P.Columns);
        var da = saved.Take("da", K, width / K);
        graph.EdgeDotAdjoint(saved["V"], a.Value, dL, da, dP);                 // (30)  da = Σ dL_ij V_ij;  dV = dL_ij·a
        Elementwise.Backward(options.LogitActivation, P, dP, dP);              // (27)(28)  Δ = dV ⊙ σ′_L(P)
        var dWedge = Wedge is null ? default : saved.Take("dWedge", options.EdgeFeatures, width);
        if (Wedge is not null) Gemm.MultiplyTransposedLeft(graph.EdgeFeatures(options.EdgeFeatures), dP, dWedge); // dW_edge = Eᵀ·Δ
        var dXdst = saved.Take("dXdst", dZk.Rows, width);
        var dXscore = saved.Take("dXscore", Xsrc.Rows, width);
        graph.OuterSumAdjoint(dP, K, dXdst, dXscore);                          // (29)  Σ_dst, Σ_src
        saved.Note("SigmaDst", dXdst, before: "dXdst");

        var dXsrc = saved.Take("dXsrc", Xsrc.Rows, width);
        graph.AggregateAdjoint(saved.DroppedAttention(S, options, "SB"), dZk, K, dXsrc); // (37)  Sᵀ·δ′
        saved.Note("dXagg", dXsrc, before: "dXsrc");
        Elementwise.Add(dXsrc, dXscore, dXsrc);                                // (37)  the bracket: Σ_src + Sᵀ·δ′
        return (dXdst, dXsrc, da, dWedge);
    }

    private Scoring Scored(Graph graph, Matrix Xdst, Matrix Xsrc)
    {
        var scoring = Scoring.AdditiveBeforeNonlinearity(Xdst, Xsrc, a.Value, options.Slope);
        return Wedge is null ? scoring : scoring with { Edges = graph.EdgeFeatures(options.EdgeFeatures), EdgeWeights = Wedge.Value };
    }

    // (27) C′ = a ⊙ σ_L′(P): training goes from dL to Δ without it.
    private void TraceCprime(Graph graph, Matrix P, Saved saved)
    {
        var Cprime = saved.Take("Cprime", P.Rows, P.Columns);
        var ones = saved.Take("ones", P.Rows, graph.LocalHeads(K));
        ones.Fill(1);
        graph.EdgeDotAdjoint(P, a.Value, ones, saved.Take("unused", K, width / K), Cprime);
        Elementwise.Backward(options.LogitActivation, P, Cprime, Cprime);
    }

    // With edge features P has the third term X_edge.
    private TraceName[] Edge(TraceName name) => Wedge is null ? [] : [name];

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("Xsrc", "X_src", "X_src", "3", TraceLayout.Heads),
        new("Xdst", "X_dst", "X_dst", "3", TraceLayout.Heads),
        .. Edge(new("Xedge", "X_edge", "X_edge", "E·W_edge", TraceLayout.EdgeHeads)),
        new("P", "P", "X_dst ⊕ X_src", "5, 7", TraceLayout.EdgeHeads),
        new("V", "V", "σ_L(P)", "9", TraceLayout.EdgeHeads),
        new("L", "L", "L", "9", TraceLayout.EdgeScalars),
        new("S", "S", "S", "10", TraceLayout.EdgeScalars),
        new("Zk", "Zk", "Z^{k,l}", "12", TraceLayout.Heads),
        .. JoinNames.Forward(options),
        .. JoinNames.Backward(options, b),
        new("dS", "dS", "∂ℒ/∂S", "19", TraceLayout.EdgeScalars),
        new("dL", "dL", "∂ℒ/∂L", "21", TraceLayout.EdgeScalars),
        new("Cprime", "Cprime", "C′", "27", TraceLayout.EdgeHeads),
        new("dP", "Delta", "Δ", "28", TraceLayout.EdgeHeads),
        new("da", "da", "∂ℒ/∂a", "30"),
        .. Edge(new("dWedge", "dW_edge", "∂ℒ/∂W_edge", "Eᵀ·Δ", TraceLayout.Heads)),
        new("SigmaDst", "Sigma_dst", "Σ_dst", "29", TraceLayout.Heads),
        new("dXdst", "dX_dst", "Σ_dst", "37", TraceLayout.Heads),
        new("dXscore", "Sigma_src", "Σ_src", "29", TraceLayout.Heads),
        new("dXagg", "dX_agg", "Sᵀδ′", "37", TraceLayout.Heads),
        new("dXsrc", "dX_src", "the bracket of 37", "37", TraceLayout.Heads),
        new("dWsrc", "dW_src", "∂ℒ/∂W_src", "39", TraceLayout.Heads),
        new("dWdst", "dW_dst", "∂ℒ/∂W_dst", "39", TraceLayout.Heads),
        new("dH_prev", "dH_prev", "δ^{l−1}", "37"),
    ];
}
