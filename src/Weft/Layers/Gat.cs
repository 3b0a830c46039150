using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Graph attention (GATv1): every node takes the mean of its in-neighbours' X = H·W, weighted by
/// S = softmax of σ_L(⟨a_dst, X_dst⟩ + ⟨a_src, X_src⟩). With edge features (<see cref="AttentionOptions.EdgeFeatures"/>) the sum has the
/// third term ⟨a_edge, E_e·W_edge⟩.
/// </summary>
/// <remarks>
/// Equation numbers are those of Gould and Parhi, read with the corrections of docs/equations.md. Edge weights do not enter: A
/// is a mask. Heads lie side by side in the columns: W is [D, K·d], a_src and a_dst are [K, d]. W_edge and a_edge meet before an edge
/// does: U = W_edge·a_edge is [D_e, K], and the term of an edge is E_e·U.
/// </remarks>
public sealed class Gat : ILayer
{
    private readonly Parameter W, aSrc, aDst;
    private readonly Parameter? Wedge, aEdge, b;
    private readonly AttentionOptions options;
    private readonly int K;
    private readonly long width;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d, per head</param>
    /// <param name="options">Heads and the rest.</param>
    public Gat(long inputs, long outputs, AttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (this.options, K, width) = (options, options.Heads, options.Heads * outputs);
        W = new Parameter("W", inputs, width, Initializer.Glorot, inputs, outputs);
        aSrc = new Parameter("a_src", K, outputs, Initializer.Glorot, outputs, 1);
        aDst = new Parameter("a_dst", K, outputs, Initializer.Glorot, outputs, 1);
        if (options.EdgeFeatures > 0)
        {
            Wedge = new Parameter("W_edge", options.EdgeFeatures, width, Initializer.Glorot, options.EdgeFeatures, outputs);
            aEdge = new Parameter("a_edge", K, outputs, Initializer.Glorot, outputs, 1);
        }
        b = options.Bias ? new Parameter("b", 1, options.Concatenate ? width : outputs, Initializer.Zero) : null;
        Parameters = [W, aSrc, aDst, .. Wedge is null ? Array.Empty<Parameter>() : [Wedge, aEdge!], .. b is null ? Array.Empty<Parameter>() : [b]];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public int Heads => K;

    /// <inheritdoc/>
    public long Outputs(long inputs) => options.Concatenate ? width : width / K;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations;
        var X = saved.Take("X", H.Rows, width);
        NodeProduct.Multiply(H, W.Value, X);                                   // (2)   X = H·W

        var cDst = saved.Take("cDst", n, K);
        var cSrc = saved.Take("cSrc", H.Rows, K);
        HeadDot.Multiply(X, aDst.Value, cDst, aSrc.Value, cSrc);               // (4)   c_dst = X·a_dst, c_src = X·a_src

        Matrix Zk;
        if (saved.Tracing) Zk = TracedForward(graph, X, cDst, cSrc, saved);
        else
        {
            Zk = saved.Take("Zk", n, width);
            var state = saved.Take("state", n, 2 * K);
            graph.Attend(Scored(graph, cDst, cSrc, saved), X, K, saved.EdgeDropout(options), saved.Gathered, Zk, state); // (6)–(11)  Z = softmax(σ_L(c_dst ⊕ c_src))·X
        }
        return saved.JoinHeads(Zk, b, options);                                // (13)  H′ = σ(Z)
    }

    // Edge by edge, everything kept: what the fused pass must equal.
    private Matrix TracedForward(Graph graph, Matrix X, Matrix cDst, Matrix cSrc, Saved saved)
    {
        long edges = graph.Edges;
        int k = graph.LocalHeads(K);
        var cEdge = Wedge is null ? default : TraceEdges(graph, edges, saved);
        var P = saved.Take("P", edges, k);
        graph.OuterSum(cDst, cSrc, K, P);                                      // (6)   P = c_dst ⊕ c_src
        if (Wedge is not null) Elementwise.Add(P, cEdge, P);                   //       + c_edge
        var L = saved.Take("L", edges, k);
        Elementwise.Forward(options.LogitActivation, P, L);                    // (8)   L = σ_L(P), on the edges of A
        var S = saved.Softmax(graph, L, k);                                    // (10)  S_i = σ_S(L_i)
        var Zk = saved.Take("Zk", cDst.Rows, width);
        graph.Aggregate(saved.DropAttention(graph, S, options, "SB"), X, K, Zk); // (11)  Z = S·X
        return Zk;
    }

    private Matrix TraceEdges(Graph graph, long edges, Saved saved)
    {
        var Xedge = saved.Take("Xedge", edges, width);
        Gemm.Multiply(graph.EdgeFeatures(options.EdgeFeatures), Wedge!.Value, Xedge); //  X_edge = E·W_edge
        var cEdge = saved.Take("cEdge", edges, K);
        graph.EdgeDot(Xedge, aEdge!.Value, cEdge);                             //       c_edge = X_edge·a_edge
        return cEdge;
    }

    private Scoring Scored(Graph graph, Matrix cDst, Matrix cSrc, Saved saved)
    {
        var scoring = Scoring.Additive(cDst, cSrc, options.Slope);
        if (Wedge is null) return scoring;
        var U = saved.Take("U", options.EdgeFeatures, K);
        HeadDot.Multiply(Wedge.Value, aEdge!.Value, U);                        //       U = W_edge·a_edge
        return scoring with { Edges = graph.EdgeFeatures(options.EdgeFeatures), EdgeWeights = U };
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        var X = saved["X"];
        long n = graph.OwnedDestinations;
        var dZk = saved.JoinHeadsAdjoint(graph, dH, b, options, out _);        // (15)  δ′ = σ′(Z) ⊙ δ

        Matrix dX, dcDst, dcSrc, dWedge = default, daEdge = default;
        if (saved.Tracing) (dX, dcDst, dcSrc, dWedge, daEdge) = TracedBackward(graph, X, dZk, saved);
        else
        {
            var Zk = saved["Zk"];
            dcDst = saved.Temporary("dcDst", n, K);
            dcSrc = saved.Temporary("dcSrc", H.Rows, K);
            dX = saved.OverZk(options, b, "dX", H.Rows);
            var dU = Wedge is null ? default : saved.Temporary("dU", options.EdgeFeatures, K);
            graph.AttendAdjoint(Scored(graph, saved["cDst"], saved["cSrc"], saved), X, K, saved.EdgeDropout(options), saved.Gathered, Zk, saved["state"], dZk, // (19)–(25), (32)
                saved.Temporary("terms", n, RowTerms.Count * K), saved.Coefficients(graph, options), new(dcDst, dcSrc, default, dU), dX);
            if (Wedge is not null)
            {
                daEdge = saved.Temporary("daEdge", K, width / K);
                HeadDot.AdjointA(Wedge.Value, dU, daEdge);                     //       da_edge = W_edgeᵀ·dU, dU = Eᵀ·Δ
                dWedge = saved.Temporary("dWedge", options.EdgeFeatures, width);
                HeadDot.AdjointX(dU, aEdge!.Value, dWedge);                    //       dW_edge = dU·a_edgeᵀ
            }
        }
        var daDst = saved.TemporarySums(graph, "daDst", K, width / K);
        var daSrc = saved.TemporarySums(graph, "daSrc", K, width / K);
        for (int run = 0; run < graph.Runs; run++)
            HeadDot.AdjointA(graph.Run(X, run), graph.Run(dcDst, run), LayerSteps.Sum(daDst, graph, run), graph.Run(dcSrc, run), LayerSteps.Sum(daSrc, graph, run)); // (26)  da_dst = Xᵀ·Σ_dst, da_src = Xᵀ·Σ_src
        saved.AddGradient(graph, aDst, daDst);
        saved.AddGradient(graph, aSrc, daSrc);
        if (Wedge is not null)
        {
            saved.AddGradient(graph, aEdge!, daEdge);
            saved.AddGradient(graph, Wedge, dWedge);
        }

        HeadDot.AddAdjointX(dcDst, aDst.Value, dcSrc, aSrc.Value, dX);         // (32)  the bracket:  Sᵀ·δ′ + Σ_dst·a_dstᵀ + Σ_src·a_srcᵀ
        saved.AddProductGradient(graph, W, H, dX, "dW");                       // (35)  dW = Hᵀ·dX
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dX, W.Value, dH_prev);                    // (32)  dH = dX·Wᵀ
        return dH_prev;
    }

    private (Matrix dX, Matrix dcDst, Matrix dcSrc, Matrix dWedge, Matrix daEdge) TracedBackward(Graph graph, Matrix X, Matrix dZk, Saved saved)
    {
        var (P, S) = (saved["P"], saved["S"]);
        long edges = graph.Edges;
        int k = graph.LocalHeads(K);
        var dS = saved.Take("dS", edges, k);
        graph.SampledDot(dZk, X, K, dS);                                       // (19)  δ′·Xᵀ, on the edges of A
        saved.DropAttentionAdjoint(graph, dS, options);
        var dL = saved.SoftmaxAdjoint(graph, S, dS, k);                        // (21)  S ⊙ (dS − ⟨S, dS⟩)
        Elementwise.Derivative(options.LogitActivation, P, saved.Take("Cprime", edges, k)); // (23) C′
        var dP = saved.Take("dP", edges, k);
        Elementwise.Backward(options.LogitActivation, P, dL, dP);              // (24)  Δ = C′ ⊙ dL
        Matrix dWedge = default, daEdge = default;
        if (Wedge is not null)
        {
            daEdge = saved.Take("daEdge", K, width / K);
            var dXedge = saved.Take("dXedge", edges, width);
            graph.EdgeDotAdjoint(saved["Xedge"], aEdge!.Value, dP, daEdge, dXedge); //   da_edge = Σ Δ_e X_edge,e;  dX_edge = Δ_e·a_edge
            dWedge = saved.Take("dWedge", options.EdgeFeatures, width);
            Gemm.MultiplyTransposedLeft(graph.EdgeFeatures(options.EdgeFeatures), dXedge, dWedge); // dW_edge = Eᵀ·dX_edge
        }
        var dcDst = saved.Take("dcDst", dZk.Rows, K);
        var dcSrc = saved.Take("dcSrc", X.Rows, K);
        graph.OuterSumAdjoint(dP, K, dcDst, dcSrc);                            // (25)  Σ_dst, Σ_src
        var dX = saved.Take("dX", X.Rows, width);
        graph.AggregateAdjoint(saved.DroppedAttention(S, options, "SB"), dZk, K, dX); // (32)  Sᵀ·δ′
        saved.Note("dXagg", dX, before: "dX");
        return (dX, dcDst, dcSrc, dWedge, daEdge);
    }

    // With edge features P has the third term c_edge.
    private TraceName[] Edge(params TraceName[] names) => Wedge is null ? [] : names;

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("X", "X", "X", "2", TraceLayout.Heads),
        new("cDst", "c_dst", "c_dst", "4", TraceLayout.HeadScalars),
        new("cSrc", "c_src", "c_src", "4", TraceLayout.HeadScalars),
        .. Edge(new("Xedge", "X_edge", "X_edge", "E·W_edge", TraceLayout.EdgeHeads), new("cEdge", "c_edge", "c_edge", "⟨a_edge, X_edge⟩", TraceLayout.EdgeScalars)),
        new("P", "P", "c_dst ⊕ c_src", "6", TraceLayout.EdgeScalars),
        new("L", "L", "L", "8", TraceLayout.EdgeScalars),
        new("S", "S", "S", "10", TraceLayout.EdgeScalars),
        new("Zk", "Zk", "Z^{k,l}", "11", TraceLayout.Heads),
        .. JoinNames.Forward(options),
        .. JoinNames.Backward(options, b),
        new("dS", "dS", "∂ℒ/∂S", "19", TraceLayout.EdgeScalars),
        new("dL", "dL", "∂ℒ/∂L", "21", TraceLayout.EdgeScalars),
        new("Cprime", "Cprime", "C′", "23", TraceLayout.EdgeScalars),
        new("dP", "Delta", "Δ", "24", TraceLayout.EdgeScalars),
        .. Edge(new("daEdge", "da_edge", "∂ℒ/∂a_edge", "Σ Δ·X_edge"), new("dXedge", "dX_edge", "∂ℒ/∂X_edge", "Δ·a_edge", TraceLayout.EdgeHeads), new("dWedge", "dW_edge", "∂ℒ/∂W_edge", "Eᵀ·dX_edge", TraceLayout.Heads)),
        new("dcDst", "Sigma_dst", "Σ_dst", "25", TraceLayout.HeadScalars),
        new("dcSrc", "Sigma_src", "Σ_src", "25", TraceLayout.HeadScalars),
        new("dXagg", "dX_agg", "Sᵀδ′", "32", TraceLayout.Heads),
        new("dX", "dX", "the bracket of 32", "32", TraceLayout.Heads),
        new("daDst", "da_dst", "∂ℒ/∂a_dst", "26"),
        new("daSrc", "da_src", "∂ℒ/∂a_src", "26"),
        new("dW", "dW", "∂ℒ/∂W", "35", TraceLayout.Heads),
        new("dH_prev", "dH_prev", "δ^{l−1}", "32"),
    ];
}
