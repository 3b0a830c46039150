using Weft.Datasets;
using Weft.Graphs;
using Weft.Tests.Oracles;

namespace Weft.Tests.Graphs;

public class NodeOrderTests
{
    public static TheoryData<string> Orders => [.. NodeOrder.Names.Except(["none", "auto"])];

    [Theory]
    [MemberData(nameof(Orders))]
    public void An_order_holds_every_node_once_and_is_the_same_each_time(string name)
    {
        foreach (var graph in TestGraphs.All)
        {
            var edges = new EdgeList(graph.Nodes, graph.Source, graph.Destination);
            int[] order = NodeOrder.Named(name, edges)!;
            Assert.Equal(Enumerable.Range(0, graph.Nodes), order.Order());
            Assert.Equal(order, NodeOrder.Named(name, edges));
        }
        Assert.Empty(NodeOrder.Named(name, new EdgeList(0, [], []))!);
    }

    [Fact]
    public void Nodes_of_most_edges_come_first_by_degree()
    {
        var edges = new EdgeList(5, [0, 1, 2, 4, 4, 4], [3, 3, 3, 3, 1, 2]);
        // Node 3 has 4 edges, 4 has 3, 1 and 2 have 2, 0 has 1.
        Assert.Equal([3, 4, 1, 2, 0], NodeOrder.ByDegree(edges));
    }

    [Fact]
    public void Cuthill_and_McKee_find_the_narrow_band_of_a_shuffled_grid()
    {
        var edges = Shuffled(Generated.Grid(12, 50, diagonals: false).Edges, seed: 1);
        Assert.InRange(Band(edges, null), 400, 600);
        Assert.InRange(Band(edges, NodeOrder.ReverseCuthillMcKee(edges)), 11, 20);
    }

    [Fact]
    public void Clusters_find_the_communities_of_a_shuffled_graph()
    {
        var blocks = Generated.StochasticBlocks(20_000, 200, degree: 14, homophily: 0.8, features: 0, seed: 4);
        int[] label = blocks.Labels!;
        int[] order = NodeOrder.Clusters(blocks.Edges);
        // Where one place and the next are of one community nine times in ten, communities of 100 nodes lie together.
        Assert.True(SameAsNext(order) > 0.9, $"{SameAsNext(order)}");
        Assert.True(SameAsNext([.. Enumerable.Range(0, 20_000)]) < 0.05);
        Assert.True(NodeOrder.Locality(blocks.Edges, order) > 2 * NodeOrder.Locality(blocks.Edges, null));

        double SameAsNext(int[] places) => Enumerable.Range(1, places.Length - 1).Average(i => label[places[i]] == label[places[i - 1]] ? 1.0 : 0);
    }

    [Fact]
    public void Auto_orders_a_large_graph_with_communities_and_leaves_the_others_alone()
    {
        var large = Generated.StochasticBlocks(60_000, 600, degree: 6, homophily: 0.9, features: 0, seed: 2).Edges;
        int[] order = NodeOrder.Auto(large)!;
        Assert.Equal(NodeOrder.Clusters(large), order);
        // Once it is in that order there is nothing left to do.
        Assert.Null(NodeOrder.Auto(large.Renumber(order)));
        Assert.Null(NodeOrder.Auto(Generated.Grid(250, 250, diagonals: false).Edges));
        // A random graph has no communities to find.
        Assert.Null(NodeOrder.Auto(Generated.PowerLaw(60_000, degree: 8, exponent: 2.5, seed: 3).Edges));
        Assert.Null(NodeOrder.Auto(Generated.StochasticBlocks(5_000, 50, degree: 6, homophily: 0.9, features: 0, seed: 2).Edges));
        Assert.Null(NodeOrder.Named("none", large));
        Assert.Contains("use none, degree, rcm, cluster, auto", Assert.Throws<ArgumentException>(() => NodeOrder.Named("rows", large)).Message);
    }

    private static EdgeList Shuffled(EdgeList edges, int seed)
    {
        int[] order = [.. Enumerable.Range(0, (int)edges.Nodes)];
        new Random(seed).Shuffle(order);
        return edges.Renumber(order);
    }

    private static int Band(EdgeList edges, int[]? order)
    {
        var renumbered = order is null ? edges : edges.Renumber(order);
        return Enumerable.Range(0, edges.Count).Max(e => Math.Abs(renumbered.Source[e] - renumbered.Destination[e]));
    }
}
