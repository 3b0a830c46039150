using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>Operations of a layer's forward and backward pass: additions and multiplications of its leading terms.</summary>
internal static class LayerWork
{
    /// <summary>Operations for each edge, all heads or feature columns together.</summary>
    public static double PerEdge(LayerShape shape)
    {
        double width = shape.Heads * shape.Outputs;
        double summed = shape.Layer == "gin" && shape.Hidden > 0 ? shape.Hidden : shape.Outputs;
        // 2 for each product with A or Aᵀ, of each value of a row.
        return shape.Layer switch
        {
            "gcn" => HasConstantProduct(shape) ? 0 : 4.0 * (shape.SparseInput ? shape.Outputs : Math.Min(shape.Inputs, shape.Outputs)),
            "gin" or "sage" => HasConstantProduct(shape) ? 0 : 4 * summed,
            // S·X; dS at both ends, Sᵀ·δ′.
            "gat" => 8 * width,
            // Scores, S·X; scores and dS at both ends, Sᵀ·δ′, Δ at both ends.
            "gatv2" => 21 * width,
            // Scores, S·V; scores and dS at both ends, dV, dQ, dK.
            "attention" => 18 * width,
            _ => 0,
        };
    }

    /// <summary>Operations for each node that a process owns.</summary>
    /// <param name="shape">The layer.</param>
    /// <param name="entries">Stored entries of a node's sparse features.</param>
    public static double PerNode(LayerShape shape, double entries)
    {
        double hidden = shape.Hidden > 0 ? shape.Hidden : shape.Outputs, a = shape.SparseInput ? entries : shape.Inputs, b = shape.Heads * shape.Outputs;
        // H·W and Hᵀ·dX, and dX·Wᵀ where somebody wants it.
        double product = shape.InputGradient && !shape.ConstantInput ? 6 : 4;
        return shape.Layer switch
        {
            "gcn" or "linear" or "gat" => product * a * b,
            "sage" => 2 * product * a * b,
            "gatv2" => (shape.ShareWeights ? 1 : 2) * product * a * b,
            "attention" or "attention-dense" => (shape.Residual ? 4 : 3) * product * a * b,
            "gin" => product * a * hidden + 6 * hidden * shape.Outputs,
            _ => 0,
        };
    }

    /// <summary>Heads, or feature columns, that channels share out in a layer.</summary>
    public static long Shared(LayerShape shape) => shape.Layer switch
    {
        "gat" or "gatv2" or "attention" or "attention-dense" => shape.Heads,
        "gcn" => shape.SparseInput ? shape.Outputs : Math.Min(shape.Inputs, shape.Outputs),
        "gin" => shape.Hidden > 0 ? shape.Hidden : shape.Outputs,
        "sage" => shape.Outputs,
        _ => 0,
    };

    private static bool HasConstantProduct(LayerShape shape) => shape.ConstantInput && !shape.SparseInput;
}
