using Weft.Graphs;

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
