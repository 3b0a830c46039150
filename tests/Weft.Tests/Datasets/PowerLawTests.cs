using Weft.Datasets;
using Weft.Graphs;

namespace Weft.Tests.Datasets;

/// <summary>What a generated power law promises, at sizes at which each promise could break: pairs at hubs repeat, batches of draws end early.</summary>
public class PowerLawTests
{
    [Theory]
    [InlineData(20_000, 10, 2.5, 100_000)]
    [InlineData(3001, 7, 2.1, 10_503)]
    [InlineData(500, 250, 3, 62_500)]
    [InlineData(2, 1, 2.5, 1)]
    [InlineData(50, 0, 2.5, 0)]
    public void It_has_the_pairs_that_were_asked_for_each_once_in_both_directions(int nodes, double degree, double exponent, int pairs)
    {
        var edges = Generated.PowerLaw(nodes, degree, exponent, 4).Edges;
        Assert.Equal((nodes, 2 * pairs), (edges.Nodes, edges.Count));
        var seen = new HashSet<(int, int)>();
        for (int e = 0; e < edges.Count; e++)
        {
            Assert.NotEqual(edges.Source[e], edges.Destination[e]);
            Assert.True(seen.Add((edges.Source[e], edges.Destination[e])));
            if (e > 0) Assert.True((edges.Source[e - 1], edges.Destination[e - 1]).CompareTo((edges.Source[e], edges.Destination[e])) < 0);
        }
        Assert.All(seen, edge => Assert.Contains((edge.Item2, edge.Item1), seen));
    }

    [Fact]
    public void A_seed_is_a_graph()
    {
        var first = Generated.PowerLaw(5000, 12, 2.3, 8).Edges;
        var again = Generated.PowerLaw(5000, 12, 2.3, 8).Edges;
        Assert.Equal(first.Source, again.Source);
        Assert.Equal(first.Destination, again.Destination);
        Assert.NotEqual(first.Destination, Generated.PowerLaw(5000, 12, 2.3, 9).Edges.Destination);
    }

    // Batches and tables are for speed: what comes out is what the plainest program draws, one pair at a time. Where a few hubs
    // have all their pairs, the last pairs are waited for in vain and draws end at twenty for each pair.
    [Theory]
    [InlineData(4000, 9, 2.5)]
    [InlineData(60, 30, 2.01)]
    [InlineData(200, 100, 2.01)]
    public void It_is_what_single_draws_make(int nodes, double degree, double exponent)
    {
        var random = new SeededRandom(6);
        int[] rank = random.Permutation(nodes);
        double[] sums = RunningSums([.. rank.Select(r => ExactPower.Of(r + 1, -1 / (exponent - 1)))]);
        double wanted = degree * nodes / 2;
        var pairs = new HashSet<(int, int)>();
        for (int draws = 0; pairs.Count < (int)wanted && draws < 20 * wanted; draws++)
        {
            int i = Plain(sums, random), j = Plain(sums, random);
            if (i != j) pairs.Add((Math.Min(i, j), Math.Max(i, j)));
        }
        var expected = new EdgeList(nodes, [.. pairs.SelectMany(p => new[] { p.Item1, p.Item2 })], [.. pairs.SelectMany(p => new[] { p.Item2, p.Item1 })]).Simple();
        var edges = Generated.PowerLaw(nodes, degree, exponent, 6).Edges;
        Assert.Equal(expected.Source, edges.Source);
        Assert.Equal(expected.Destination, edges.Destination);
    }

    // Of a law with exponent γ, the share of nodes with at least d neighbours falls as d^(1 − γ).
    [Theory]
    [InlineData(2.3)]
    [InlineData(2.5)]
    [InlineData(3)]
    public void The_tail_of_the_degrees_falls_with_the_exponent(double exponent)
    {
        int[] degrees = Generated.PowerLaw(40_000, 12, exponent, 2).Edges.InDegrees();
        double share20 = degrees.Count(d => d >= 20), share160 = degrees.Count(d => d >= 160);
        Assert.InRange(Math.Log(share160 / share20) / Math.Log(8), 1 - exponent - 0.2, 1 - exponent + 0.2);
    }

    [Theory]
    [InlineData(new double[] { 3 })]
    [InlineData(new double[] { 1, 2, 3, 4, 5 })]
    [InlineData(new double[] { 0, 0, 1, 0, 1e-9, 0, 4, 0 })]
    [InlineData(new double[] { 1e6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 })]
    public void Items_are_drawn_where_the_running_sums_pass_the_number_drawn(double[] weights)
    {
        var choice = new WeightedChoice([.. Enumerable.Range(0, weights.Length)], p => weights[p]);
        double[] sums = RunningSums(weights);
        var (random, same) = (new SeededRandom(3), new SeededRandom(3));
        for (int draw = 0; draw < 5000; draw++) Assert.Equal(Plain(sums, same), choice.Draw(random));
    }

    private static double[] RunningSums(double[] weights)
    {
        double sum = 0;
        return Array.ConvertAll(weights, w => sum += w);
    }

    private static int Plain(double[] sums, SeededRandom random)
    {
        double at = random.Uniform() * sums[^1];
        return Math.Min(Array.FindIndex(sums, s => s > at), sums.Length - 1);
    }
}
