using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>A leaky ReLU whose slope is learned: H^l = H where H &gt; 0, else a·H, with one a for the layer.</summary>
/// <remarks>He et al. 2015. a starts at 1/4, and weight decay leaves it alone.</remarks>
public sealed class Prelu : ILayer
{
    private readonly Parameter a = new("a", 1, 1, Initializer.Quarter);

    /// <summary>A layer with slope 1/4 once it is initialised.</summary>
    public Prelu() => Parameters = [a];

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    private Activation Function => Activation.LeakyRelu(a.Value[0, 0]);

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (H.IsSparse) throw new ArgumentException("an activation takes dense rows; put a layer with weights before it");
        var result = saved.Take("H", H.Rows, H.Columns);
        Elementwise.Forward(Function, H.Dense, result);                        // H′ = H where H > 0, else a·H
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input.Dense;
        var negative = saved.Temporary("negative", H.Rows, H.Columns);
        Elementwise.Forward(Activation.Relu, H, negative);
        Elementwise.Subtract(H, negative, negative);                           // min(H, 0)
        saved.AddDotGradient(graph, a, dH, negative, "da");                    // da = ⟨dH, min(H, 0)⟩
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", dH.Rows, dH.Columns);
        Elementwise.Backward(Function, H, dH, dH_prev);                        // dH where H > 0, else a·dH
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("H", "H", "H", "H where H > 0, else a·H"),
        new("da", "da", "∂ℒ/∂a", "⟨dH, min(H, 0)⟩", TraceLayout.Vector),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dH where H > 0, else a·dH"),
    ];
}
