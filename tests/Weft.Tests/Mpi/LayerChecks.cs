using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Tests.Distributed.Cagnet;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;
using Weft.Tests.Training;

namespace Weft.Tests.Mpi;

/// <summary>Layers of the catalog on grids of ranks: what one process computes, and the bits that threads compute.</summary>
internal static class LayerChecks
{
    private static readonly ProcessGrid[] Grids =
    [
        new(1, 1, 1), new(2, 1, 1), new(1, 2, 1), new(1, 1, 2), new(3, 1, 1), new(1, 3, 1), new(4, 1, 1), new(2, 2, 1), new(2, 1, 2), new(1, 2, 2), new(1, 1, 4),
        new(5, 1, 1), new(2, 3, 1), new(3, 1, 2),
    ];

    public static void LayersOnGrids(MpiCommunicator world)
    {
        var graph = TestGraphs.Forty;
        var alone = LayerRun.LibraryGraph(graph);
        var parts = Grids.Where(grid => grid.Size == world.Size).Select(grid => (grid, GridModel.Part(grid, world, graph))).ToArray();
        foreach (string layer in GridModel.Layers)
            foreach (var model in GridModel.Of(layer).Where(model => model.Deep && !model.Sparse).Take(2))
            {
                var (H, dH) = model.Input(graph);
                var expected = model.Run(alone, H, dH);
                foreach (var (grid, part) in parts)
                    Pass(model, grid, world, part, graph).CheckAgainst(expected, grid.Owned(graph.Nodes, world.Rank).First, $"{model}, grid {grid}");
            }
    }

    /// <summary>Losses and parameters of a reproducible run are those of one process, to the bit.</summary>
    public static void Reproducible(MpiCommunicator world)
    {
        foreach (string layer in new[] { "gcn", "gatv2" }) ReproducibleLaw.Check(world, layer);
    }

    /// <summary>CAGNET's schemes: values to the bit, words and messages, as threads have them.</summary>
    public static void CagnetSchemes(MpiCommunicator world)
    {
        var oracle = TestGraphs.Random("100 nodes", 100, 320, seed: 100);
        var graph = LayerRun.LibraryGraph(oracle);
        var (H, W, G) = (TestGraphs.Numbers(100, 12, 1), TestGraphs.Numbers(12, 7, 3), TestGraphs.Numbers(100, 7, 2));
        foreach (var scheme in CagnetCase.All.Where(scheme => scheme.Processes == world.Size))
        {
            var expected = scheme.Layer(graph, H, W, G)[world.Rank];
            var mine = scheme.Layer(world, graph, H, W, G);
            Closeness.CheckBits($"Z, {scheme}", expected.Z, mine.Z);
            Closeness.CheckBits($"dH, {scheme}", expected.dH, mine.dH);
            Closeness.CheckBits($"dW, {scheme}", expected.dW, mine.dW);
            Assert.Equal(expected.Metered, mine.Metered);
        }
    }

    public static void Training(MpiCommunicator world)
    {
        foreach (string model in new[] { "gcn", "gatv2" }) SharedTrainingTests.Check(world, model);
    }

    public static void SameBitsAsThreads(MpiCommunicator world)
    {
        var graph = TestGraphs.Forty;
        foreach (var grid in Grids.Where(grid => grid.Size == world.Size))
        {
            var models = GridModel.Layers.Select(layer => GridModel.Of(layer)[1]).ToArray();
            GridResult[] Results(ICommunicator communicator)
            {
                var part = GridModel.Part(grid, communicator, graph);
                return [.. models.Select(model => Pass(model, grid, communicator, part, graph))];
            }
            var expected = ThreadCommunicator.Run(grid.Size, Results)[world.Rank];
            foreach (var (mine, threads) in Results(world).Zip(expected)) mine.CheckBits(threads);
        }
    }

    private static GridResult Pass(GridModel model, ProcessGrid grid, ICommunicator world, Graph part, OracleGraph graph)
    {
        var (H, dH) = model.Input(graph);
        var (first, count) = grid.Owned(graph.Nodes, world.Rank);
        return model.Run(part, GridModel.Rows(H, first, count), GridModel.Rows(dH, first, count));
    }
}
