using System.Text;
using Weft.Cli.Display;
using Weft.Memory;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>A cross-validation: a run for each fold, under one protocol or under both, in folders PROTOCOL/fold-K of one folder.</summary>
internal sealed class FoldsJob(Terminal terminal, bool json, Team team, TrainingJob job)
{
    /// <summary>True for a configuration that means all folds.</summary>
    public static bool Is(RunConfig config) => config.Data.Folds is not null && config.Data.Fold is null;

    /// <summary>All folds from the beginning.</summary>
    public int Run(RunConfig config, string folder, CancellationToken cancellation)
    {
        if (team.World.Size > 1) throw new UsageException("--folds does not go with several processes: many graphs are trained on one");
        string file = Path.Combine(folder, "config.json");
        if (File.Exists(file)) throw new UsageException($"{folder} holds a run already; go on with it by --resume {folder}, or choose another folder by --out");
        using var set = TrainingSet.Open(config, team, terminal, cancellation);
        config = set.Settle(config);
        int folds = set.Folds(config);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(file, stream => stream.Write(Encoding.UTF8.GetBytes(config.ToJson() + "\n")));
        return Train(set, config, folds, folder, cancellation);
    }

    /// <summary>The rest of an interrupted cross-validation: runs that have ended are only read.</summary>
    public int Resume(RunConfig config, string folder, CancellationToken cancellation)
    {
        using var set = TrainingSet.Open(config, team, terminal, cancellation);
        return Train(set, config, set.Folds(config), folder, cancellation);
    }

    private int Train(TrainingSet set, RunConfig config, int folds, string folder, CancellationToken cancellation)
    {
        var results = new List<CrossValidation>();
        RunOutcome? last = null;
        double seconds = 0;
        string[] protocols = config.Data.Protocol is { } one ? [one] : [.. CrossValidation.Protocols];
        foreach (string protocol in protocols)
        {
            bool published = protocol == "published";
            var logs = new List<IReadOnlyList<double>>();
            var ends = new List<(double, int)>();
            for (int fold = 0; fold < folds; fold++)
            {
                string path = Path.Combine(folder, protocol, $"fold-{fold}");
                // Without a validation fold nothing can stop a run early.
                var training = published ? config.Training with { Patience = 0, StopWhenFitted = false } : config.Training;
                last = job.RunIn(set, config with { Data = config.Data with { Fold = fold, Protocol = protocol }, Training = training }, path,
                    $"{protocol} protocol, fold {fold + 1} of {folds}, ", folder, cancellation);
                seconds += last.Seconds;
                logs.Add(CrossValidation.TestScores(path));
                ends.Add((Score(last), last.BestEpoch));
            }
            results.Add(published ? CrossValidation.Published(logs) : CrossValidation.Honest(ends));
        }
        FoldsView.Show(terminal, results, last!, folder, seconds, json);
        return 0;
    }

    private static double Score(RunOutcome outcome)
    {
        var test = outcome.Scores.Test!.Value;
        return outcome.Config.Training.Metric switch { "f1" => test.F1, "auc" => test.Auc, "accuracy" => test.Accuracy, var other => test.Named(other) };
    }
}
