namespace Weft.Tests.Oracles;

/// <summary>The oracles against themselves: the tape against central differences, and the identities of section 16.</summary>
public class OracleTests
{
    private static readonly OracleGraph Graph = TestGraphs.Seven;

    public static TheoryData<string> Layers() => [.. Cases().Keys];

    /// <summary>A setting of every oracle, with parameters and a 7 × 4 input, for those who need one of each.</summary>
    internal static Dictionary<string, (IOracle Oracle, Dictionary<string, double[,]> Parameters)> Cases()
    {
        var elu = new OracleActivation("elu");
        var factor = new double[Graph.Edges, 2];
        for (int e = 0; e < Graph.Edges; e++)
            for (int k = 0; k < 2; k++) factor[e, k] = (e + k) % 3 == 0 ? 0 : 1.5;
        static double[,] M(int rows, int columns, int seed) => TestGraphs.Numbers(rows, columns, seed);
        Dictionary<string, double[,]> gat = new() { ["W"] = M(4, 6, 1), ["a_src"] = M(2, 3, 2), ["a_dst"] = M(2, 3, 3), ["b"] = M(1, 6, 4) };
        Dictionary<string, double[,]> gatv2 = new() { ["W_src"] = M(4, 6, 1), ["W_dst"] = M(4, 6, 2), ["a"] = M(2, 3, 3), ["b"] = M(1, 3, 4) };
        Dictionary<string, double[,]> shared = new() { ["W"] = M(4, 6, 1), ["a"] = M(2, 3, 3) };
        Dictionary<string, double[,]> attention = new() { ["W_Q"] = M(4, 6, 1), ["W_K"] = M(4, 6, 2), ["W_V"] = M(4, 6, 3) };
        var cases = new Dictionary<string, (IOracle, Dictionary<string, double[,]>)>
        {
            ["linear"] = (new LinearOracle(elu), new() { ["W"] = M(4, 3, 1), ["b"] = M(1, 3, 2) }),
            ["gcn"] = (new GcnOracle(true, elu), new() { ["W"] = M(4, 3, 1), ["b"] = M(1, 3, 2) }),
            ["gcn without loops"] = (new GcnOracle(false, elu), new() { ["W"] = M(4, 3, 1) }),
            ["gat"] = (new GatOracle(0.2, false, elu), gat),
            ["gat with dropped edges"] = (new GatOracle(0.2, false, elu, factor), gat),
            ["gatv2, averaged"] = (new GatV2Oracle(0.2, true, elu), gatv2),
            ["gatv2, shared and dropped"] = (new GatV2Oracle(0.2, false, elu, factor), shared),
            ["self-attention"] = (new SelfAttentionOracle(2, 0.5, false, elu), attention),
            ["self-attention on edges"] = (new SelfAttentionOracle(2, 0.5, true, elu, factor), attention),
            ["self-attention, averaged, with skip"] = (new SelfAttentionOracle(2, 0.5, true, elu, Average: true),
                new(attention) { ["W_skip"] = M(4, 3, 4), ["b"] = M(1, 3, 5) }),
            ["gin"] = (new GinOracle(elu, elu), new() { ["eps"] = M(1, 1, 1), ["W1"] = M(4, 5, 2), ["b1"] = M(1, 5, 3), ["W2"] = M(5, 3, 4), ["b2"] = M(1, 3, 5) }),
            ["gat with edge features"] = (new GatOracle(0.2, false, elu), new(gat) { ["W_edge"] = M(OracleGraph.EdgeFeatures, 6, 6), ["a_edge"] = M(2, 3, 7) }),
            ["gatv2 with edge features"] = (new GatV2Oracle(0.2, true, elu), new(gatv2) { ["W_edge"] = M(OracleGraph.EdgeFeatures, 6, 6) }),
            ["gine"] = (new GineOracle(elu, elu), new()
            {
                ["eps"] = M(1, 1, 1),
                ["W_edge"] = M(OracleGraph.EdgeFeatures, 4, 6),
                ["b_edge"] = M(1, 4, 7),
                ["W1"] = M(4, 5, 2),
                ["b1"] = M(1, 5, 3),
                ["W2"] = M(5, 3, 4),
                ["b2"] = M(1, 3, 5),
            }),
            ["sage"] = (new SageOracle(elu), new() { ["W_self"] = M(4, 3, 1), ["W_neigh"] = M(4, 3, 2), ["b"] = M(1, 3, 3) }),
            ["dropout"] = (new DropoutOracle(M(7, 4, 1)), []),
            ["head mean"] = (new HeadMeanOracle(2), []),
        };
        foreach (var activation in OracleActivation.All) cases[activation.ToString()] = (new ActivationOracle(activation), []);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void The_tape_agrees_with_central_differences(string name)
    {
        var (oracle, parameters) = Cases()[name];
        var H = TestGraphs.Numbers(7, 4, 10);
        var (rows, columns) = oracle.OutputShape(Graph, H, parameters);
        var dH = TestGraphs.Numbers(rows, columns, 11);
        var result = oracle.Run(Graph, H, parameters, dH);
        Compare("H", H, result.InputGradient);
        foreach (var (parameter, values) in parameters) Compare(parameter, values, result.Gradients[parameter]);

        double Loss()
        {
            double sum = 0;
            var output = oracle.Run(Graph, H, parameters, dH).Output;
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) sum += dH[i, j] * output[i, j];
            return sum;
        }

        void Compare(string what, double[,] x, double[,] gradient)
        {
            const double step = 1e-6;
            for (int i = 0; i < x.GetLength(0); i++)
                for (int j = 0; j < x.GetLength(1); j++)
                {
                    double kept = x[i, j];
                    x[i, j] = kept + step;
                    double above = Loss();
                    x[i, j] = kept - step;
                    double below = Loss();
                    x[i, j] = kept;
                    double difference = (above - below) / (2 * step);
                    Assert.True(Math.Abs(difference - gradient[i, j]) <= 1e-7,
                        $"{name}: d{what}[{i}, {j}] is {gradient[i, j]:R}, the central difference {difference:R}");
                }
        }
    }

    [Fact]
    public void Both_zeros_take_the_left_branch_of_a_kink()
    {
        var H = new[,] { { 0.0, -0.0 } };
        var ones = new[,] { { 1.0, 1.0 } };
        foreach (var (activation, slope) in new[] { (new OracleActivation("relu"), 0.0), (new OracleActivation("leaky_relu", 0.2), 0.2), (new OracleActivation("elu", 0.5), 0.5) })
        {
            var result = new ActivationOracle(activation).Run(TestGraphs.Single, H, new Dictionary<string, double[,]>(), ones);
            Assert.All(result.InputGradient.Cast<double>(), d => Assert.Equal(slope, d));
        }
    }

    [Fact]
    public void Logit_gradients_sum_to_zero_in_every_row_of_the_graph_with_hubs()
    {
        var graph = TestGraphs.Hub;
        var parameters = new Dictionary<string, double[,]>
        {
            ["W"] = TestGraphs.Numbers(3, 4, 1),
            ["a_src"] = TestGraphs.Numbers(2, 2, 2),
            ["a_dst"] = TestGraphs.Numbers(2, 2, 3),
        };
        var result = new GatOracle(0.2, false, new OracleActivation("elu"))
            .Run(graph, TestGraphs.Numbers(graph.Nodes, 3, 4), parameters, TestGraphs.Numbers(graph.Nodes, 4, 5));
        var sums = new double[2, graph.Nodes];
        var weights = new double[2, graph.Nodes];
        for (int k = 0; k < 2; k++)
            for (int e = 0; e < graph.Edges; e++)
            {
                sums[k, graph.Destination[e]] += result.ValueGradients["L"][k * graph.Edges + e];
                weights[k, graph.Destination[e]] += result.Values["S"][k * graph.Edges + e];
            }
        Assert.All(sums.Cast<double>(), sum => Assert.Equal(0, sum, 1e-13));
        var degree = graph.InEdges();
        for (int i = 0; i < graph.Nodes; i++) Assert.Equal(degree[i].Length == 0 ? 0 : 1, weights[0, i], 1e-12);
    }

    [Fact]
    public void The_test_graphs_are_as_nasty_as_they_say()
    {
        foreach (var graph in new[] { TestGraphs.Seven, TestGraphs.Forty, TestGraphs.ThreeHundred, TestGraphs.Hub })
        {
            var inEdges = graph.InEdges();
            Assert.Empty(inEdges[0]);
            Assert.Contains(0, graph.Source);
            Assert.Empty(inEdges[1]);
            Assert.DoesNotContain(1, graph.Source);
            Assert.Equal(2, graph.Source[Assert.Single(inEdges[2])]);
            Assert.Single(inEdges[3]);
            Assert.Equal([5, 5, 5], inEdges[4].Select(e => graph.Source[e]));
            Assert.True(graph.Weight.Distinct().Count() > 5);
        }
        Assert.True(TestGraphs.Hub.InEdges().Max(row => row.Length) > 2 * 4096);
        Assert.True(TestGraphs.Hub.Source.CountBy(j => j).Max(p => p.Value) > 4096);
    }
}
