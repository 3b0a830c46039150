using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Graph isomorphism network with edge features: U_i = (1 + ε)·H_i + Σ_{e→i} ReLU(H_j + E_e·W_edge + b_edge), H^l = σ(φ(U·W1 + b1)·W2 + b2).
/// </summary>
/// <remarks>
/// The features are brought to the width of H by a linear map of the layer's own. The messages are formed edge by edge in the sum
/// and again in its adjoint: training holds no row of numbers for each edge. Edge weights do not enter. Sparse features are
/// written out as rows, because a message has no zeros to leave out.
/// </remarks>
public sealed class Gine : ILayer
{
    private readonly Parameter eps, Wedge, bEdge, W1, b1, W2, b2;
    private readonly Activation φ, σ;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="hidden">D_h, width between the two products</param>
    /// <param name="outputs">d</param>
    /// <param name="edgeFeatures">D_e, features of an edge, at least 1</param>
    /// <param name="inner">φ</param>
    /// <param name="activation">σ</param>
    public Gine(long inputs, long hidden, long outputs, long edgeFeatures, Activation inner, Activation activation = default)
    {
        if (edgeFeatures < 1) throw new ArgumentException("gine adds features of the edges to what neighbours send, and the edges have none; use gin, or give the edges features", nameof(edgeFeatures));
        (φ, σ) = (inner, activation);
        eps = new Parameter("eps", 1, 1, Initializer.Zero);
        Wedge = new Parameter("W_edge", edgeFeatures, inputs, Initializer.Glorot);
        bEdge = new Parameter("b_edge", 1, inputs, Initializer.Zero);
        W1 = new Parameter("W1", inputs, hidden, Initializer.Glorot);
        b1 = new Parameter("b1", 1, hidden, Initializer.Zero);
        W2 = new Parameter("W2", hidden, outputs, Initializer.Glorot);
        b2 = new Parameter("b2", 1, outputs, Initializer.Zero);
        Parameters = [eps, Wedge, bEdge, W1, b1, W2, b2];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public long Outputs(long inputs) => W2.Value.Columns;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations;
        Real one = 1 + eps.Value[0, 0];
        var E = graph.EdgeFeatures(Wedge.Value.Rows);
        var X = Rows(H, saved);
        if (saved.Tracing) TraceMessages(graph, X, E, saved);
        var AH = saved.Take("AH", n, H.Columns);
        if (saved.Tracing) graph.OuterSumAdjoint(saved["V"], 1, AH, saved.Take("bySource", X.Rows, X.Columns)); // AH_i = Σ_{e→i} V_e; the sums by source are not used
        else graph.AggregateRectified(X, Wedge.Value, bEdge.Value, AH);        // AH_i = Σ_e ReLU(H_j + E_e·W_edge + b_edge)
        var U = saved.Take("U", n, H.Columns);
        Elementwise.AddScaled(AH, one, X.Top(n), U);                           // U = (1 + ε)·H + AH
        var Z1 = saved.TakeArgument(φ, n, W1.Value.Columns, "Z1", "T");
        var T = saved.ProductOutput(φ, b1, U, W1.Value, Z1, value: "T");       // Z1 = U·W1 + b1, T = φ(Z1)
        var Z = saved.TakeArgument(σ, n, W2.Value.Columns);
        return saved.ProductOutput(σ, b2, T, W2.Value, Z);                     // Z = T·W2 + b2, H′ = σ(Z)
    }

    // Edge by edge, everything kept: what the fused pass must equal.
    private void TraceMessages(Graph graph, Matrix X, Matrix E, Saved saved)
    {
        var none = saved.Take("none", graph.OwnedDestinations, X.Columns);
        none.Clear();
        var P = saved.Take("P", graph.Edges, X.Columns);
        graph.OuterSum(none, X, 1, P);                                         // P_e = H_j
        Gemm.Multiply(E, Wedge.Value, P, accumulate: true);                    //     + E_e·W_edge
        Elementwise.AddBias(P, bEdge.Value, P);                                //     + b_edge
        var V = saved.Take("V", graph.Edges, X.Columns);
        Elementwise.Forward(Activation.Relu, P, V);                            // V = ReLU(P)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        var X = H.IsSparse ? saved["X"] : H.Dense;
        var T = saved.ValueOf(φ, "Z1", "T");
        long n = graph.OwnedDestinations;

        var dZ = saved.OutputAdjoint(graph, σ, b2, dH, nameOfBias: "db2");     // dZ = dH ⊙ σ′(Z), db2 = Σ_i dZ_i
        saved.AddProductGradient(graph, W2, T, dZ, "dW2");                     // dW2 = Tᵀ·dZ
        var dT = saved.Temporary("dT", n, T.Columns);
        Gemm.MultiplyTransposedRight(dZ, W2.Value, dT);                        // dT = dZ·W2ᵀ
        var dZ1 = saved.OutputAdjoint(graph, φ, b1, dT, "Z1", "T", "dZ1", "db1"); // dZ1 = dT ⊙ φ′(Z1), db1 = Σ_i dZ1_i
        saved.AddProductGradient(graph, W1, saved["U"], dZ1, "dW1");           // dW1 = Uᵀ·dZ1
        var dU = saved.Temporary("dU", n, H.Columns);
        Gemm.MultiplyTransposedRight(dZ1, W1.Value, dU);                       // dU = dZ1·W1ᵀ
        saved.AddDotGradient(graph, eps, dU, X.Top(n), "deps");                // dε = ⟨dU, H⟩

        if (saved.Tracing) TraceMessagesAdjoint(graph, dU, saved);
        var (dWedge, dbEdge) = (saved.Temporary("dWedge", Wedge.Value.Rows, H.Columns), saved.Temporary("dbEdge", 1, H.Columns));
        var dX = saved.NeedsInputGradient || saved.Tracing ? saved.Take("dH_prev", H.Rows, H.Columns) : default;
        if (saved.Tracing) TracedAdjoint(graph, saved["dP"], saved, dX, dWedge, dbEdge);
        else graph.AggregateRectifiedAdjoint(X, Wedge.Value, bEdge.Value, dU, dX, dWedge, dbEdge); // dH_j = Σ dP_e, dW_edge = Eᵀ·dP, db_edge = Σ dP_e
        saved.AddGradient(graph, Wedge, dWedge);
        saved.AddGradient(graph, bEdge, dbEdge);
        if (!saved.NeedsInputGradient) return default;
        Elementwise.AddScaled(dX.Top(n), 1 + eps.Value[0, 0], dU, dX.Top(n));  //      + (1 + ε)·dU
        return dX;
    }

    private static void TraceMessagesAdjoint(Graph graph, Matrix dU, Saved saved)
    {
        var nothing = saved.Take("nothing", graph.OwnedSources, dU.Columns);
        nothing.Clear();
        var dP = saved.Take("dP", graph.Edges, dU.Columns);
        graph.OuterSum(dU, nothing, 1, dP);                                    // dV_e = dU_i
        Elementwise.Backward(Activation.Relu, saved["P"], dP, dP);             // dP = dV ⊙ ReLU′(P)
    }

    private void TracedAdjoint(Graph graph, Matrix dP, Saved saved, Matrix dX, Matrix dWedge, Matrix dbEdge)
    {
        Gemm.MultiplyTransposedLeft(graph.EdgeFeatures(Wedge.Value.Rows), dP, dWedge); // dW_edge = Eᵀ·dP
        Elementwise.ColumnSums(dP, dbEdge);                                    // db_edge = Σ_e dP_e
        graph.OuterSumAdjoint(dP, 1, saved.Take("byDestination", graph.OwnedDestinations, dP.Columns), dX); // dH_j = Σ_{e: src(e)=j} dP_e
    }

    private static Matrix Rows(NodeMatrix H, Saved saved)
    {
        if (H.Sparse is not { } sparse) return H.Dense;
        var X = saved.Constant("X", H.Rows, H.Columns, out bool stale);
        if (!stale) return X;
        X.Clear();
        for (long i = 0; i < X.Rows; i++)
        {
            var columns = sparse.IndicesOfRow(i);
            var values = sparse.ValuesOfRow(i);
            var row = X.Row(i);
            for (int q = 0; q < columns.Length; q++) row[columns[q]] += values[q];
        }
        return X;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("P", "P", "P", "H_src + E·W_edge + b_edge", TraceLayout.EdgeHeads),
        new("V", "V", "ReLU(P)", "what neighbours send", TraceLayout.EdgeHeads),
        new("AH", "AH", "Σ ReLU(P)", "sum of V over in-edges"),
        new("U", "U", "U", "(1 + ε)·H + AH"),
        new("Z1", "Z1", "Z1", "U·W1 + b1"),
        new("T", "T", "T", "φ(Z1)"),
        new("Z", "Z", "Z", "T·W2 + b2"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("db2", "db2", "∂ℒ/∂b2", "Σ dZ", TraceLayout.Vector),
        new("dW2", "dW2", "∂ℒ/∂W2", "Tᵀ·dZ"),
        new("dT", "dT", "∂ℒ/∂T", "dZ·W2ᵀ"),
        new("dZ1", "dZ1", "∂ℒ/∂Z1", "dT ⊙ φ′(Z1)"),
        new("db1", "db1", "∂ℒ/∂b1", "Σ dZ1", TraceLayout.Vector),
        new("dW1", "dW1", "∂ℒ/∂W1", "Uᵀ·dZ1"),
        new("dU", "dU", "∂ℒ/∂U", "dZ1·W1ᵀ"),
        new("deps", "deps", "∂ℒ/∂ε", "⟨dU, H⟩", TraceLayout.Vector),
        new("dP", "dP", "∂ℒ/∂P", "dU_dst ⊙ ReLU′(P)", TraceLayout.EdgeHeads),
        new("dWedge", "dW_edge", "∂ℒ/∂W_edge", "Eᵀ·dP"),
        new("dbEdge", "db_edge", "∂ℒ/∂b_edge", "Σ dP", TraceLayout.Vector),
        new("dH_prev", "dH_prev", "δ^{l−1}", "(1 + ε)·dU + Σ dP by source"),
    ];
}
