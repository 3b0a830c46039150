using Weft.Datasets;
using Weft.Graphs;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>One matrix of a traced run.</summary>
/// <param name="Name">Its name in the file: that of the mathematics, behind "l1_", "l2_", … in a network.</param>
/// <param name="Symbol">The symbol in the literature.</param>
/// <param name="Equation">The equation that gives it.</param>
/// <param name="Array">The values, heads leading, edges in the order of the given edge list.</param>
public sealed record TraceEntry(string Name, string Symbol, string Equation, NpyArray Array)
{
    /// <summary>Number of the layer, from 1; 0 for what belongs to the whole run.</summary>
    public int Layer { get; init; }

    /// <summary>What the rows of the array belong to.</summary>
    public TraceRows Rows { get; init; }

    /// <summary>True if the first axis is the head and rows come second.</summary>
    public bool HeadsLead { get; init; }
}

/// <summary>What the rows of a traced array belong to. Where heads lead, the rows are the second axis.</summary>
public enum TraceRows
{
    /// <summary>Neither nodes nor edges: the gradient of a parameter, a loss.</summary>
    None,

    /// <summary>One row for each node.</summary>
    Nodes,

    /// <summary>One row for each edge, in the order of the edge list.</summary>
    Edges,
}

/// <summary>Every intermediate and every gradient of one pass through a layer or a network, in data-flow order.</summary>
public sealed class Trace
{
    internal Trace(IReadOnlyList<TraceEntry> entries) => Entries = entries;

    /// <summary>What the run started from, if it was no file: graph, features, labels and parameters.</summary>
    public IReadOnlyList<TraceEntry> Inputs { get; internal init; } = [];

    /// <summary>The edges in the order of the given edge list; none for losses and optimisers.</summary>
    public IReadOnlyList<(int Source, int Destination)> Edges { get; internal init; } = [];

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

    /// <summary>Runs a model once, without dropout, forward and, from its loss, backward.</summary>
    /// <param name="model">The model; its gradients are cleared and then hold those of this run.</param>
    /// <param name="graph">Where messages flow.</param>
    /// <param name="features">One row per node, [N, D].</param>
    /// <param name="loss">What the gradient is of.</param>
    /// <param name="target">What each node should give.</param>
    public static Trace Of(Model model, Graph graph, NodeMatrix features, ILoss loss, LossTarget target)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(target);
        return ModelTrace.Of(model, graph, features, loss, target);
    }

    /// <summary>Writes the inputs, if the trace has them, and the arrays to an archive, whole or not at all.</summary>
    public void Write(string path) => Npz.Write(path, Inputs.Concat(Entries).Select(entry => KeyValuePair.Create(entry.Name, entry.Array)));
}
