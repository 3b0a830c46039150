using Weft.Communication;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training.Objectives;

/// <summary>Classes or labels of nodes, learned on whole graphs: one step for the graph, or one for each batch of many graphs.</summary>
internal sealed class NodeObjective : Objective
{
    private readonly TrainingData data;
    private readonly TrainingSettings settings;
    private readonly Session[] sessions;
    private readonly LossTarget[] targets;
    private readonly Matrix[] dLogits;
    private readonly ILoss trainLoss;
    private readonly Evaluation evaluation;
    private readonly int[] trainable, order;
    private (int Batch, Matrix Logits) last;

    public NodeObjective(Model model, TrainingData data, TrainingSettings settings, Workspace workspace)
    {
        (this.data, this.settings) = (data, settings);
        sessions = [.. data.Batches.Select(b => new Session(model, b.Graph, b.Features, workspace))];
        var loss = LossOf(data);
        trainLoss = TrainingLoss.Of(loss, settings);
        double[]? byClass = TrainingLoss.ClassWeights(settings, data.Scored.Labels, data.Split.Train, data.Scored.Classes, data.World);
        targets = [.. data.Batches.Select(b => TrainingLoss.Target(Evaluation.Target(data, b, data.Split.Train), settings, byClass))];
        trainable = [.. Enumerable.Range(0, sessions.Length).Where(b => targets[b].Count > 0)];
        order = [.. trainable];
        dLogits = [.. data.Batches.Select((b, i) => targets[i].Count == 0 ? default : Matrix.Allocate(b.Nodes, data.Outputs))];
        evaluation = new Evaluation(data, sessions, loss, settings.Metric);
    }

    public override ICommunicator World => data.World;

    public override long ConstantBytes => sessions.Sum(s => s.ConstantBytes);

    public override long LossBytes => dLogits.Sum(d => d.Bytes);

    public override int Begin(int epoch, int firstStep)
    {
        trainable.CopyTo(order, 0);
        if (order.Length > 1) new Datasets.SeededRandom(settings.Seed + ((ulong)epoch << 32)).Shuffle(order);
        return order.Length;
    }

    public override (double Loss, long Count) Step(int epoch, int number)
    {
        int b = order[number];
        var logits = sessions[b].Forward(new Pass(settings.Seed, epoch * sessions.Length + b, Training: true));
        last = (b, logits);
        double value = trainLoss.Evaluate(logits, targets[b], dLogits[b]);
        if (double.IsFinite(value)) sessions[b].Backward(dLogits[b]);
        return (value, targets[b].Count);
    }

    public override (EpochReport Report, double Loss, double Score) Report(EpochReport report) => evaluation.Report(report);

    public override Scores Full() => evaluation.Full();

    public override string? NotFiniteInStep() => NotFinite(sessions[last.Batch], last.Logits);

    // The batches share their buffers, so that only a pass of its own shows what a batch has in them.
    public override string? NotFiniteInEvaluation()
    {
        foreach (var session in sessions)
            if (NotFinite(session, session.Forward(new Pass(0, 0, Training: false))) is { } found) return found;
        return null;
    }
}
