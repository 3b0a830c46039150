using System.CommandLine;
using Weft.Cli.Display;
using Weft.Communication;

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
            "mpirun -n 4 weft train products/      one graph on four processes",
            "weft train cora --processes 4 --grid 2x2x1",
            "weft train cora --json > summary.json one JSON object on standard output");
        var choice = new RunChoice();
        var output = Ask.Word("--out", "The run's folder [runs/DATASET-MODEL-N]", "RUN");
        var resume = Ask.Word("--resume", "Go on with an interrupted run", "RUN");
        var runs = Ask.Whole("--runs", "Runs with seeds seed, seed + 1, …; scores as mean ± deviation", 1, 1);
        var threads = Ask.WholeIfGiven("--threads", "Threads [all cores]", 1, 1024);
        var quiet = Ask.Switch("--quiet", "No progress, only the summary");
        var summary = Ask.Switch("--summary", "The layers before training: shapes, parameters, multiply-adds, memory");
        var json = Ask.Switch("--json", "The summary as one JSON object on standard output; all else on standard error");
        var layoutOptions = new LayoutOptions();
        choice.AddTo(verb);
        layoutOptions.AddTo(verb);
        foreach (var option in new Option[] { runs, threads, output, resume, summary, quiet, json }) verb.Options.Add(option);

        verb.Does((parsed, cancellation) =>
        {
            var (asJson, isQuiet) = (parsed.GetValue(json), parsed.GetValue(quiet));
            bool launched = MpiCommunicator.IsLaunched;
            var layout = layoutOptions.Read(parsed, launched);
            Func<TrainingJob, int> work;
            if (parsed.GetValue(resume) is { } folder)
            {
                string? extra = choice.Given(parsed).Concat(new Option[] { output, runs }.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name)).FirstOrDefault();
                if (extra is not null) throw new UsageException($"{extra} does not go with --resume: a run goes on with the settings in its config.json");
                if (choice.Dataset(parsed) is not null) throw new UsageException("a data set does not go with --resume: a run goes on with the one in its config.json");
                work = job => job.Resume(folder, cancellation);
            }
            else
            {
                var config = choice.Read(parsed);
                work = job => job.Run(config, parsed.GetValue(runs), parsed.GetValue(output), cancellation);
            }
            var terminal = Terminal.Of(parsed, asJson);
            return Processes.Run(layout, launched, parsed.GetValue(threads), team => work(new TrainingJob(team.Leads ? terminal : Terminal.Mute, isQuiet, asJson, team) { ShowsModel = parsed.GetValue(summary) }),
                problem => ErrorReport.Write(problem, parsed.InvocationConfiguration.Error, parsed.GetValue<bool>("--debug")));
        }, shared: true);
        return verb;
    }
}
