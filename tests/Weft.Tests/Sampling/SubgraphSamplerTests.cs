using Weft.Sampling;
using Weft.Tests.Oracles;

namespace Weft.Tests.Sampling;

public class SubgraphSamplerTests
{
    private static readonly SampledGraph Graph = new(TestGraphs.ThreeHundred, loops: true);
    private static readonly int[] Cluster = [.. Graph.AllNodes.Select(i => i % 12)];

    [Fact]
    public void A_batch_of_clusters_is_their_nodes_with_all_edges_between_them()
    {
        var sampler = new ClusterSampler(Graph.Adjacency, Graph.AllNodes, Cluster, 12, 4, 5);
        var seen = new List<int>();
        bool between = false;
        Assert.Equal(3, sampler.Batches(0));
        for (int b = 0; b < 3; b++)
        {
            var sample = sampler.Draw(0, b, Graph.Scratch());
            var block = Assert.Single(sample.Blocks);
            Assert.Equal(4, sample.Nodes.Select(i => Cluster[i]).Distinct().Count());
            Assert.Equal(sample.Nodes.Length, block.OwnedDestinations);
            seen.AddRange(sample.Nodes);
            int[] expected = [.. Enumerable.Range(0, Graph.List.Count).Where(e => sample.Nodes.Contains(Graph.List.Source[e]) && sample.Nodes.Contains(Graph.List.Destination[e])).Select(e => Graph.List.Id(e))];
            var edges = SampledGraph.EdgesOf(block).ToArray();
            Assert.Equal(expected.Order(), edges.Select(e => e.Id).Order());
            between |= edges.Any(e => Cluster[e.Source] != Cluster[e.Destination]);
            // What is here stands for all: as many as the node has in the whole graph, where it has any beside its loops.
            foreach (var row in edges.GroupBy(e => e.Destination))
            {
                var others = row.Where(e => e.Source != e.Destination).ToArray();
                Assert.All(row.Except(others), loop => Assert.Equal(1, loop.Copies));
                int all = Enumerable.Range(0, Graph.List.Count).Count(e => Graph.List.Destination[e] == row.Key && Graph.List.Source[e] != row.Key);
                if (others.Length > 0) Assert.Equal(all, others.Sum(e => e.Copies), 4);
            }
        }
        Assert.True(between);
        Assert.Equal(Graph.AllNodes, seen.Order());
        Assert.NotEqual(SampledGraph.Text(sampler.Draw(0, 0, Graph.Scratch())), SampledGraph.Text(sampler.Draw(1, 0, Graph.Scratch())));
    }

    [Fact]
    public void Batches_of_clusters_without_a_training_node_are_left_out()
    {
        var sampler = new ClusterSampler(Graph.Adjacency, [5, 17], Cluster, 12, 2, 5);
        for (int epoch = 0; epoch < 5; epoch++)
        {
            Assert.Equal(1, sampler.Batches(epoch));
            var sample = sampler.Draw(epoch, 0, Graph.Scratch());
            Assert.Equal([5, 17], sample.Nodes.Where((_, i) => sample.Seeds![i]).Order());
        }
    }

    [Theory]
    [InlineData("node")]
    [InlineData("edge")]
    [InlineData("walk")]
    public void A_subgraph_is_a_function_of_seed_epoch_and_batch_and_has_a_training_node(string kind)
    {
        ISubgraphs Kind() => kind switch { "node" => new NodeSubgraphs(Graph.Adjacency, 30), "edge" => new EdgeSubgraphs(Graph.Adjacency, 15), _ => new WalkSubgraphs(Graph.Adjacency, 10, 2) };
        var (first, second) = (new SaintSampler(Graph.Adjacency, [9, 100], Kind(), 50, 6), new SaintSampler(Graph.Adjacency, [9, 100], Kind(), 50, 6));
        Assert.Equal(10, first.Batches(0));
        Assert.Equal(first.NodeCounts, second.NodeCounts);
        Assert.Equal(first.EdgeCounts, second.EdgeCounts);
        var texts = new HashSet<string>();
        for (int b = 9; b >= 0; b--)
        {
            var sample = first.Draw(2, b, Graph.Scratch());
            Assert.Contains(true, sample.Seeds!);
            Assert.True(sample.Nodes.Length <= 30);
            texts.Add(SampledGraph.Text(sample));
            Assert.Equal(SampledGraph.Text(sample), SampledGraph.Text(second.Draw(2, b, Graph.Scratch())));
        }
        Assert.Equal(10, texts.Count);
    }

    [Fact]
    public void A_walk_goes_against_the_edges()
    {
        // 0 → 1 → 2 → 3: from any node, walks reach what comes before it alone.
        var path = new SampledGraph(new OracleGraph("path", 4, [0, 1, 2], [1, 2, 3], [1, 1, 1]));
        var walks = new WalkSubgraphs(path.Adjacency, 1, 2);
        var seen = new HashSet<string>();
        var nodes = new LocalNodes(4);
        for (uint t = 0; t < 100; t++)
        {
            nodes.Clear();
            walks.Draw(new Draws(1, t, DrawPurpose.Subgraph, 0, 0), nodes);
            seen.Add(string.Join(' ', nodes.Numbers.ToArray()));
        }
        Assert.Equal(["0", "1 0", "2 1 0", "3 2 1"], seen.Order());
    }

    [Fact]
    public void Impossible_sizes_are_refused_in_words()
    {
        string Refused(Func<object> make) => Assert.ThrowsAny<ArgumentException>(make).Message;
        Assert.Contains("fanouts has 0", Refused(() => new LayerSampler(Graph.Adjacency, [1], 1, [0], 1)));
        Assert.Contains("no training node", Refused(() => new LayerSampler(Graph.Adjacency, [], 1, [4], 1)));
        Assert.Contains("clusters is 301", Refused(() => new ClusterSampler(Graph.Adjacency, [1], Cluster, 301, 1, 1)));
        Assert.Contains("13 clusters in a batch", Refused(() => new ClusterSampler(Graph.Adjacency, [1], Cluster, 12, 13, 1)));
        Assert.Contains("is in cluster 11", Refused(() => new ClusterSampler(Graph.Adjacency, [1], Cluster, 11, 1, 1)));
        Assert.Contains("batch-size is 0", Refused(() => new NodeSubgraphs(Graph.Adjacency, 0)));
        Assert.Contains("batch-size is -1", Refused(() => new EdgeSubgraphs(Graph.Adjacency, -1)));
        Assert.Contains("walk-length is 0", Refused(() => new WalkSubgraphs(Graph.Adjacency, 1, 0)));
        Assert.Contains("no edges", Refused(() => new EdgeSubgraphs(new SampledGraph(TestGraphs.Edgeless).Adjacency, 1)));
        Assert.Contains("saint-samples is 0", Refused(() => new SaintSampler(Graph.Adjacency, [1], new NodeSubgraphs(Graph.Adjacency, 5), 0, 1)));
        // Node 1 has no edge, so that edges never draw it.
        Assert.Contains("larger batch-size", Refused(() => new SaintSampler(new SampledGraph(TestGraphs.Forty).Adjacency, [1], new EdgeSubgraphs(new SampledGraph(TestGraphs.Forty).Adjacency, 5), 1, 1)));
    }
}
