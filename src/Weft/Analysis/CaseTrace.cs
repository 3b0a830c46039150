using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>Traces of single layers and of networks.</summary>
internal static class CaseTrace
{
    public static Trace Of(TraceCase given)
    {
        var (model, graph) = (given.Model(), given.Graph());
        bool isNetwork = given.Settings.IsNetwork;
        string input = isNetwork ? "H0" : "H_prev";
        var features = given.Matrix(input);
        if (features.Rows != graph.OwnedSources)
            throw given[input].Error($"{features.Rows} rows", $"one for each of the {graph.OwnedSources} nodes");
        long expected = Weights(model)[0].Value.Rows;
        if (features.Columns != expected) throw given[input].Error($"{features.Columns} columns", $"{expected}, the rows of the layer's weights");

        var pass = new TracedPass(model, graph, features, isNetwork);
        var output = pass.Forward();
        var entries = pass.ForwardEntries().ToList();
        if (given.Has("labels"))
            pass.Backward(ModelTrace.WithLoss(entries, pass, output, new CrossEntropy(), Target(given, graph, output.Columns), given.EndsInSoftmax));
        else
        {
            var dH = given.Matrix("dH");
            if (dH.Rows != output.Rows || dH.Columns != output.Columns) throw given["dH"].Error($"shape {dH}", $"{output}, that of the output");
            pass.Backward(dH);
        }
        entries.AddRange(pass.BackwardEntries());
        if (given.Has("adam_hyper")) entries.AddRange(AdamStep(given, model, graph, features));
        return new Trace(entries) { Edges = pass.Edges() };
    }

    private static Parameter[] Weights(Model model) => [.. model.Parameters.Select(p => p.Parameter).Where(p => p.Name.StartsWith('W'))];

    /// <summary>The labels and mask of a case.</summary>
    public static LossTarget Target(TraceCase given, Graphs.Graph graph, long classes)
    {
        long[] labels = given["labels"].WithShape(graph.OwnedDestinations).AsIntegers();
        long[] mask = given["mask"].WithShape(labels.Length).AsIntegers();
        for (int i = 0; i < labels.Length; i++)
            if (mask[i] != 0 && (ulong)labels[i] >= (ulong)classes) throw given["labels"].Error($"label {labels[i]}", $"0 … {classes - 1}", $"[{i}]");
        return LossTarget.FromLabels(graph, [.. labels.Select(label => (int)label)], [.. mask.Select(m => m != 0)]);
    }

    private static IEnumerable<TraceEntry> AdamStep(TraceCase given, Model model, Graphs.Graph graph, Matrix features)
    {
        double[] hyper = given["adam_hyper"].WithShape(5).AsDoubles();
        OptimizerTrace.Adam(model.Parameters, hyper).Step(hyper[0]);
        int number = 0;
        foreach (var layer in model.Layers)
        {
            number++;
            foreach (var parameter in layer.Parameters)
                yield return new TraceEntry($"l{number}_{parameter.Name}_adam", parameter.Name, "one step of Adam", TracedPass.InParameterLayout(layer, parameter, parameter.Value));
        }
        var output = new Session(model, graph, features).Forward(new Pass(0, 0, Training: false));
        double loss = new CrossEntropy().Evaluate(output, Target(given, graph, output.Columns));
        yield return new TraceEntry("loss_after", "ℒ", "after that step", LossTrace.Number(loss));
    }
}
