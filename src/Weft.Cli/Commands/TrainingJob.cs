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
        config = Settle(config, dataset);
        string folder = output ?? FreeFolder(config);
        var outcomes = new List<RunOutcome>();
        for (int run = 0; run < runs; run++)
        {
            var one = config with { Run = config.Run + run, Training = config.Training with { Seed = config.Training.Seed + (ulong)run } };
            string path = runs == 1 ? folder : Path.Combine(folder, $"seed-{one.Training.Seed}");
            // Everything that can be wrong is found before the first file is written.
            var (trainer, memory) = Ready(dataset, one);
            using var files = RunFolder.Create(path, one);
            outcomes.Add(Finish(trainer, memory, files, runs > 1 ? $"run {run + 1} of {runs}, " : "", cancellation));
        }
        Summary.Show(terminal, outcomes, folder, json);
        return 0;
    }

    /// <summary>The configuration as it is carried out on a set: a file may be of another program or leave defaults open.</summary>
    public static RunConfig Settle(RunConfig config, Dataset dataset) => config with
    {
        Version = new RunConfig().Version,
        Precision = sizeof(Real) * 8,
        Model = Architecture.Settle(config.Model),
        Data = TrainingData.Settle(config.Data, dataset, config.Model.Model),
        ClassNames = config.Data.RandomClasses > 0 ? null : dataset.ClassNames,
        MultiLabel = dataset.Targets.IsMissing ? null : true,
    };

    /// <summary>The model as it is built for prepared data, which may want an embedding.</summary>
    public static ModelSettings Model(RunConfig config, TrainingData data) =>
        data.Dataset.EmbeddingWidth > 0 && config.Model.EmbeddingWidth == 0 ? config.Model with { EmbeddingWidth = data.Dataset.EmbeddingWidth } : config.Model;

    /// <summary>The rest of an interrupted run.</summary>
    public int Resume(string folder, CancellationToken cancellation)
    {
        var config = RunFolder.ReadConfig(folder);
        if (config.Precision != sizeof(Real) * 8)
            throw new UsageException($"{folder} was begun in {config.Precision}-bit precision; go on with it in that build");
        var (trainer, memory) = Ready(DataFetch.Open(config.Dataset, terminal, cancellation), config);
        using var files = RunFolder.Resume(folder, config, trainer);
        Summary.Show(terminal, [Finish(trainer, memory, files, "", cancellation)], folder, json);
        return 0;
    }

    private static (Trainer Trainer, MemoryMeter Memory) Ready(Dataset dataset, RunConfig config)
    {
        var data = TrainingData.Prepare(dataset, config.Data, config.Model.Model, config.Run);
        var memory = new MemoryMeter();
        var model = Architecture.Build(Model(config, data), data.Inputs, data.Outputs);
        model.Initialize(config.Training.Seed);
        return (new Trainer(model, data, config.Training), memory);
    }

    private RunOutcome Finish(Trainer trainer, MemoryMeter memory, RunFolder files, string which, CancellationToken cancellation)
    {
        try
        {
            return ToTheEnd(trainer, memory, files, which, cancellation);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new WorkFailedException($"{problem.Message.TrimEnd('.')}; once that is put right, go on with: weft train --resume {files.Path}", problem);
        }
    }

    private RunOutcome ToTheEnd(Trainer trainer, MemoryMeter memory, RunFolder files, string which, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (steps, forwards) = (new List<double>(), new List<double>());
        double start = double.NaN;
        try
        {
            using var view = TrainingView.Open(terminal, quiet, which, files.Config, trainer);
            if (!trainer.Finished) start = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
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
        var data = trainer.Data;
        return new RunOutcome
        {
            Config = files.Config,
            Split = data.Split.Name,
            Nodes = data.Dataset.Nodes,
            Edges = data.Edges,
            Features = data.Inputs,
            Classes = data.Outputs,
            ClassNames = data.Dataset.ClassNames,
            Parameters = trainer.Model.ParameterCount,
            Epochs = trainer.Epoch,
            BestEpoch = trainer.BestEpoch,
            Scores = scores,
            StepMilliseconds = steps,
            ForwardMilliseconds = forwards,
            ParametersSha256 = last,
            BestParametersSha256 = trainer.BestParameters.Sha256(),
            MemoryBeyondData = memory.BeyondData,
            WorkspaceBytes = trainer.WorkspaceBytes,
            Seconds = clock.Elapsed.TotalSeconds,
            StartSeconds = start,
            Folder = files.Path,
        };
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

/// <summary>Resident memory: what was there with the data loaded, and the most that was seen since.</summary>
internal sealed class MemoryMeter
{
    private readonly long before;
    private long most;

    /// <summary>Begins here: with the data loaded and what earlier work left behind cleared away.</summary>
    public MemoryMeter()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        before = Environment.WorkingSet;
    }

    /// <summary>Most resident memory beyond what was there with the data loaded, in MB of 2²⁰ bytes; NaN if no epoch was seen.</summary>
    public double BeyondData => most == 0 ? double.NaN : Math.Max(0, most - before) / (double)(1 << 20);

    /// <summary>The process's largest resident set, in MB.</summary>
    public static double Peak => Process.GetCurrentProcess().PeakWorkingSet64 / (double)(1 << 20);

    /// <summary>Looks now: at every one of the first epochs, which take all buffers, and at some later ones.</summary>
    public void Sample(int epoch)
    {
        if (epoch <= 10 || epoch % 100 == 0) most = Math.Max(most, Environment.WorkingSet);
    }
}
