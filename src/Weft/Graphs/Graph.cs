using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// A directed graph as a layer sees it: messages flow along edges from sources (columns) to destinations (rows), and every
/// verb comes with its adjoint. A node matrix has one row per node that this process owns; an edge matrix has one row per edge
/// of this process's block and one column per head that it works on.
/// </summary>
/// <remarks>
/// Parallel edges and self-loops are edges like any other. A sampled block is rectangular: its destinations are the first of its
/// sources. A verb is "gather, local kernel, scatter-sum"; on one process both exchanges are the identity.
/// </remarks>
public sealed partial class Graph
{
    private readonly Lazy<EdgeView> bySource;
    private readonly Lazy<Graph> atDestinations;
    private readonly Lazy<Graph> normalizedWithLoops, normalizedWithoutLoops;
    private readonly Lazy<Matrix> meanWeights, outgoingMeans;
    private readonly Lazy<SplitEdges> split;
    private readonly Lazy<(EdgeView View, Matrix Weights)> ownBySource, meansBySource;

    internal Graph(EdgeView byDestination, int[] edgeIds, Matrix weights, Placement place, GraphIdentity identity, OutgoingEdges? outgoing = null, Func<EdgeView>? transpose = null)
    {
        (ByDestination, EdgeIds, Weights, Place, Identity, Outgoing) = (byDestination, edgeIds, weights, place, identity, outgoing);
        outgoingMeans = new(() => Normalization.OutgoingMean(this));
        split = new(() => new SplitEdges(ByDestination, Place.Columns));
        bySource = new(transpose ?? byDestination.Transpose);
        atDestinations = new(() => FromEdges(OwnedDestinations, [], []));
        normalizedWithLoops = new(() => Normalization.Symmetric(this, addLoops: true));
        normalizedWithoutLoops = new(() => Normalization.Symmetric(this, addLoops: false));
        meanWeights = new(() => Normalization.RowMean(this));
        ownBySource = new(() => InOrderOfSources(Weights));
        meansBySource = new(() => InOrderOfSources(MeanWeights));
    }

    /// <summary>Edges grouped by destination; an edge matrix follows this order.</summary>
    internal EdgeView ByDestination { get; }

    /// <summary>The same edges grouped by source.</summary>
    internal EdgeView BySource => bySource.Value;

    /// <summary>The edges that leave this process's nodes, where sums over them are made whole here; else null.</summary>
    internal OutgoingEdges? Outgoing { get; }

    /// <summary>Number of each edge in the edge list that was given, by which random numbers and traces know it; [Edges].</summary>
    internal int[] EdgeIds { get; }

    internal Placement Place { get; }

    internal GraphIdentity Identity { get; }

    /// <summary>
    /// For several graphs side by side, the graph that leads from their nodes to them: its sources are the nodes, its destinations the
    /// graphs, each node has one edge. Null where all nodes are one graph.
    /// </summary>
    internal Graph? Membership { get; init; }

    /// <summary>The destinations with no edges between them: where layers work that look at rows alone, once only destinations are left.</summary>
    internal Graph AtDestinations => atDestinations.Value;

    /// <summary>Weight of each edge, [Edges, 1]; missing where every weight is 1.</summary>
    public Matrix Weights { get; }

    /// <summary>Source nodes that this process owns: rows of a layer's input.</summary>
    public long OwnedSources => Identity.NodeIds.Length;

    /// <summary>Destination nodes that this process owns: rows of a layer's output, the first of its sources.</summary>
    public long OwnedDestinations => Identity.OwnedDestinations;

    /// <summary>Edges of this process's block; on one process, of the graph.</summary>
    public long Edges => ByDestination.Count;

    /// <summary>Rows of this process's block; on one process, the destinations.</summary>
    public long BlockRows => ByDestination.Rows;

    /// <summary>Rows of all blocks of this process's row of the grid: those of <see cref="AttendAll"/>, which leaves none out.</summary>
    internal long AllBlockRows => Place.Rows.All;

    /// <summary>How many of <paramref name="heads"/> heads this process works on; on one process, all.</summary>
    public int LocalHeads(int heads) => Place.Share(heads).Count;

    /// <summary>D̂^{-1/2} (A + I) D̂^{-1/2}, or without I: the graph whose <see cref="Weights"/> a GCN aggregates with. Computed once.</summary>
    public Graph Normalized(bool addLoops) => (addLoops ? normalizedWithLoops : normalizedWithoutLoops).Value;

    /// <summary>1 / (number of in-edges of the edge's destination), [Edges, 1]: aggregating with it is the mean of the neighbours. Computed once.</summary>
    public Matrix MeanWeights => meanWeights.Value;

    /// <summary>A graph on one process.</summary>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="source">Source of each edge, 0 … N − 1.</param>
    /// <param name="destination">Destination of each edge.</param>
    /// <param name="weight">Weight of each edge, or nothing for weight 1.</param>
    /// <param name="features">Features of each edge, [E, D_e], or missing.</param>
    /// <exception cref="ArgumentException">An end is not a node, or the lengths differ.</exception>
    public static Graph FromEdges(long nodes, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight = default, Matrix features = default)
    {
        CheckEdges(nodes, source, destination, weight);
        CheckFeatures(features, source.Length);
        var view = EdgeView.Group(destination, source, nodes, nodes, out int[] order);
        return new Graph(view, order, InOrder(weight, order), Placement.Alone(nodes, nodes), GraphIdentity.Whole(nodes, source.Length)) { EdgeFeatures = EdgeList.RowsOf(features, order) };
    }

    /// <summary>A graph on one process whose edges are numbered as the list says, added loops by their nodes.</summary>
    internal static Graph FromEdges(EdgeList edges)
    {
        var graph = FromEdges(edges.Nodes, edges.Source, edges.Destination, edges.Weight, edges.Features);
        for (int q = 0; q < graph.EdgeIds.Length; q++) graph.EdgeIds[q] = edges.Id(graph.EdgeIds[q]);
        return graph;
    }

    /// <summary>A graph on one process whose nodes lie in another order than their numbers.</summary>
    /// <param name="edges">The edges, by places: node <paramref name="order"/>[i] is called i in them; in the order of the edge list.</param>
    /// <param name="order">Number of the node at each place, by which random numbers know it.</param>
    internal static Graph InOrder(EdgeList edges, int[] order)
    {
        var view = EdgeView.Group(edges.Destination, edges.Source, edges.Nodes, edges.Nodes, out int[] ids);
        var identity = GraphIdentity.Whole(edges.Nodes, edges.Count);
        order.CopyTo(identity.NodeIds, 0);
        identity = identity with { Diagonal = [.. order.Select((node, i) => (i, i, node))] };
        var (weights, features) = (InOrder(edges.Weight, ids), edges.Rows(ids));
        for (int q = 0; q < ids.Length; q++) ids[q] = edges.Id(ids[q], order);
        return new Graph(view, ids, weights, Placement.Alone(edges.Nodes, edges.Nodes), identity) { EdgeFeatures = features };
    }

    /// <summary>
    /// A rectangular block on one process: messages from <paramref name="sources"/> nodes to the first
    /// <paramref name="destinations"/> of them.
    /// </summary>
    /// <param name="destinations">Nodes that messages arrive at.</param>
    /// <param name="sources">Nodes that messages start from, the destinations first.</param>
    /// <param name="source">Source of each edge, 0 … sources − 1.</param>
    /// <param name="destination">Destination of each edge, 0 … destinations − 1.</param>
    /// <param name="weight">Weight of each edge, or nothing for weight 1.</param>
    /// <param name="degrees">
    /// The sum of the weights of all in-edges that each source has in the whole graph, by which a GCN normalises; nothing if no
    /// GCN works on the block.
    /// </param>
    /// <param name="features">Features of each edge, [edges, D_e], or missing.</param>
    /// <exception cref="ArgumentException">An end is not a node of the block, or the lengths differ.</exception>
    public static Graph Block(long destinations, long sources, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight = default, ReadOnlySpan<double> degrees = default, Matrix features = default)
    {
        CheckFeatures(features, source.Length);
        if (!degrees.IsEmpty && degrees.Length != sources) throw new ArgumentException($"{degrees.Length} degrees for {sources} sources");
        if (destinations > sources) throw new ArgumentException($"{destinations} destinations are more than {sources} sources");
        CheckEdges(sources, source, destination, weight);
        foreach (int i in destination)
            if (i >= destinations) throw new ArgumentException($"an edge ends at {i}, which is not among the {destinations} destinations");
        var view = EdgeView.Group(destination, source, destinations, sources, out int[] order);
        var identity = GraphIdentity.Whole(sources, source.Length) with
        {
            OwnedDestinations = destinations,
            Diagonal = [.. Enumerable.Range(0, (int)destinations).Select(i => (i, i, i))],
            Degrees = degrees.IsEmpty ? null : degrees.ToArray(),
        };
        return new Graph(view, order, InOrder(weight, order), Placement.Alone(destinations, sources), identity) { EdgeFeatures = EdgeList.RowsOf(features, order) };
    }

    /// <summary>A rectangular block of a larger graph, as a sampler cuts it, whose nodes and edges keep their numbers.</summary>
    /// <param name="byDestination">Its edges, between places in the block.</param>
    /// <param name="edgeIds">Number of each edge in the edge list of the whole graph; [Edges].</param>
    /// <param name="weights">Weight of each edge, [Edges, 1]; missing for weight 1.</param>
    /// <param name="nodeIds">Number of each source in the whole graph, the destinations first.</param>
    /// <param name="totalEdges">Edges of the whole graph's edge list: the loop added to node i is edge totalEdges + i.</param>
    /// <param name="degrees">The sum of the weights of each source's in-edges in the whole graph, by which a GCN normalises; null if none works on the block.</param>
    /// <param name="sampled">What the edges stand for, by which the weights are multiplied already; null where each stands for itself.</param>
    /// <param name="features">Features of each edge, in the order of <paramref name="byDestination"/>, [Edges, D_e]; missing where edges have none.</param>
    internal static Graph Block(EdgeView byDestination, int[] edgeIds, Matrix weights, int[] nodeIds, long totalEdges, double[]? degrees, SampledEdges? sampled = null, Matrix features = default)
    {
        var diagonal = new (int, int, int)[byDestination.Rows];
        for (int i = 0; i < diagonal.Length; i++) diagonal[i] = (i, i, nodeIds[i]);
        var identity = new GraphIdentity(nodeIds, byDestination.Rows, totalEdges, diagonal) { Degrees = degrees };
        return new Graph(byDestination, edgeIds, weights, Placement.Alone(byDestination.Rows, byDestination.Columns), identity) { Sampled = sampled, EdgeFeatures = features };
    }

    /// <summary>The graph that leads from the nodes of several graphs to the graphs: <see cref="Membership"/>.</summary>
    /// <param name="membership">Number of each node's graph, ascending; [N].</param>
    /// <param name="graphs">Number of graphs.</param>
    /// <exception cref="ArgumentException">A node's graph is not one of them.</exception>
    internal static Graph OfMembership(ReadOnlySpan<int> membership, int graphs)
    {
        foreach (int g in membership)
            if ((uint)g >= (uint)graphs) throw new ArgumentException($"a node is in graph {g}; graphs are 0 … {graphs - 1}");
        var nodes = new int[membership.Length];
        for (int i = 0; i < nodes.Length; i++) nodes[i] = i;
        var view = EdgeView.Group(membership, nodes, graphs, nodes.Length, out int[] order);
        // A graph is no node: there is no diagonal.
        var identity = GraphIdentity.Whole(nodes.Length, nodes.Length) with { OwnedDestinations = graphs, Diagonal = [] };
        return new Graph(view, order, default, Placement.Alone(graphs, nodes.Length), identity);
    }

    /// <summary>The same graph, of which the nodes belong to several graphs.</summary>
    internal Graph WithMembership(Graph membership) =>
        new(ByDestination, EdgeIds, Weights, Place, Identity, Outgoing) { Membership = membership, EdgeFeatures = EdgeFeatures };

    /// <summary>
    /// The view by source with the numbers of its weights. Weights that the graph itself keeps are copied once to the order of
    /// that view, because reading them by number, one from here and one from there, costs more than a narrow product.
    /// </summary>
    private (EdgeView View, Matrix Weights) WeightedBySource(Matrix w)
    {
        if (w.IsMissing) return (BySource, w);
        if (w == Weights) return ownBySource.Value;
        return meanWeights.IsValueCreated && w == MeanWeights ? meansBySource.Value : (BySource, w);
    }

    /// <summary>Weights of the outgoing edges, in their order, of which <paramref name="w"/> are the weights of the incoming ones.</summary>
    private Matrix OutgoingWeights(Matrix w)
    {
        if (w.IsMissing) return w;
        if (w == Weights) return Outgoing!.Weights;
        if (meanWeights.IsValueCreated && w == MeanWeights) return outgoingMeans.Value;
        throw new NotSupportedException("a reproducible run aggregates with the weights of the graph or with means; weights of a caller's own are known at the destinations alone");
    }

    private (EdgeView View, Matrix Weights) InOrderOfSources(Matrix w)
    {
        var ordered = Matrix.Allocate(w.Rows, 1);
        for (long q = 0; q < w.Rows; q++) ordered[q, 0] = w[BySource.Value(q), 0];
        return (BySource.WithValuesInOrder(), ordered);
    }

    internal static Matrix InOrder(ReadOnlySpan<Real> weight, int[] order)
    {
        if (weight.IsEmpty) return default;
        var weights = Matrix.Allocate(order.Length, 1);
        for (int e = 0; e < order.Length; e++) weights[e, 0] = weight[order[e]];
        return weights;
    }

    private static void CheckFeatures(Matrix features, int edges)
    {
        if (!features.IsMissing && features.Rows != edges) throw new ArgumentException($"features of edges are {features} for {edges} edges: every edge needs a row");
    }

    internal static void CheckEdges(long nodes, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, ReadOnlySpan<Real> weight)
    {
        if (source.Length != destination.Length)
            throw new ArgumentException($"{source.Length} sources and {destination.Length} destinations: every edge needs both");
        if (!weight.IsEmpty && weight.Length != source.Length)
            throw new ArgumentException($"{weight.Length} weights for {source.Length} edges");
        for (int e = 0; e < source.Length; e++)
            if ((uint)source[e] >= (ulong)nodes || (uint)destination[e] >= (ulong)nodes)
                throw new ArgumentException($"edge {e} goes from {source[e]} to {destination[e]}; nodes are 0 … {nodes - 1}");
    }
}

/// <summary>Names that stay with nodes and edges wherever they live.</summary>
/// <param name="NodeIds">Number of each owned source node in the whole graph.</param>
/// <param name="OwnedDestinations">How many of them, from the first, are destinations.</param>
/// <param name="TotalEdges">Edges of the whole graph; the loop added to node i is edge TotalEdges + i.</param>
/// <param name="Diagonal">
/// Nodes that are a row and a column of this process's block: row and column among all those of the group, number in the whole graph.
/// </param>
internal sealed record GraphIdentity(int[] NodeIds, long OwnedDestinations, long TotalEdges, (int Row, int Column, int Node)[] Diagonal)
{
    /// <summary>Weighted in-degree of each source in the graph that this one is a block of, where that was given.</summary>
    public double[]? Degrees { get; init; }

    /// <summary>Bytes of the arrays.</summary>
    public unsafe long Bytes => (long)NodeIds.Length * sizeof(int) + (long)Diagonal.Length * sizeof((int, int, int)) + (Degrees?.Length ?? 0) * (long)sizeof(double);

    public static GraphIdentity Whole(long nodes, long edges)
    {
        var ids = GC.AllocateUninitializedArray<int>((int)nodes, pinned: true);
        for (int i = 0; i < ids.Length; i++) ids[i] = i;
        return new GraphIdentity(ids, nodes, edges, [.. ids.Select(i => (i, i, i))]);
    }
}
