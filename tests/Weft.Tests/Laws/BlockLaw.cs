using Weft.Graphs;
using Weft.Layers;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>
/// Every layer runs on a rectangular block, as a sampler cuts them: some destinations, all their in-neighbours, the destinations
/// first. It computes those rows of what it computes on the whole graph.
/// </summary>
public class BlockLaw
{
    private static readonly OracleGraph Whole = TestGraphs.Forty;
    private static readonly int[] Destinations = [7, 0, 4, 39, 2, 1, 20, 6];
    private static readonly int[] Sources = [.. Destinations, .. Enumerable.Range(0, Whole.Edges)
        .Where(e => Destinations.Contains(Whole.Destination[e])).Select(e => Whole.Source[e]).Distinct().Except(Destinations)];

    public static TheoryData<string> Layers => [.. GridModel.Layers.Where(name => name is not ("dropout" or "pointwise" or "linear" or "attention-dense") && (name == "gin-sum" || !LayerCase.IsDenseOnly(name)))];

    // Layers that can read features of the edges do so in one model more.
    private static IEnumerable<GridModel> Models(string name)
    {
        var models = GridModel.Of(name).Where(m => !m.Deep).ToArray();
        return name is "gat" or "gatv2"
            ? models.Append(models[0] with { Setting = "edge features", Settings = models[0].Settings with { EdgeFeatures = OracleGraph.EdgeFeatures } })
            : models;
    }

    private static Graph Block()
    {
        int[] edges = [.. Enumerable.Range(0, Whole.Edges).Where(e => Destinations.Contains(Whole.Destination[e]))];
        var degrees = new double[Whole.Nodes];
        for (int e = 0; e < Whole.Edges; e++) degrees[Whole.Destination[e]] += Whole.Weight[e];
        return Graph.Block(Destinations.Length, Sources.Length,
            [.. edges.Select(e => Array.IndexOf(Sources, Whole.Source[e]))], [.. edges.Select(e => Array.IndexOf(Sources, Whole.Destination[e]))],
            [.. edges.Select(e => (Real)Whole.Weight[e])], [.. Sources.Select(v => degrees[v])],
            EdgeList.RowsOf(LayerRun.ToMatrix(Whole.Features), edges));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_layer_on_a_block_computes_rows_of_what_it_computes_on_the_graph(string name)
    {
        Assert.True(Sources.Length > Destinations.Length + 5);
        foreach (var model in Models(name))
        {
            var all = Features(model);
            var expected = Pass(model, LayerRun.LibraryGraph(Whole), all, null, out _, out _);
            var onBlock = Pass(model, Block(), Rows(all), null, out _, out _);
            Assert.Equal(Destinations.Length, onBlock.GetLength(0));
            double tolerance = sizeof(Real) == 8 ? 1e-13 : 1e-5;
            for (int i = 0; i < Destinations.Length; i++)
                for (int j = 0; j < model.Outputs; j++)
                    Assert.True(Math.Abs(expected[Destinations[i], j] - onBlock[i, j]) <= tolerance,
                        $"{model}: row of node {Destinations[i]}, column {j} is {onBlock[i, j]:R} on the block, {expected[Destinations[i], j]:R} on the graph");
        }
    }

#if REAL64 // differences need double precision
    [Theory]
    [MemberData(nameof(Layers))]
    public void Gradients_on_a_block_are_central_differences(string name)
    {
        const double step = 1e-6;
        foreach (var model in Models(name))
        {
            var block = Block();
            var H = Rows(Features(model));
            var dH = TestGraphs.Numbers(Destinations.Length, model.Outputs, 21);
            Pass(model, block, H, dH, out var gradients, out var input);
            double Loss(Model? parameters)
            {
                var output = Pass(model, block, H, null, out _, out _, parameters);
                double sum = 0;
                for (int i = 0; i < dH.GetLength(0); i++)
                    for (int j = 0; j < dH.GetLength(1); j++) sum += dH[i, j] * output[i, j];
                return sum;
            }

            var built = model.Build();
            for (int p = 0; p < built.Parameters.Count; p++)
            {
                var value = built.Parameters[p].Parameter.Value;
                for (long i = 0; i < value.Rows; i++)
                    for (long j = 0; j < value.Columns; j++)
                    {
                        Real kept = value[i, j];
                        value[i, j] = kept + (Real)step;
                        double above = Loss(built);
                        value[i, j] = kept - (Real)step;
                        double below = Loss(built);
                        value[i, j] = kept;
                        Close($"{model}: d{built.Parameters[p].Name}[{i}, {j}]", (above - below) / (2 * step), gradients[p][i * value.Columns + j]);
                    }
            }
            for (int i = 0; i < H.GetLength(0); i++)
                for (int j = 0; j < H.GetLength(1); j++)
                {
                    double kept = H[i, j];
                    H[i, j] = kept + step;
                    double above = Loss(null);
                    H[i, j] = kept - step;
                    double below = Loss(null);
                    H[i, j] = kept;
                    Close($"{model}: dH_prev[{i}, {j}]", (above - below) / (2 * step), input[i * H.GetLength(1) + j]);
                }
        }
    }

    private static void Close(string what, double difference, double gradient) =>
        Assert.True(Math.Abs(difference - gradient) <= 1e-7, $"{what} is {gradient:R}, the central difference {difference:R}");
#endif

    [Fact]
    public void A_gcn_on_a_block_without_degrees_is_refused()
    {
        var block = Graph.Block(2, 3, [2, 1], [0, 1]);
        var failure = Assert.Throws<InvalidOperationException>(() => block.Normalized(addLoops: true));
        Assert.Contains("give the degrees to Graph.Block", failure.Message);
        Assert.Throws<ArgumentException>(() => Graph.Block(2, 3, [2, 1], [0, 1], default, [1, 2]));
        Assert.Throws<ArgumentException>(() => Graph.Block(2, 3, [2, 1], [0, 2]));
        Assert.Throws<ArgumentException>(() => Graph.Block(4, 3, [2, 1], [0, 2]));
    }

    // The numbers of a block's nodes and edges are its own, so dropout would draw other numbers than on the graph: evaluation.
    private static double[,] Pass(GridModel model, Graph graph, double[,] H, double[,]? dH, out double[][] gradients, out double[] input, Model? parameters = null)
    {
        var built = parameters ?? model.Build();
        var session = new Session(built, graph, LayerRun.ToMatrix(H)) { WantsFeatureGradient = true };
        var result = LayerRun.ToArray(session.Forward(new Pass(1, 0, Training: false)));
        input = dH is null ? [] : session.Backward(LayerRun.ToMatrix(dH)).ToArray();
        gradients = [.. built.Parameters.Select(p => p.Parameter.Gradient.ToArray())];
        return result;
    }

    private static double[,] Features(GridModel model) => TestGraphs.Numbers(Whole.Nodes, (int)model.Settings.Inputs, 20);

    private static double[,] Rows(double[,] all)
    {
        var rows = new double[Sources.Length, all.GetLength(1)];
        for (int i = 0; i < Sources.Length; i++)
            for (int j = 0; j < all.GetLength(1); j++) rows[i, j] = all[Sources[i], j];
        return rows;
    }
}
