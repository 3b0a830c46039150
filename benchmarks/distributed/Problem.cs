using Weft.Datasets;
using Weft.Distributed;
using Weft.Distributed.Partitioning;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.DistributedBenchmarks;

/// <summary>A graph whose nodes lie in the order of their parts, with random features and the widths of a network.</summary>
internal sealed class Problem
{
    private readonly Lazy<Graph> normalized;

    public Problem(Options options)
    {
        var dataset = options.Graph is null
            ? Generated.StochasticBlocks(options.Nodes, classes: 32, options.Degree, homophily: 0.9, features: 0, seed: 1)
            : DatasetCatalog.Open(options.Graph, fetch: false);
        (Name, Widths) = (dataset.Name, options.Widths);
        var edges = dataset.Edges;
        var partition = Weft.Distributed.Partitioning.Partition.Of(new GraphStructure(edges.Nodes, edges.Source, edges.Destination), options.Ranks, Partitioners.Named(options.Partition, seed: 1));
        // Block parts are those of the grid, whose cuts are nested; the numbering is the given one.
        bool given = options.Partition == "block";
        Edges = given ? edges : edges.Renumber(partition.Order);
        Parts = given || options.EvenParts ? null : new NodeParts(partition.Offsets);
        int Number(int place) => given ? place : partition.Order[place];
        Labels = [.. Enumerable.Range(0, (int)edges.Nodes).Select(i => (dataset.Labels is null ? Number(i) : dataset.Labels[Number(i)]) % options.Classes)];
        normalized = new(() => Graph.FromEdges(Nodes, Edges.Source, Edges.Destination, Edges.Weight).Normalized(addLoops: true));
        Features = Matrix.Allocate(Nodes, Widths[0]);
        var random = Matrix.Allocate(Nodes, Widths[0]);
        CounterRandom.UniformRange(random, -1, 1, new RandomKey(1, 0, RandomStreams.Data(1 << 21)));
        for (int i = 0; i < Nodes; i++) random.Row(Number(i)).CopyTo(Features.Row(i));
    }

    public string Name { get; }

    public EdgeList Edges { get; }

    public long Nodes => Edges.Nodes;

    /// <summary>Entries of the matrix that a GCN multiplies with: edges and loops.</summary>
    public long Entries => Edges.Count + Nodes;

    /// <summary>Who owns what; null for even parts.</summary>
    public NodeParts? Parts { get; }

    public int[] Labels { get; }

    public long[] Widths { get; }

    public Matrix Features { get; }

    /// <summary>The whole graph with a GCN's weights.</summary>
    public Graph Normalized => normalized.Value;
}
