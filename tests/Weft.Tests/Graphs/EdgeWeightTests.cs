using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Graphs;

/// <summary>What edge weights do: they enter a GCN's normalisation as PyTorch Geometric's gcn_norm has them, and nothing else.</summary>
public class EdgeWeightTests
{
    /// <summary>40 nodes without loops of their own, where A + I and "a loop for each node that has none" are the same.</summary>
    private static OracleGraph Loopless()
    {
        var graph = TestGraphs.Forty;
        int[] kept = [.. Enumerable.Range(0, graph.Edges).Where(e => graph.Source[e] != graph.Destination[e])];
        return new OracleGraph("40 nodes without loops", graph.Nodes, [.. kept.Select(e => graph.Source[e])], [.. kept.Select(e => graph.Destination[e])], [.. kept.Select(e => graph.Weight[e])]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_gcn_normalises_by_the_sums_of_the_weights_of_in_edges_at_both_ends(bool addLoops)
    {
        var graph = Loopless();
        // deg_i = Σ of the weights into i, a loop of weight 1 included; w' = deg_src^-½ · w · deg_dst^-½, 0 where deg is 0.
        var degree = new double[graph.Nodes];
        for (int e = 0; e < graph.Edges; e++) degree[graph.Destination[e]] += graph.Weight[e];
        if (addLoops)
            for (int i = 0; i < graph.Nodes; i++) degree[i] += 1;
        double Inverse(int i) => degree[i] > 0 ? Math.Pow(degree[i], -0.5) : 0;

        var normalized = LayerRun.LibraryGraph(graph).Normalized(addLoops);
        Assert.Equal(graph.Edges + (addLoops ? graph.Nodes : 0), normalized.Edges);
        int loops = 0;
        for (int q = 0; q < normalized.Edges; q++)
        {
            int e = normalized.EdgeIds[q], loop = e - graph.Edges;
            double expected = loop < 0 ? Inverse(graph.Source[e]) * graph.Weight[e] * Inverse(graph.Destination[e]) : Inverse(loop) * Inverse(loop);
            Assert.Equal(expected, normalized.Weights[q, 0], 1e-6);
            loops += loop >= 0 ? 1 : 0;
        }
        Assert.Equal(addLoops ? graph.Nodes : 0, loops);
        Assert.Contains(degree, d => d == 0 || addLoops);
    }

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("attention")]
    [InlineData("gin")]
    [InlineData("gine")]
    [InlineData("sage")]
    public void Weights_do_not_enter_the_other_layers(string layer)
    {
        var graph = TestGraphs.Forty;
        var settings = AttentionCase.Of(layer, 2, 3, edgeFeatures: layer == "gine" ? OracleGraph.EdgeFeatures : 0).Settings;
        double[,] Output(OracleGraph on)
        {
            var made = Weft.Models.Catalog.Layers[layer](settings);
            return new LayerRun(made, on).With(LayerRun.Parameters(made)).Output(TestGraphs.Numbers(graph.Nodes, (int)settings.Inputs, 1));
        }
        Closeness.CheckBits(layer, Output(graph), Output(graph with { Weight = [.. graph.Weight.Select(w => 3 - w)] }));
    }
}
