using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

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
        foreach (var grid in Grids.Where(grid => grid.Size == world.Size))
        {
            var part = GridModel.Part(grid, world, graph);
            foreach (string layer in Catalog.Layers.Keys)
                foreach (var model in GridModel.Of(layer).Where(model => model.Deep && !model.Sparse))
                {
                    var (H, dH) = model.Input(graph);
                    Pass(model, grid, world, part, graph).CheckAgainst(model.Run(alone, H, dH), grid.Owned(graph.Nodes, world.Rank).First, $"{model}, grid {grid}");
                }
        }
    }

    public static void SameBitsAsThreads(MpiCommunicator world)
    {
        var graph = TestGraphs.Forty;
        foreach (var grid in Grids.Where(grid => grid.Size == world.Size))
        {
            var models = Catalog.Layers.Keys.Select(layer => GridModel.Of(layer)[1]).ToArray();
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
