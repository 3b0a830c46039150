using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;

namespace Weft.Training;

/// <summary>
/// A model's exact output, without dropout, for some nodes of a graph that need not be in memory: layer by layer, each from all
/// in-neighbours, in chunks of nodes. Only nodes that the wanted ones depend on are computed, each once a layer.
/// </summary>
/// <remarks>
/// A stage is one layer that looks at neighbours and the layers of rows after it (those at the model's start go with the first). Memory is
/// the output of two stages, O(N·d), what later layers join, and the buffers of a chunk.
/// </remarks>
internal sealed class LayerwiseInference
{
    // Owner numbers of buffers that belong to no layer.
    private const int Rows = -2, Joins = -3;
    private static readonly string[] Sides = ["even", "odd"];

    private readonly Model model;
    private readonly StoredGraph graph;
    private readonly Workspace workspace;
    private readonly Saved[] saved;
    private readonly (int First, int Last)[] stages;
    private readonly LocalNodes[] computed;
    private readonly bool[] joinedLater;
    private readonly Matrix[] kept;
    private readonly SampleScratch scratch;
    private readonly int mostNodes;
    private readonly long mostEdges;

    /// <summary>Inference for some nodes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="nodes">The nodes whose outputs are wanted, each once.</param>
    /// <param name="workspace">Where buffers come from; it may be that of training passes which do not interleave.</param>
    /// <param name="mostNodes">Nodes of a chunk.</param>
    /// <param name="mostEdges">Edges of a chunk, but for a node that has more by itself.</param>
    /// <exception cref="ArgumentException">The model sums over whole graphs.</exception>
    public LayerwiseInference(Model model, StoredGraph graph, ReadOnlySpan<int> nodes, Workspace workspace, int mostNodes = 1 << 14, long mostEdges = 1 << 20)
    {
        (this.model, this.graph, this.workspace, this.mostNodes, this.mostEdges) = (model, graph, workspace, mostNodes, mostEdges);
        stages = Stages(model);
        saved = [.. model.Layers.Select((_, layer) => new Saved(workspace, layer))];
        scratch = new SampleScratch(graph.Adjacency);
        joinedLater = new bool[model.Layers.Count];
        kept = new Matrix[model.Layers.Count];
        foreach (var (first, last) in stages)
            for (int layer = first; layer <= last; layer++)
                foreach (int from in model.Layers[layer].Joins)
                    if (from >= 0 && from < first) joinedLater[from] = true;
        computed = Needed(nodes);
    }

    /// <summary>The outputs, one row per wanted node, in the order in which they were given. The memory is the workspace's.</summary>
    public Matrix Run()
    {
        Matrix below = default;
        for (int stage = 0; stage < stages.Length; stage++) below = Run(stage, below);
        return below;
    }

    private Matrix Run(int stage, Matrix below)
    {
        var nodes = computed[stage];
        Matrix output = default;
        for (int first = 0; first < nodes.Count;)
        {
            int last = first;
            long edges = 0;
            while (last < nodes.Count && (last == first || last - first < mostNodes && edges + graph.Adjacency.Degree(nodes[last]) <= mostEdges))
                edges += graph.Adjacency.Degree(nodes[last++]);
            var block = Block(nodes.Numbers[first..last]);
            var result = Chunk(stage, block, Gather(stage, below), below, first);
            if (output.IsMissing) output = workspace.Take(Rows, Sides[stage % 2], nodes.Count, result.Columns);
            result.CopyTo(output.RowRange(first, last - first));
            first = last;
        }
        return output.IsMissing ? Matrix.Allocate(0, model.Outputs) : output;
    }

    // All in-edges of some nodes.
    private Graph Block(ReadOnlySpan<int> destinations)
    {
        var (local, edges) = (scratch.Local, scratch.Edges);
        local.Clear();
        foreach (int node in destinations) local.Add(node);
        edges.Begin();
        foreach (int node in destinations)
        {
            long first = graph.Adjacency.First(node);
            var sources = scratch.Neighbours(node);
            for (int p = 0; p < sources.Length; p++) edges.Add(local.Add(sources[p]), first + p);
            edges.EndRow(node);
        }
        return edges.ToGraph(local.Numbers);
    }

    // The input rows of the nodes of the block.
    private NodeMatrix Gather(int stage, Matrix below)
    {
        var nodes = scratch.Local;
        if (stage == 0) return Features(nodes.Numbers);
        var rows = workspace.Take(Rows, "chunk", nodes.Count, below.Columns);
        for (int i = 0; i < nodes.Count; i++) below.Row(computed[stage - 1].Find(nodes[i])).CopyTo(rows.Row(i));
        return rows;
    }

    private NodeMatrix Features(ReadOnlySpan<int> nodes)
    {
        if (graph.Features.IsSparse) return graph.Features.GatherSparse(nodes);
        var rows = workspace.Take(Rows, "features", nodes.Length, graph.Features.Columns);
        graph.Features.Gather(nodes, rows);
        return rows;
    }

    private Matrix Chunk(int stage, Graph block, NodeMatrix H, Matrix below, int firstRow)
    {
        var (first, last) = stages[stage];
        var nodes = computed[stage];
        var outputs = new NodeMatrix[last - first + 1];
        var at = block;
        for (int layer = first; layer <= last; layer++)
        {
            var (works, keep) = (model.Layers[layer], saved[layer]);
            (keep.Pass, keep.Input, keep.InputIsConstant, keep.NeedsInputGradient) = (new Pass(0, 0, Training: false), H, false, false);
            if (works.Joins.Count > 0)
                keep.Join([.. works.Joins.Select((from, k) => from >= first ? outputs[from - first] : Joined(layer, k, from, H.Rows))], new bool[works.Joins.Count]);
            H = works.Forward(at, H, keep);
            keep.EndCall();
            outputs[layer - first] = H;
            if (works.Reach == LayerReach.Neighbours) at = block.AtDestinations;
            // Sparse rows are the features themselves, as a dropout passes them on.
            if (!joinedLater[layer] || H.IsSparse) continue;
            if (firstRow == 0) kept[layer] = workspace.Take(Joins, $"kept{layer}", nodes.Count, H.Columns);
            H.Dense.Top(block.OwnedDestinations).CopyTo(kept[layer].RowRange(firstRow, block.OwnedDestinations));
        }
        return H.Dense.Top(block.OwnedDestinations);
    }

    // The first rows of an output of an earlier stage, of as many nodes as the input now has.
    private NodeMatrix Joined(int layer, int k, int from, long rows)
    {
        var nodes = scratch.Local.Numbers[..(int)rows];
        if (from < 0 || kept[from].IsMissing) return Features(nodes);
        int stage = Array.FindIndex(stages, s => from <= s.Last);
        var joined = workspace.Take(Joins, $"joined{layer}.{k}", rows, kept[from].Columns);
        for (int i = 0; i < nodes.Length; i++) kept[from].Row(computed[stage].Find(nodes[i])).CopyTo(joined.Row(i));
        return joined;
    }

    // The destinations of every stage: the wanted nodes, and what the stage after it reads.
    private LocalNodes[] Needed(ReadOnlySpan<int> nodes)
    {
        var needed = new LocalNodes[stages.Length];
        for (int stage = stages.Length - 1; stage >= 0; stage--)
        {
            needed[stage] = new LocalNodes(graph.Adjacency.Nodes);
            foreach (int node in stage == stages.Length - 1 ? nodes : needed[stage + 1].Numbers) needed[stage].Add(node);
            if (stage == stages.Length - 1) continue;
            foreach (int node in needed[stage + 1].Numbers)
                foreach (int j in scratch.Neighbours(node)) needed[stage].Add(j);
        }
        return needed;
    }

    private static (int First, int Last)[] Stages(Model model)
    {
        var stages = new List<(int First, int Last)>();
        bool hopped = false;
        int first = 0;
        for (int layer = 0; layer < model.Layers.Count; layer++)
        {
            if (model.Layers[layer].Reach == LayerReach.Graphs)
                throw new ArgumentException($"layer {layer} ({model.Layers[layer].GetType().Name}) sums over whole graphs: nodes in chunks do not make them");
            if (model.Layers[layer].Reach != LayerReach.Neighbours) continue;
            if (hopped) stages.Add((first, layer - 1));
            if (hopped) first = layer;
            hopped = true;
        }
        stages.Add((first, model.Layers.Count - 1));
        return [.. stages];
    }
}
