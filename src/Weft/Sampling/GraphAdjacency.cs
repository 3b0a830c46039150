using Weft.Graphs;
using Weft.Memory;

namespace Weft.Sampling;

/// <summary>The in-edges of a graph in memory: its own arrays, not copies.</summary>
internal sealed class GraphAdjacency : IAdjacency
{
    private readonly Graph graph;
    private readonly EdgeView view;
    private readonly double[]? degrees;

    /// <summary>The edges of a whole graph on one process.</summary>
    /// <param name="graph">The graph; node i must be the node of number i.</param>
    /// <exception cref="ArgumentException">It is a block, a part of a graph, or its nodes lie in another order than their numbers.</exception>
    public GraphAdjacency(Graph graph)
    {
        (this.graph, view) = (graph, graph.ByDestination);
        if (graph.OwnedDestinations != graph.OwnedSources || graph.Place.World.Size > 1)
            throw new ArgumentException($"samples are drawn from a whole graph; this one has {graph.OwnedDestinations} destinations and {graph.OwnedSources} sources on {graph.Place.World.Size} processes");
        var ids = graph.Identity.NodeIds;
        for (int i = 0; i < ids.Length; i++)
            if (ids[i] != i) throw new ArgumentException($"node {ids[i]} lies at place {i}: samples are drawn from a graph whose nodes lie in the order of their numbers (--order none)");
        if (graph.Weights.IsMissing) return;
        degrees = new double[Nodes];
        for (int i = 0; i < Nodes; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++) degrees[i] += graph.Weights[q, 0];
    }

    /// <inheritdoc/>
    public int Nodes => (int)view.Rows;

    /// <inheritdoc/>
    public long Edges => view.Count;

    /// <inheritdoc/>
    public bool IsWeighted => degrees is not null;

    /// <inheritdoc/>
    public Matrix EdgeFeatures => graph.EdgeFeatures;

    /// <inheritdoc/>
    public long First(int node) => view.Pointers[node];

    /// <inheritdoc/>
    public int Degree(int node) => (int)(view.Pointers[node + 1] - view.Pointers[node]);

    /// <inheritdoc/>
    public void Sources(int node, Span<int> into) => view.Index.AsSpan((int)view.Pointers[node], Degree(node)).CopyTo(into);

    /// <inheritdoc/>
    public int Source(long position) => view.Index[position];

    /// <inheritdoc/>
    public int EdgeId(long position) => graph.EdgeIds[position];

    /// <inheritdoc/>
    public Real Weight(long position) => degrees is null ? 1 : graph.Weights[position, 0];

    /// <inheritdoc/>
    public double WeightedDegree(int node) => degrees is null ? Degree(node) : degrees[node];
}
