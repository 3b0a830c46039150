using System.Collections.Concurrent;
using Weft.Communication;
using Weft.Distributed;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>
/// Every layer of the catalog on every process grid computes what one process computes: outputs, gradients at the input, and
/// gradients of all parameters, with dropout on.
/// </summary>
public class GridLaw
{
    private static readonly ProcessGrid[] Grids =
    [
        new(1, 1, 1), new(4, 1, 1), new(2, 2, 1), new(4, 2, 1), new(3, 3, 1), new(1, 4, 1), new(2, 1, 2), new(2, 2, 2), new(1, 1, 4),
        new(4, 4, 1), new(8, 2, 1), new(6, 3, 2), new(7, 3, 1),
        // Pieces of unequal size everywhere, and more channels than heads, so that some processes have no head at all.
        new(5, 1, 1), new(1, 5, 1), new(1, 1, 5), new(1, 2, 3), new(3, 1, 5), new(2, 3, 1),
    ];

    /// <summary>On these few, every layer also runs on the larger graphs; a grid that is no such shape adds nothing there.</summary>
    private static readonly ProcessGrid[] Wide = [new(3, 3, 1), new(2, 3, 1), new(2, 2, 2)];

    private static readonly ConcurrentDictionary<(GridModel, string), GridResult> References = [];

    public static TheoryData<string, string> LayersAndGrids()
    {
        var data = new TheoryData<string, string>();
        foreach (string layer in Catalog.Layers.Keys)
            foreach (var grid in Grids) data.Add(layer, grid.ToString());
        return data;
    }

    [Theory]
    [MemberData(nameof(LayersAndGrids))]
    public void A_layer_does_not_notice_where_its_graph_lives(string layer, string gridName)
    {
        var grid = Grids.Single(g => g.ToString() == gridName);
        var models = GridModel.Of(layer);
        foreach (var graph in GraphsFor(grid))
        {
            var tasks = models.Select(model => (Model: model, Input: Input(model, graph), Alone: Reference(model, graph))).ToArray();
            ThreadCommunicator.Run(grid.Size, world =>
            {
                long first = grid.Owned(graph.Nodes, world.Rank).First;
                foreach (var (model, (H, dH), alone) in tasks)
                {
                    // A part of its own for every model, so that normalisation is communicated anew; Weights stay the same.
                    var part = GridModel.Part(grid, world, graph);
                    model.Run(part, H, dH, first).CheckAgainst(alone, first, graph.Nodes, $"{model} on {graph}, grid {grid}, rank {world.Rank}");
                }
            });
        }
    }

    [Fact]
    public void Long_rows_that_are_cut_in_pieces_are_the_same_on_a_grid()
    {
        var graph = TestGraphs.Hub;
        foreach (string layer in new[] { "gcn", "gat", "gatv2", "attention" })
        {
            var model = GridModel.Of(layer)[1];
            var (H, dH) = Input(model, graph);
            var alone = Reference(model, graph);
            foreach (var grid in new ProcessGrid[] { new(3, 1, 1), new(2, 2, 1), new(1, 2, 2) })
                ThreadCommunicator.Run(grid.Size, world =>
                {
                    long first = grid.Owned(graph.Nodes, world.Rank).First;
                    model.Run(GridModel.Part(grid, world, graph), H, dH, first)
                        .CheckAgainst(alone, first, graph.Nodes, $"{model} on {graph}, grid {grid}, rank {world.Rank}");
                });
        }
    }

    [Fact]
    public void The_same_grid_gives_the_same_bits_in_every_run()
    {
        var graph = TestGraphs.Forty;
        var grid = new ProcessGrid(2, 3, 2);
        var model = GridModel.Of("gatv2")[1];
        var (H, dH) = Input(model, graph);
        GridResult[] Run() => ThreadCommunicator.Run(grid.Size, world =>
            model.Run(GridModel.Part(grid, world, graph), H, dH, grid.Owned(graph.Nodes, world.Rank).First));
        var first = Run();
        for (int repeat = 0; repeat < 3; repeat++)
        {
            var again = Run();
            for (int rank = 0; rank < grid.Size; rank++)
            {
                foreach (var (name, values) in first[rank].Rows) Assert.Equal(values, again[rank].Rows[name]);
                foreach (var (name, values) in first[rank].Whole)
                {
                    Assert.Equal(values, again[rank].Whole[name]);
                    Assert.Equal(first[0].Whole[name], values);
                }
            }
        }
    }

    private static IEnumerable<OracleGraph> GraphsFor(ProcessGrid grid)
    {
        yield return TestGraphs.Forty;
        if (Wide.Contains(grid)) yield return TestGraphs.ThreeHundred;
        OracleGraph[] tiny = [TestGraphs.Single, TestGraphs.SingleWithLoops, TestGraphs.Edgeless, TestGraphs.Seven, TestGraphs.Negative];
        foreach (var graph in tiny)
            if (graph.Nodes >= grid.Size) yield return graph;
    }

    private static (double[,] H, double[,] dH) Input(GridModel model, OracleGraph graph) =>
        (TestGraphs.Numbers(graph.Nodes, model.Inputs, 10), TestGraphs.Numbers(graph.Nodes, model.Outputs, 11));

    private static GridResult Reference(GridModel model, OracleGraph graph) => References.GetOrAdd((model, graph.Name), _ =>
    {
        var (H, dH) = Input(model, graph);
        return model.Run(GridModel.Whole(graph), H, dH, 0);
    });
}
