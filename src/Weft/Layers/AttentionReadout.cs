using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// From nodes to graphs, by a learned gate: L_i = ⟨a, H_i⟩, S the softmax of L over the nodes of a graph,
/// H^l_g = Σ_{i ∈ g} S_i H_i. A graph without nodes gets zeros.
/// </summary>
/// <remarks>The gate has no bias: a softmax does not change when every logit does by the same. After Li et al. 2016, Gated graph sequence neural networks.</remarks>
public sealed class AttentionReadout : ILayer
{
    private readonly Parameter a;

    /// <summary>A readout with zero parameters: until they are trained, the mean.</summary>
    /// <param name="inputs">D</param>
    public AttentionReadout(long inputs)
    {
        a = new Parameter("a", inputs, 1, Initializer.Glorot);
        Parameters = [a];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Graphs;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        // The membership graph has one edge a node, in the order of the nodes: rows of L and S are both.
        var members = graph.Members;
        var rows = ReadoutRows.Dense(H);
        var L = saved.Take("L", H.Rows, 1);
        NodeProduct.Multiply(H, a.Value, L);                                   // L = H·a
        Matrix m = saved.Temporary("m", members.BlockRows, 1), s = saved.Temporary("s", members.BlockRows, 1);
        var S = saved.Tracing ? saved.Take("S", H.Rows, 1) : L;
        members.Softmax(L, m, s, S);                                           // S_i = exp(L_i − m_g) / s_g
        var result = saved.Take("H", members.OwnedDestinations, H.Columns);
        members.Aggregate(S, rows, 1, result);                                 // H′_g = Σ_{i∈g} S_i H_i
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var members = graph.Members;
        var H = saved.Input.Dense;
        var S = saved[saved.Tracing ? "S" : "L"];
        var dS = saved.Temporary("dS", H.Rows, 1);
        members.SampledDot(dH, H, 1, dS);                                      // dS_i = ⟨dH′_g, H_i⟩
        var r = saved.Temporary("r", members.BlockRows, 1);
        var dL = saved.Tracing ? saved.Take("dL", H.Rows, 1) : dS;
        members.SoftmaxAdjoint(S, dS, r, dL);                                  // dL_i = S_i (dS_i − r_g), r_g = Σ_{i∈g} S_i dS_i
        saved.AddProductGradient(graph, a, saved.Input, dL, "da");             // da = Hᵀ·dL
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        members.AggregateAdjoint(S, dH, 1, dH_prev);                           // dH_i = S_i dH′_g
        Gemm.MultiplyTransposedRight(dL, a.Value, dH_prev, accumulate: true);  //      + dL_i a
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("L", "L", "L", "H·a"),
        new("S", "S", "S", "exp(L_i − m_g) / s_g"),
        new("H", "H", "H", "Σ_{i∈g} S_i H_i"),
        new("dS", "dS", "∂ℒ/∂S", "⟨dH_g, H_i⟩"),
        new("dL", "dL", "∂ℒ/∂L", "S_i (dS_i − Σ_{j∈g} S_j dS_j)"),
        new("da", "da", "∂ℒ/∂a", "Hᵀ·dL"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "S_i dH_g + dL_i aᵀ"),
    ];
}
