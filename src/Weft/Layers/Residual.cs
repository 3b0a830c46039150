using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>A residual connection: H^l = H + J, or H + J·W where the widths differ, with J the output of an earlier layer.</summary>
/// <remarks>He et al. 2016; for graphs Kipf and Welling 2017, appendix B. Under sampled blocks J has more rows, of which the first are H's nodes.</remarks>
public sealed class Residual : ILayer
{
    private readonly Parameter? W;

    /// <summary>A layer that adds an earlier output to its input.</summary>
    /// <param name="outputs">d, columns of input and output.</param>
    /// <param name="from">Number of the earlier layer in the model's list; −1 for the model's input.</param>
    /// <param name="width">Columns of its output, D.</param>
    /// <param name="project">True for a learned W even where D = d.</param>
    public Residual(long outputs, int from, long width, bool project = false)
    {
        W = project || width != outputs ? new Parameter("W", width, outputs, Initializer.Glorot) : null;
        Parameters = W is null ? [] : [W];
        Joins = [from];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public IReadOnlyList<int> Joins { get; }

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (H.IsSparse) throw new ArgumentException("a residual connection takes dense rows; put a layer with weights before it");
        var J = saved.Joined[0].Top(H.Rows);
        var result = saved.Take("H", H.Rows, H.Columns);
        if (W is null)
        {
            if (J.IsSparse) throw new ArgumentException("a residual connection to sparse features needs a projection");
            Elementwise.Add(H.Dense, J.Dense, result);                         // H′ = H + J
            return result;
        }
        H.Dense.CopyTo(result);
        NodeProduct.Multiply(J, W.Value, result, accumulate: true);            // H′ = H + J·W
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var J = saved.Joined[0].Top(dH.Rows);
        if (W is null) saved.GiveBack(0, dH);                                  // dJ = dH
        else
        {
            saved.AddProductGradient(graph, W, J, dH, "dW");                   // dW = Jᵀ·dH
            if (saved.NeedsJoinedGradient(0))
            {
                var dJ = saved.JoinedGradient(0);
                Gemm.MultiplyTransposedRight(dH, W.Value, dJ.Top(dH.Rows));    // dJ = dH·Wᵀ
                saved.ClearBelow(0, dH.Rows);
            }
        }
        if (!saved.NeedsInputGradient) return default;
        if (!saved.Tracing) return dH;
        var dH_prev = saved.Take("dH_prev", dH.Rows, dH.Columns);
        dH.CopyTo(dH_prev);
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("H", "H", "H", W is null ? "H + J" : "H + J·W"),
        .. W is null ? Array.Empty<TraceName>() : [new("dW", "dW", "∂ℒ/∂W", "Jᵀ·dH")],
        new("dH_prev", "dH_prev", "δ^{l−1}", "dH"),
    ];
}
