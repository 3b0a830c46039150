using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// Self-attention: Q = H·W_Q, K = H·W_K, V = H·W_V, L = τ·Q·Kᵀ, S = softmax(L), Z = S·V, on the edges of the graph or, dense,
/// between all pairs of nodes.
/// </summary>
/// <remarks>
/// The query belongs to the destination, key and value to the source. Section 7 of the mathematics, which fills the empty section
/// 4.2 of Blakely, Lanchantin and Qi. The dense form works through tiles of rows: nothing of size N × N is ever held.
/// </remarks>
public sealed class SelfAttention : ILayer
{
    private readonly Parameter WQ, WK, WV;
    private readonly Parameter? b, Wskip;
    private readonly AttentionOptions options;
    private readonly int K;
    private readonly long width;
    private readonly double τ;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="outputs">d, per head</param>
    /// <param name="options">Heads and the rest; the slope is not used.</param>
    /// <param name="scale">τ; 0 stands for 1/√d.</param>
    /// <param name="dense">True for all pairs of nodes instead of the edges.</param>
    /// <param name="residual">True to add H·W_skip to the output before σ.</param>
    /// <exception cref="ArgumentException">Attention dropout was asked for in the dense form, whose coefficients have no edges to be numbered by.</exception>
    public SelfAttention(long inputs, long outputs, AttentionOptions options, double scale = 0, bool dense = false, bool residual = false)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (dense && options.AttentionDropout > 0) throw new ArgumentException("dense self-attention has no attention dropout; use the form on the edges of a graph");
        (this.options, K, width, Dense) = (options, options.Heads, options.Heads * outputs, dense);
        τ = scale == 0 ? 1 / Math.Sqrt(outputs) : scale;
        WQ = new Parameter("W_Q", inputs, width, Initializer.Glorot, inputs, outputs);
        WK = new Parameter("W_K", inputs, width, Initializer.Glorot, inputs, outputs);
        WV = new Parameter("W_V", inputs, width, Initializer.Glorot, inputs, outputs);
        long joined = options.Concatenate ? width : outputs;
        b = options.Bias ? new Parameter("b", 1, joined, Initializer.Zero) : null;
        Wskip = residual ? new Parameter("W_skip", inputs, joined, Initializer.Glorot) : null;
        Parameters = [WQ, WK, WV, .. b is null ? Array.Empty<Parameter>() : [b], .. Wskip is null ? Array.Empty<Parameter>() : [Wskip]];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>True where every node attends to every node.</summary>
    public bool Dense { get; }

    /// <inheritdoc/>
    public int Heads => K;

    /// <inheritdoc/>
    public long Outputs(long inputs) => options.Concatenate ? width : width / K;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations;
        int k = graph.LocalHeads(K);
        var Qm = saved.Take("Qm", n, width);
        var Km = saved.Take("Km", H.Rows, width);
        var Vm = saved.Take("Vm", H.Rows, width);
        NodeProduct.Multiply(H.Top(n), WQ.Value, Qm);                          // Q = H·W_Q
        NodeProduct.Multiply(H, WK.Value, Km);                                 // K = H·W_K
        NodeProduct.Multiply(H, WV.Value, Vm);                                 // V = H·W_V

        Matrix Zk;
        if (Dense)
        {
            var (L, S) = saved.Tracing ? (saved.Take("L", n, K * n), saved.Take("S", n, K * n)) : default;
            Zk = saved.Take("Zk", n, width);
            var m = saved.Take("m", graph.AllBlockRows, k);
            var s = saved.Take("s", graph.AllBlockRows, k);
            graph.AttendAll(Qm, Km, Vm, K, τ, saved.Gathered, m, s, Zk);                       // Z = softmax(τ·Q·Kᵀ)·V, in tiles
            if (saved.Tracing) TracePairs(Qm, Km, m, s, L, S);
        }
        else if (saved.Tracing) Zk = TracedForward(graph, Qm, Km, Vm, saved);
        else
        {
            Zk = saved.Take("Zk", n, width);
            graph.Attend(Scoring.DotProduct(Qm, Km, τ), Vm, K, saved.EdgeDropout(options), saved.Gathered, Zk, saved.Take("state", n, 2 * K)); // Z = softmax(τ·Q·Kᵀ)·V, on the edges of A
        }
        return saved.JoinHeads(Zk, b, options, Wskip, H.Top(n));               // H′ = σ(Z + b + H·W_skip)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        var (Qm, Km, Vm) = (saved["Qm"], saved["Km"], saved["Vm"]);
        long n = graph.OwnedDestinations;
        var dZk = saved.JoinHeadsAdjoint(graph, dH, b, options, out var dZ, Wskip, H.Top(n)); // dZ = dH ⊙ σ′(Z)

        Matrix dQm, dKm, dVm;
        if (Dense)
        {
            if (saved.Tracing) TracePairsAdjoint(dZk, Vm, saved);
            (dQm, dKm, dVm) = (saved.Temporary("dQm", n, width), saved.Temporary("dKm", H.Rows, width), saved.Temporary("dVm", H.Rows, width));
            var r = saved.Temporary("r", n, K);
            graph.AttendAllAdjoint(Qm, Km, Vm, K, τ, saved.Gathered, saved["m"], saved["s"], r, saved["Zk"], dZk, dQm, dKm, dVm);
        }
        else if (saved.Tracing) (dQm, dKm, dVm) = TracedBackward(graph, Qm, Km, Vm, dZk, saved);
        else
        {
            var Zk = saved["Zk"];
            (dQm, dKm, dVm) = (saved.OverZk(options, b, "dQm", n, Wskip), saved.Over("Km", "dKm", H.Rows, width), saved.Over("Vm", "dVm", H.Rows, width));
            graph.AttendAdjoint(Scoring.DotProduct(Qm, Km, τ), Vm, K, saved.EdgeDropout(options), saved.Gathered, Zk, saved["state"], dZk,
                saved.Temporary("terms", n, RowTerms.Count * K), saved.Coefficients(graph, options), new(dQm, dKm, default), dVm);
        }
        saved.AddProductGradient(graph, WQ, H.Top(n), dQm, "dWQ");             // dW_Q = Hᵀ·dQ
        saved.AddProductGradient(graph, WK, H, dKm, "dWK");                    // dW_K = Hᵀ·dK
        saved.AddProductGradient(graph, WV, H, dVm, "dWV");                    // dW_V = Hᵀ·dV
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dKm, WK.Value, dH_prev);                  // dH = dK·W_Kᵀ
        Gemm.MultiplyTransposedRight(dVm, WV.Value, dH_prev, accumulate: true); //   + dV·W_Vᵀ
        Gemm.MultiplyTransposedRight(dQm, WQ.Value, dH_prev.Top(n), accumulate: true); // + dQ·W_Qᵀ
        if (Wskip is not null) Gemm.MultiplyTransposedRight(dZ, Wskip.Value, dH_prev.Top(n), accumulate: true); // + dZ·W_skipᵀ
        return dH_prev;
    }

    // Edge by edge, everything kept: what the fused pass must equal.
    private Matrix TracedForward(Graph graph, Matrix Qm, Matrix Km, Matrix Vm, Saved saved)
    {
        int k = graph.LocalHeads(K);
        var L = saved.Take("L", graph.Edges, k);
        graph.SampledDot(Qm, Km, K, L, τ);                                     // L = τ·Q·Kᵀ, on the edges of A
        var S = saved.Softmax(graph, L, k);                                    // S_i = softmax(L_i)
        var Zk = saved.Take("Zk", Qm.Rows, width);
        graph.Aggregate(saved.DropAttention(graph, S, options, "SB"), Vm, K, Zk); // Z = S·V
        return Zk;
    }

    private (Matrix dQm, Matrix dKm, Matrix dVm) TracedBackward(Graph graph, Matrix Qm, Matrix Km, Matrix Vm, Matrix dZk, Saved saved)
    {
        var S = saved["S"];
        int k = graph.LocalHeads(K);
        var dS = saved.Take("dS", graph.Edges, k);
        graph.SampledDot(dZk, Vm, K, dS);                                      // dS = dZ·Vᵀ, on the edges of A
        saved.DropAttentionAdjoint(graph, dS, options);
        var dL = saved.SoftmaxAdjoint(graph, S, dS, k);                        // dL = S ⊙ (dS − ⟨S, dS⟩)
        var (dQm, dKm, dVm) = (saved.Take("dQm", Qm.Rows, width), saved.Take("dKm", Km.Rows, width), saved.Take("dVm", Vm.Rows, width));
        graph.AggregateAdjoint(saved.DroppedAttention(S, options, "SB"), dZk, K, dVm); // dV = Sᵀ·dZ
        graph.Aggregate(dL, Km, K, dQm);                                       // dQ = τ·dL·K
        graph.AggregateAdjoint(dL, Qm, K, dKm);                                // dK = τ·dLᵀ·Q
        Elementwise.Scale(dQm, (Real)τ, dQm);
        Elementwise.Scale(dKm, (Real)τ, dKm);
        return (dQm, dKm, dVm);
    }

    // The N × N matrices of the dense form, which training never holds: written out for the trace alone.
    private void TracePairs(Matrix Qm, Matrix Km, Matrix m, Matrix s, Matrix L, Matrix S)
    {
        for (int h = 0; h < K; h++)
        {
            Gemm.MultiplyTransposedRight(Head(Qm, h), Head(Km, h), Head(L, h));
            Elementwise.Scale(Head(L, h), (Real)τ, Head(L, h));
            DenseAttention.Coefficients(Head(L, h), Head(m, h), Head(s, h), Head(S, h));
        }
    }

    private void TracePairsAdjoint(Matrix dZk, Matrix Vm, Saved saved)
    {
        var S = saved["S"];
        var (dS, dL) = (saved.Take("dS", S.Rows, S.Columns), saved.Take("dL", S.Rows, S.Columns));
        for (int h = 0; h < K; h++)
        {
            Gemm.MultiplyTransposedRight(Head(dZk, h), Head(Vm, h), Head(dS, h));
            DenseAttention.SoftmaxAdjoint(Head(S, h), Head(dS, h), Head(dL, h));
        }
    }

    private Matrix Head(Matrix X, int head) => X.ColumnRange(head * (X.Columns / K), X.Columns / K);

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("Qm", "Qm", "Q", "H·W_Q", TraceLayout.Heads),
        new("Km", "Km", "K", "H·W_K", TraceLayout.Heads),
        new("Vm", "Vm", "V", "H·W_V", TraceLayout.Heads),
        new("L", "L", "L", "τ·Q·Kᵀ", Dense ? TraceLayout.Pairs : TraceLayout.EdgeScalars),
        new("S", "S", "S", "softmax(L)", Dense ? TraceLayout.Pairs : TraceLayout.EdgeScalars),
        new("Zk", "Zk", "Z^k", "S·V", TraceLayout.Heads),
        .. JoinNames.Forward(options),
        .. JoinNames.Backward(options, b, Wskip),
        new("dS", "dS", "∂ℒ/∂S", "dZ·Vᵀ", Dense ? TraceLayout.Pairs : TraceLayout.EdgeScalars),
        new("dL", "dL", "∂ℒ/∂L", "S ⊙ (dS − r)", Dense ? TraceLayout.Pairs : TraceLayout.EdgeScalars),
        new("dQm", "dQm", "∂ℒ/∂Q", "τ·dL·K", TraceLayout.Heads),
        new("dKm", "dKm", "∂ℒ/∂K", "τ·dLᵀ·Q", TraceLayout.Heads),
        new("dVm", "dVm", "∂ℒ/∂V", "Sᵀ·dZ", TraceLayout.Heads),
        new("dWQ", "dW_Q", "∂ℒ/∂W_Q", "Hᵀ·dQ", TraceLayout.Heads),
        new("dWK", "dW_K", "∂ℒ/∂W_K", "Hᵀ·dK", TraceLayout.Heads),
        new("dWV", "dW_V", "∂ℒ/∂W_V", "Hᵀ·dV", TraceLayout.Heads),
        new("dH_prev", "dH_prev", "δ^{l−1}", "Σ_k dQ·W_Qᵀ + dK·W_Kᵀ + dV·W_Vᵀ"),
    ];
}
