using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Many small graphs as one: their edges in one block-diagonal list, and for every node the number of its graph. The nodes
/// of graph g are Offsets[g] … Offsets[g + 1] − 1.
/// </summary>
public sealed class GraphBatch
{
    /// <summary>A batch whose nodes lie in the order of their graphs.</summary>
    /// <param name="edges">The edges of all graphs.</param>
    /// <param name="membership">Number of each node's graph, ascending; [N].</param>
    /// <param name="graphs">Number of graphs; a graph may be without nodes.</param>
    /// <exception cref="ArgumentException">The membership does not ascend or leaves 0 … graphs − 1, or an edge joins two graphs.</exception>
    public GraphBatch(EdgeList edges, int[] membership, int graphs)
    {
        ArgumentNullException.ThrowIfNull(edges);
        ArgumentNullException.ThrowIfNull(membership);
        if (membership.Length != edges.Nodes) throw new ArgumentException($"{membership.Length} memberships for {edges.Nodes} nodes", nameof(membership));
        (Edges, Membership, Offsets) = (edges, membership, new int[graphs + 1]);
        for (int i = 0; i < membership.Length; i++)
        {
            if ((uint)membership[i] >= (uint)graphs) throw new ArgumentException($"node {i} is in graph {membership[i]}; graphs are 0 … {graphs - 1}", nameof(membership));
            if (i > 0 && membership[i] < membership[i - 1])
                throw new ArgumentException($"node {i} is in graph {membership[i]}, after a node of graph {membership[i - 1]}: the nodes of a graph lie together", nameof(membership));
            Offsets[membership[i] + 1] = i + 1;
        }
        for (int g = 0; g < graphs; g++) Offsets[g + 1] = Math.Max(Offsets[g], Offsets[g + 1]);
        for (int e = 0; e < edges.Count; e++)
            if (membership[edges.Source[e]] != membership[edges.Destination[e]])
                throw new ArgumentException($"edge {e} joins graphs {membership[edges.Source[e]]} and {membership[edges.Destination[e]]}", nameof(edges));
    }

    /// <summary>The edges of all graphs, over the nodes of all graphs.</summary>
    public EdgeList Edges { get; }

    /// <summary>Number of each node's graph; [N].</summary>
    public int[] Membership { get; }

    /// <summary>First node of each graph, and N at the end; [Count + 1].</summary>
    public int[] Offsets { get; }

    /// <summary>Number of graphs.</summary>
    public int Count => Offsets.Length - 1;

    /// <summary>Puts graphs one after another: nodes and edges keep their order within each.</summary>
    /// <exception cref="ArgumentException">Some graphs have weights and some have none, features of edges differ in number, or there are too many nodes.</exception>
    public static GraphBatch From(IReadOnlyList<EdgeList> graphs)
    {
        ArgumentNullException.ThrowIfNull(graphs);
        long nodes = graphs.Sum(g => g.Nodes);
        int edges = checked(graphs.Sum(g => g.Count)), weighted = graphs.Count(g => g.Weight is not null);
        if (weighted != 0 && weighted != graphs.Count) throw new ArgumentException($"{weighted} of {graphs.Count} graphs have edge weights: all or none must", nameof(graphs));
        long[] widths = [.. graphs.Select(g => g.FeatureWidth).Distinct()];
        if (widths.Length > 1) throw new ArgumentException($"graphs have {string.Join(" and ", widths)} features an edge: all must have the same", nameof(graphs));
        if (nodes > int.MaxValue) throw new ArgumentException($"{nodes} nodes in one batch: at most {int.MaxValue} are possible", nameof(graphs));
        var (source, destination, membership) = (new int[edges], new int[edges], new int[nodes]);
        var weight = weighted == 0 ? null : new Real[edges];
        var features = widths is [> 0] ? Matrix.Allocate(edges, widths[0]) : default;
        int node = 0, edge = 0;
        for (int g = 0; g < graphs.Count; g++)
        {
            var graph = graphs[g];
            for (int e = 0; e < graph.Count; e++)
                (source[edge + e], destination[edge + e]) = (graph.Source[e] + node, graph.Destination[e] + node);
            if (weight is not null) graph.Weight!.CopyTo(weight, edge);
            if (!features.IsMissing) graph.Features.CopyTo(features.RowRange(edge, graph.Count));
            membership.AsSpan(node, (int)graph.Nodes).Fill(g);
            node += (int)graph.Nodes;
            edge += graph.Count;
        }
        return new GraphBatch(new EdgeList(nodes, source, destination, weight, features), membership, graphs.Count);
    }

    /// <summary>The batch of some of the graphs, in the given order, and the number that each of its nodes has here.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such graph.</exception>
    public GraphBatch Select(ReadOnlySpan<int> graphs, out int[] nodes)
    {
        var first = FirstEdges();
        var parts = new List<EdgeList>(graphs.Length);
        var kept = new List<int>();
        foreach (int g in graphs)
        {
            if ((uint)g >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(graphs), g, $"graphs are 0 … {Count - 1}");
            int start = Offsets[g], size = Offsets[g + 1] - start;
            kept.AddRange(Enumerable.Range(start, size));
            var edges = first.Order.AsSpan(first.Pointers[g], first.Pointers[g + 1] - first.Pointers[g]).ToArray();
            parts.Add(new EdgeList(size,
                Array.ConvertAll(edges, e => Edges.Source[e] - start), Array.ConvertAll(edges, e => Edges.Destination[e] - start),
                Edges.Weight is null ? null : Array.ConvertAll(edges, e => Edges.Weight[e]), Edges.Rows(edges)));
        }
        nodes = [.. kept];
        return From(parts);
    }

    // The edges in the order of their graphs: those of graph g are Order[Pointers[g]] … Order[Pointers[g + 1] − 1].
    private (int[] Pointers, int[] Order) FirstEdges()
    {
        if (edgesByGraph is { } known) return known;
        var pointers = new int[Count + 1];
        foreach (int j in Edges.Source) pointers[Membership[j] + 1]++;
        for (int g = 0; g < Count; g++) pointers[g + 1] += pointers[g];
        var next = pointers.AsSpan(0, Count).ToArray();
        var order = new int[Edges.Count];
        for (int e = 0; e < order.Length; e++) order[next[Membership[Edges.Source[e]]]++] = e;
        edgesByGraph = (pointers, order);
        return (pointers, order);
    }

    private (int[] Pointers, int[] Order)? edgesByGraph;
}
