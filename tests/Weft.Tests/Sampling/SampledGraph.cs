using Weft.Graphs;
using Weft.Sampling;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Sampling;

/// <summary>A test graph and what samples of it are checked against.</summary>
internal sealed class SampledGraph
{
    public SampledGraph(OracleGraph graph, bool weighted = true, bool loops = false)
    {
        var list = new EdgeList(graph.Nodes, [.. graph.Source], [.. graph.Destination], weighted ? [.. graph.Weight.Select(w => (Real)w)] : null, LayerRun.ToMatrix(graph.Features));
        List = loops ? list.WithSelfLoops() : list;
        Graph = Graph.FromEdges(List);
        Adjacency = new GraphAdjacency(Graph);
    }

    public EdgeList List { get; }

    public Graph Graph { get; }

    public IAdjacency Adjacency { get; }

    public int Nodes => (int)List.Nodes;

    public int[] AllNodes => [.. Enumerable.Range(0, Nodes)];

    /// <summary>The edge of a number, which is its place in the list or belongs to an added loop.</summary>
    public (int Source, int Destination, double Weight) EdgeOf(int id)
    {
        for (int e = 0; e < List.Count; e++)
            if (List.Id(e) == id) return (List.Source[e], List.Destination[e], List.Weight is null ? 1 : List.Weight[e]);
        throw new InvalidOperationException($"there is no edge {id}");
    }

    public SampleScratch Scratch() => new(Adjacency);

    /// <summary>A sampler with one batch of nodes that are given, whose order does not matter.</summary>
    public NeighborSampler Neighbours(int[] seeds, int[] fanouts, bool replace = false, ulong seed = 1) => new(Adjacency, seeds, Nodes, fanouts, replace, seed);

    /// <summary>Edges of a block as (source, destination, number of the edge, copies, weight), nodes by their numbers.</summary>
    public static IEnumerable<(int Source, int Destination, int Id, double Copies, double Weight)> EdgesOf(Graph block)
    {
        var view = block.ByDestination;
        for (int i = 0; i < view.Rows; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++)
                yield return (block.Identity.NodeIds[view.Index[q]], block.Identity.NodeIds[i], block.EdgeIds[q],
                    block.Sampled is null ? 1 : block.Sampled.Copies[q, 0], block.Weights.IsMissing ? 1 : block.Weights[q, 0]);
    }

    /// <summary>What a sample is, in words: equal texts, equal samples.</summary>
    public static string Text(Sample sample) => string.Join("; ", sample.Blocks.Select(b => $"{b.OwnedDestinations}×{b.OwnedSources} {string.Join(' ', EdgesOf(b))}"))
        + " | " + string.Join(' ', sample.Nodes) + " | " + string.Join(' ', sample.Seeds ?? []) + " | " + string.Join(' ', sample.LossWeights ?? []);
}
