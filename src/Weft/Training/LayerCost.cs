using Weft.Layers;

namespace Weft.Training;

/// <summary>
/// Multiply-adds of a layer's leading terms: a row's products with the layer's weight matrices, and what an edge adds up. Element-wise
/// work counts one for each entry of the output.
/// </summary>
internal static class LayerCost
{
    /// <summary>Multiply-adds of one forward pass and of one backward pass.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="inputs">D, width of its input.</param>
    /// <param name="rows">Rows that it works on.</param>
    /// <param name="edges">Edges, loops of the data included.</param>
    /// <param name="entries">Stored entries of its input where that is sparse; null where it is dense.</param>
    /// <param name="constant">True if the input is the same in every step, so that sums over its neighbours are made once.</param>
    /// <param name="wantsGradient">True if somebody reads the gradient at the input.</param>
    public static (double Forward, double Backward) Of(ILayer layer, long inputs, long rows, double edges, long? entries, bool constant, bool wantsGradient)
    {
        double products = 0;
        foreach (var parameter in layer.Parameters)
        {
            if (!parameter.IsLearned || parameter.IsBias || !parameter.IsDecayed) continue;
            // A product with sparse features costs what is stored; a vector of a GATv2 meets every edge, and is counted there.
            if (layer is GatV2 && parameter.Name == "a") continue;
            products += parameter.Value.Rows == inputs && entries is { } stored ? (double)stored * parameter.Value.Columns : (double)rows * parameter.Value.Count;
        }
        long outputs = layer.Outputs(inputs);
        bool sumsOnce = constant && entries is null;
        double all = (double)rows * outputs;
        return layer switch
        {
            Gcn => Sum(edges + rows, sumsOnce ? 0 : entries is null ? Math.Min(inputs, outputs) : outputs, 1),
            Sage => Sum(edges, sumsOnce ? 0 : outputs, 1),
            Gin => Sum(edges, sumsOnce ? 0 : Width(layer, "W1"), 1),
            Gat => Sum(edges, Width(layer, "W"), 2),
            GatV2 => Sum(edges, 2.0 * Width(layer, "W_src", "W"), 2),
            SelfAttention => Sum(edges, 2.0 * Width(layer, "W_V"), 2),
            _ when layer.Reach == LayerReach.Neighbours => Sum(edges, outputs, 1),
            _ when layer.Reach == LayerReach.Graphs => Sum(rows, inputs, 1),
            _ when products > 0 => Sum(0, 0, 0),
            // Mean, variance and the result; two sums and the result.
            BatchNorm or LayerNorm or GraphNorm => (3 * all, wantsGradient ? 3 * all : 2 * all),
            _ => (all, wantsGradient ? all : 0),
        };

        // Backward: the gradient of the weights, that of the input if it is wanted, and the adjoint of the sums.
        (double, double) Sum(double count, double width, double adjoint)
        {
            bool adjoints = wantsGradient || !(layer is Gcn or Sage or Gin && sumsOnce);
            return (products + count * width, (wantsGradient ? 2 : 1) * products + (adjoints ? adjoint * count * width : 0));
        }
    }

    /// <summary>The same of a residual connection that reads the data: nobody wants their gradient, and sparse ones cost what is stored.</summary>
    public static (double Forward, double Backward) OfProjectedFeatures(long outputs, DataSize size)
    {
        double products = (double)(size.FeatureEntries ?? size.Nodes * size.Features) * outputs;
        return (products, products);
    }

    private static long Width(ILayer layer, params string[] names)
    {
        foreach (var parameter in layer.Parameters)
            if (names.Contains(parameter.Name)) return parameter.Value.Columns;
        return 0;
    }
}
