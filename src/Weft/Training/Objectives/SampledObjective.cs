using System.Diagnostics;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;

namespace Weft.Training.Objectives;

/// <summary>
/// Classes or labels of nodes, learned on batches that are drawn from the graph by worker threads ahead of training, and judged by exact
/// inference from all neighbours.
/// </summary>
internal sealed class SampledObjective : Objective
{
    // Owner number of buffers that belong to no layer.
    private const int OfLoss = -1;

    private readonly Model model;
    private readonly TrainingData data;
    private readonly TrainingSettings settings;
    private readonly SamplingSettings sampling;
    private readonly StoredGraph graph;
    private readonly ISampler sampler;
    private readonly Workspace workspace;
    private readonly Session session;
    private readonly ILayer[] hops;
    private readonly ILoss trainLoss;
    private readonly double[]? byClass;
    private readonly LayerwiseInference inference;
    private readonly Evaluation evaluation;
    private readonly int[] evaluated;
    private SampleStream? stream;
    private Matrix lastLogits, inferred;
    private string? inferredWith;

    public SampledObjective(Model model, TrainingData data, TrainingSettings settings, Workspace workspace)
    {
        (this.model, this.data, this.settings, this.workspace) = (model, data, settings, workspace);
        sampling = settings.Sampling ?? throw new ArgumentException($"{data.Dataset.Name} stays where it lies, too large to train on as a whole: give --sampler or --batch-size");
        sampling.Check();
        if (data.World.Size > 1) throw new ArgumentException("batches of nodes are drawn by one process: leave out --sampler, --batch-size and the like, or train on one process");
        if (data.Batches.Count > 1 || data.Dataset.Graphs is not null) throw new ArgumentException($"{data.Dataset.Name} is many small graphs, which are batches already: --batch-graphs says how many of them make one");
        graph = data.Stored ?? new StoredGraph(new GraphAdjacency(data.Batches[0].Graph), new MatrixFeatures(data.Batches[0].Features));
        if (model.Layers.Any(layer => layer is GraphNorm)) throw new ArgumentException("norm is 'graph': a batch of nodes is no graph to take a mean over; use layer or batch, or train on the whole graph");
        hops = [.. model.Layers.Where(layer => layer.Reach == LayerReach.Neighbours)];
        sampler = SamplerChoice.Of(sampling, graph.Adjacency, Where(data.Split.Train), model, settings.Seed);
        session = new Session(model, workspace);
        var loss = LossOf(data);
        trainLoss = TrainingLoss.Of(loss, settings);
        byClass = TrainingLoss.ClassWeights(settings, data.Dataset.Labels, data.Split.Train, data.Dataset.Classes, data.World);
        evaluated = Judged(data.Split, sampling.ScoredTraining);
        inference = new LayerwiseInference(model, graph, evaluated, workspace);
        evaluation = new Evaluation(Evaluated(), Infer, loss, settings.Metric);
    }

    /// <summary>What sampling has done and cost so far.</summary>
    public SamplingFigures Figures { get; private set; }

    public override long LossBytes => 0;

    public override int Begin(int epoch, int firstStep)
    {
        if (stream?.Next != (epoch, firstStep))
        {
            stream?.Dispose();
            stream = new SampleStream(sampler, graph, Prepare, sampling.Workers, epoch, firstStep, settings.Epochs);
        }
        return sampler.Batches(epoch);
    }

    public override (double Loss, long Count) Step(int epoch, int number)
    {
        long started = Stopwatch.GetTimestamp();
        var batch = stream!.Take();
        double waited = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var (sample, output) = (batch.Sample, batch.Sample.Blocks[^1]);
        Debug.Assert((batch.Epoch, batch.Number) == (epoch, number));
        session.Bind(sample.Blocks, batch.Features);
        lastLogits = session.Forward(new Pass(settings.Seed, checked(epoch * sampler.MostBatches + number), Training: true));
        var target = Target(output, sample);
        var dLogits = workspace.Take(OfLoss, "dLogits", lastLogits.Rows, lastLogits.Columns);
        double value = trainLoss.Evaluate(lastLogits, target, dLogits);
        if (double.IsFinite(value)) session.Backward(dLogits);
        stream.Return(batch);
        Figures = Figures.With(sample.Nodes.Length, sample.Edges, batch.Milliseconds, waited, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        return (value, target.Count);
    }

    public override (EpochReport Report, double Loss, double Score) Report(EpochReport report) => evaluation.Report(report);

    public override Scores Full() => evaluation.Full();

    public override string? NotFiniteInStep() => NotFinite(session, lastLogits);

    public override string? NotFiniteInEvaluation()
    {
        foreach (var (name, parameter) in model.Parameters)
            if (Elementwise.FirstNotFinite(parameter.Value) is >= 0 and var at)
                return $"first not finite: {name} [{at / parameter.Value.Columns}, {at % parameter.Value.Columns}] = {parameter.Value[at / parameter.Value.Columns, at % parameter.Value.Columns]}";
        var logits = inference.Run();
        return Elementwise.FirstNotFinite(logits) is >= 0 and var entry
            ? $"first not finite: output [{evaluated[entry / logits.Columns]}, {entry % logits.Columns}] = {logits[entry / logits.Columns, entry % logits.Columns]}" : null;
    }

    protected override void Dispose(bool disposing)
    {
        stream?.Dispose();
        stream = null;
        base.Dispose(disposing);
    }

    // What the passes will ask the blocks for, made by the threads that draw them.
    private void Prepare(Graph[] blocks)
    {
        for (int hop = 0; hop < hops.Length; hop++)
        {
            var block = blocks[Math.Min(hop, blocks.Length - 1)];
            var works = hops[hop] is Gcn gcn ? block.Normalized(gcn.AddsLoops) : block;
            _ = works.BySource.Pieces;
            _ = works.ByDestination.Pieces;
            if (hops[hop] is Sage) _ = block.MeanWeights;
        }
    }

    private LossTarget Target(Graph output, Sample sample)
    {
        var nodes = sample.Targets;
        bool[] mask = sample.Seeds ?? [.. Enumerable.Repeat(true, nodes.Length)];
        LossTarget target;
        if (data.Dataset.Labels is { } labels)
        {
            var of = new int[nodes.Length];
            for (int i = 0; i < of.Length; i++) of[i] = labels[nodes[i]];
            target = LossTarget.FromLabels(output, of, mask);
        }
        else target = LossTarget.FromValues(output, FeatureMatrix.SelectRows(data.Dataset.Targets, nodes.ToArray()).Dense, mask);
        return TrainingLoss.Target(sample.LossWeights is { } weights ? target.Weighted(weights) : target, settings, byClass);
    }

    // Inference over a large graph may take longer than an epoch: the same parameters are not asked twice.
    private Matrix Infer()
    {
        string parameters = ParameterDigest.Sha256(model.Parameters);
        if (parameters != inferredWith) (inferred, inferredWith) = (inference.Run(), parameters);
        return inferred;
    }

    // Every node of a part of the split; of the training nodes at most so many, spread over them.
    private static int[] Judged(Split split, int? mostTraining)
    {
        bool Scored(int nth, int of) => mostTraining is not { } most || of <= most || (long)nth * most / of != (long)(nth + 1) * most / of;
        int trained = 0;
        return [.. Enumerable.Range(0, split.Train.Length).Where(i => (split.Train[i] && Scored(trained++, split.TrainCount)) | split.Validation[i] | split.Test[i])];
    }

    // The data of the nodes that are in some part of the split, one below another: what the rows of the inference are compared with.
    private TrainingData Evaluated()
    {
        var set = data.Dataset;
        var split = data.Split.Select(evaluated);
        var rows = new Dataset
        {
            Name = set.Name,
            Edges = new EdgeList(evaluated.Length, [], []),
            Labels = set.Labels is null ? null : Array.ConvertAll(evaluated, i => set.Labels[i]),
            Targets = set.Targets.IsMissing ? default : FeatureMatrix.SelectRows(set.Targets, evaluated).Dense,
            TargetsAreNumbers = set.TargetsAreNumbers,
            Classes = set.Classes,
            ClassNames = set.ClassNames,
            Splits = [split],
        };
        var none = new SparseMatrix(new long[evaluated.Length + 1], [], [], graph.Features.Columns);
        return new TrainingData { Batches = [new TrainingBatch(Graph.FromEdges(evaluated.Length, [], []), none, 0)], Dataset = rows, Split = split, Scale = data.Scale };
    }

    private static int[] Where(bool[] mask) => [.. Enumerable.Range(0, mask.Length).Where(i => mask[i])];
}
