using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>Trace of a trained model, and the loss at the end of any trace.</summary>
internal static class ModelTrace
{
    public static Trace Of(Model model, Graph graph, NodeMatrix features, ILoss loss, LossTarget target)
    {
        model.ClearGradients();
        // The sums at the width of the input that a layer passes by are part of the trace, and sparse rows have none.
        var H0 = TraceArrays.Dense(features);
        var pass = new TracedPass(model, graph, H0, isNetwork: true);
        var output = pass.Forward();
        var entries = pass.ForwardEntries().ToList();
        bool softmax = target.Labels is not null && entries.Any(entry => entry.Name == pass.LastPrefix + "Zbar");
        pass.Backward(WithLoss(entries, pass, output, loss, target, softmax));
        entries.AddRange(pass.BackwardEntries());
        return new Trace(entries) { Edges = pass.Edges(), Inputs = [.. Inputs(model, pass, graph, H0, target)] };
    }

    /// <summary>Adds the loss and the gradient at H to the entries and returns the gradient at the output.</summary>
    /// <param name="entries">What the forward pass computed.</param>
    /// <param name="pass">The pass.</param>
    /// <param name="output">The model's output.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="target">What each node should have given.</param>
    /// <param name="softmax">True where H is the softmax of the output.</param>
    public static Matrix WithLoss(List<TraceEntry> entries, TracedPass pass, Matrix output, ILoss loss, LossTarget target, bool softmax)
    {
        var dLogits = Matrix.Allocate(output.Rows, output.Columns);
        double value = loss.Evaluate(output, target, dLogits);
        if (softmax) Softmax(entries, pass, output, target);
        entries.Add(new TraceEntry("loss", "ℒ", loss.Name, LossTrace.Number(value)));
        entries.Add(AtLast(pass, "dH", "δ^L", softmax ? "−Y / (M·H)" : "∂ℒ/∂H^L", softmax ? InProbabilities(output, target) : dLogits));
        return dLogits;
    }

    // The layer itself ends at the logits, where the gradient of a softmax and its loss is exact; H and the gradient at H are
    // written for the trace alone.
    private static void Softmax(List<TraceEntry> entries, TracedPass pass, Matrix logits, LossTarget target)
    {
        int at = entries.FindIndex(entry => entry.Name == pass.LastPrefix + "H");
        entries[at] = AtLast(pass, "H", "H^L", "14", Probabilities(logits));
    }

    private static Matrix Probabilities(Matrix logits)
    {
        var H = LossTrace.LogSoftmax(logits);
        for (long i = 0; i < H.Rows; i++)
            foreach (ref Real entry in H.Row(i)) entry = Real.Exp(entry);
        GC.KeepAlive(H);
        return H;
    }

    private static Matrix InProbabilities(Matrix logits, LossTarget target)
    {
        var H = Probabilities(logits);
        var dH = Matrix.Allocate(logits.Rows, logits.Columns);
        for (long i = 0; i < dH.Rows; i++)
        {
            dH.Row(i).Clear();
            int y = target.Labels![i];
            if (target.Mask[i]) dH[i, y] = -1 / (target.Count * H[i, y]);
        }
        GC.KeepAlive(H);
        return dH;
    }

    private static TraceEntry AtLast(TracedPass pass, string name, string symbol, string equation, Matrix value) =>
        new(pass.LastPrefix + name, symbol, equation, TraceArrays.ToArray(value, TraceLayout.Plain, 1, [])) { Layer = pass.LastNumber, Rows = TraceRows.Nodes };

    private static IEnumerable<TraceEntry> Inputs(Model model, TracedPass pass, Graph graph, Matrix H0, LossTarget target)
    {
        var edges = pass.Edges();
        yield return Input("num_nodes", new NpyArray(new[] { graph.OwnedSources }, 1));
        yield return Input("edge_src", new NpyArray(edges.Select(edge => (long)edge.Source).ToArray(), edges.Count));
        yield return Input("edge_dst", new NpyArray(edges.Select(edge => (long)edge.Destination).ToArray(), edges.Count));
        if (!graph.Weights.IsMissing) yield return Input("edge_weight", Ordered(graph));
        if (!graph.EdgeFeatures.IsMissing) yield return Input("edge_attr", OrderedFeatures(graph));
        yield return Input("H0", TraceArrays.ToArray(H0, TraceLayout.Plain, 1, []));
        if (target.Labels is { } labels) yield return Input("labels", new NpyArray(labels.Select(label => (long)label).ToArray(), labels.Length));
        else yield return Input("targets", TraceArrays.ToArray(target.Values, TraceLayout.Plain, 1, []));
        yield return Input("mask", new NpyArray(target.Mask.Select(m => m ? 1L : 0).ToArray(), target.Mask.Length));
        int number = 0;
        foreach (var layer in model.Layers.Where(layer => layer.Parameters.Count > 0))
        {
            number++;
            foreach (var parameter in layer.Parameters)
                yield return Input($"l{number}_{parameter.Name}", TracedPass.InParameterLayout(layer, parameter, parameter.Value)) with { Layer = number };
        }

        static TraceEntry Input(string name, NpyArray array) => new(name, name, "given", array);
    }

    private static NpyArray OrderedFeatures(Graph graph)
    {
        long width = graph.EdgeFeatures.Columns;
        var features = new Real[graph.Edges * width];
        for (int p = 0; p < graph.Edges; p++) graph.EdgeFeatures.Row(p).CopyTo(features.AsSpan((int)(graph.EdgeIds[p] * width)));
        graph.EdgeFeatures.KeepAlive();
        return new NpyArray(features, graph.Edges, width);
    }

    private static NpyArray Ordered(Graph graph)
    {
        var weights = new Real[graph.Edges];
        for (int p = 0; p < weights.Length; p++) weights[graph.EdgeIds[p]] = graph.Weights[p, 0];
        return new NpyArray(weights, weights.Length);
    }
}
