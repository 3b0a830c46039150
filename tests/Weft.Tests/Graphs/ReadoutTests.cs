using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Graphs;

/// <summary>Readouts of many graphs side by side.</summary>
public class ReadoutTests
{
    private const int Width = 5;

    public static TheoryData<string> Readouts => [.. Catalog.Layers.Keys.Where(name => name.StartsWith("readout-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Readouts))]
    public void A_batch_gives_each_graph_what_it_gets_alone_and_a_graph_without_nodes_zeros(string name)
    {
        // Graphs of 0, 4, 0, 1, 7 and 0 nodes; then more graphs than nodes.
        foreach (int[] sizes in new int[][] { [0, 4, 0, 1, 7, 0], [0, 0, 1, 0] })
        {
            int nodes = sizes.Sum();
            var layer = Layer(name);
            var H = TestGraphs.Numbers(nodes, Width, 3);
            var dH = TestGraphs.Numbers(sizes.Length, Width, 4);
            var all = new LayerRun(layer, Side(sizes)).Run(H, dH);
            for (int g = 0, first = 0; g < sizes.Length; first += sizes[g++])
            {
                if (sizes[g] == 0)
                {
                    Assert.Equal(new double[1, Width], GridModel.Rows(all.Output, g, 1));
                    continue;
                }
                var alone = new LayerRun(layer, Graph.FromEdges(sizes[g], [], [])).Run(GridModel.Rows(H, first, sizes[g]), GridModel.Rows(dH, g, 1));
                Closeness.Check($"{name}, graph {g}", alone.Output, GridModel.Rows(all.Output, g, 1));
                Closeness.Check($"{name}, graph {g}: dH_prev", alone.InputGradient, GridModel.Rows(all.InputGradient, first, sizes[g]));
            }
        }
    }

    [Fact]
    public void Of_equal_maxima_the_first_node_gets_the_gradient()
    {
        var run = new LayerRun(new MaxReadout(), Side([3, 2])).Run(new double[,] { { 1, 2 }, { 1, 5 }, { 0, 5 }, { -3, 0.0 }, { -3, -0.0 } }, new double[,] { { 7, 8 }, { 9, 10 } });
        Assert.Equal(new double[,] { { 1, 5 }, { -3, 0 } }, run.Output);
        Assert.Equal(new double[,] { { 7, 0 }, { 0, 8 }, { 0, 0 }, { 9, 10 }, { 0, 0 } }, run.InputGradient);
    }

    [Fact]
    public void An_untrained_gate_gives_the_mean()
    {
        var H = TestGraphs.Numbers(9, Width, 5);
        var side = Side([4, 5]);
        Closeness.Check("gate", new LayerRun(new Readout(mean: true), side).Output(H), new LayerRun(new AttentionReadout(Width), side).Output(H));
    }

    [Fact]
    public void Layers_after_a_readout_work_on_rows_of_graphs_and_no_edges_are_left_for_others()
    {
        var side = Side([3, 0, 4]);
        var model = new Model([new Linear(Width, 4), new Readout(mean: false), new Dropout(0.5), new Linear(4, 2)]);
        model.Initialize(1);
        var session = new Session(model, side, LayerRun.ToMatrix(TestGraphs.Numbers(7, Width, 6)));
        Assert.Equal(3, session.Forward(new Pass(1, 0, Training: true)).Rows);
        session.Backward(LayerRun.ToMatrix(TestGraphs.Numbers(3, 2, 7)));
        Assert.Contains(model.Parameters[0].Parameter.Gradient.ToArray(), g => g != 0);
        // A graph that is no batch is one row.
        Assert.Equal(1, new Session(model, LayerRun.LibraryGraph(TestGraphs.Seven), LayerRun.ToMatrix(TestGraphs.Numbers(7, Width, 6))).Forward(default).Rows);

        var wrong = new Model([new Readout(mean: true), new Gcn(Width, 2)]);
        Assert.Contains("after a readout", Assert.Throws<ArgumentException>(() => new Session(wrong, side, Matrix.Allocate(7, Width))).Message);
    }

    private static ILayer Layer(string name)
    {
        var layer = Catalog.Layers[name](new LayerSettings { Inputs = Width, Outputs = Width });
        foreach (var (parameter, values) in layer.Parameters.Zip(LayerRun.Parameters(layer).Values)) LayerRun.ToMatrix(values).CopyTo(parameter.Value);
        return layer;
    }

    /// <summary>Graphs of these sizes, without edges.</summary>
    private static Graph Side(int[] sizes) =>
        Graph.FromEdges(sizes.Sum(), [], []).WithMembership(Graph.OfMembership([.. sizes.SelectMany((size, g) => Enumerable.Repeat(g, size))], sizes.Length));
}
