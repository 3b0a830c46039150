using Weft.Distributed.Words;
using Weft.Models;

namespace Weft.Training;

/// <summary>The layers that model settings stand for, as sizes: for counting words before a model is built.</summary>
internal static class LayerShapes
{
    /// <summary>The layers with parameters, first to last, as <see cref="Architecture.Build"/> makes them.</summary>
    /// <param name="settings">The model.</param>
    /// <param name="inputs">Features of a node, D.</param>
    /// <param name="outputs">Columns of the output.</param>
    /// <param name="sparse">True for sparse features.</param>
    public static IReadOnlyList<LayerShape> Of(ModelSettings settings, long inputs, long outputs, bool sparse)
    {
        var settled = Architecture.Settle(settings);
        var shapes = new List<LayerShape>();
        bool jumps = Architecture.Given(settled.JumpingKnowledge);
        long hiddenWidths = 0;
        long width = inputs;
        if (settled.EmbeddingWidth > 0)
        {
            shapes.Add(new LayerShape("linear", width, settled.EmbeddingWidth) { Bias = false, ConstantInput = true, InputGradient = false, SparseInput = sparse });
            width = settled.EmbeddingWidth;
        }
        for (int number = 1; number <= settled.Layers; number++)
        {
            bool first = shapes.Count == 0, last = number == settled.Layers && !settled.LinearOutput && !jumps, heads = Architecture.HasHeads(settled.Model);
            var shape = new LayerShape(settled.Model switch { "mlp" => "linear", "transformer" => "attention", var name => name }, width, last ? outputs : settled.Hidden!.Value)
            {
                Hidden = settled.Model == "gin" ? settled.Hidden!.Value : 0,
                Heads = !heads ? 1 : last ? settled.OutputHeads : settled.Heads,
                Concatenate = !last,
                Bias = settled.Bias && (last || !Architecture.TakesConstantsAway(settled)),
                ShareWeights = settled.ShareWeights,
                Residual = settled.Model == "transformer",
                // Dropout draws other features at every step.
                ConstantInput = first && settled.Dropout == 0,
                InputGradient = !first,
                SparseInput = first && sparse,
            };
            shapes.Add(shape);
            long before = width;
            width = shape.Concatenate ? shape.Heads * shape.Outputs : shape.Outputs;
            if (last) break;
            if (Architecture.Given(settled.Norm)) shapes.Add(new LayerShape(settled.Norm + "-norm", width, width));
            if (settled.Activation == "prelu") shapes.Add(new LayerShape("prelu", width, width));
            if (settled.Residual) shapes.Add(new LayerShape("residual", before, width) { Residual = first && settled.EmbeddingWidth == 0 || before != width, SparseInput = first && sparse });
            hiddenWidths += width;
        }
        if (jumps) shapes.Add(new LayerShape("linear", settled.JumpingKnowledge == "cat" ? hiddenWidths : width, outputs) { Bias = settled.Bias });
        else if (settled.LinearOutput) shapes.Add(new LayerShape("linear", width, outputs) { Bias = false });
        return shapes;
    }
}
