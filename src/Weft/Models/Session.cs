using Weft.Communication;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Models;

/// <summary>
/// A model at work on one graph and its features, or on one sampled batch after another: the buffers of its passes. A warm pass
/// allocates nothing. One session serves one thread; sessions on the same model may run side by side as long as none of them trains.
/// </summary>
public sealed class Session
{
    private readonly Model model;
    private readonly Workspace workspace;
    private readonly Saved[] saved;
    private readonly int[] numbers;
    private readonly Graph[] graphs;
    private readonly Joints joints;
    private Graph[] used;
    private Graph[]? thinned;
    private EdgeThinning?[]? thinnings;
    private NodeMatrix features;
    private bool featuresAreConstant;

    /// <summary>A session of <paramref name="model"/> on a graph.</summary>
    /// <param name="model">The layers.</param>
    /// <param name="graph">Where messages flow.</param>
    /// <param name="features">One row per node that this process owns, [N, D].</param>
    /// <exception cref="ArgumentException">There is not one row per node.</exception>
    public Session(Model model, Graph graph, NodeMatrix features)
        : this(model, graph, features, new Workspace())
    {
    }

    /// <summary>A session whose buffers may be those of other sessions too, as long as passes do not interleave.</summary>
    internal Session(Model model, Graph graph, NodeMatrix features, Workspace workspace, bool tracing = false)
        : this(model, workspace, tracing)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Bind([graph], features);
        featuresAreConstant = true;
    }

    /// <summary>A session that awaits its first batch: <see cref="Bind"/>.</summary>
    internal Session(Model model, Workspace workspace, bool tracing = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.workspace) = (model, workspace);
        saved = [.. model.Layers.Select((_, layer) => new Saved(workspace, layer, tracing))];
        numbers = Numbers(model);
        used = graphs = new Graph[saved.Length];
        joints = new Joints(model);
    }

    /// <summary>The graph; of a sampled batch, the block of the first layer that looks at neighbours.</summary>
    public Graph Graph { get; private set; } = null!;

    /// <summary>
    /// Puts the next batch in place: the k-th layer that looks at neighbours works on block k, whose destinations are the first of its
    /// sources and all of the sources of block k + 1. One block serves all layers.
    /// </summary>
    /// <param name="blocks">The blocks, the one that reads the features first.</param>
    /// <param name="input">One row per source of the first block, [n, D]. The memory may be that of the batch before.</param>
    /// <exception cref="ArgumentException">The numbers of rows or of blocks do not go together.</exception>
    internal void Bind(IReadOnlyList<Graph> blocks, NodeMatrix input)
    {
        if (input.Rows != blocks[0].OwnedSources)
            throw new ArgumentException($"{input.Rows} rows of features for a graph of {blocks[0].OwnedSources} nodes; every node needs one");
        int hops = 0;
        Graph? readout = null;
        for (int layer = 0; layer < graphs.Length; layer++)
        {
            var reach = model.Layers[layer].Reach;
            if (readout is not null)
            {
                if (reach != LayerReach.Rows) throw new ArgumentException($"layer {layer} ({model.Layers[layer].GetType().Name}) stands after a readout, where there are no edges");
                graphs[layer] = readout;
                continue;
            }
            graphs[layer] = blocks[Math.Min(hops, blocks.Count - 1)];
            if (reach == LayerReach.Neighbours) hops++;
            if (reach == LayerReach.Graphs) readout = graphs[layer].Members.AtDestinations;
        }
        if (blocks.Count > 1 && hops != blocks.Count) throw new ArgumentException($"{blocks.Count} blocks for {hops} layers that look at neighbours; each needs one");
        (Graph, features, featuresAreConstant, thinnings) = (blocks[0], input, false, null);
    }

    /// <summary>Bytes of all buffers taken so far.</summary>
    public long WorkspaceBytes => workspace.Bytes + ConstantBytes;

    /// <summary>Bytes of what depends on constant features alone, which a session has for itself.</summary>
    internal long ConstantBytes => saved.Sum(s => s.ConstantBytes);

    /// <summary>What each layer kept, for the trace.</summary>
    internal IReadOnlyList<Saved> Saved => saved;

    internal Workspace Workspace => workspace;

    /// <summary>True to compute the gradient at the features too.</summary>
    internal bool WantsFeatureGradient { get; set; }

    /// <summary>The model's output, [N, outputs]. The memory is the session's: the next pass overwrites it.</summary>
    public Matrix Forward(Pass pass)
    {
        var H = features;
        bool thins = pass.Training && model.DropEdge > 0;
        used = thins ? Thinned(pass) : graphs;
        bool needsGradient = WantsFeatureGradient;
        joints.Begin(H, needsGradient);
        for (int layer = 0; layer < saved.Length; layer++)
        {
            var keep = saved[layer];
            (keep.Pass, keep.Input, keep.InputIsConstant, keep.NeedsInputGradient) = (pass, H, featuresAreConstant && !thins && H == features, needsGradient);
            joints.Give(layer, keep);
            Graph.Place.World.Enter(numbers[layer], Direction.Forward);
            H = model.Layers[layer].Forward(used[layer], H, keep);
            keep.EndCall();
            needsGradient |= model.Layers[layer].Parameters.Count > 0;
            joints.Output(layer, H, needsGradient);
        }
        Graph.Place.World.Enter(0, Direction.Other);
        return H.IsSparse ? throw new InvalidOperationException("the model ends in sparse rows: it has no layer with weights") : H.Dense;
    }

    /// <summary>Carries the gradient at the output of the last <see cref="Forward"/> back through all layers, adding to every parameter's gradient.</summary>
    /// <param name="dH">∂𝓛/∂H^L, [N, outputs]; it may be written over.</param>
    /// <returns>The gradient at the features; missing unless it was asked for.</returns>
    public Matrix Backward(Matrix dH)
    {
        for (int layer = saved.Length - 1; layer >= 0; layer--)
        {
            Graph.Place.World.Enter(numbers[layer], Direction.Backward);
            joints.AddGradients(layer, dH, saved);
            dH = model.Layers[layer].Backward(used[layer], dH, saved[layer]);
            saved[layer].EndCall();
            if (dH.IsMissing) break;
        }
        if (!dH.IsMissing) joints.AddGradients(-1, dH, saved);
        Graph.Place.World.Enter(0, Direction.Other);
        return dH;
    }

    // The graph of this step without the edges that it leaves out: one for all layers that look at the neighbours of the same graph.
    private Graph[] Thinned(Pass pass)
    {
        thinned ??= new Graph[graphs.Length];
        thinnings ??= new EdgeThinning?[graphs.Length];
        var key = new RandomKey(pass.Seed, (uint)pass.Step, RandomStreams.Step(RandomPurpose.EdgeDropout));
        for (int layer = 0; layer < graphs.Length; layer++)
        {
            thinned[layer] = graphs[layer];
            if (model.Layers[layer].Reach != LayerReach.Neighbours) continue;
            int same = 0;
            while (same < layer && (thinnings[same] is null || graphs[same] != graphs[layer])) same++;
            if (same == layer) thinnings[layer] ??= new EdgeThinning(graphs[layer], model.DropEdge);
            thinned[layer] = same < layer ? thinned[same] : thinnings[layer]!.Draw(key);
        }
        return thinned;
    }

    // The layers with parameters are 1, 2, …, as in the names of a trace; a dropout before one has its number.
    private static int[] Numbers(Model model)
    {
        int last = Math.Max(1, model.Layers.Count(layer => layer.Parameters.Count > 0)), before = 0;
        return [.. model.Layers.Select(layer => Math.Min(last, layer.Parameters.Count > 0 ? ++before : before + 1))];
    }

    /// <summary>
    /// The first matrix of the last forward pass, in data-flow order, that holds a NaN or an infinity, parameters first: its
    /// name, the row (a node by its number), the column and the value; null if none.
    /// </summary>
    internal (string Name, long Row, long Column, Real Value)? FirstNotFinite()
    {
        foreach (var (name, parameter) in model.Parameters)
            if (Elementwise.FirstNotFinite(parameter.Value) is >= 0 and var at) return Entry(name, parameter.Value, at, ofNodes: false);
        int number = 0;
        for (int layer = 0; layer < saved.Length; layer++)
        {
            if (model.Layers[layer].Parameters.Count > 0) number++;
            foreach (var trace in model.Layers[layer].Names)
            {
                if (!saved[layer].Holds(trace.Code)) continue;
                var matrix = saved[layer][trace.Code];
                bool ofNodes = trace.Layout is TraceLayout.Plain or TraceLayout.Heads or TraceLayout.HeadScalars && matrix.Rows == Graph.OwnedDestinations;
                if (Elementwise.FirstNotFinite(matrix) is >= 0 and var at) return Entry($"l{number}.{trace.Trace}", matrix, at, ofNodes);
            }
        }
        return null;
    }

    /// <summary>Entry <paramref name="at"/> of a matrix; its row is the node's number where rows are nodes, which may lie in another order.</summary>
    internal (string Name, long Row, long Column, Real Value) Entry(string name, Matrix matrix, long at, bool ofNodes)
    {
        var (row, column) = (at / matrix.Columns, at % matrix.Columns);
        return (name, ofNodes && matrix.Rows <= Graph.OwnedSources ? Graph.Identity.NodeIds[row] : row, column, matrix[row, column]);
    }
}
