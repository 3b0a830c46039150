using Weft.Distributed.Words;
using Weft.Graphs;
using Weft.Models;

namespace Weft.Training;

/// <summary>What the closed formulas say of a run's communication.</summary>
internal static class PredictedWords
{
    /// <summary>Words that this process receives in the layers of one warm training step; null where sums are made in another way than the formulas count.</summary>
    /// <param name="data">The data, shared.</param>
    /// <param name="model">The model, built from settings.</param>
    public static long? Of(TrainingData data, Model model)
    {
        if (data.Share is not { } share || model.Settings is not { } settings) return null;
        var graph = data.Batches[0].Graph;
        if (graph.Place.Outgoing is not null) return null;
        // A GCN works on the edges and a loop at every node: on more rows, perhaps.
        var place = settings.Model == "gcn" ? graph.Normalized(addLoops: true).Place : graph.Place;
        bool halo = place.Kind == ExchangeKind.Halo;
        var counts = halo ? new HaloCounts(place.Rows.Needed, place.Rows.Sent, place.Columns.Needed, place.Columns.Sent) : null;
        return LayerShapes.Of(settings, data.Inputs, data.Outputs, data.Batches[0].Features.IsSparse)
            .Sum(shape => ExpandFold.Of(shape, share.Grid, share.Parts, data.World.Rank, counts).Words);
    }
}
