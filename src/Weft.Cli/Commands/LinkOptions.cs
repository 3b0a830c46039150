using System.CommandLine;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>The options that part the edges of a set for link prediction.</summary>
internal static class LinkOptions
{
    /// <summary>Names of those that only training asks for.</summary>
    public static IReadOnlyList<string> OfTraining { get; } = ["--negatives-per-edge", "--positive-loops"];

    /// <summary>New options, each with what it changes.</summary>
    public static IReadOnlyList<(Option Option, Func<ParseResult, LinkSettings, LinkSettings> Apply)> All
    {
        get
        {
            var split = Ask.Word("--link-split", "Links: per cents for training, validation and test [85/5/10]", "A/B/C");
            var directed = Ask.Switch("--directed-links", "Links: one and its reverse are two");
            var negative = Ask.Choice("--negative", "Links: how pairs that are none are drawn, all nodes alike or by degree [uniform]", null, "uniform", "degree");
            var each = Ask.WholeIfGiven("--negatives-per-edge", "Links: pairs that are none for each of training [1]", 1, 1000);
            var loops = Ask.Switch("--negative-loops", "Links: pairs of a node with itself are drawn too");
            var self = Ask.Switch("--positive-loops", "Links: training takes each node for linked with itself");
            return
            [
                (split, (parsed, s) => s with { Split = parsed.GetValue(split)! }),
                (directed, (parsed, s) => s with { Directed = parsed.GetValue(directed) }),
                (negative, (parsed, s) => s with { Negative = parsed.GetValue(negative)! }),
                (each, (parsed, s) => s with { NegativesPerEdge = parsed.GetValue(each)!.Value }),
                (self, (parsed, s) => s with { PositiveLoops = parsed.GetValue(self) }),
                (loops, (parsed, s) => s with { NegativeLoops = parsed.GetValue(loops) }),
            ];
        }
    }
}
