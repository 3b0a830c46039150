using Weft.Graphs;
using Weft.Links;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Links;

public class NegativeSamplerTests
{
    private static readonly EdgeList Edges = new(40, TestGraphs.Forty.Source, TestGraphs.Forty.Destination);

    private static IEnumerable<(int Source, int Target)> List(LinkPairs pairs) => pairs.Source.Zip(pairs.Target);

    private static HashSet<(int, int)> Present(bool directed)
    {
        var pairs = Enumerable.Range(0, Edges.Count).Select(e => (Edges.Source[e], Edges.Destination[e])).ToHashSet();
        if (!directed) pairs.UnionWith(pairs.Select(p => (p.Item2, p.Item1)).ToArray());
        return pairs;
    }

    [Theory]
    [InlineData("uniform", false, false)]
    [InlineData("uniform", true, false)]
    [InlineData("degree", false, false)]
    [InlineData("degree", true, true)]
    [InlineData("uniform", false, true)]
    public void All_pairs_without_an_edge_can_be_drawn_and_no_others_and_none_twice(string kind, bool directed, bool loops)
    {
        var present = Present(directed);
        var absent = (from i in Enumerable.Range(0, 40)
                      from j in Enumerable.Range(0, 40)
                      where !present.Contains((i, j)) && (directed || i <= j) && (loops || i != j)
                      select (i, j)).ToHashSet();
        var set = new EdgeSet(Edges, directed);
        Assert.Equal(absent.Count, set.Absent(loops));
        var sampler = new NegativeSampler(set, Edges, kind, loops);
        var some = List(sampler.Distinct(50, 3, LinkStreams.Evaluation, "test")).ToArray();
        Assert.Equal(50, some.Distinct().Count());
        Assert.Subset(absent, some.ToHashSet());
        Assert.Equal(absent.Order(), List(sampler.Distinct(absent.Count, 3, LinkStreams.Evaluation, "test")).Order());
        var problem = Assert.Throws<ArgumentException>(() => sampler.Distinct(absent.Count + 1, 3, LinkStreams.Evaluation, "test"));
        Assert.Equal($"test needs {absent.Count + 1} pairs of nodes without an edge, each once, and the graph has {absent.Count}: it is too dense for that; hold out fewer edges by --link-split", problem.Message);
    }

    [Fact]
    public void Training_negatives_are_those_of_the_seed_and_epoch_on_any_number_of_threads()
    {
        var sampler = new NegativeSampler(new EdgeSet(Edges, directed: false), Edges, "degree");
        var (first, again, later, other) = (Draw(1, 5, 1), Draw(1, 5, 3), Draw(1, 6, 2), Draw(2, 5, 2));
        Assert.Equal(first, again);
        Assert.NotEqual(first, later);
        Assert.NotEqual(first, other);
        var present = Present(directed: false);
        Assert.All(first, pair => Assert.DoesNotContain(pair, present));
        Assert.All(first, pair => Assert.True(pair.Source < pair.Target));

        (int Source, int Target)[] Draw(ulong seed, int epoch, int threads)
        {
            var (source, target) = (new int[2000], new int[2000]);
            TrainingStep.WithThreads(threads, () => sampler.Fill(seed, epoch, source, target));
            return [.. source.Zip(target)];
        }
    }

    [Fact]
    public void An_end_is_drawn_in_proportion_to_its_degree_and_one_or_alike()
    {
        // A star without a direction: node 0 has degree 10, 1 … 10 have 1, 11 … 19 have none.
        var star = new EdgeList(20, [.. Enumerable.Repeat(0, 10)], [.. Enumerable.Range(1, 10)]);
        Assert.InRange(Share("uniform", 19), 0.09, 0.11);
        // Weights: node 0 has 11, ten have 2, nine have 1, of which pairs of 0 with one of the ten and loops are refused.
        double[] weight = [11, .. Enumerable.Repeat(2.0, 10), .. Enumerable.Repeat(1.0, 9)];
        double with = 0, all = 0;
        for (int i = 0; i < 20; i++)
            for (int j = 0; j < i; j++)
            {
                if (j == 0 && i <= 10) continue;
                all += weight[i] * weight[j];
                if (j == 0) with += weight[i] * weight[j];
            }
        double expected = with / all;
        Assert.InRange(Share("degree", 0), expected - 0.01, expected + 0.01);

        double Share(string kind, int node)
        {
            var (source, target) = (new int[40_000], new int[40_000]);
            new NegativeSampler(new EdgeSet(star, directed: false), star, kind).Fill(1, 0, source, target);
            return source.Zip(target).Count(p => p.First == node || p.Second == node) / 40_000.0;
        }
    }

    [Fact]
    public void A_graph_in_which_all_are_joined_has_no_negatives()
    {
        var full = new EdgeList(4, [0, 0, 0, 1, 1, 2], [1, 2, 3, 2, 3, 3]);
        var sampler = new NegativeSampler(new EdgeSet(full, directed: false), full, "uniform");
        Assert.Equal("every pair of the 4 nodes is joined by an edge: the graph is too dense to have negatives", Assert.Throws<ArgumentException>(sampler.Check).Message);
        new NegativeSampler(new EdgeSet(full, directed: true), full, "uniform").Check();
        // One pair is left: it is found.
        var almost = full.Where(e => e != 4);
        var (source, target) = (new int[3], new int[3]);
        new NegativeSampler(new EdgeSet(almost, directed: false), almost, "uniform").Fill(1, 0, source, target);
        Assert.Equal([1, 1, 1], source);
        Assert.Equal([3, 3, 3], target);
        Assert.Equal("there are no 'hard' negatives; use uniform or degree", Assert.Throws<ArgumentException>(() => new NegativeSampler(new EdgeSet(full, false), full, "hard")).Message);
    }
}
