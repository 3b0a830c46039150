using System.CommandLine;
using Weft.Cli.Display;
using Weft.Kernels;

namespace Weft.Cli.Commands;

/// <summary><c>weft train</c>: trains a model, writes a run folder, prints a summary.</summary>
internal static class Train
{
    public static Command Create()
    {
        var verb = new Verb("train", "Train a model on a graph; write a run folder and a summary.",
            "weft train                            GATv2 on the generated citation graph",
            "weft train cora --recipe gat-paper --runs 10",
            "weft train graph.npz --model gcn --hidden 64 --epochs 200",
            "weft train edges.csv --features degree --split random",
            "weft train --resume runs/cora-gat-1   go on after an interruption",
            "weft train cora --json > summary.json one JSON object on standard output");
        var choice = new RunChoice();
        var output = Ask.Word("--out", "The run's folder [runs/DATASET-MODEL-N]", "RUN");
        var resume = Ask.Word("--resume", "Go on with an interrupted run", "RUN");
        var runs = Ask.Whole("--runs", "Runs with seeds seed, seed + 1, …; scores as mean ± deviation", 1, 1);
        var threads = Ask.WholeIfGiven("--threads", "Threads [all cores]", 1, 1024);
        var quiet = Ask.Switch("--quiet", "No progress, only the summary");
        var json = Ask.Switch("--json", "The summary as one JSON object on standard output; all else on standard error");
        choice.AddTo(verb);
        foreach (var option in new Option[] { runs, threads, output, resume, quiet, json }) verb.Options.Add(option);

        verb.Does((parsed, cancellation) =>
        {
            RowParallel.Threads = parsed.GetValue(threads) ?? Environment.ProcessorCount;
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            var job = new TrainingJob(terminal, parsed.GetValue(quiet), parsed.GetValue(json));
            if (parsed.GetValue(resume) is { } folder)
            {
                string? extra = choice.Given(parsed).Concat(new Option[] { output, runs }.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name)).FirstOrDefault();
                if (extra is not null) throw new UsageException($"{extra} does not go with --resume: a run goes on with the settings in its config.json");
                if (choice.Dataset(parsed) is not null) throw new UsageException("a data set does not go with --resume: a run goes on with the one in its config.json");
                return job.Resume(folder, cancellation);
            }
            return job.Run(choice.Read(parsed), parsed.GetValue(runs), parsed.GetValue(output), cancellation);
        });
        return verb;
    }
}
