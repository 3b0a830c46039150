using Weft.Layers;
using Weft.Models;

namespace Weft.Training;

/// <summary>A layer in a table of the model.</summary>
/// <param name="Layer">Its place in the model, from 0.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Rows">Rows of its output: nodes; 0 for rows that are graphs.</param>
/// <param name="Columns">Columns of its output.</param>
/// <param name="Parameters">Number of its trainable values.</param>
/// <param name="Forward">Multiply-adds of one forward pass over the whole data.</param>
/// <param name="Backward">Multiply-adds of the backward pass.</param>
/// <param name="Bytes">Memory of the buffers that it keeps from its forward pass to its adjoint.</param>
public sealed record LayerSummary(int Layer, string Kind, long Rows, long Columns, long Parameters, double Forward, double Backward, long Bytes);

/// <summary>What each layer of a model holds and does.</summary>
public static class ModelSummary
{
    /// <summary>One line for each layer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The memory of its run, which knows the sizes of the data.</param>
    public static IReadOnlyList<LayerSummary> Of(Model model, MemoryPlan plan)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(plan);
        var size = plan.Size;
        var lines = new List<LayerSummary>();
        long width = size.Features, rows = size.Nodes;
        bool constant = true, learned = false;
        long? entries = size.FeatureEntries;
        for (int number = 0; number < model.Layers.Count; number++)
        {
            var layer = model.Layers[number];
            long outputs = layer.Outputs(width);
            var (forward, backward) = layer is Dropout && entries is { } stored ? (stored, 0)
                : layer is Residual && layer.Joins[0] < 0 && layer.Parameters.Count > 0 ? LayerCost.OfProjectedFeatures(layer.Parameters[0].Value.Columns, size)
                : LayerCost.Of(layer, width, rows, size.Edges, entries, constant, learned);
            if (layer.Reach == LayerReach.Graphs) rows = 0;
            lines.Add(new LayerSummary(number, layer.GetType().Name, rows, outputs, layer.Parameters.Sum(p => p.IsLearned ? p.Value.Count : 0),
                forward, backward, plan.Buffers.Sum(b => b.Layer == number ? b.Bytes : 0)));
            // Dropout draws other features in every step, and of sparse ones leaves sparse ones.
            constant = false;
            if (layer is not Dropout) entries = null;
            learned |= layer.Parameters.Count > 0;
            width = outputs;
        }
        return lines;
    }
}
