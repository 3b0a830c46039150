using System.Diagnostics;
using Weft.Cli.Display;
using Weft.Communication;
using Weft.Datasets;
using Weft.Models;
using Weft.Training;
using Weft.Training.Objectives;

namespace Weft.Cli.Commands;

/// <summary>What <c>weft train</c> does once it knows its configuration: one run, several, or the rest of one.</summary>
/// <remarks>Of several processes the first writes the files and speaks; the others compute what it computes, and nothing else.</remarks>
internal sealed class TrainingJob(Terminal terminal, bool quiet, bool json, Team team)
{
    /// <summary>True to show the layers before training.</summary>
    public bool ShowsModel { get; init; }

    /// <summary>One run, or several with seeds that follow one another.</summary>
    public int Run(RunConfig config, int runs, string? output, CancellationToken cancellation)
    {
        if (FoldsJob.Is(config))
            return runs == 1 ? new FoldsJob(terminal, json, team, this).Run(config, output ?? FreeFolder(config), cancellation)
                : throw new UsageException("--runs does not go with --folds: a cross-validation has a run for each fold");
        using var set = TrainingSet.Open(config, team, terminal, cancellation);
        config = set.Settle(config);
        long edgeFeatures = set.EdgeFeatures;
        string folder = output ?? FreeFolder(config);
        var outcomes = new List<RunOutcome>();
        for (int run = 0; run < runs; run++)
        {
            var one = config with { Run = config.Run + run, Training = config.Training with { Seed = config.Training.Seed + (ulong)run } };
            string path = runs == 1 ? folder : Path.Combine(folder, $"seed-{one.Training.Seed}");
            // Everything that can be wrong is found before the first file is written.
            var (trainer, memory) = Ready(set, one, last: run == runs - 1);
            using var ends = trainer;
            if (run == 0) SayEdgeFeatures(config, edgeFeatures);
            using var files = team.Leads ? RunFolder.Create(path, one) : null;
            outcomes.Add(Finish(trainer, memory, one, files, runs > 1 ? $"run {run + 1} of {runs}, " : "", cancellation));
        }
        if (team.Leads) Summary.Show(terminal, outcomes, folder, json);
        return 0;
    }

    /// <summary>The configuration as it is carried out on a set: a file may be of another program or leave defaults open.</summary>
    public static RunConfig Settle(RunConfig config, Dataset dataset)
    {
        // Where there are many graphs, a batch is of graphs.
        if (dataset.Graphs is not null && config.Training.Sampling is { Sampler: "neighbor", Fanouts: null } batches)
            config = config with { Data = config.Data with { GraphsPerBatch = batches.BatchSize }, Training = config.Training with { Sampling = null } };
        var settled = Settle(config, DataTraits.Of(dataset));
        if (GraphData.IsTask(dataset, config.Data))
            return settled with
            {
                Data = settled.Data with { Task = config.Data.Task ?? "graph", GraphsPerBatch = config.Data.GraphsPerBatch ?? GraphData.UsualBatch },
                Model = settled.Model with { Readout = config.Model.Readout ?? (config.Model.Model == "gin" ? "sum" : "mean") },
            };
        return config.Model.Readout is null ? settled : throw new UsageException($"--readout is for sets whose graphs have labels; of {config.Dataset} it is nodes");
    }

    // Batches are drawn from nodes in their own order; which clusters there are must not depend on the machine that goes on.
    private static RunConfig SettleSampling(RunConfig config)
    {
        if (config.Training.Sampling is not { } sampling) return config;
        if (config.Data.Order is not (null or "none" or "auto")) throw new UsageException($"--order {config.Data.Order} is for training on whole graphs: leave it out, batches are drawn from nodes in their own order");
        sampling.Check();
        return config with
        {
            Data = config.Data with { Order = "none" },
            Training = config.Training with { Sampling = sampling.Sampler == "cluster" ? sampling with { Partition = sampling.Partition ?? SamplerChoice.DefaultPartition } : sampling },
        };
    }

    /// <inheritdoc cref="Settle(RunConfig, Dataset)"/>
    public static RunConfig Settle(RunConfig config, DataTraits traits) => SettleWhole(LinkData.Settle(SettleSampling(config)), traits);

    private static RunConfig SettleWhole(RunConfig config, DataTraits traits)
    {
        // Numbers have no classes, and are learned where the set has them or its labels are asked for as such.
        bool numbers = config.Data.Task == "regression" || traits.Numbers && config.Data.Task is not ("node" or "link") && config.Data.RandomClasses == 0;
        var settled = SettleData(config, traits);
        return !numbers ? settled : settled with
        {
            ClassNames = null,
            MultiLabel = null,
            Data = settled.Data with { Task = config.Data.Task ?? "regression" },
            Training = settled.Training.Metric == "accuracy" ? settled.Training with { Metric = "r2" } : settled.Training,
        };
    }

    private static RunConfig SettleData(RunConfig config, DataTraits traits) => config with
    {
        Version = new RunConfig().Version,
        Precision = sizeof(Real) * 8,
        Model = Architecture.Settle(config.Model),
        Data = TrainingData.Settle(config.Data, traits.SparseFeatures, traits.Splits, traits.ManyGraphs, traits.EdgeFeatures, config.Model.Model),
        ClassNames = config.Data.RandomClasses > 0 ? null : traits.ClassNames,
        MultiLabel = traits.MultiLabel ? true : null,
    };

    /// <summary>The model as it is built for prepared data, which may want an embedding, and whose edges may have features.</summary>
    public static ModelSettings Model(RunConfig config, TrainingData data) => config.Model with
    {
        EmbeddingWidth = config.Model.EmbeddingWidth == 0 ? data.Dataset.EmbeddingWidth : config.Model.EmbeddingWidth,
        EdgeFeatures = (int)data.Dataset.Edges.FeatureWidth,
        Recompute = config.Model.Recompute ?? (config.Training.Sampling is null ? Recomputes(config.Model, data.Dataset.Nodes, data.Edges) : null),
        TargetMeans = data.Scale?.Mean,
        TargetDeviations = data.Scale?.Deviation,
    };

    /// <summary>True where attention forms its coefficients twice because there are so many; null, the default, where it keeps them.</summary>
    public static bool? Recomputes(ModelSettings settled, long nodes, long edges) => Architecture.Recomputes(settled, nodes, edges) ? true : null;

    // What happens to the features of edges is said where there are some: a model that cannot read them trains as if there were none.
    private void SayEdgeFeatures(RunConfig config, long width)
    {
        if (width == 0 || !team.Leads) return;
        string features = width == 1 ? "the feature of each edge" : $"the {width} features of each edge";
        terminal.Say(config.Data.EdgeFeatures == true ? $"{config.Model.Model} reads {features} (--edge-features off: without)"
            : Architecture.ReadsEdgeFeatures(config.Model.Model) ? $"{features} {(width == 1 ? "is" : "are")} not used (--edge-features off)"
            : $"{config.Model.Model} does not read {features}; gat, gatv2 and gine do");
    }

    /// <summary>The rest of an interrupted run.</summary>
    public int Resume(string folder, CancellationToken cancellation)
    {
        // Only the first process need see the folder.
        var config = RunConfig.FromJson(team.Tell(() => RunFolder.ReadConfig(folder).ToJson()), folder);
        if (config.Precision != sizeof(Real) * 8)
            throw new UsageException($"{folder} was begun in {config.Precision}-bit precision; go on with it in that build");
        if (FoldsJob.Is(config)) return new FoldsJob(terminal, json, team, this).Resume(config, folder, cancellation);
        using var set = TrainingSet.Open(config, team, terminal, cancellation);
        var (trainer, memory) = Ready(set, config, last: true);
        using var ends = trainer;
        using var files = team.Leads ? RunFolder.Resume(folder, config, trainer) : null;
        trainer.Synchronize();
        var outcome = Finish(trainer, memory, config, files, "", cancellation);
        if (team.Leads) Summary.Show(terminal, [outcome], folder, json);
        return 0;
    }

    /// <summary>One run of several in a folder: new, or the rest of one that was begun.</summary>
    /// <param name="set">The data.</param>
    /// <param name="config">The run's configuration, settled.</param>
    /// <param name="path">Its folder.</param>
    /// <param name="which">What it is among the others, for people.</param>
    /// <param name="whole">The folder of all of them, from which an interrupted job goes on.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public RunOutcome RunIn(TrainingSet set, RunConfig config, string path, string which, string whole, CancellationToken cancellation)
    {
        var (trainer, memory) = Ready(set, config, last: false);
        using var ends = trainer;
        using var files = RunFolder.IsOne(path) ? RunFolder.Resume(path, config, trainer) : RunFolder.Create(path, config);
        return Finish(trainer, memory, config, files, which, cancellation, whole);
    }

    private static (Trainer Trainer, MemoryMeter Memory) Ready(TrainingSet set, RunConfig config, bool last)
    {
        var data = set.Prepare(config);
        // A process that shares the set keeps its rows alone.
        if (last) set.Release();
        var memory = new MemoryMeter();
        var model = Architecture.Build(Model(config, data), data.Inputs, data.Outputs);
        model.Initialize(config.Training.Seed);
        return (new Trainer(model, data, config.Training), memory);
    }

    private RunOutcome Finish(Trainer trainer, MemoryMeter memory, RunConfig config, RunFolder? files, string which, CancellationToken cancellation, string? whole = null)
    {
        try
        {
            return ToTheEnd(trainer, memory, config, files, which, whole, cancellation);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new WorkFailedException($"{problem.Message.TrimEnd('.')}; once that is put right, go on with: weft train --resume {whole ?? files?.Path}", problem);
        }
    }

    private RunOutcome ToTheEnd(Trainer trainer, MemoryMeter memory, RunConfig config, RunFolder? files, string which, string? whole, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (steps, forwards) = (new List<double>(), new List<double>());
        var traffic = new List<Traffic>();
        double start = double.NaN;
        var cold = new SamplingFigures();
        IReadOnlyList<LayerSummary>? layers = null;
        try
        {
            if (ShowsModel && team.Leads)
            {
                // The layers alone: the embeddings that they end in are as wide as the model says, and a decoder is no layer.
                var size = DataSize.Of(trainer.Data) with { Classes = trainer.Model.Outputs };
                layers = MemoryPlan.Of(size, trainer.Model.Settings!, trainer.Data.Links is null ? config.Training : config.Training with { Metric = "accuracy" }).Layers;
                ModelView.Write(terminal, layers);
            }
            using var view = TrainingView.Open(terminal, quiet || !team.Leads, which, config, trainer);
            if (!trainer.Finished) start = (DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds;
            while (!trainer.Finished)
            {
                // A signal may reach one process an epoch before the others: all stop at the same one.
                if (Agreement.Any(team.World, cancellation.IsCancellationRequested)) throw new OperationCanceledException(cancellation);
                // Several processes stop between epochs alone, where they agree on it.
                var report = trainer.RunEpoch(
                    at =>
                    {
                        files?.CheckpointIfDue(at);
                        view.Show(at);
                    },
                    team.World.Size == 1 ? cancellation : default);
                files?.Log(report, trainer);
                steps.Add(report.StepMilliseconds);
                if (steps.Count == 1) cold = trainer.Sampling ?? default;
                traffic.Add(trainer.StepTraffic);
                if (report.Evaluated) forwards.Add(report.ForwardMilliseconds);
                memory.Sample(trainer.Epoch);
                view.Show(report);
            }
        }
        catch (OperationCanceledException)
        {
            files?.WriteCheckpoint(trainer);
            if (files is not null) terminal.Say($"stopped after epoch {trainer.Epoch}{(trainer.Step > 0 ? $" and {trainer.Step} of {trainer.Steps} steps" : "")}; go on with: weft train --resume {whole ?? files.Path}{(which.Length > 0 && whole is null ? " (that run; the later ones have not begun)" : "")}");
            throw;
        }
        files?.WriteCheckpoint(trainer);
        string last = ParameterDigest.Sha256(trainer.Model.Parameters);
        trainer.UseBestParameters();
        // Scored before it is saved: a model without finite scores is no result.
        var scores = trainer.Evaluate();
        files?.SaveModel(trainer);
        var data = trainer.Data;
        return new RunOutcome
        {
            Config = config,
            Split = data.Split.Name,
            Nodes = data.Nodes,
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
            Folder = files?.Path ?? "",
            Sharing = Sharing.Of(team, trainer, traffic),
            Sampling = steps.Count > 1 ? trainer.Sampling?.Since(cold) : trainer.Sampling,
            Layers = layers,
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
        // Arrays that reading a large graph left behind go back to the system, not only to the heap: training is about to take what there is.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
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
