using System.Collections.Concurrent;
using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Layers;
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
        foreach (string layer in GridModel.Layers)
            foreach (var grid in Grids) data.Add(layer, grid.ToString());
        return data;
    }

    [Theory]
    [MemberData(nameof(LayersAndGrids))]
    public void A_layer_does_not_notice_where_its_graph_lives(string layer, string gridName)
    {
        var grid = Grids.Single(g => g.ToString() == gridName);
        foreach (var graph in GraphsFor(grid)) Check(GridModel.Of(layer), graph, grid);
    }

    [Theory]
    [InlineData("gcn")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("attention")]
    public void Long_rows_that_are_cut_in_pieces_are_the_same_on_a_grid(string layer)
    {
        foreach (var grid in new ProcessGrid[] { new(3, 1, 1), new(2, 2, 1), new(1, 2, 2) })
            Check([GridModel.Of(layer)[1]], TestGraphs.Hub, grid);
    }

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("attention")]
    public void Wide_heads_are_the_same_where_rows_are_cut(string layer)
    {
        foreach (var grid in new ProcessGrid[] { new(1, 4, 1), new(2, 2, 1), new(3, 3, 1), new(1, 2, 2) })
            foreach (var (heads, width) in new[] { (1, 65), (2, 40), (8, 8) })
            {
                var usual = GridModel.Of(layer)[0];
                var settings = usual.Settings with { Heads = heads, Outputs = width };
                Check([usual with { Setting = $"{heads} × {width}", Settings = settings }], TestGraphs.Forty, grid);
            }
    }

    [Fact]
    public void The_same_grid_gives_the_same_bits_in_every_run_and_the_same_gradients_on_every_process()
    {
        var graph = TestGraphs.Forty;
        var grid = new ProcessGrid(2, 3, 2);
        var model = GridModel.Of("gatv2")[1];
        GridResult[] Run() => ThreadCommunicator.Run(grid.Size, world => Pass(model, graph, NodeParts.Balanced(grid, graph.Nodes), world, GridModel.Part(grid, world, graph)));
        var first = Run();
        foreach (var result in first)
            foreach (var (name, gradient) in result.Whole) Closeness.CheckBits(name, first[0].Whole[name], gradient);
        for (int repeat = 0; repeat < 3; repeat++)
        {
            var again = Run();
            for (int rank = 0; rank < grid.Size; rank++) again[rank].CheckBits(first[rank]);
        }
    }

    [Theory]
    [InlineData(2, 2, 2, false, false)]
    [InlineData(2, 2, 1, true, false)]
    [InlineData(3, 2, 1, false, true)]
    public void A_warm_step_on_a_grid_allocates_nothing(int rows, int columns, int channels, bool dense, bool overlap)
    {
        var graph = TestGraphs.Forty;
        var grid = new ProcessGrid(rows, columns, channels);
        foreach (string layer in GridModel.Layers)
        {
            var model = GridModel.Of(layer)[1];
            var (H, dH) = model.Input(graph);
            var allocated = ThreadCommunicator.Run(grid.Size, world =>
            {
                var (first, count) = grid.Owned(graph.Nodes, world.Rank);
                var session = new Session(model.Build(), GridModel.Part(grid, world, graph, kind: dense ? ExchangeKind.Dense : ExchangeKind.Halo, overlap: overlap), LayerRun.ToMatrix(GridModel.Rows(H, first, count)));
                var upstream = LayerRun.ToMatrix(GridModel.Rows(dH, first, count));
                // The runtime itself allocates when threads first meet at a lock: what every step allocates is the layer's.
                long least = long.MaxValue;
                for (int step = 0; step < 8; step++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    session.Forward(new Pass(Seed: 1, step, Training: true));
                    session.Backward(upstream);
                    least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                }
                return least;
            });
            Assert.True(allocated.All(bytes => bytes == 0), $"{layer}: bytes allocated by each process in every step: {string.Join(", ", allocated)}");
        }
    }

    // Halos and even parts, and, for the first of the models, every other way to cut and to exchange.
    private static void Check(GridModel[] models, OracleGraph graph, ProcessGrid grid)
    {
        var alone = models.Select(model => Reference(model, graph)).ToArray();
        var (even, uneven) = (NodeParts.Balanced(grid, graph.Nodes), GridModel.Uneven(grid, graph.Nodes));
        (NodeParts Parts, ExchangeKind Kind, bool Overlap, int Models)[] ways =
        [
            (even, ExchangeKind.Halo, false, models.Length), (even, ExchangeKind.Dense, false, 2), (uneven, ExchangeKind.Halo, false, 2),
            (uneven, ExchangeKind.Dense, false, 1), (even, ExchangeKind.Halo, true, 2), (uneven, ExchangeKind.Halo, true, 1),
        ];
        ThreadCommunicator.Run(grid.Size, world =>
        {
            foreach (var (parts, kind, overlap, count) in ways)
            {
                var part = GridModel.Part(grid, world, graph, parts, kind, overlap);
                if (overlap && !part.Place.Overlaps) continue;
                foreach (var (model, expected) in models.Zip(alone).Take(count))
                    Pass(model, graph, parts, world, part)
                        .CheckAgainst(expected, parts.Of(world.Rank).First, $"{model} on {graph}, grid {grid}, {kind}{(overlap ? ", overlapped" : "")}, parts {string.Join(" ", parts.Offsets.ToArray())}, rank {world.Rank}");
            }
        });
    }

    private static GridResult Pass(GridModel model, OracleGraph graph, NodeParts parts, ICommunicator world, Graph part)
    {
        var (H, dH) = model.Input(graph);
        var (first, count) = parts.Of(world.Rank);
        return model.Run(part, GridModel.Rows(H, first, count), GridModel.Rows(dH, first, count));
    }

    private static IEnumerable<OracleGraph> GraphsFor(ProcessGrid grid)
    {
        yield return TestGraphs.Forty;
        if (Wide.Contains(grid)) yield return TestGraphs.ThreeHundred;
        OracleGraph[] tiny = [TestGraphs.Single, TestGraphs.SingleWithLoops, TestGraphs.Edgeless, TestGraphs.Seven, TestGraphs.Negative];
        foreach (var graph in tiny)
            if (graph.Nodes >= grid.Size) yield return graph;
    }

    private static GridResult Reference(GridModel model, OracleGraph graph) => References.GetOrAdd((model, graph.Name), _ =>
    {
        var (H, dH) = model.Input(graph);
        return model.Run(LayerRun.LibraryGraph(graph), H, dH);
    });
}
