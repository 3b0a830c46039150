using Weft.Distributed;

namespace Weft.Tests.Distributed;

public class NodePartsTests
{
    [Fact]
    public void Balanced_parts_are_the_nested_cuts_of_the_grid()
    {
        var grid = new ProcessGrid(2, 3, 2);
        var parts = NodeParts.Balanced(grid, 23);
        Assert.Equal([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1], Enumerable.Range(0, 12).Select(rank => parts.Of(rank).Count));
        for (int rank = 0; rank < 12; rank++) Assert.Equal(grid.Owned(23, rank), parts.Of(rank));
    }

    [Fact]
    public void Every_place_has_one_owner()
    {
        var parts = NodeParts.OfSizes([3, 1, 7, 2]);
        Assert.Equal((13, 4), (parts.Nodes, parts.Count));
        for (long place = 0; place < parts.Nodes; place++)
        {
            var (first, count) = parts.Of(parts.RankOf(place));
            Assert.InRange(place, first, first + count - 1);
        }
    }

    [Fact]
    public void A_process_without_a_node_is_refused()
    {
        Assert.Contains("process 1 would own places 3 … 2", Assert.Throws<ArgumentException>(() => NodeParts.OfSizes([3, 0, 7])).Message);
        Assert.Throws<ArgumentException>(() => new NodeParts([1, 2]));
        Assert.Throws<ArgumentException>(() => new NodeParts([0]));
        Assert.Throws<ArgumentException>(() => NodeParts.Balanced(new ProcessGrid(2, 2, 2), 7));
    }
}
