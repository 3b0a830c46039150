using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training.Objectives;

/// <summary>
/// Labels or numbers of many graphs, or of their nodes, learned on batches of graphs that are put together anew in every epoch.
/// </summary>
/// <remarks>The order of an epoch depends on the seed and the epoch alone, a batch on that order and its number.</remarks>
internal sealed class GraphObjective : Objective
{
    private const string Features = "batch features", Gradient = "batch gradient";

    private readonly TrainingData data;
    private readonly TrainingSettings settings;
    private readonly Workspace workspace;
    private readonly GraphPieces pieces;
    private readonly Session session;
    private readonly ILoss trainLoss;
    private readonly double[]? byClass;
    private readonly Evaluation evaluation;
    private readonly int[] trainable, order;
    private readonly Graph[] blocks = new Graph[1];
    private Matrix lastOutput;

    public GraphObjective(Model model, TrainingData data, TrainingSettings settings, Workspace workspace)
    {
        (this.data, this.settings, this.workspace, pieces) = (data, settings, workspace, data.Pieces!);
        session = new Session(model, workspace);
        var loss = LossOf(data);
        trainLoss = TrainingLoss.Of(loss, settings);
        byClass = TrainingLoss.ClassWeights(settings, data.Scored.Labels, data.Split.Train, data.Scored.Classes, data.World);
        var sessions = data.Batches.Select(b => new Session(model, b.Graph, b.Features, workspace)).ToArray();
        evaluation = new Evaluation(data, sessions, loss, settings.Metric);
        evaluated = sessions;
        trainable = [.. Enumerable.Range(0, data.Dataset.Graphs!.Count).Where(IsTrained)];
        order = [.. trainable];
    }

    private readonly Session[] evaluated;

    public override long ConstantBytes => evaluated.Sum(s => s.ConstantBytes);

    public override long LossBytes => workspace.Holds(-1, Gradient) ? workspace[-1, Gradient].Bytes : 0;

    public override int Begin(int epoch, int firstStep)
    {
        trainable.CopyTo(order, 0);
        new SeededRandom(settings.Seed + ((ulong)epoch << 32)).Shuffle(order);
        return (order.Length + data.GraphsPerBatch - 1) / data.GraphsPerBatch;
    }

    public override (double Loss, long Count) Step(int epoch, int number)
    {
        int first = number * data.GraphsPerBatch, steps = (order.Length + data.GraphsPerBatch - 1) / data.GraphsPerBatch;
        var graphs = order.AsSpan(first, Math.Min(data.GraphsPerBatch, order.Length - first));
        var graph = blocks[0] = pieces.Batch(graphs);
        session.Bind(blocks, FeaturesOf(graphs, graph));
        var logits = lastOutput = session.Forward(new Pass(settings.Seed, epoch * steps + number, Training: true));
        var target = Target(graphs, graph);
        var dLogits = workspace.Take(-1, Gradient, logits.Rows, logits.Columns);
        double value = trainLoss.Evaluate(logits, target, dLogits);
        if (double.IsFinite(value)) session.Backward(dLogits);
        return (value, target.Count);
    }

    public override (EpochReport Report, double Loss, double Score) Report(EpochReport report) => evaluation.Report(report);

    public override Scores Full() => evaluation.Full();

    public override string? NotFiniteInStep() => NotFinite(session, lastOutput);

    public override string? NotFiniteInEvaluation()
    {
        foreach (var one in evaluated)
            if (NotFinite(one, one.Forward(new Pass(0, 0, Training: false))) is { } found) return found;
        return null;
    }

    private bool IsTrained(int g)
    {
        if (data.GraphRows is not null) return data.Split.Train[g];
        var (first, count) = pieces.Nodes(g);
        return data.Split.Train.AsSpan(first, count).Contains(true);
    }

    private NodeMatrix FeaturesOf(ReadOnlySpan<int> graphs, Graph graph)
    {
        if (data.Dataset.Features.IsSparse) return FeatureMatrix.SelectRows(data.Dataset.Features, graph.Identity.NodeIds);
        var all = data.Dataset.Features.Dense;
        var rows = workspace.Take(-1, Features, graph.OwnedSources, all.Columns);
        pieces.Gather(graphs, all, rows);
        return rows;
    }

    // The rows are the graphs, all of which are trained on, or their nodes, of which the split says which are.
    private LossTarget Target(ReadOnlySpan<int> graphs, Graph graph)
    {
        bool ofGraphs = data.GraphRows is not null;
        var (set, rowGraph) = (data.Scored, ofGraphs ? graph.Members : graph);
        int[] rows = ofGraphs ? graphs.ToArray() : graph.Identity.NodeIds;
        bool[] mask = Array.ConvertAll(rows, i => data.Split.Train[i]);
        return TrainingLoss.Target(set.Labels is { } labels
            ? LossTarget.FromLabels(rowGraph, Array.ConvertAll(rows, i => labels[i]), mask)
            : LossTarget.FromValues(rowGraph, FeatureMatrix.SelectRows(set.Targets, rows).Dense, mask), settings, byClass);
    }
}
