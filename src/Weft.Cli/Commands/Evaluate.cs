using System.CommandLine;
using Weft.Cli.Display;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft evaluate</c>: scores of a trained model, on its own set or on another.</summary>
internal static class Evaluate
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "The folder of a run (weft train --out)" };
        var name = new Argument<string?>("DATASET") { Description = "Another set [the run's own]", Arity = ArgumentArity.ZeroOrOne };
        var threads = Ask.WholeIfGiven("--threads", "Threads [all cores]", 1, 1024);
        var json = Ask.Switch("--json", "The scores as one JSON object on standard output");
        var verb = new Verb("evaluate", "Score a trained model: on each part of the split, and on all nodes (or graphs) that have a label.",
            "weft evaluate runs/cora-gat-1",
            "weft evaluate runs/cora-gat-1 other.npz --json")
        {
            run, name, threads, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            RowParallel.Threads = parsed.GetValue(threads) ?? Environment.ProcessorCount;
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            string folder = parsed.GetRequiredValue(run);
            var trained = TrainedModel.Open(folder);
            string set = parsed.GetValue(name) ?? trained.Config.Dataset;
            if (trained.Config.Data.Task == "link")
            {
                using var links = new LinkRun(trained, DataFetch.Open(set, terminal, cancellation));
                cancellation.ThrowIfCancellationRequested();
                LinkEvaluationView.Write(terminal, parsed.GetValue(json), folder, set, trained, links);
                return 0;
            }
            var dataset = trained.Prepare(DataFetch.Open(set, terminal, cancellation));
            if (trained.IsOfGraphs ? !dataset.HasGraphLabels : dataset.Labels is null && dataset.Targets.IsMissing) throw new UsageException($"{set} has no labels to compare with; weft predict {folder} {set} gives the model's");
            cancellation.ThrowIfCancellationRequested();
            var result = trained.Predict(dataset);
            // The run's split is of its own set; another set brings its own or none.
            var split = parsed.GetValue(name) is null ? TrainingData.ChooseSplit(dataset, trained.Config.Data, trained.Config.Run)
                : dataset.Splits.Count > 0 && dataset.HasGraphLabels == trained.IsOfGraphs ? dataset.Splits[trained.Config.Run % dataset.Splits.Count] : null;
            cancellation.ThrowIfCancellationRequested();
            EvaluationView.Write(terminal, parsed.GetValue(json), folder, set, trained, result, split);
            return 0;
        });
        return verb;
    }
}
