using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>H^l = σ(H^{l−1}): an activation as a layer of its own.</summary>
/// <param name="activation">σ</param>
public sealed class Pointwise(Activation activation) : ILayer
{
    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (H.IsSparse) throw new ArgumentException("an activation takes dense rows; put a layer with weights before it");
        var result = saved.Take("H", H.Rows, H.Columns);
        Elementwise.Forward(activation, H.Dense, result);                      // H′ = σ(H)
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", dH.Rows, dH.Columns);
        Elementwise.Backward(activation, saved.Input.Dense, dH, dH_prev);      // dH = dH′ ⊙ σ′(H)
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names => [new("H", "H", "H", "σ(H)"), new("dH_prev", "dH_prev", "δ^{l−1}", "dH ⊙ σ′(H)")];
}
