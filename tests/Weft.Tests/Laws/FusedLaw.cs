using Weft.Graphs;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>
/// Fused equals composed: a training pass of an attention layer, which may run a kernel of its own, gives what the composed
/// verbs of a traced pass give — the output, the gradient at the input and the gradient of every parameter, with the same
/// coefficients dropped.
/// </summary>
public class FusedLaw
{
    private static readonly int[] Widths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 40, 64, 65, 130];

    /// <summary>300 nodes; one has 10,000 in-edges and another 10,000 out-edges: rows of three pieces, seen from either side.</summary>
    private static readonly OracleGraph LongRows = TestGraphs.Random("hubs of 10,000 edges", 300, 400, seed: 302, inHub: 10_000, outHub: 10_000);

    public static TheoryData<string> Settings =>
        [.. LayerCases.All.Where(c => AttentionCase.Layers.Contains(c.Layer)).Select(c => c.Name)];

    public static TheoryData<string> Layers => [.. AttentionCase.Layers];

    public static TheoryData<string, int> LayersAndHeads()
    {
        var data = new TheoryData<string, int>();
        foreach (string layer in AttentionCase.Layers)
            foreach (int heads in new[] { 1, 2, 3, 4, 8 }) data.Add(layer, heads);
        return data;
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_setting_of_an_attention_layer_trains_as_it_is_traced(string name)
    {
        var layerCase = LayerCases.Named(name);
        foreach (var graph in layerCase.Graphs)
            new AttentionCase(layerCase.Layer, layerCase.Settings).Check(LayerRun.LibraryGraph(graph), $"{name}, {graph}");
    }

    [Theory]
    [MemberData(nameof(LayersAndHeads))]
    public void Every_width_and_slope_trains_as_it_is_traced(string layer, int heads)
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Forty);
        for (int at = 0; at < Widths.Length; at++)
        {
            foreach (double dropout in new[] { 0, 0.5 }) AttentionCase.Of(layer, heads, Widths[at], 0.2, dropout).Check(graph, "40 nodes");
            if (layer == "attention") continue;
            AttentionCase.Of(layer, heads, Widths[at], slope: at % 2, dropout: 0.5).Check(graph, "40 nodes");
            AttentionCase.Of(layer, heads, Widths[at], slope: 1 - at % 2).Check(graph, "40 nodes");
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Rows_of_ten_thousand_edges_train_as_they_are_traced(string layer)
    {
        var graph = LayerRun.LibraryGraph(LongRows);
        foreach (var (heads, width) in new[] { (1, 40), (4, 64), (8, 8), (8, 4), (3, 5) })
            foreach (double dropout in new[] { 0, 0.5 }) AttentionCase.Of(layer, heads, width, dropout: dropout).Check(graph, LongRows.Name);
    }

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    public void Every_number_of_edge_features_trains_as_it_is_traced(string layer)
    {
        foreach (int features in new[] { 1, 2, 4, 7, 8, 19 })
        {
            var (forty, hubs) = (With(TestGraphs.Forty), With(LongRows));
            foreach (var (heads, width) in new[] { (1, 1), (1, 40), (2, 8), (3, 5), (4, 16), (8, 8), (9, 3) })
                foreach (double dropout in new[] { 0, 0.5 }) AttentionCase.Of(layer, heads, width, dropout: dropout, edgeFeatures: features).Check(forty, "40 nodes");
            if (features is 1 or 7) AttentionCase.Of(layer, 4, 16, dropout: 0.5, edgeFeatures: features).Check(hubs, LongRows.Name);

            Graph With(OracleGraph graph) => LayerRun.LibraryGraph(graph with { Features = TestGraphs.Numbers(graph.Edges, features, features) });
        }
    }

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gine")]
    public void A_layer_that_reads_edge_features_refuses_a_graph_with_another_number_of_them(string layer)
    {
        var settings = AttentionCase.Of(layer, 2, 4, edgeFeatures: 3).Settings;
        var failure = Assert.Throws<InvalidOperationException>(() => new LayerRun(Weft.Models.Catalog.Layers[layer](settings), TestGraphs.Seven).Output(TestGraphs.Numbers(7, 5, 1)));
        Assert.Equal("the layer reads 3 features of every edge and the edges of the graph have 5", failure.Message);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Blocks_and_graphs_without_edges_train_as_they_are_traced(string layer)
    {
        var whole = TestGraphs.ThreeHundred;
        int[] kept = [.. Enumerable.Range(0, whole.Edges).Where(e => whole.Destination[e] < 90)];
        var graphs = new (string Name, Graph Graph)[]
        {
            ("no edge", LayerRun.LibraryGraph(TestGraphs.Edgeless)),
            ("1 node", LayerRun.LibraryGraph(TestGraphs.Single)),
            ("90 of 300 nodes", Graph.Block(90, 300, [.. kept.Select(e => whole.Source[e])], [.. kept.Select(e => whole.Destination[e])])),
            ("a block without edges", Graph.Block(2, 5, [], [])),
        };
        foreach (var (name, graph) in graphs)
            foreach (var (heads, width) in new[] { (1, 7), (2, 16), (4, 33), (8, 8) })
                foreach (double dropout in new[] { 0, 0.5 }) AttentionCase.Of(layer, heads, width, dropout: dropout).Check(graph, name);
    }

    /// <summary>
    /// Logits near ±10⁴ that are exact in single precision, so that both forms start from the same ones and have no excuse: a
    /// log-sum-exp kept in place of (max, sum) would be off by 5·10⁻⁴ there.
    /// </summary>
    [Theory]
    [MemberData(nameof(LayersAndHeads))]
    public void Large_logits_train_as_they_are_traced(string layer, int heads)
    {
        foreach (int width in new[] { 1, 4, 8, 17 })
            foreach (double dropout in new[] { 0, 0.5 })
            {
                var large = AttentionCase.Of(layer, heads, width, slope: 0.25, dropout, inputs: 4);
                large = large with { Settings = large.Settings with { Scale = 1 } };
                var graph = LayerRun.LibraryGraph(TestGraphs.ThreeHundred);
                var H = Coarse(300, 4, 1, 4);
                for (int i = 0; i < 300; i++) H[i, 3] = 1;
                var parameters = large.Create().Parameters.ToDictionary(p => p.Name, p => Coarse((int)p.Value.Rows, (int)p.Value.Columns, p.Name.Length, 2));
                // The first feature of each head is 1 + small for sources, and large with the head's sign for destinations.
                for (int k = 0; k < heads; k++)
                {
                    double sign = k % 2 == 0 ? 1 : -1;
                    int at = k * width;
                    switch (layer)
                    {
                        case "gat":
                            for (int f = 0; f < 4; f++) parameters["W"][f, at] = f == 3 ? 1 : 0;
                            parameters["a_dst"][k, 0] = sign * 10_000;
                            break;
                        case "gatv2":
                            parameters["W_dst"][3, at] = sign * 10_000;
                            parameters["a"][k, 0] = 1;
                            break;
                        default:
                            parameters["W_Q"][3, at] = sign * 64;
                            parameters["W_K"][3, at] = 128;
                            break;
                    }
                }
                // Gradients at what is not multiplied by a large number are held to the usual bound.
                string[] exact = ["W_src", "W_V", "a_src", "b"];
                large.Check(graph, "large logits", parameters, H, name => exact.Contains(name) ? 1 : 10_000);
            }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Long_rows_have_the_same_bits_for_any_number_of_threads(string layer)
    {
        var graph = LayerRun.LibraryGraph(LongRows);
        foreach (var (heads, width) in new[] { (1, 40), (4, 64), (8, 8), (8, 4), (3, 5) })
            foreach (double dropout in new[] { 0, 0.5 })
            {
                var shape = AttentionCase.Of(layer, heads, width, dropout: dropout);
                var alone = Run(1);
                foreach (int threads in new[] { 2, 3, 5 })
                {
                    var shared = Run(threads);
                    Closeness.CheckBits($"{shape}, {threads} threads: H", alone.Output, shared.Output);
                    Closeness.CheckBits($"{shape}, {threads} threads: dH_prev", alone.InputGradient, shared.InputGradient);
                    foreach (var (name, gradient) in alone.Gradients)
                        Closeness.CheckBits($"{shape}, {threads} threads: d{name}", gradient, shared.Gradients[name]);
                }

                OracleResult Run(int threads)
                {
                    OracleResult? result = null;
                    TrainingStep.WithThreads(threads, () =>
                    {
                        var trained = shape.Create();
                        var run = new LayerRun(trained, graph).With(LayerRun.Parameters(trained));
                        result = run.Run(TestGraphs.Numbers(300, 5, 1), TestGraphs.Numbers(300, heads * width, 2));
                    });
                    return result!;
                }
            }
    }

    // Multiples of 1/parts between −2 and 2.
    private static double[,] Coarse(int rows, int columns, int seed, int parts)
    {
        var random = new Random(seed);
        var values = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) values[i, j] = random.Next(-2 * parts, 2 * parts + 1) / (double)parts;
        return values;
    }
}
