using Weft.Sampling;
using Weft.Tests.Oracles;

namespace Weft.Tests.Sampling;

public class NeighborSamplerTests
{
    private static readonly SampledGraph Forty = new(TestGraphs.Forty), Hub = new(TestGraphs.Hub), Looped = new(TestGraphs.ThreeHundred, loops: true);

    [Fact]
    public void All_neighbours_are_all_in_edges_of_every_destination_and_stand_for_themselves()
    {
        var sample = Forty.Neighbours([7, 0, 39, 4], [-1, -1]).Draw(0, 0, Forty.Scratch());
        Assert.Equal([0, 4, 7, 39], sample.Targets.ToArray().Order());
        Assert.Equal(sample.Blocks[1].OwnedSources, sample.Blocks[0].OwnedDestinations);
        foreach (var block in sample.Blocks)
        {
            Assert.Null(block.Sampled);
            int[] destinations = block.Identity.NodeIds[..(int)block.OwnedDestinations];
            int[] expected = [.. Enumerable.Range(0, Forty.List.Count).Where(e => destinations.Contains(Forty.List.Destination[e]))];
            var found = SampledGraph.EdgesOf(block).ToArray();
            Assert.Equal(expected, found.Select(e => e.Id).Order());
            foreach (var edge in found) Assert.Equal((edge.Source, edge.Destination, edge.Weight), Forty.EdgeOf(edge.Id));
            Assert.Equal(block.Identity.NodeIds.Select(Forty.Adjacency.WeightedDegree), block.Identity.Degrees!);
            Assert.Equal(Forty.List.Count, block.Identity.TotalEdges);
        }
        Assert.Equal(sample.Nodes, sample.Blocks[0].Identity.NodeIds);
        Assert.Equal(sample.Nodes.Length, sample.Nodes.Distinct().Count());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public void A_destination_has_as_many_different_in_edges_as_the_fan_out_says(int most)
    {
        foreach (var graph in new[] { Forty, Hub, Looped })
        {
            var sample = graph.Neighbours(graph.AllNodes, [most]).Draw(3, 0, graph.Scratch());
            var byNode = SampledGraph.EdgesOf(sample.Blocks[0]).ToLookup(e => e.Destination);
            for (int node = 0; node < graph.Nodes; node++)
            {
                int degree = graph.Adjacency.Degree(node);
                bool loop = degree > 0 && graph.Adjacency.Source(graph.Adjacency.First(node) + degree - 1) == node;
                bool kept = loop && degree > most;
                int others = kept ? degree - 1 : degree, expected = Math.Min(others, most) + (kept ? 1 : 0);
                var edges = byNode[node].ToArray();
                Assert.Equal(expected, edges.Select(e => e.Id).Distinct().Count());
                Assert.Equal(expected, edges.Length);
                foreach (var edge in edges)
                {
                    var (source, destination, weight) = graph.EdgeOf(edge.Id);
                    Assert.Equal((source, node), (edge.Source, destination));
                    double copies = kept && edge == edges[^1] || degree <= most ? 1 : (double)others / most;
                    Assert.Equal((Real)copies, (Real)edge.Copies);
                    Assert.Equal((Real)(weight * copies), (Real)edge.Weight);
                }
                if (kept) Assert.Equal(node, edges[^1].Source);
            }
        }
    }

    [Fact]
    public void With_replacement_every_node_with_in_edges_has_exactly_the_fan_out_and_some_edge_comes_twice()
    {
        var sample = Forty.Neighbours(Forty.AllNodes, [6], replace: true).Draw(0, 0, Forty.Scratch());
        var byNode = SampledGraph.EdgesOf(sample.Blocks[0]).ToLookup(e => e.Destination);
        bool twice = false;
        for (int node = 0; node < Forty.Nodes; node++)
        {
            int degree = Forty.Adjacency.Degree(node);
            var edges = byNode[node].ToArray();
            bool loop = degree > 0 && Forty.Adjacency.Source(Forty.Adjacency.First(node) + degree - 1) == node;
            int others = loop ? degree - 1 : degree;
            Assert.Equal((others > 0 ? 6 : 0) + (loop ? 1 : 0), edges.Length);
            Assert.Equal(degree, edges.Sum(e => e.Copies), 4);
            twice |= edges.Select(e => e.Id).Distinct().Count() < edges.Length;
        }
        Assert.True(twice);
    }

    [Fact]
    public void A_sample_is_a_function_of_seed_epoch_batch_and_node()
    {
        NeighborSampler Sampler(ulong seed) => new(Hub.Adjacency, Hub.AllNodes, 64, [4, 5], replace: false, seed);
        var (scratch, sampler) = (Hub.Scratch(), Sampler(9));
        string[] forwards = [.. from epoch in Enumerable.Range(0, 3) from b in Enumerable.Range(0, sampler.Batches(0)) select SampledGraph.Text(sampler.Draw(epoch, b, scratch))];
        // In another order, by another sampler, with memory that was used for other things.
        var other = Sampler(9);
        string[] backwards = [.. from epoch in Enumerable.Range(0, 3).Reverse() from b in Enumerable.Range(0, other.Batches(0)).Reverse() select SampledGraph.Text(other.Draw(epoch, b, scratch))];
        Assert.Equal(forwards, backwards.Reverse());
        Assert.Equal(forwards.Length, forwards.Distinct().Count());
        Assert.NotEqual(forwards[0], SampledGraph.Text(Sampler(10).Draw(0, 0, scratch)));
    }

    [Fact]
    public void An_epoch_has_every_training_node_once_in_an_order_of_its_own()
    {
        int[] seeds = [.. Hub.AllNodes.Where(i => i % 3 == 0)];
        var sampler = new NeighborSampler(Hub.Adjacency, seeds, 16, [1], replace: false, 4);
        Assert.Equal((seeds.Length + 15) / 16, sampler.Batches(0));
        int[][] epochs = [.. Enumerable.Range(0, 3).Select(epoch => Enumerable.Range(0, sampler.Batches(epoch)).SelectMany(b => sampler.Draw(epoch, b, Hub.Scratch()).Targets.ToArray()).ToArray())];
        foreach (int[] epoch in epochs) Assert.Equal(seeds, epoch.Order());
        Assert.NotEqual(epochs[0], epochs[1]);
        Assert.NotEqual(epochs[1], epochs[2]);
        Assert.NotEqual(seeds, epochs[0]);
    }

    [Theory]
    [InlineData(5, 3)]
    [InlineData(60, 50)]
    public void Drawn_numbers_are_different_and_every_number_is_as_likely(int bound, int count)
    {
        const int draws = 20_000;
        var seen = new int[bound];
        var marks = new HashSet<int>();
        var drawn = new int[count];
        for (int t = 0; t < draws; t++)
        {
            new Draws(3, (uint)t, DrawPurpose.Neighbours, 0, 17).Distinct(bound, drawn, marks);
            Assert.Empty(marks);
            for (int p = 1; p < count; p++) Assert.True(drawn[p] > drawn[p - 1]);
            foreach (int p in drawn) seen[p]++;
        }
        double share = count / (double)bound, deviation = Math.Sqrt(draws * share * (1 - share));
        foreach (int n in seen) Assert.InRange(n, draws * share - 5 * deviation, draws * share + 5 * deviation);
    }

    [Fact]
    public void Every_pair_of_neighbours_is_as_likely()
    {
        var pairs = new Dictionary<(int, int), int>();
        var (drawn, marks) = (new int[2], new HashSet<int>());
        for (int t = 0; t < 10_000; t++)
        {
            new Draws(5, (uint)t, DrawPurpose.Neighbours, 1, 2).Distinct(5, drawn, marks);
            pairs[(drawn[0], drawn[1])] = pairs.GetValueOrDefault((drawn[0], drawn[1])) + 1;
        }
        Assert.Equal(10, pairs.Count);
        foreach (int n in pairs.Values) Assert.InRange(n, 1000 - 150, 1000 + 150);
    }

    [Fact]
    public void Impossible_sizes_and_graphs_are_refused_in_words()
    {
        string Refused(Func<object> make) => Assert.ThrowsAny<ArgumentException>(make).Message;
        Assert.Contains("fanouts has 0", Refused(() => Forty.Neighbours([1], [3, 0])));
        Assert.Contains("fanouts has -2", Refused(() => Forty.Neighbours([1], [-2])));
        Assert.Contains("fanouts is empty", Refused(() => Forty.Neighbours([1], [])));
        Assert.Contains("batch-size is 0", Refused(() => new NeighborSampler(Forty.Adjacency, [1], 0, [1], false, 1)));
        Assert.Contains("no training node", Refused(() => Forty.Neighbours([], [1])));
        var block = Forty.Neighbours([3, 4], [2]).Draw(0, 0, Forty.Scratch()).Blocks[0];
        Assert.Contains("whole graph", Refused(() => new GraphAdjacency(block)));
        var turned = Weft.Graphs.Graph.InOrder(Forty.List, [.. Forty.AllNodes.Reverse()]);
        Assert.Contains("--order none", Refused(() => new GraphAdjacency(turned)));
    }

    [Fact]
    public void Features_of_edges_come_along_with_them()
    {
        var features = TestGraphs.Forty.Features;
        var sample = Forty.Neighbours([7, 0, 39, 4], [3, 2]).Draw(0, 0, Forty.Scratch());
        foreach (var block in sample.Blocks)
        {
            Assert.Equal(block.Edges, block.EdgeFeatures.Rows);
            for (int e = 0; e < block.Edges; e++)
                for (int c = 0; c < OracleGraph.EdgeFeatures; c++) Assert.Equal((Real)features[block.EdgeIds[e], c], block.EdgeFeatures[e, c]);
        }
    }
}
