using Weft.Distributed.Words;
using Weft.Graphs;
using Weft.Models;

namespace Weft.Training;

/// <summary>What the closed formulas say of a run's communication.</summary>
internal static class PredictedWords
{
    /// <summary>Words that this process receives in the layers of one warm training step; null where nothing is shared.</summary>
    /// <param name="data">The data, shared.</param>
    /// <param name="model">The model, built from settings.</param>
    public static long? Of(TrainingData data, Model model)
    {
        if (data.Share is not { } share || model.Settings is not { } settings) return null;
        // Without edges that are left out the halo is another one in every step.
        if (settings.DropEdge > 0) return null;
        var graph = data.Batches[0].Graph;
        // A GCN works on the edges and a loop at every node: on more rows, perhaps.
        if (settings.Model == "gcn") graph = graph.Normalized(addLoops: true);
        var shapes = LayerShapes.Of(settings, data.Inputs, data.Outputs, data.Batches[0].Features.IsSparse);
        if (graph.IsReproducible) return shapes.Sum(shape => ReproducibleWords.Of(shape, graph).Words);
        var counts = graph.Place.Kind == ExchangeKind.Halo ? HaloCounts.Of(graph) : null;
        return shapes.Sum(shape => ExpandFold.Of(shape, share.Grid, share.Parts, data.World.Rank, counts).Words);
    }
}
