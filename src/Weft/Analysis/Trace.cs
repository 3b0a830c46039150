using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>One matrix of a traced run.</summary>
/// <param name="Name">Its name in the file: that of the mathematics, behind "l1_", "l2_", … in a network.</param>
/// <param name="Symbol">The symbol in the literature.</param>
/// <param name="Equation">The equation that gives it.</param>
/// <param name="Array">The values, heads leading, edges in the order of the given edge list.</param>
public sealed record TraceEntry(string Name, string Symbol, string Equation, NpyArray Array);

/// <summary>Every intermediate and every gradient of one pass through a layer or a network, in data-flow order.</summary>
public sealed class Trace
{
    internal Trace(IReadOnlyList<TraceEntry> entries) => Entries = entries;

    /// <summary>The matrices in the order in which they are computed: forward, then backward.</summary>
    public IReadOnlyList<TraceEntry> Entries { get; }

    /// <summary>Runs a case from its inputs alone.</summary>
    /// <exception cref="DataFormatException">The case lacks an input, or an input does not fit the others.</exception>
    public static Trace Of(TraceCase given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return given.Settings.Layer switch
        {
            "losses" => LossTrace.Of(given),
            "optimisers" => OptimizerTrace.Of(given),
            _ => CaseTrace.Of(given),
        };
    }

    /// <summary>Writes the arrays to an archive, whole or not at all.</summary>
    public void Write(string path) => Npz.Write(path, Entries.Select(entry => KeyValuePair.Create(entry.Name, entry.Array)));
}

/// <summary>A model at work in a session that keeps everything, and what it kept as entries of a trace.</summary>
internal sealed class TracedPass
{
    private readonly Model model;
    private readonly Session session;
    private readonly Graph graph;
    private readonly string[] prefixes;
    private readonly int[] forwardCounts;

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
        prefixes = [.. model.Layers.Select(layer => isNetwork ? $"l{(layer.Parameters.Count > 0 ? ++number : number)}_" : "")];
        forwardCounts = new int[prefixes.Length];
    }

    /// <summary>Prefix of the last layer's names.</summary>
    public string LastPrefix => prefixes[^1];

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
                yield return new TraceEntry(prefixes[layer] + "dH", "δ^l", "32, 37", InputGradient(layer + 1));
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
            yield return new TraceEntry(prefixes[layer] + name.Trace, name.Symbol, name.Equation, array);
        }
    }

    /// <summary>A parameter's values, or something of their shape, as files have them.</summary>
    public static NpyArray InParameterLayout(ILayer layer, Parameter parameter, Matrix values)
    {
        var layout = layer.Names.FirstOrDefault(name => name.Trace == "d" + parameter.Name)?.Layout ?? TraceLayout.Plain;
        return TraceArrays.ToArray(values, layout, layer.Heads, []);
    }
}
