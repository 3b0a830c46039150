using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Distributed;

/// <summary>Who owns what, and what a layer costs in words.</summary>
public class ProcessGridTests
{
    private static readonly ProcessGrid[] Grids =
    [
        new(1, 1, 1), new(4, 1, 1), new(2, 2, 1), new(4, 2, 1), new(3, 3, 1), new(1, 4, 1), new(2, 1, 2), new(2, 2, 2), new(1, 1, 4),
        new(4, 4, 1), new(8, 2, 1), new(6, 3, 2), new(7, 3, 1), new(1, 2, 3), new(3, 1, 5),
    ];

    public static TheoryData<string> GridNames => [.. Grids.Select(grid => grid.ToString())];

    private static ProcessGrid Named(string name) => Grids.Single(grid => grid.ToString() == name);

    [Theory]
    [MemberData(nameof(GridNames))]
    public void Every_node_has_one_owner_in_rank_order_and_pieces_are_nested(string name)
    {
        var grid = Named(name);
        foreach (long nodes in new long[] { grid.Size, grid.Size + 1, 144, 1_000_003, 2_000_000_000 })
        {
            long next = 0;
            for (int rank = 0; rank < grid.Size; rank++)
            {
                var (i, j, k) = grid.PlaceOf(rank);
                Assert.Equal(rank, grid.RankOf(i, j, k));
                var (first, count) = grid.Owned(nodes, rank);
                Assert.Equal(next, first);
                // Nested cuts are as even as one cut: ⌊⌊n/Pr⌋/Pc⌋ = ⌊n/(Pr·Pc)⌋, and so for ⌈ ⌉.
                Assert.InRange(count, nodes / grid.Size, nodes / grid.Size + 1);
                next += count;
            }
            Assert.Equal(nodes, next);
        }
    }

    [Fact]
    public void Cuts_give_the_remainder_to_the_first_pieces_at_every_level()
    {
        // 23 nodes → rows 12, 11 → columns 4, 4, 4 and 4, 4, 3 → channels 2, 2 … 2, 1.
        var grid = new ProcessGrid(2, 3, 2);
        Assert.Equal([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1], Enumerable.Range(0, 12).Select(rank => grid.Owned(23, rank).Count));
        // 13 → 7, 6 → 3, 2, 2 and 2, 2, 2: the first piece of all is the only one that is cut unevenly.
        Assert.Equal([2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], Enumerable.Range(0, 12).Select(rank => grid.Owned(13, rank).Count));
        foreach (long items in new long[] { 7, 8, 100 })
            for (long item = 0; item < items; item++)
            {
                int piece = Placement.PieceOf(items, 7, item);
                var (first, count) = Placement.Cut(items, 7, piece);
                Assert.InRange(item, first, first + count - 1);
            }
    }

    [Theory]
    [MemberData(nameof(GridNames))]
    public void Every_edge_lives_in_one_block_and_once_in_each_channel(string name)
    {
        var grid = Named(name);
        var graph = TestGraphs.Forty;
        var parts = ThreadCommunicator.Run(grid.Size, world => GridModel.Part(grid, world, graph));
        for (int channel = 0; channel < grid.Channels; channel++)
        {
            var members = Enumerable.Range(0, grid.Size).Where(rank => grid.PlaceOf(rank).Channel == channel).Select(rank => parts[rank]).ToArray();
            Assert.Equal(Enumerable.Range(0, graph.Edges), members.SelectMany(part => part.EdgeIds).Order());
            Assert.Equal(Enumerable.Range(0, graph.Nodes), members.SelectMany(part => part.Identity.Diagonal.Select(d => d.Node)).Order());
            foreach (var part in members)
                for (int e = 0; e < part.Edges; e++) Assert.Equal((Real)graph.Weight[part.EdgeIds[e]], part.Weights[e, 0]);
        }
        Assert.Equal(Enumerable.Range(0, graph.Nodes), parts.SelectMany(part => part.Identity.NodeIds));
        Assert.All(parts, part => Assert.Equal(graph.Edges, part.Identity.TotalEdges));
    }

    [Fact]
    public void More_processes_than_nodes_are_refused()
    {
        var grid = new ProcessGrid(2, 2, 2);
        var failure = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(8, world => grid.Distribute(world, 7, [0], [1])));
        Assert.IsType<ArgumentException>(failure.InnerException);
        Assert.Contains("a grid of 2 × 2 × 2 has 8 processes for 7 nodes", failure.Message);
        Assert.Contains("use 7 processes or fewer", failure.Message);
        Assert.Throws<ArgumentException>(() => grid.Owned(7, 0));
        Assert.Equal(1, grid.Owned(8, 7).Count);
    }

    [Fact]
    public void A_grid_that_does_not_fit_the_processes_and_edges_that_leave_the_graph_are_refused()
    {
        var wrongSize = Assert.Throws<ArgumentException>(() => new ProcessGrid(2, 1, 1).Distribute(Alone.Instance, 7, [0], [1]));
        Assert.Contains("needs 2 processes, and there are 1", wrongSize.Message);
        var one = new ProcessGrid(1, 1, 1);
        Assert.Throws<ArgumentException>(() => one.Distribute(Alone.Instance, 7, [0], [7]));
        Assert.Throws<ArgumentException>(() => one.Distribute(Alone.Instance, 7, [0], [1], [1, 2]));
        foreach (var (rows, columns, channels) in new[] { (0, 1, 1), (1, 0, 1), (1, 1, -1) })
            Assert.Throws<ArgumentOutOfRangeException>(() => new ProcessGrid(rows, columns, channels));
    }
}
