using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Models;

/// <summary>DropEdge: which edges a step leaves out, and that layers compute what they compute on the graph of the others.</summary>
public class DropEdgeTests
{
    private static readonly OracleGraph Whole = TestGraphs.ThreeHundred;

    private static RandomKey Key(int step) => new(7, (uint)step, RandomStreams.Step(RandomPurpose.EdgeDropout));

    [Fact]
    public void A_step_leaves_out_its_share_by_the_numbers_of_the_edges_and_keeps_loops()
    {
        var graph = LayerRun.LibraryGraph(Whole);
        var thinning = new EdgeThinning(graph, 0.3);
        var first = thinning.Draw(Key(1)).EdgeIds.ToHashSet();
        int loops = Enumerable.Range(0, Whole.Edges).Count(e => Whole.Source[e] == Whole.Destination[e]);
        Assert.True(loops > 0);
        Assert.All(Enumerable.Range(0, Whole.Edges).Where(e => Whole.Source[e] == Whole.Destination[e]), e => Assert.Contains(e, first));
        Assert.Equal(0.7, (first.Count - loops) / (double)(Whole.Edges - loops), 0.05);
        Assert.NotEqual(first, thinning.Draw(Key(2)).EdgeIds.ToHashSet());
        Assert.Equal(first, thinning.Draw(Key(1)).EdgeIds.ToHashSet());
        TrainingStep.WithThreads(3, () => Assert.Equal(first, new EdgeThinning(graph, 0.3).Draw(Key(1)).EdgeIds.ToHashSet()));
    }

    [Theory]
    [InlineData("gcn")]
    [InlineData("sage")]
    [InlineData("gin")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("transformer")]
    public void A_training_step_is_one_on_the_graph_of_the_edges_that_are_left(string name)
    {
        var settings = new ModelSettings { Model = name, Layers = 2, Hidden = 4, Heads = 2, Dropout = 0, DropEdge = 0.4 };
        var graph = LayerRun.LibraryGraph(Whole);
        int[] left = [.. new EdgeThinning(graph, 0.4).Draw(Key(5)).EdgeIds.Order()];
        var rest = Graph.FromEdges(Whole.Nodes, [.. left.Select(e => Whole.Source[e])], [.. left.Select(e => Whole.Destination[e])], [.. left.Select(e => (Real)Whole.Weight[e])]);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var (dropped, droppedGradients) = Step(settings, graph, evaluateFirst: true);
        var (expected, expectedGradients) = Step(settings with { DropEdge = 0 }, rest, evaluateFirst: false);
        // Products and sums may change places where no input is constant.
        Closeness.Check("output", expected, dropped);
        foreach (var (parameter, gradient) in expectedGradients) Closeness.Check("d" + parameter, gradient, droppedGradients[parameter]);

        // An evaluation, whose constant products belong to the whole graph, comes before and between.
        (double[,], Dictionary<string, double[,]>) Step(ModelSettings of, Graph on, bool evaluateFirst)
        {
            var model = Architecture.Build(of, 5, 3);
            model.Initialize(3);
            var session = new Session(model, on, H);
            if (evaluateFirst)
            {
                var before = LayerRun.ToArray(session.Forward(default));
                session.Forward(new Pass(7, 4, Training: true));
                Closeness.CheckBits("evaluation", before, LayerRun.ToArray(session.Forward(default)));
            }
            var output = LayerRun.ToArray(session.Forward(new Pass(7, 5, Training: true)));
            session.Backward(LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 3, 2)));
            return (output, model.Parameters.ToDictionary(p => p.Name, p => LayerRun.ToArray(p.Parameter.Gradient)));
        }
    }

    [Theory]
    [InlineData("gcn", 2, 2, false)]
    [InlineData("gatv2", 3, 1, false)]
    [InlineData("sage", 3, 1, true)]
    public void Processes_leave_out_the_same_edges_as_one(string name, int rows, int columns, bool reproducible)
    {
        var settings = new ModelSettings { Model = name, Layers = 2, Hidden = 4, Heads = 2, Dropout = 0, DropEdge = 0.4 };
        var whole = TestGraphs.Random("1,100 nodes", 1_100, 4_000, seed: 3);
        double[,] H = TestGraphs.Numbers(whole.Nodes, 5, 1), dH = TestGraphs.Numbers(whole.Nodes, 3, 2);
        var alone = Pass(LayerRun.LibraryGraph(whole));
        var grid = new ProcessGrid(rows, columns, 1);
        foreach (var gradients in ThreadCommunicator.Run(grid.Size, world => Pass(grid.Distribute(world, whole.Nodes, whole.Source, whole.Destination, [.. whole.Weight.Select(w => (Real)w)], new DistributionOptions { Reproducible = reproducible }))))
            foreach (var (parameter, gradient) in alone) Closeness.Check("d" + parameter, gradient, gradients[parameter]);

        Dictionary<string, double[,]> Pass(Graph graph)
        {
            var model = Architecture.Build(settings, 5, 3);
            model.Initialize(3);
            int[] nodes = graph.Identity.NodeIds;
            var session = new Session(model, graph, LayerRun.ToMatrix(GridModel.Rows(H, nodes[0], nodes.Length)));
            session.Forward(new Pass(7, 5, Training: true));
            session.Backward(LayerRun.ToMatrix(GridModel.Rows(dH, nodes[0], nodes.Length)));
            return model.Parameters.ToDictionary(p => p.Name, p => LayerRun.ToArray(p.Parameter.Gradient));
        }
    }
}
