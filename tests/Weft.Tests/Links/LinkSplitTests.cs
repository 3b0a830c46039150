using Weft.Graphs;
using Weft.Links;
using Weft.Tests.Oracles;

namespace Weft.Tests.Links;

public class LinkSplitTests
{
    private static readonly LinkShares Shares = LinkShares.Parse("70/10/20");

    /// <summary>Directed, with loops and parallel edges; some edges have their reverse, some of those more than once.</summary>
    private static EdgeList Nasty(int seed)
    {
        var random = new Random(seed);
        var graph = TestGraphs.Forty;
        var (source, target) = (graph.Source.ToList(), graph.Destination.ToList());
        for (int e = 0; e < graph.Edges; e++)
            for (int copies = random.Next(3); copies > 0; copies--)
            {
                source.Add(graph.Destination[e]);
                target.Add(graph.Source[e]);
            }
        return new EdgeList(graph.Nodes, [.. source], [.. target], [.. source.Select((_, e) => (Real)e)]);
    }

    private static IEnumerable<(int Source, int Target)> List(LinkPairs pairs) => pairs.Source.Zip(pairs.Target);

    private static (int, int) Joined((int Source, int Target) pair) => pair.Source < pair.Target ? pair : (pair.Target, pair.Source);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_link_is_in_one_part_and_no_trace_of_a_held_out_one_is_among_the_messages(bool directed)
    {
        for (int seed = 0; seed < 5; seed++)
        {
            var edges = Nasty(seed);
            var split = LinkSplit.Create(edges, Shares, (ulong)seed, directed);
            var all = Enumerable.Range(0, edges.Count).Select(e => (edges.Source[e], edges.Destination[e])).Where(p => p.Item1 != p.Item2).ToArray();
            var links = directed ? all.Distinct().ToArray() : all.Select(Joined).Distinct().ToArray();
            Assert.Equal(links.Order(), List(split.Train).Concat(List(split.Validation)).Concat(List(split.Test)).Order());

            var heldOut = List(split.Validation).Concat(List(split.Test)).Select(Joined).ToHashSet();
            Assert.Empty(List(split.Train).Select(Joined).Intersect(heldOut));
            Assert.Empty(List(split.Validation).Select(Joined).Intersect(List(split.Test).Select(Joined)));
            // What is left is every other edge, copies, loops and weights included, in the order of the list.
            int[] expected = [.. Enumerable.Range(0, edges.Count).Where(e => !heldOut.Contains(Joined((edges.Source[e], edges.Destination[e]))))];
            Assert.Equal(expected.Select(e => (edges.Source[e], edges.Destination[e], edges.Weight![e])),
                Enumerable.Range(0, split.Message.Count).Select(e => (split.Message.Source[e], split.Message.Destination[e], split.Message.Weight![e])));
            Assert.Contains(Enumerable.Range(0, split.Message.Count), e => split.Message.Source[e] == split.Message.Destination[e]);
            Assert.Contains(all.GroupBy(p => p), copies => copies.Count() > 1 && heldOut.Contains(Joined(copies.Key)));
        }
    }

    [Fact]
    public void The_shares_are_of_pairs_and_rounded_down_for_validation_and_test()
    {
        var edges = Nasty(1);
        int pairs = Enumerable.Range(0, edges.Count).Select(e => Joined((edges.Source[e], edges.Destination[e]))).Where(p => p.Item1 != p.Item2).Distinct().Count();
        var split = LinkSplit.Create(edges, Shares, 3);
        Assert.Equal((pairs - pairs / 10 - pairs / 5, pairs / 10, pairs / 5), (split.Train.Count, split.Validation.Count, split.Test.Count));
        Assert.All(List(split.Test), p => Assert.True(p.Source < p.Target));
    }

    [Fact]
    public void A_seed_gives_the_same_parts_whatever_the_order_of_the_edges_and_another_seed_others()
    {
        var edges = Nasty(2);
        var split = LinkSplit.Create(edges, Shares, 7);
        var backward = LinkSplit.Create(edges.Pick([.. Enumerable.Range(0, edges.Count).Reverse()]).Transpose(), Shares, 7);
        Assert.Equal(List(split.Test), List(backward.Test));
        Assert.Equal(List(split.Validation), List(backward.Validation));
        Assert.NotEqual(List(split.Test), List(LinkSplit.Create(edges, Shares, 8).Test));
        Assert.NotEqual(List(split.Test), List(LinkSplit.Create(edges, Shares, 7 + (1UL << 40)).Test));
    }

    [Fact]
    public void Every_link_is_held_out_about_as_often_as_any_other()
    {
        var edges = Nasty(3);
        var times = new Dictionary<(int, int), int>();
        const int Splits = 2000;
        for (ulong seed = 0; seed < Splits; seed++)
            foreach (var pair in List(LinkSplit.Create(edges, Shares, seed).Test)) times[pair] = times.GetValueOrDefault(pair) + 1;
        // 400 on average with a deviation of 18.
        Assert.All(times.Values, count => Assert.InRange(count, 310, 490));
        Assert.Equal(new EdgeSet(edges, directed: false).Pairs().Count, times.Count);
    }

    [Fact]
    public void A_split_that_leaves_a_part_empty_is_refused()
    {
        var problem = Assert.Throws<ArgumentException>(() => LinkSplit.Create(new EdgeList(5, [0, 1, 2, 3], [1, 2, 3, 4]), LinkShares.Parse("85/5/10"), 0));
        Assert.Equal("a split 85/5/10 of 4 links gives 4 for training, 0 for validation and 0 for test; every part needs one: choose other shares by --link-split, or a graph with more edges", problem.Message);
        Assert.Throws<ArgumentException>(() => LinkSplit.Create(new EdgeList(3, [], []), LinkShares.Parse("85/5/10"), 0));
    }

    [Theory]
    [InlineData("85/5")]
    [InlineData("85/5/10/0")]
    [InlineData("85/5/11")]
    [InlineData("90/0/10")]
    [InlineData("-5/5/100")]
    [InlineData("85/x/10")]
    [InlineData("85/5/x/10")]
    [InlineData("")]
    public void Shares_that_are_not_three_per_cents_of_a_whole_are_refused(string shares)
    {
        Assert.Contains($"link-split is '{shares}': expected", Assert.Throws<ArgumentException>(() => LinkShares.Parse(shares)).Message, StringComparison.Ordinal);
        Assert.Equal("82.5/7.5/10", LinkShares.Parse("82.5/7.5/10").ToString());
    }
}
