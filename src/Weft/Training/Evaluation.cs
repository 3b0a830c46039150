using System.Diagnostics;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training;

/// <summary>Scores of one set of nodes.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="Accuracy">Share of nodes (or of labels, where a node has several) that are right.</param>
/// <param name="F1">Macro-F1; micro-F1, over all labels of all nodes, where a node has several.</param>
/// <param name="Auc">Area under the ROC curve; NaN where it is not defined.</param>
public readonly record struct NodeScores(double Loss, double Accuracy, double F1, double Auc)
{
    /// <summary>Scores of other kinds by name, in the order in which they are shown: "ap", "hits@50", "mrr", "mae" and the like.</summary>
    public IReadOnlyList<KeyValuePair<string, double>>? More { get; init; }

    /// <summary>The score of this name; not a number where there is none.</summary>
    public double Named(string name)
    {
        foreach (var (key, value) in More ?? [])
            if (key == name) return value;
        return double.NaN;
    }
}

/// <summary>Scores of a model on every part of a split.</summary>
/// <param name="Train">Training nodes.</param>
/// <param name="Validation">Validation nodes; null where there are none.</param>
/// <param name="Test">Test nodes; null where there are none.</param>
/// <param name="Confusion">Test nodes by true class (row) and predicted class (column); null for several labels a node.</param>
public sealed record Scores(NodeScores Train, NodeScores? Validation, NodeScores? Test, long[,]? Confusion);

/// <summary>Runs a model without dropout on every batch and scores it.</summary>
internal sealed class Evaluation
{
    private readonly TrainingData data;
    private readonly Func<Matrix> forward;
    private readonly ILoss loss;
    private readonly string metric;
    private readonly Part train, validation, test;

    public Evaluation(TrainingData data, Session[] sessions, ILoss loss, string metric)
        : this(data, OnBatches(data, sessions), loss, metric)
    {
    }

    /// <summary>Scores what a function gives: the model's output, one row per node of the data.</summary>
    public Evaluation(TrainingData data, Func<Matrix> forward, ILoss loss, string metric)
    {
        (this.data, this.forward, this.loss, this.metric) = (data, forward, loss, metric);
        train = new Part(data, data.Split.Train);
        validation = new Part(data, data.Split.Validation) is { Count: > 0 } part ? part : train;
        test = new Part(data, data.Split.Test);
    }

    /// <summary>What the loss compares a batch with.</summary>
    public static LossTarget Target(TrainingData data, TrainingBatch batch, bool[] mask)
    {
        var rows = mask.AsSpan(batch.FirstRow, batch.Rows).ToArray();
        return data.Scored.Labels is { } labels
            ? LossTarget.FromLabels(batch.RowGraph, labels.AsSpan(batch.FirstRow, batch.Rows).ToArray(), rows)
            : LossTarget.FromValues(batch.RowGraph, data.Scored.Targets.RowRange(batch.FirstRow, batch.Rows), rows);
    }

    /// <summary>
    /// The report with this epoch's scores, and what the epoch is judged by: loss and score of the validation nodes, of the
    /// training nodes where there are none.
    /// </summary>
    public (EpochReport Report, double Loss, double Score) Report(EpochReport report)
    {
        long started = Stopwatch.GetTimestamp();
        var logits = forward();
        double forwardTime = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        double trainScore = Score(logits, train);
        bool validates = !ReferenceEquals(validation, train);
        double loss = Loss(logits, validation), score = validates ? Score(logits, validation) : trainScore;
        report = report with
        {
            ForwardMilliseconds = forwardTime,
            TrainScore = trainScore,
            ValidationLoss = validates ? loss : double.NaN,
            ValidationScore = validates ? score : double.NaN,
            TestScore = test.Count == 0 ? double.NaN : Score(logits, test),
        };
        return (report, loss, score);
    }

    /// <summary>Every score of every part.</summary>
    public Scores Full()
    {
        var logits = forward();
        return new Scores(
            Part(train),
            ReferenceEquals(validation, train) ? null : Part(validation),
            test.Count == 0 ? null : Part(test),
            test.Count == 0 || data.Scored.Labels is null ? null : Metrics.Confusion(logits, data.Scored.Labels, test.Mask, data.Scored.Classes, data.World));

        NodeScores Part(Part part) => data.Scored.TargetsAreNumbers
            ? new(Loss(logits, part), double.NaN, double.NaN, double.NaN) { More = Regression.Scores(logits, data.Scored.Targets, part.Mask, data.Scale?.Deviation, data.World) }
            : new(
            Loss(logits, part),
            Metrics.Score("accuracy", logits, data.Scored, part.Mask, data.World),
            Metrics.Score("f1", logits, data.Scored, part.Mask, data.World),
            Metrics.Score("auc", logits, data.Scored, part.Mask, data.World));
    }

    private static Func<Matrix> OnBatches(TrainingData data, Session[] sessions)
    {
        if (sessions.Length == 1) return () => sessions[0].Forward(new Pass(0, 0, Training: false));
        var all = Matrix.Allocate(data.Scored.Nodes, data.Outputs);
        return () =>
        {
            for (int b = 0; b < sessions.Length; b++)
                sessions[b].Forward(new Pass(0, 0, Training: false)).CopyTo(all.RowRange(data.Batches[b].FirstRow, data.Batches[b].Rows));
            return all;
        };
    }

    private double Score(Matrix logits, Part part) => Metrics.Score(metric, logits, data.Scored, part.Mask, data.World);

    private double Loss(Matrix logits, Part part)
    {
        if (part.Count == 0) return 0;
        double sum = 0;
        for (int b = 0; b < part.Targets.Length; b++)
        {
            if (part.Targets[b].Count == 0) continue;
            var batch = data.Batches[b];
            sum += loss.Evaluate(logits.RowRange(batch.FirstRow, batch.Rows), part.Targets[b]) * part.Targets[b].Count;
        }
        return sum / part.Count;
    }

    private sealed class Part(TrainingData data, bool[] mask)
    {
        public bool[] Mask { get; } = mask;

        public LossTarget[] Targets { get; } = [.. data.Batches.Select(b => Target(data, b, mask))];

        /// <summary>Its nodes, on all processes.</summary>
        public long Count => Targets.Sum(t => t.Count);
    }
}
