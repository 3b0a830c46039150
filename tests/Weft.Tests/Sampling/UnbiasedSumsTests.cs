using Weft.Graphs;
using Weft.Memory;
using Weft.Sampling;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Sampling;

/// <summary>
/// Sums over drawn in-edges, each taken for as many as it stands for, have the sums over all in-edges as their mean: seen by averaging
/// many samples of a fixed seed, within five standard errors of that average.
/// </summary>
public class UnbiasedSumsTests
{
    private const int Draws = 4000;
    private static readonly SampledGraph Graph = new(TestGraphs.Forty);
    private static readonly double[] F = [.. Enumerable.Range(0, Graph.Nodes).Select(j => TestGraphs.Numbers(1, 40, 77)[0, j] + 0.5)];

    [Theory]
    [InlineData("neighbour")]
    [InlineData("with replacement")]
    [InlineData("layer")]
    public void Sums_of_a_sampled_block_have_the_whole_sums_as_their_mean(string kind)
    {
        int[] seeds = kind == "layer" ? [.. Graph.AllNodes.Where(i => i % 4 == 0)] : Graph.AllNodes;
        ISampler sampler = kind == "layer" ? new LayerSampler(Graph.Adjacency, seeds, seeds.Length, [7], 3) : Graph.Neighbours(seeds, [2], kind == "with replacement", 3);
        var plain = new Mean[Graph.Nodes];
        var scaled = new Mean[Graph.Nodes];
        var scratch = Graph.Scratch();
        for (int epoch = 0; epoch < Draws; epoch++)
        {
            var block = sampler.Draw(epoch, 0, scratch).Blocks[0];
            foreach (var row in SampledGraph.EdgesOf(block).GroupBy(e => e.Destination))
            {
                plain[row.Key].Add(row.Sum(e => e.Copies * F[e.Source]));
                scaled[row.Key].Add(row.Sum(e => e.Weight * F[e.Source]));
            }
        }
        int drawn = 0;
        foreach (int i in seeds)
        {
            int[] edges = [.. Enumerable.Range(0, Graph.List.Count).Where(e => Graph.List.Destination[e] == i)];
            plain[i].Check(Draws, edges.Sum(e => F[Graph.List.Source[e]]), $"{kind}: sum at node {i}");
            scaled[i].Check(Draws, edges.Sum(e => Graph.List.Weight![e] * F[Graph.List.Source[e]]), $"{kind}: weighted sum at node {i}");
            if (plain[i].Deviates) drawn++;
        }
        Assert.True(drawn > seeds.Length / 3, "hardly any sum was left to chance");
    }

    [Theory]
    [InlineData("node")]
    [InlineData("edge")]
    [InlineData("walk")]
    public void Sums_in_a_subgraph_and_its_loss_have_those_of_the_whole_graph_as_their_mean(string kind)
    {
        int[] seeds = [.. Graph.AllNodes.Where(i => i % 3 == 0 && i != 1)];
        ISubgraphs subgraphs = kind switch { "node" => new NodeSubgraphs(Graph.Adjacency, 20), "edge" => new EdgeSubgraphs(Graph.Adjacency, 9), _ => new WalkSubgraphs(Graph.Adjacency, 6, 2) };
        // Counted so often that what is left of their chance is small beside the error of the average below.
        var sampler = new SaintSampler(Graph.Adjacency, seeds, subgraphs, 40_000, 3);
        var sums = new Mean[Graph.Nodes];
        var loss = new Mean();
        var scratch = Graph.Scratch();
        for (int t = 0; t < Draws; t++)
        {
            var sample = sampler.Draw(t, 0, scratch);
            foreach (var (node, rank) in sample.Nodes.Select((node, rank) => (node, rank)))
            {
                var view = sample.Blocks[0].ByDestination;
                double sum = 0;
                for (long q = view.Pointers[rank]; q < view.Pointers[rank + 1]; q++)
                    sum += (sample.Blocks[0].Sampled?.Copies[q, 0] ?? 1) * F[sample.Nodes[view.Index[q]]];
                sums[node].Add(sum);
            }
            int count = sample.Seeds!.Count(s => s);
            Assert.True(count > 0);
            loss.Add(Enumerable.Range(0, sample.Nodes.Length).Where(i => sample.Seeds![i]).Sum(i => sample.LossWeights![i] * F[sample.Nodes[i]]) / count);
        }
        loss.Check(Draws, seeds.Where(i => sums[i].Count > 0).Sum(i => F[i]) / seeds.Length, $"{kind}: loss");
        int drawn = 0;
        for (int i = 0; i < Graph.Nodes; i++)
        {
            if (sums[i].Count < 200) continue;
            // Edges whose ends were never together cannot be told from missing ones.
            double expected = Enumerable.Range((int)Graph.Adjacency.First(i), Graph.Adjacency.Degree(i)).Where(q => sampler.EdgeCounts[q] > 0).Sum(q => F[Graph.Adjacency.Source(q)]);
            sums[i].Check(sums[i].Count, expected, $"{kind}: sum at node {i}");
            if (sums[i].Deviates) drawn++;
        }
        Assert.True(drawn > 15, $"{drawn} sums were left to chance");
    }

    /// <summary>What layers make of a sampled block: GCN's, SAGE's and GIN's sums, through the weights that the layers ask for.</summary>
    [Fact]
    public void The_weights_that_gcn_sage_and_gin_ask_for_give_the_whole_sums_on_average()
    {
        var sampler = Graph.Neighbours(Graph.AllNodes, [2], seed: 8);
        var X = LayerRun.ToMatrix(new double[40, 1]);
        for (int j = 0; j < 40; j++) X[j, 0] = (Real)F[j];
        Matrix Sums(Graph graph, Matrix weights, int[] nodes)
        {
            var rows = Matrix.Allocate(nodes.Length, 1);
            for (int j = 0; j < nodes.Length; j++) rows[j, 0] = X[nodes[j], 0];
            var Z = Matrix.Allocate(graph.OwnedDestinations, 1);
            graph.Aggregate(weights, rows, Z);
            return Z;
        }
        Func<Graph, (Graph, Matrix)>[] asked = [g => (g.Normalized(addLoops: true), g.Normalized(addLoops: true).Weights), g => (g, g.MeanWeights), g => (g, g.SumWeights)];
        foreach (var ask in asked)
        {
            var (whole, weights) = ask(Graph.Graph);
            var expected = Sums(whole, weights, Graph.AllNodes);
            var means = new Mean[Graph.Nodes];
            var scratch = Graph.Scratch();
            for (int epoch = 0; epoch < Draws; epoch++)
            {
                var sample = sampler.Draw(epoch, 0, scratch);
                var (block, w) = ask(sample.Blocks[0]);
                var Z = Sums(block, w, sample.Nodes);
                for (int i = 0; i < Z.Rows; i++) means[sample.Targets[i]].Add(Z[i, 0]);
            }
            for (int i = 0; i < Graph.Nodes; i++) means[i].Check(Draws, expected[i, 0], $"sum at node {i}");
            Assert.True(means.Count(m => m.Deviates) > 10);
        }
    }

    [Fact]
    public void As_many_nodes_of_a_layer_are_drawn_on_average_as_asked_for()
    {
        int[] seeds = [.. Graph.AllNodes.Where(i => i % 4 == 0)];
        var sampler = new LayerSampler(Graph.Adjacency, seeds, seeds.Length, [7], 3);
        var scratch = Graph.Scratch();
        var size = new Mean();
        for (int epoch = 0; epoch < Draws; epoch++) size.Add(sampler.Draw(epoch, 0, scratch).Nodes.Length - seeds.Length);
        size.Check(Draws, 7, "nodes drawn");
        Assert.True(size.Deviates);
        List<double> p = [5, 1, 1, 0.5, 20, 0.25];
        foreach (int s in new[] { 1, 2, 3, 5 }) Assert.Equal(s, p.Sum(v => Math.Min(1, LayerSampler.Factor(p, s) * v)), 9);
        Assert.Equal(double.PositiveInfinity, LayerSampler.Factor(p, 6));
    }

    private struct Mean
    {
        private double sum, squares;

        public int Count { get; private set; }

        public readonly bool Deviates => Variance(Count) > 1e-9;

        public void Add(double value)
        {
            sum += value;
            squares += value * value;
            Count++;
        }

        /// <summary>The average over so many draws, of which those that added nothing count as 0.</summary>
        public readonly void Check(int draws, double expected, string what)
        {
            double mean = sum / Math.Max(1, draws), error = Math.Sqrt(Math.Max(0, Variance(draws)) / Math.Max(1, draws));
            Assert.True(Math.Abs(mean - expected) <= 5 * error + 1e-5 * (1 + Math.Abs(expected)), $"{what} is {mean} on average, {error} being its error; {expected} was expected");
        }

        private readonly double Variance(int draws) => draws < 2 ? 0 : squares / draws - sum / draws * (sum / draws);
    }
}
