using Weft.Datasets;
using Weft.Graphs;

namespace Weft.Tests.Datasets;

public class DatasetInfoTests
{
    [Fact]
    public void Everything_is_counted_on_a_graph_with_a_hub_a_loop_parallel_edges_and_lonely_nodes()
    {
        var set = new Dataset
        {
            Name = "odd",
            Edges = new EdgeList(7, [0, 1, 2, 3, 3, 4, 3], [3, 3, 3, 0, 0, 4, 1]),
            Labels = [0, 1, 1, 1, 0, -1, 2],
            Classes = 4,
        };
        var info = DatasetInfo.Of(set);
        Assert.Equal((7, 7, 1, 1, 1), (info.Nodes, info.Edges, info.SelfLoops, info.ParallelEdges, info.Graphs));
        Assert.Equal(3, info.IsolatedNodes);
        Assert.False(info.Symmetric);
        Assert.Equal(new DegreeSummary(0, 1, 1, 3), info.InDegree);
        Assert.Equal(new DegreeSummary(0, 1, 1, 3), info.OutDegree);
        Assert.Equal([2, 3, 1, 0], info.ClassSizes);
        Assert.Equal(1, info.Unlabelled);
        // Of 0→3, 1→3, 2→3, 3→0 twice and 3→1, those between 1, 2 and 3 join one class.
        Assert.Equal(3 / 6.0, info.EdgeHomophily);
        Assert.Equal([new DegreeBin(0, 0, 3, 2), new DegreeBin(1, 1, 2, 4), new DegreeBin(2, 3, 2, 1)], info.DegreeHistogram);
    }

    [Fact]
    public void An_empty_set_has_numbers_too()
    {
        var info = DatasetInfo.Of(new Dataset { Name = "none", Edges = new EdgeList(0, [], []) });
        Assert.Equal((0, 0, 0), (info.Nodes, info.Edges, info.DegreeHistogram.Count));
        Assert.Null(info.EdgeHomophily);
        Assert.True(info.Symmetric);
    }

    [Fact]
    public void Cora_has_its_known_numbers()
    {
        if (RealData.Find("cora.npz") is not { } path) return;
        var info = DatasetInfo.Of(GraphArchive.Read(path));
        Assert.Equal((2708, 10556, 1433L, 49216L, 7), (info.Nodes, info.Edges, info.Features, info.FeatureEntries, info.Classes));
        Assert.Equal(new DegreeSummary(1, 3, 10556 / 2708.0, 168), info.InDegree);
        Assert.Equal((0, 0, 0, true), (info.IsolatedNodes, info.SelfLoops, info.ParallelEdges, info.Symmetric));
        Assert.Equal(0.81, info.EdgeHomophily!.Value, 0.001);
        Assert.Equal(485, info.DegreeHistogram[1].InCount);
    }
}
