using System.Text.Json;
using Weft.Analysis;
using Weft.Tests.Cli;

namespace Weft.Tests.Analysis;

/// <summary>What sum, mean and max tell apart, on the examples of the Weisfeiler–Leman argument.</summary>
public class AggregatorLimitsTests
{
    private static readonly IReadOnlyList<AggregatorExample> Examples = AggregatorLimits.Run();

    [Theory]
    [InlineData(0, true, false, false, true)]
    [InlineData(1, true, true, false, true)]
    [InlineData(2, true, false, false, true)]
    [InlineData(3, false, false, false, false)]
    public void Sum_mean_max_and_colours_tell_apart_what_theory_says(int example, bool sum, bool mean, bool max, bool colors)
    {
        var found = Examples[example];
        Assert.Equal(["sum", "mean", "max"], found.Aggregates.Select(a => a.Aggregation));
        Assert.Equal([sum, mean, max], found.Aggregates.Select(a => a.TellsApart));
        Assert.Equal(colors, found.ColorsDiffer);
    }

    [Fact]
    public void The_sum_of_a_multiset_is_its_counts_the_mean_its_shares_the_maximum_what_is_there()
    {
        Assert.Equal([1, 1], Examples[0].Aggregates[0].First);
        Assert.Equal([2, 2], Examples[0].Aggregates[0].Second);
        Assert.Equal([0.5, 0.5], Examples[0].Aggregates[1].First);
        Assert.Equal([1.0 / 3, 2.0 / 3], Examples[1].Aggregates[1].Second.Select(x => Math.Round(x, 6) is 0.333333 ? 1.0 / 3 : Math.Round(x, 6) is 0.666667 ? 2.0 / 3 : x));
        Assert.Equal([1, 1], Examples[1].Aggregates[2].Second);
    }

    [Fact]
    public void A_trained_model_separates_the_sides_exactly_where_it_can()
    {
        foreach (var example in Examples)
            foreach (var model in example.Models)
            {
                Assert.True(model.TellsApart == model.Theory, $"{example.First} and {example.Second}: {model}");
                if (model.Theory) Assert.True(model.Loss < 0.1, $"{example.First} and {example.Second}: {model}");
                else Assert.True(model.Loss > 0.65, $"{example.First} and {example.Second}: {model}");
            }
        // GIN against GCN, on regular graphs: one can, the other cannot.
        Assert.Equal([true, false], Examples[2].Models.Take(2).Select(m => m.TellsApart));
    }

    [Fact]
    public void The_verb_shows_both_tables_and_the_same_in_JSON()
    {
        var shown = Command.Weft("explain", "aggregators");
        Assert.Equal(0, shown.Code);
        Assert.Contains("{a, a, b, b}", shown.Output);
        Assert.Contains("cannot", shown.Output);
        Assert.All(shown.Output.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 100, line));
        var json = JsonDocument.Parse(Command.Weft("explain", "aggregators", "--json").Output).RootElement.GetProperty("examples");
        Assert.Equal(4, json.GetArrayLength());
        Assert.False(json[3].GetProperty("wl_tells_apart").GetBoolean());
        Assert.True(json[2].GetProperty("models")[0].GetProperty("tells_apart").GetBoolean());
    }
}
