using System.Security.Cryptography;
using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class GeneratedTests
{
    [Fact]
    public void Karate_is_zacharys_table()
    {
        var set = Karate.Create();
        Assert.Equal((34, 156, 34, 2), (set.Nodes, set.Edges.Count, (int)set.Features.Columns, set.Classes));
        Assert.True(set.Edges.IsSymmetric());
        Assert.Equal(17, set.Labels!.Sum());
        if (RealData.Find("karate.npz") is not { } path) return;
        DatasetTests.AssertSame(GraphArchive.Read(path) with { ClassNames = set.ClassNames }, set);
    }

    [Fact]
    public void Citations_have_the_size_degrees_and_homophily_of_cora()
    {
        var set = Citations.Create();
        Assert.Equal((2700, 10_600, 1400, 7), (set.Nodes, set.Edges.Count, (int)set.Features.Columns, set.Classes));
        Assert.True(set.Features.IsSparse);
        Assert.True(set.Edges.IsSymmetric());
        Assert.Equal((140, 500, 1000), (set.Splits[0].TrainCount, set.Splits[0].ValidationCount, set.Splits[0].TestCount));
        int[] degrees = set.Edges.InDegrees();
        Assert.Equal(1, degrees.Min());
        Assert.InRange(degrees.Max(), 40, 200);
        double inside = Enumerable.Range(0, set.Edges.Count).Count(e => set.Labels![set.Edges.Source[e]] == set.Labels[set.Edges.Destination[e]]);
        Assert.InRange(inside / set.Edges.Count, 0.79, 0.83);
        Assert.InRange(set.Features.Sparse!.Count / 2700.0, 15, 20);
        for (int c = 0; c < 7; c++) Assert.Equal(20, Enumerable.Range(0, 2700).Count(i => set.Splits[0].Train[i] && set.Labels![i] == c));
    }

    // The figures that were printed when the generators were written: on another platform or runtime they must be the same.
    [Theory]
    [InlineData("citations", "9B2AC0938D6CA941")]
    [InlineData("powerlaw", "F43868E40584B91D")]
    [InlineData("rmat", "1521CE8EC9426FDC")]
    [InlineData("sbm", "9B53AAE082ECC285")]
    public void A_seed_means_the_same_graph_everywhere(string kind, string sha256)
    {
        var set = kind switch
        {
            "citations" => Citations.Create(),
            "powerlaw" => Generated.PowerLaw(1000, 8, 2.3, 5),
            "rmat" => Generated.Rmat(10, 8, 0.57, 0.19, 0.19, 5),
            _ => Generated.StochasticBlocks(500, 5, 6, 0.7, 0, 5),
        };
        var bytes = new List<byte>();
        foreach (int[] numbers in new[] { set.Edges.Source, set.Edges.Destination, set.Labels ?? [], set.Features.Sparse?.ByRow.Index ?? [] })
            foreach (int number in numbers) bytes.AddRange([(byte)number, (byte)(number >> 8), (byte)(number >> 16), (byte)(number >> 24)]);
        Assert.Equal(sha256, Convert.ToHexString(SHA256.HashData(bytes.ToArray()))[..16]);
    }

    [Fact]
    public void Another_seed_is_another_graph() =>
        Assert.NotEqual(Citations.Create(1).Edges.Source, Citations.Create(2).Edges.Source);

    [Theory]
    [InlineData(4, 24, 6)]
    [InlineData(5, 120, -1)]
    [InlineData(9, 300, -1)]
    public void Dictionary_lookup_pairs_every_query_with_every_key(int k, int graphs, int testGraphs)
    {
        var set = DictionaryLookup.Create(k, seed: 3, graphs: 300);
        Assert.Equal((graphs, graphs * 2 * k, graphs * k * k), (set.Graphs!.Count, set.Nodes, set.Edges.Count));
        if (testGraphs >= 0) Assert.Equal((18 * k, 6 * k), (set.Splits[0].TrainCount, set.Splits[0].TestCount));
        Assert.Equal(graphs * k, set.Splits[0].TrainCount + set.Splits[0].TestCount);
        Assert.Equal(0, set.Splits[0].ValidationCount);
        var x = set.Features.Sparse!;
        for (int g = 0; g < graphs; g += 7)
        {
            int first = 2 * k * g;
            for (int i = 0; i < k; i++)
            {
                int query = first + i, key = first + k + i;
                Assert.Equal([i, 2 * k + 1], x.IndicesOfRow(query).ToArray());
                Assert.Equal([i, k + 1 + set.Labels![query]], x.IndicesOfRow(key).ToArray());
                Assert.Equal(-1, set.Labels[key]);
                Assert.False(set.Splits[0].Train[key] || set.Splits[0].Test[key]);
            }
            Assert.Equal(Enumerable.Range(0, k), set.Labels!.AsSpan(first, k).ToArray().Order());
        }
        Assert.All(Enumerable.Range(0, set.Edges.Count), e => Assert.True(set.Edges.Source[e] % (2 * k) >= k && set.Edges.Destination[e] % (2 * k) < k));
    }

    [Fact]
    public void Training_dictionaries_use_only_pairs_that_some_training_dictionary_may_use()
    {
        var set = DictionaryLookup.Create(7, seed: 1);
        var inTraining = new HashSet<(int, int)>();
        for (int i = 0; i < set.Nodes; i++)
            if (set.Splits[0].Train[i]) inTraining.Add((i % 14, set.Labels![i]));
        Assert.Equal(47, inTraining.Count);
        // Every test graph has at least one pair that no training graph has.
        for (int g = 0; g < set.Graphs!.Count; g++)
            if (set.Splits[0].Test[14 * g]) Assert.Contains(Enumerable.Range(0, 7), i => !inTraining.Contains((i, set.Labels![14 * g + i])));
    }

    [Fact]
    public void A_grid_has_its_neighbours()
    {
        var set = Generated.Grid(3, 4, diagonals: false);
        Assert.Equal((12, 2 * (3 * 3 + 2 * 4)), (set.Nodes, set.Edges.Count));
        Assert.True(set.Edges.IsSymmetric());
        Assert.Equal(8, Generated.Grid(3, 3, diagonals: true).Edges.InDegrees()[4]);
    }

    [Fact]
    public void Generated_graphs_have_the_degrees_that_were_asked_for()
    {
        var power = Generated.PowerLaw(5000, 10, 2.5, 1);
        Assert.Equal(50_000, power.Edges.Count);
        Assert.InRange(power.Edges.InDegrees().Max(), 200, 2500);
        var blocks = Generated.StochasticBlocks(1000, 4, 8, 0.9, 6, 1);
        Assert.Equal((8000, 6), (blocks.Edges.Count, (int)blocks.Features.Columns));
        double inside = Enumerable.Range(0, 8000).Count(e => blocks.Labels![blocks.Edges.Source[e]] == blocks.Labels[blocks.Edges.Destination[e]]);
        Assert.InRange(inside / 8000, 0.86, 0.94);
        Assert.InRange(Generated.Rmat(12, 8, 0.57, 0.19, 0.19, 1).Edges.Count, 20_000, 8 * 4096);
    }

    [Theory]
    [InlineData(1, -0.3)]
    [InlineData(1.5, -0.77)]
    [InlineData(7, -0.5)]
    [InlineData(123456, -0.9)]
    [InlineData(1000003, -0.4)]
    public void Powers_agree_with_the_systems_to_fourteen_digits(double x, double power) =>
        Assert.InRange(ExactPower.Of(x, power) / Math.Pow(x, power), 1 - 1e-13, 1 + 1e-13);

    [Fact]
    public void Sizes_that_make_no_graph_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Generated.Grid(0, 3, false));
        Assert.Throws<ArgumentException>(() => Generated.PowerLaw(10, 3, 1.5, 1));
        Assert.Throws<ArgumentException>(() => Generated.PowerLaw(10, 30, 2.5, 1));
        Assert.Throws<ArgumentException>(() => Generated.Rmat(30, 8, 0.5, 0.2, 0.2, 1));
        Assert.Throws<ArgumentException>(() => Generated.StochasticBlocks(10, 1, 2, 0.5, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DictionaryLookup.Create(1));
    }
}
