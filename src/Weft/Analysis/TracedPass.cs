using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>A model at work in a session that keeps everything, and what it kept as entries of a trace.</summary>
internal sealed class TracedPass
{
    private readonly Model model;
    private readonly Session session;
    private readonly Graph graph;
    private readonly string[] prefixes;
    private readonly int[] numbers, forwardCounts;

    /// <summary>A pass without dropout.</summary>
    /// <param name="model">The layers.</param>
    /// <param name="graph">Where messages flow.</param>
    /// <param name="features">One row per node.</param>
    /// <param name="isNetwork">False for a single layer, whose names have no prefix.</param>
    public TracedPass(Model model, Graph graph, NodeMatrix features, bool isNetwork)
    {
        (this.model, this.graph) = (model, graph);
        session = new Session(model, graph, features, new Workspace(), tracing: true) { WantsFeatureGradient = true };
        int number = 0;
        numbers = [.. model.Layers.Select(layer => layer.Parameters.Count > 0 ? ++number : number)];
        prefixes = [.. numbers.Select(n => isNetwork ? $"l{n}_" : "")];
        forwardCounts = new int[prefixes.Length];
    }

    /// <summary>Prefix of the last layer's names.</summary>
    public string LastPrefix => prefixes[^1];

    /// <summary>Number of the last layer.</summary>
    public int LastNumber => numbers[^1];

    /// <summary>The model's output.</summary>
    public Matrix Forward()
    {
        var output = session.Forward(new Pass(0, 0, Training: false));
        for (int layer = 0; layer < forwardCounts.Length; layer++) forwardCounts[layer] = session.Saved[layer].Order.Count;
        return output;
    }

    /// <summary>Carries a gradient back through all layers; each parameter's gradient receives its own.</summary>
    public void Backward(Matrix dH) => session.Backward(dH);

    /// <summary>What the forward pass computed, first layer first.</summary>
    public IEnumerable<TraceEntry> ForwardEntries()
    {
        if (model.Layers.OfType<Gcn>().FirstOrDefault() is Gcn gcn)
            foreach (var (name, array) in TraceArrays.Normalized(graph.Normalized(gcn.AddsLoops)))
                yield return new TraceEntry(name, "A′", "D̂^-½ Â D̂^-½", array);
        for (int layer = 0; layer < prefixes.Length; layer++)
            foreach (var entry in Entries(layer, session.Saved[layer].Order.Take(forwardCounts[layer]))) yield return entry;
    }

    /// <summary>What the backward pass computed, last layer first.</summary>
    public IEnumerable<TraceEntry> BackwardEntries()
    {
        for (int layer = prefixes.Length - 1; layer >= 0; layer--)
        {
            if (layer < prefixes.Length - 1 && model.Layers[layer].Parameters.Count > 0)
                yield return new TraceEntry(prefixes[layer] + "dH", "δ^l", "32, 37", InputGradient(layer + 1)) { Layer = numbers[layer], Rows = TraceRows.Nodes };
            foreach (var entry in Entries(layer, session.Saved[layer].Order.Skip(forwardCounts[layer]))) yield return entry;
        }
    }

    private NpyArray InputGradient(int layer) => TraceArrays.ToArray(Following(layer), TraceLayout.Plain, 1, []);

    // A layer that does nothing without dropout keeps nothing: the gradient at its input is the next layer's.
    private Matrix Following(int layer) =>
        session.Saved[layer].Holds("dH_prev") ? session.Saved[layer]["dH_prev"] : Following(layer + 1);

    private IEnumerable<TraceEntry> Entries(int layer, IEnumerable<string> codes)
    {
        var names = model.Layers[layer].Names.ToDictionary(name => name.Code);
        var saved = session.Saved[layer];
        foreach (string code in codes)
        {
            // Working storage has no name in the mathematics.
            if (!names.TryGetValue(code, out var name)) continue;
            var array = TraceArrays.ToArray(saved[code], name.Layout, model.Layers[layer].Heads, graph.EdgeIds);
            yield return new TraceEntry(prefixes[layer] + name.Trace, name.Symbol, name.Equation, array) { Layer = numbers[layer], Rows = RowsOf(layer, name), HeadsLead = name.Layout is not (TraceLayout.Plain or TraceLayout.Vector) };
        }
    }

    private TraceRows RowsOf(int layer, TraceName name) =>
        name.Layout is TraceLayout.EdgeScalars or TraceLayout.EdgeHeads ? TraceRows.Edges
        : name.Layout == TraceLayout.Vector || IsGradient(name.Trace, model.Layers[layer]) ? TraceRows.None
        : TraceRows.Nodes;

    // The two gradients of a matrix that plays both roles of a GATv2 carry its name and the role's.
    private static bool IsGradient(string name, ILayer layer) =>
        layer.Parameters.Any(parameter => name == "d" + parameter.Name || name == $"d{parameter.Name}_src" || name == $"d{parameter.Name}_dst");

    /// <summary>The edges in the order of the given edge list.</summary>
    public IReadOnlyList<(int Source, int Destination)> Edges()
    {
        var edges = new (int, int)[graph.Edges];
        var view = graph.ByDestination;
        for (long i = 0; i < view.Rows; i++)
            for (long p = view.Pointers[i]; p < view.Pointers[i + 1]; p++) edges[graph.EdgeIds[p]] = (view.Index[p], (int)i);
        return edges;
    }

    /// <summary>A parameter's values, or something of their shape, as files have them.</summary>
    public static NpyArray InParameterLayout(ILayer layer, Parameter parameter, Matrix values)
    {
        var layout = layer.Names.FirstOrDefault(name => name.Trace == "d" + parameter.Name)?.Layout
            // A matrix of both roles has two gradients, and no name of its own.
            ?? layer.Names.FirstOrDefault(name => name.Trace == $"d{parameter.Name}_src")?.Layout
            ?? TraceLayout.Plain;
        return TraceArrays.ToArray(values, layout, layer.Heads, []);
    }
}
