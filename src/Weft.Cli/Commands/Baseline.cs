using System.CommandLine;
using System.Diagnostics;
using Weft.Cli.Display;
using Weft.Companions;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft baseline</c>: label propagation, what a graph gives without features and without training.</summary>
internal static class Baseline
{
    public static Command Create()
    {
        var name = new Argument<string>("DATASET") { Description = "A name (weft data list), a file or a folder [citations]", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "citations" };
        var rule = Ask.Choice("--rule", "spreading: F <- a S F + (1-a) Y; clamping: F <- D^-1 A F, known labels put back [spreading]", "spreading", "spreading", "clamping");
        var alpha = Ask.Number("--alpha", "Spreading: share of a node's scores that its neighbours give [0.9]", 0.9, 0.001, 0.9999);
        var mass = Ask.Switch("--class-mass", "Scale the scores of each class to its share of the known labels");
        var steps = Ask.Whole("--steps", "Most steps [1000]", 1000, 1);
        var tolerance = Ask.Number("--tolerance", "Largest change, beside the largest score, at which steps end [1e-6]", 1e-6, 0);
        var split = Ask.Word("--split", "public, random, or the number of a published split [public, if there is one]", "SPLIT");
        var undirected = Ask.Switch("--undirected", "Add the missing reverse of each edge");
        var threads = Ask.WholeIfGiven("--threads", "Threads [all cores]", 1, 1024);
        var json = Ask.Switch("--json", "The scores as one JSON object on standard output");
        var verb = new Verb("baseline", "Label propagation: labels flow along the edges until nothing changes. The score that a network should beat.",
            "weft baseline cora",
            "weft baseline pubmed --alpha 0.99",
            "weft baseline pubmed --rule clamping --class-mass --json")
        {
            name, rule, alpha, mass, steps, tolerance, split, undirected, threads, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            RowParallel.Threads = parsed.GetValue(threads) ?? Environment.ProcessorCount;
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            string set = parsed.GetRequiredValue(name);
            var dataset = DataFetch.Open(set, terminal, cancellation);
            if (dataset.Labels is null || dataset.GraphLabels is not null)
                throw new UsageException($"{set} has {(dataset.GraphLabels is not null ? "labels of whole graphs" : dataset.Targets.IsMissing ? "no labels" : "several labels a node")}: label propagation needs one class a node");
            if (parsed.GetValue(undirected)) dataset = dataset with { Edges = dataset.Edges.Undirected() };
            var chosen = TrainingData.ChooseSplit(dataset, new DataSettings { Split = parsed.GetValue(split) }, run: 0);
            var graph = Graph.FromEdges(dataset.Edges);
            var settings = new LabelPropagationSettings
            {
                Rule = Enum.Parse<LabelRule>(parsed.GetRequiredValue(rule), ignoreCase: true),
                Alpha = parsed.GetValue(alpha),
                NormalizeClassMass = parsed.GetValue(mass),
                Steps = parsed.GetValue(steps),
                Tolerance = parsed.GetValue(tolerance),
            };
            long started = Stopwatch.GetTimestamp();
            var result = LabelPropagation.Run(graph, dataset.Labels, chosen.Train, dataset.Classes, settings, cancellation);
            BaselineView.Write(terminal, parsed.GetValue(json), set, dataset, chosen, settings, result, Stopwatch.GetElapsedTime(started));
            return 0;
        });
        return verb;
    }
}
