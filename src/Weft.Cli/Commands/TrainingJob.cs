using System.Diagnostics;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Models;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>What <c>weft train</c> does once it knows its configuration: one run, several, or the rest of one.</summary>
internal sealed class TrainingJob(Terminal terminal, bool quiet, bool json)
{
    /// <summary>One run, or several with seeds that follow one another.</summary>
    public int Run(RunConfig config, int runs, string? output, CancellationToken cancellation)
    {
        var dataset = DataFetch.Open(config.Dataset, terminal, cancellation);
        config = config with
        {
            Data = TrainingData.Settle(config.Data, dataset, config.Model.Model),
            ClassNames = config.Data.RandomClasses > 0 ? null : dataset.ClassNames,
            MultiLabel = dataset.Targets.IsMissing ? null : true,
        };
        // Everything that can be wrong is found before the first file is written.
        Ready(dataset, config with { Run = 0 });
        string folder = output ?? FreeFolder(config);
        var outcomes = new List<RunOutcome>();
        for (int run = 0; run < runs; run++)
        {
            var one = config with { Run = run, Training = config.Training with { Seed = config.Training.Seed + (ulong)run } };
            string path = runs == 1 ? folder : Path.Combine(folder, $"seed-{one.Training.Seed}");
            var trainer = Ready(dataset, one);
            using var files = RunFolder.Create(path, one);
            outcomes.Add(Finish(trainer, files, runs > 1 ? $"run {run + 1} of {runs}, " : "", cancellation));
        }
        Summary.Show(terminal, outcomes, folder, json);
        return 0;
    }

    /// <summary>The rest of an interrupted run.</summary>
    public int Resume(string folder, CancellationToken cancellation)
    {
        var config = RunFolder.ReadConfig(folder);
        if (config.Precision != sizeof(Real) * 8)
            throw new UsageException($"{folder} was begun in {config.Precision}-bit precision; go on with it in that build");
        var trainer = Ready(DataFetch.Open(config.Dataset, terminal, cancellation), config);
        using var files = RunFolder.Resume(folder, config, trainer);
        Summary.Show(terminal, [Finish(trainer, files, "", cancellation)], folder, json);
        return 0;
    }

    private static Trainer Ready(Dataset dataset, RunConfig config)
    {
        var data = TrainingData.Prepare(dataset, config.Data, config.Model.Model, config.Run);
        var settings = data.Dataset.EmbeddingWidth > 0 && config.Model.EmbeddingWidth == 0
            ? config.Model with { EmbeddingWidth = data.Dataset.EmbeddingWidth }
            : config.Model;
        var model = Architecture.Build(settings, data.Inputs, data.Outputs);
        model.Initialize(config.Training.Seed);
        return new Trainer(model, data, config.Training);
    }

    private RunOutcome Finish(Trainer trainer, RunFolder files, string which, CancellationToken cancellation)
    {
        try
        {
            return ToTheEnd(trainer, files, which, cancellation);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new WorkFailedException($"{problem.Message.TrimEnd('.')}; once that is put right, go on with: weft train --resume {files.Path}", problem);
        }
    }

    private RunOutcome ToTheEnd(Trainer trainer, RunFolder files, string which, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var memory = new MemoryMeter();
        var (steps, forwards) = (new List<double>(), new List<double>());
        try
        {
            using var view = TrainingView.Open(terminal, quiet, which, files.Config, trainer);
            while (!trainer.Finished)
            {
                cancellation.ThrowIfCancellationRequested();
                var report = trainer.RunEpoch();
                files.Log(report, trainer);
                steps.Add(report.StepMilliseconds);
                if (report.Evaluated) forwards.Add(report.ForwardMilliseconds);
                memory.Sample(trainer.Epoch);
                view.Show(report);
            }
        }
        catch (OperationCanceledException)
        {
            files.WriteCheckpoint(trainer);
            terminal.Say($"stopped after epoch {trainer.Epoch}; go on with: weft train --resume {files.Path}{(which.Length > 0 ? " (that run; the later ones have not begun)" : "")}");
            throw;
        }
        files.WriteCheckpoint(trainer);
        string last = ParameterDigest.Sha256(trainer.Model.Parameters);
        trainer.UseBestParameters();
        // Scored before it is saved: a model without finite scores is no result.
        var scores = trainer.Evaluate();
        files.SaveModel(trainer);
        return new RunOutcome(files.Config, trainer, scores, steps, forwards, last, memory, clock.Elapsed.TotalSeconds, files.Path);
    }

    // runs/DATASET-MODEL-N with the first N that is free.
    private static string FreeFolder(RunConfig config)
    {
        string name = $"{Path.GetFileNameWithoutExtension(config.Dataset.TrimEnd('/', '\\'))}-{config.Model.Model}";
        for (int number = 1; ; number++)
        {
            string path = Path.Combine("runs", $"{name}-{number}");
            if (!Directory.Exists(path)) return path;
        }
    }
}

/// <summary>A run that has ended, with all that its summary says.</summary>
internal sealed record RunOutcome(
    RunConfig Config,
    Trainer Trainer,
    Scores Scores,
    List<double> StepMilliseconds,
    List<double> ForwardMilliseconds,
    string ParametersSha256,
    MemoryMeter Memory,
    double Seconds,
    string Folder);

/// <summary>Resident memory: what was there with the data loaded, and the most that was seen since.</summary>
internal sealed class MemoryMeter
{
    private readonly long before = Environment.WorkingSet;
    private long most;

    /// <summary>Most resident memory beyond what was there with the data loaded, in MB of 2²⁰ bytes.</summary>
    public double BeyondData => Math.Max(0, most - before) / (double)(1 << 20);

    /// <summary>The process's largest resident set, in MB.</summary>
    public static double Peak => Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20);

    /// <summary>Looks now: at every one of the first epochs, which take all buffers, and at some later ones.</summary>
    public void Sample(int epoch)
    {
        if (epoch <= 10 || epoch % 100 == 0) most = Math.Max(most, Environment.WorkingSet);
    }
}
