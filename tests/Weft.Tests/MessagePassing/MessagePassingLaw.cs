using Weft.Analysis;
using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.MessagePassing;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.MessagePassing;

/// <summary>The laws that the library's layers obey, for layers of one's own: gradients, threads, blocks, memory, and formulas written out.</summary>
public class MessagePassingLaw
{
    private const int Width = 5;

    private static readonly Dictionary<string, Func<ILayer>> Layers = Enum.GetValues<Aggregation>().Where(a => a != Aggregation.Softmax)
        .SelectMany(a => new (string, Func<ILayer>)[]
        {
            ($"{a}", () => new Toy(a, Width, 4)),
            ($"{a}, relu", () => new Toy(a, Width, 4, updates: false, activation: Activation.Relu)),
            ($"{a}, elu after an update", () => new Toy(a, Width, 4, activation: Activation.Elu)),
            ($"{a}, rows as they are", () => new Toy(a, Width, Width, projected: false)),
            ($"{a}, copies", () => new Copy(a, Width)),
        })
        .Append(("attention", () => new OwnAttention(Width, 3, 4)))
        .Append(("attention, elu", () => new OwnAttention(Width, 2, 4, Activation.Elu)))
        .ToDictionary(x => x.Item1, x => x.Item2);

    public static TheoryData<string> Names => [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradients_of_a_layer_of_ones_own_are_central_differences(string name)
    {
        GradientCheck.Of(Layers[name](), Width).ThrowIfWrong();
        GradientCheck.Of(Layers[name](), Width, LayerRun.LibraryGraph(TestGraphs.Forty), new() { Seed = 3, Entries = 60 }).ThrowIfWrong();
        GradientCheck.Of(Layers[name](), Width, Graph.Block(3, 6, [5, 4, 3, 1, 1, 0], [0, 0, 0, 1, 1, 0], [1, (Real)0.5, 2, -1, 1, 3])).ThrowIfWrong();
        foreach (var graph in new[] { TestGraphs.Single, TestGraphs.Edgeless }) GradientCheck.Of(Layers[name](), Width, LayerRun.LibraryGraph(graph)).ThrowIfWrong();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Outputs_and_gradients_have_the_same_bits_for_any_number_of_threads(string name)
    {
        var alone = Run(1);
        foreach (int threads in new[] { 2, 3 })
        {
            var shared = Run(threads);
            Closeness.CheckBits($"{name}: H", alone.Output, shared.Output);
            Closeness.CheckBits($"{name}: dH_prev", alone.InputGradient, shared.InputGradient);
            foreach (var (parameter, gradient) in alone.Gradients) Closeness.CheckBits($"{name}: d{parameter}", gradient, shared.Gradients[parameter]);
        }

        OracleResult Run(int threads)
        {
            OracleResult? result = null;
            TrainingStep.WithThreads(threads, () => result = Pass(Layers[name](), LayerRun.LibraryGraph(TestGraphs.Hub)));
            return result!;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_warm_pass_allocates_nothing(string name)
    {
        foreach (int threads in new[] { 1, 2 })
            TrainingStep.WithThreads(threads, () =>
            {
                var model = new Model([Layers[name](), Layers[name]() is Toy or OwnAttention ? new Linear(Layers[name]().Outputs(Width), 3) : new Linear(Width, 3)]);
                model.Initialize(1);
                var graph = LayerRun.LibraryGraph(TestGraphs.ThreeHundred);
                var session = new Session(model, graph, LayerRun.ToMatrix(TestGraphs.Numbers(300, Width, 1))) { WantsFeatureGradient = true };
                var dH = LayerRun.ToMatrix(TestGraphs.Numbers(300, 3, 2));
                long least = long.MaxValue;
                for (int step = 0; step < 8; step++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    session.Forward(new Pass(1, step, Training: true));
                    session.Backward(dH);
                    least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                }
                Assert.True(least == 0, $"{name}, {threads} threads: a warm step allocated {least} bytes");
            });
    }

    [Fact]
    public void A_copied_row_is_aggregated_as_the_librarys_own_verbs_do_it()
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Hub);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(300, Width, 1));
        var expected = Matrix.Allocate(300, Width);
        // The hub's row is cut in three; so is the row by source of the node with 4,300 out-edges.
        graph.Aggregate(graph.Weights, H, expected);
        Closeness.Check("sum", LayerRun.ToArray(expected), Pass(new Copy(Aggregation.Sum, Width), graph).Output, tolerance: Closeness.Relative);
        var means = Matrix.Allocate(graph.Edges, 1);
        for (long e = 0; e < graph.Edges; e++) means[e, 0] = graph.MeanWeights[e, 0] * graph.Weights[e, 0];
        graph.Aggregate(means, H, expected);
        Closeness.Check("mean", LayerRun.ToArray(expected), Pass(new Copy(Aggregation.Mean, Width), graph).Output, tolerance: Closeness.Relative);
    }

    [Fact]
    public void A_maximum_is_the_largest_message_and_an_empty_row_is_zero()
    {
        var graph = TestGraphs.Hub;
        var H = TestGraphs.Numbers(graph.Nodes, Width, 1);
        var output = Pass(new Copy(Aggregation.Max, Width), LayerRun.LibraryGraph(graph)).Output;
        for (int i = 0; i < graph.Nodes; i++)
            for (int j = 0; j < Width; j++)
            {
                var messages = Enumerable.Range(0, graph.Edges).Where(e => graph.Destination[e] == i).Select(e => graph.Weight[e] * H[graph.Source[e], j]).ToArray();
                Assert.Equal((Real)(messages.Length == 0 ? 0 : messages.Max()), (Real)output[i, j], sizeof(Real) == 8 ? 12 : 6);
            }
    }

    [Fact]
    public void Of_equal_messages_the_first_edge_of_the_list_has_the_gradient()
    {
        var run = new LayerRun(new Copy(Aggregation.Max, 1), Graph.FromEdges(4, [2, 1, 3], [0, 0, 0]));
        var result = run.Run(new double[,] { { 0 }, { 5 }, { 5 }, { 4 } }, new double[,] { { 7 }, { 0 }, { 0 }, { 0 } });
        Assert.Equal([0, 0, 7, 0], result.InputGradient.Cast<double>());
    }

    [Theory]
    [InlineData(Aggregation.Sum)]
    [InlineData(Aggregation.Mean)]
    public void The_adjoint_of_a_copied_row_is_that_of_the_librarys_own_verb(Aggregation aggregation)
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Hub);
        var dZ = LayerRun.ToMatrix(TestGraphs.Numbers(300, Width, 2));
        var weights = Matrix.Allocate(graph.Edges, 1);
        for (long e = 0; e < graph.Edges; e++) weights[e, 0] = graph.Weights[e, 0] * (aggregation == Aggregation.Mean ? graph.MeanWeights[e, 0] : 1);
        var expected = Matrix.Allocate(300, Width);
        graph.AggregateAdjoint(weights, dZ, expected);
        Closeness.Check("dH", LayerRun.ToArray(expected), Pass(new Copy(aggregation, Width), graph).InputGradient);
    }

    public static TheoryData<string> AttentionGraphs => [TestGraphs.Forty.Name, TestGraphs.Hub.Name];

    [Theory]
    [MemberData(nameof(AttentionGraphs))]
    public void A_layer_of_ones_own_can_be_the_librarys_attention(string name)
    {
        var graph = TestGraphs.All.Single(g => g.Name == name);
        var own = new OwnAttention(Width, 3, 4, Activation.Elu);
        var gat = new Gat(Width, 4, new AttentionOptions(3, true, false, Activation.Elu, 0.2, 0));
        var values = LayerRun.Parameters(own);
        values["W_dst"] = values["W_src"];
        var theirs = new Dictionary<string, double[,]> { ["W"] = values["W_src"], ["a_src"] = values["a_src"], ["a_dst"] = values["a_dst"] };
        var H = TestGraphs.Numbers(graph.Nodes, Width, 1);
        var dH = TestGraphs.Numbers(graph.Nodes, 12, 2);
        var mine = new LayerRun(own, graph).With(values).Run(H, dH);
        var reference = new LayerRun(gat, graph).With(theirs).Run(H, dH);
        Closeness.Check("H", reference.Output, mine.Output);
        Closeness.Check("dH_prev", reference.InputGradient, mine.InputGradient);
        foreach (string vector in new[] { "a_src", "a_dst" }) Closeness.Check("d" + vector, reference.Gradients[vector], mine.Gradients[vector], tolerance: 10 * Closeness.Relative);
    }

    [Fact]
    public void Sparse_features_are_projected_as_they_are()
    {
        var graph = TestGraphs.Forty;
        var H = TestGraphs.Numbers(graph.Nodes, Width, 1);
        var dH = TestGraphs.Numbers(graph.Nodes, 4, 2);
        var layer = new Toy(Aggregation.Sum, Width, 4);
        var values = LayerRun.Parameters(layer);
        var dense = new LayerRun(layer, graph).With(values).Run(H, dH);
        var sparse = new LayerRun(layer, graph, InputMode.Sparse).With(values).Run(H, dH);
        Closeness.Check("H", dense.Output, sparse.Output);
        foreach (var (name, gradient) in dense.Gradients) Closeness.Check("d" + name, gradient, sparse.Gradients[name]);
        var refused = Assert.Throws<ArgumentException>(() => new LayerRun(new Copy(Aggregation.Sum, Width), graph, InputMode.Sparse).Run(H, dH));
        Assert.Contains("call ProjectSources", refused.Message);
    }

    [Theory]
    [InlineData(Aggregation.Sum)]
    [InlineData(Aggregation.Mean)]
    [InlineData(Aggregation.Max)]
    public void Messages_read_the_features_of_their_edges(Aggregation aggregation)
    {
        var layer = new EdgeSum(aggregation, Width, 2, 4);
        GradientCheck.Of(layer, Width, GradientCheck.NastyGraph(edgeFeatures: 2)).ThrowIfWrong();
        // The features are those of the edge in the list's order, whatever the order in memory.
        var features = Matrix.From(3, 1, [1, 10, 100]);
        var run = new LayerRun(new EdgeSum(Aggregation.Sum, 1, 1, 1), Graph.FromEdges(3, [0, 1, 2], [2, 0, 0], [1, 1, 2], features));
        run.With(new Dictionary<string, double[,]> { ["W_src"] = new double[,] { { 0 } }, ["V"] = new double[,] { { 1 } } });
        Assert.Equal([210, 0, 1], run.Output(new double[3, 1]).Cast<double>());
    }

    [Fact]
    public void A_sum_over_a_drawn_block_counts_each_edge_for_those_that_it_stands_for()
    {
        // Of four in-edges two were drawn: each stands for two, and the block's weights say so too.
        var copies = Matrix.From(2, 1, [2, 2]);
        var block = Graph.Block(EdgeView.Group([0, 0], [1, 2], 1, 3, out _), [5, 7], Matrix.From(2, 1, [2 * 0.5, 2 * 3]), [4, 8, 9], 20, null, new SampledEdges(copies, [4]));
        var H = new double[,] { { 1 }, { 10 }, { 100 } };
        Assert.Equal([2 * (0.5 * 10 + 3 * 100)], new LayerRun(new Copy(Aggregation.Sum, 1), block).Output(H).Cast<double>());
        Assert.Equal([2 * (0.5 * 10 + 3 * 100) / 4], new LayerRun(new Copy(Aggregation.Mean, 1), block).Output(H).Cast<double>());
        Assert.Equal([300], new LayerRun(new Copy(Aggregation.Max, 1), block).Output(H).Cast<double>());
        GradientCheck.Of(new Copy(Aggregation.Sum, 1), 1, block).ThrowIfWrong();
    }

    [Theory]
    [InlineData("Sum", "4x1x1,2x2x1,3x3x1,1x4x1", "1x1x2")]
    [InlineData("Sum, elu after an update", "4x1x1,2x2x1,2x3x1", "2x2x2")]
    [InlineData("Mean, rows as they are", "4x1x1,2x2x1,3x3x1", "1x2x3")]
    [InlineData("Mean, copies", "5x1x1,2x3x1", "1x1x2")]
    [InlineData("Max", "4x1x1,3x1x1", "2x2x1")]
    [InlineData("attention, elu", "4x1x1,2x1x1", "1x2x1")]
    public void A_layer_of_ones_own_runs_on_grids_of_processes_or_says_why_not(string name, string grids, string refused)
    {
        var graph = TestGraphs.Forty;
        var alone = Pass(Layers[name](), LayerRun.LibraryGraph(graph));
        foreach (string grid in grids.Split(',')) OnGrid(Grid(grid), name, (result, first) =>
        {
            Closeness.Check($"{name} on {grid}: H", GridModel.Rows(alone.Output, first, result.Output.GetLength(0)), result.Output);
            Closeness.Check($"{name} on {grid}: dH_prev", GridModel.Rows(alone.InputGradient, first, result.InputGradient.GetLength(0)), result.InputGradient);
            foreach (var (parameter, gradient) in alone.Gradients) Closeness.Check($"{name} on {grid}: d{parameter}", gradient, result.Gradients[parameter]);
        });
        var thrown = Assert.ThrowsAny<Exception>(() => OnGrid(Grid(refused), name, (_, _) => { }));
        Assert.Contains("use a grid of", thrown.ToString());
    }

    private static ProcessGrid Grid(string text)
    {
        int[] sides = [.. text.Split('x').Select(int.Parse)];
        return new(sides[0], sides[1], sides[2]);
    }

    private static void OnGrid(ProcessGrid grid, string name, Action<OracleResult, int> check)
    {
        var graph = TestGraphs.Forty;
        var H = TestGraphs.Numbers(graph.Nodes, Width, 1);
        ThreadCommunicator.Run(grid.Size, world =>
        {
            var (first, count) = grid.Owned(graph.Nodes, world.Rank);
            var layer = Layers[name]();
            var run = new LayerRun(layer, GridModel.Part(grid, world, graph)).With(LayerRun.Parameters(layer));
            var rows = GridModel.Rows(H, first, count);
            var dH = TestGraphs.Numbers(graph.Nodes, (int)layer.Outputs(Width), 2);
            check(run.Run(rows, GridModel.Rows(dH, first, count)), (int)first);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_exception_in_a_message_reaches_the_caller(int threads) => TrainingStep.WithThreads(threads, () =>
    {
        var run = new LayerRun(new Thrower(Width), LayerRun.LibraryGraph(TestGraphs.Hub));
        var thrown = Assert.Throws<InvalidDataException>(() => run.Output(TestGraphs.Numbers(300, Width, 1)));
        Assert.Contains("not to my taste", thrown.Message);
        // The threads still serve.
        Pass(new Copy(Aggregation.Sum, Width), LayerRun.LibraryGraph(TestGraphs.Hub));
    });

    internal static OracleResult Pass(ILayer layer, Graph graph)
    {
        var run = new LayerRun(layer, graph).With(LayerRun.Parameters(layer));
        var H = TestGraphs.Numbers((int)graph.OwnedSources, Width, 1);
        var output = run.Output(H);
        return run.Run(H, TestGraphs.Numbers(output.GetLength(0), output.GetLength(1), 2));
    }
}
