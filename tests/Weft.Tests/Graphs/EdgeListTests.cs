using Weft.Graphs;
using Weft.Memory;

namespace Weft.Tests.Graphs;

public class EdgeListTests
{
    // Directed, weighted, a self-loop on 2, parallel edges 0 → 1, node 4 without edges, hub 1.
    private static EdgeList Sample() => new(5, [0, 0, 2, 3, 1, 2], [1, 1, 2, 1, 3, 1], [1, 2, 3, 4, 5, 6]);

    [Fact]
    public void Transposing_turns_every_edge_and_keeps_their_order_and_weights()
    {
        var turned = Sample().Transpose();
        Assert.Equal([1, 1, 2, 1, 3, 1], turned.Source);
        Assert.Equal([0, 0, 2, 3, 1, 2], turned.Destination);
        Assert.Equal(Sample().Weight, turned.Weight);
    }

    [Fact]
    public void Undirected_adds_just_the_missing_reverses_after_the_edges_that_were_there()
    {
        var both = Sample().Undirected();
        Assert.Equal([0, 0, 2, 3, 1, 2, 1, 1, 1], both.Source);
        Assert.Equal([1, 1, 2, 1, 3, 1, 0, 0, 2], both.Destination);
        Assert.Equal([1, 2, 3, 4, 5, 6, 1, 2, 6], both.Weight!);
        Assert.True(both.IsSymmetric());
        Assert.False(Sample().IsSymmetric());
        Assert.Same(both, both.Undirected());
    }

    [Fact]
    public void Self_loops_go_to_the_nodes_that_have_none()
    {
        var looped = Sample().WithSelfLoops();
        Assert.Equal([0, 1, 3, 4], looped.Source[6..]);
        Assert.Equal([0, 1, 3, 4], looped.Destination[6..]);
        Assert.Equal([1, 1, 1, 1], looped.Weight![6..]);
        Assert.Same(looped, looped.WithSelfLoops());
        Assert.Equal(5, looped.WithoutSelfLoops().Count);
    }

    [Fact]
    public void A_simple_graph_is_sorted_and_keeps_the_first_of_parallel_edges()
    {
        var simple = Sample().Simple();
        Assert.Equal([0, 1, 2, 2, 3], simple.Source);
        Assert.Equal([1, 3, 1, 2, 1], simple.Destination);
        Assert.Equal([1, 5, 6, 3, 4], simple.Weight!);
    }

    [Fact]
    public void Degrees_count_parallel_edges_and_loops()
    {
        Assert.Equal([0, 4, 1, 1, 0], Sample().InDegrees());
        Assert.Equal([2, 1, 2, 1, 0], Sample().OutDegrees());
    }

    [Fact]
    public void Symmetric_is_every_edge_with_a_reverse_however_often_each_is_there()
    {
        Assert.True(new EdgeList(3, [0, 1, 0, 2], [1, 0, 1, 2]).IsSymmetric());
        Assert.False(new EdgeList(3, [0, 1, 1], [1, 0, 2]).IsSymmetric());
        Assert.False(new EdgeList(3, [0, 1, 2], [1, 2, 0]).IsSymmetric());
        Assert.True(new EdgeList(3, [], []).IsSymmetric());
    }

    // Feature 0 of edge e is e, feature 1 is 10 e.
    private static EdgeList WithFeatures() => new(Sample().Nodes, Sample().Source, Sample().Destination, Sample().Weight,
        Matrix.From(6, 2, [0, 0, 1, 10, 2, 20, 3, 30, 4, 40, 5, 50]));

    private static double[] First(EdgeList edges) => [.. Enumerable.Range(0, edges.Count).Select(e => (double)edges.Features[e, 0])];

    [Fact]
    public void Features_follow_their_edges_through_every_operation()
    {
        var edges = WithFeatures();
        Assert.Equal(2, edges.FeatureWidth);
        Assert.Equal([0, 1, 2, 3, 4, 5], First(edges.Transpose()));
        Assert.Equal([0, 1, 2, 3, 4, 5, 0, 1, 5], First(edges.Undirected()));
        Assert.Equal([0, 4, 5, 2, 3], First(edges.Simple()));
        Assert.Equal([0, 1, 3, 4, 5], First(edges.WithoutSelfLoops()));
        Assert.Equal([3, 5], First(edges.Where(e => e is 3 or 5)));
        Assert.Equal([5, 0], First(edges.Pick([5, 0])));
        Assert.Equal([0, 1, 2, 3, 4, 5], First(edges.Renumber([4, 3, 2, 1, 0])));
        Assert.Equal(50, (double)edges.Renumber([4, 3, 2, 1, 0]).Features[5, 1]);
        Assert.True(edges.WithoutFeatures().Features.IsMissing);
    }

    [Fact]
    public void An_added_loop_has_the_mean_of_the_features_of_its_nodes_in_edges()
    {
        // Into 1: edges 0, 1, 3 and 5; into 3: edge 4; into 0 and 4: none.
        var looped = WithFeatures().WithSelfLoops();
        Assert.Equal([0, 9.0 / 4, 4, 0], First(looped)[6..].Select(x => Math.Round(x, 6)));
        Assert.Equal(22.5, (double)looped.Features[7, 1]);
        Assert.Equal([0, 1, 2, 3, 4, 5], First(looped)[..6]);
    }

    [Fact]
    public void A_graph_holds_features_in_the_order_of_its_blocks_edges()
    {
        var graph = Graph.FromEdges(WithFeatures());
        for (int p = 0; p < 6; p++) Assert.Equal(graph.EdgeIds[p], (double)graph.EdgeFeatures[p, 0]);
        var turned = Graph.InOrder(WithFeatures().Renumber([4, 3, 2, 1, 0]), [4, 3, 2, 1, 0]);
        for (int p = 0; p < 6; p++) Assert.Equal(turned.EdgeIds[p], (double)turned.EdgeFeatures[p, 0]);
        Assert.True(graph.Bytes >= Graph.FromEdges(Sample()).Bytes + 12 * sizeof(Real));
        Assert.Contains("every edge needs a row", Assert.Throws<ArgumentException>(() => Graph.FromEdges(2, [0], [1], features: Matrix.Allocate(2, 1))).Message);
        Assert.Contains("a row of at least one feature for every edge", Assert.Throws<ArgumentException>(() => new EdgeList(2, [0], [1], features: Matrix.Allocate(2, 1))).Message);
    }

    [Fact]
    public void A_batch_of_graphs_and_a_choice_of_them_carry_the_features()
    {
        var batch = GraphBatch.From([WithFeatures(), WithFeatures().Transpose()]);
        Assert.Equal([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], First(batch.Edges));
        Assert.Equal([0, 1, 2, 3, 4, 5], First(batch.Select([1], out _).Edges));
        Assert.Contains("features an edge", Assert.Throws<ArgumentException>(() => GraphBatch.From([WithFeatures(), Sample()])).Message);
    }

    [Fact]
    public void An_end_that_is_no_node_is_refused_by_edge()
    {
        Assert.Contains("edge 1 runs 0 → 3", Assert.Throws<ArgumentException>(() => new EdgeList(3, [0, 0], [1, 3])).Message);
        Assert.Throws<ArgumentException>(() => new EdgeList(3, [-1], [1]));
        Assert.Throws<ArgumentException>(() => new EdgeList(3, [0], [1, 2]));
        Assert.Throws<ArgumentException>(() => new EdgeList(3, [0], [1], [1, 2]));
    }

    [Fact]
    public void A_batch_is_block_diagonal_and_gives_its_graphs_back()
    {
        var other = new EdgeList(2, [1], [0], [9]);
        var batch = GraphBatch.From([other, Sample(), new EdgeList(0, [], [], []), other]);
        Assert.Equal([0, 2, 7, 7, 9], batch.Offsets);
        Assert.Equal([0, 0, 1, 1, 1, 1, 1, 3, 3], batch.Membership);
        Assert.Equal([1, 2, 2, 4, 5, 3, 4, 8], batch.Edges.Source);
        var chosen = batch.Select([3, 1], out int[] nodes);
        Assert.Equal([7, 8, 2, 3, 4, 5, 6], nodes);
        Assert.Equal([1, 2, 2, 4, 5, 3, 4], chosen.Edges.Source);
        Assert.Equal([0, 3, 3, 4, 3, 5, 3], chosen.Edges.Destination);
        Assert.Equal([9, 1, 2, 3, 4, 5, 6], chosen.Edges.Weight!);
    }

    [Fact]
    public void A_batch_refuses_an_edge_between_two_graphs_and_nodes_out_of_order()
    {
        Assert.Contains("edge 0 joins", Assert.Throws<ArgumentException>(() => new GraphBatch(new EdgeList(2, [0], [1]), [0, 1], 2)).Message);
        Assert.Contains("node 1", Assert.Throws<ArgumentException>(() => new GraphBatch(new EdgeList(2, [], []), [1, 0], 2)).Message);
        Assert.Throws<ArgumentException>(() => new GraphBatch(new EdgeList(2, [], []), [0, 2], 2));
    }
}
