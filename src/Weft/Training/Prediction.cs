using Weft.Datasets;
using Weft.Losses;
using Weft.Memory;

namespace Weft.Training;

/// <summary>What a trained model gave for every node of a set, or for every graph of a set of many, in the order of the set.</summary>
public sealed class Prediction
{
    private readonly TrainingBatch[] batches;

    internal Prediction(Dataset dataset, TrainingBatch[] batches, Matrix logits, Matrix embeddings, bool multiLabel)
    {
        (Dataset, this.batches, Logits, Embeddings) = (dataset, batches, logits, embeddings);
        IsMultiLabel = multiLabel || !dataset.Targets.IsMissing && !dataset.TargetsAreNumbers;
    }

    /// <summary>The set as the model saw it; where the model puts out a row for each graph, its graphs as the nodes of a set without edges.</summary>
    public Dataset Dataset { get; }

    /// <summary>True if rows are graphs.</summary>
    public bool IsOfGraphs => batches.Length > 0 && batches[0].FirstGraph is not null;

    /// <summary>The model's output, [N, C].</summary>
    public Matrix Logits { get; }

    /// <summary>Input of the last layer, [N, width]; missing unless it was asked for.</summary>
    public Matrix Embeddings { get; }

    /// <summary>True if a node may have several labels.</summary>
    public bool IsMultiLabel { get; }

    /// <summary>True if the model predicts numbers: its output is in their own units.</summary>
    public bool IsRegression => scale is not null;

    /// <summary>Brings the output of a model that learned standardised numbers to their own units; done once.</summary>
    internal void ToUnits(TargetScale? standardized)
    {
        scale = standardized;
        scale?.Undo(Logits);
    }

    private TargetScale? scale;

    /// <summary>Edges that messages flow along, of all graphs.</summary>
    public long Edges => batches.Sum(b => b.Graph.Edges);

    /// <summary>True where a node has a label to compare with; [N].</summary>
    public bool[] Labelled => Dataset.TargetsAreNumbers ? Regression.Known(Dataset.Targets) : Dataset.Labels is { } labels ? Array.ConvertAll(labels, c => c >= 0)
        : [.. Enumerable.Repeat(!Dataset.Targets.IsMissing, Dataset.Nodes)];

    /// <summary>Chance of each class of a node, its softmax; of each label by itself, σ(z), where it may have several.</summary>
    /// <param name="node">Number of the node.</param>
    /// <param name="into">Receives C numbers.</param>
    public void Probabilities(int node, Span<double> into)
    {
        var z = Logits.Row(node);
        if (IsMultiLabel)
        {
            for (int c = 0; c < z.Length; c++) into[c] = 1 / (1 + Math.Exp(-(double)z[c]));
            return;
        }
        double largest = double.NegativeInfinity, sum = 0;
        foreach (Real v in z) largest = Math.Max(largest, v);
        for (int c = 0; c < z.Length; c++) sum += into[c] = Math.Exp(z[c] - largest);
        for (int c = 0; c < z.Length; c++) into[c] /= sum;
    }

    /// <summary>Scores of the masked nodes, each of which has a label.</summary>
    /// <param name="mask">True for the nodes that count, [N].</param>
    /// <exception cref="ArgumentException">The set has no labels, or a masked node has none.</exception>
    public NodeScores Score(bool[] mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (Dataset.Labels is null && Dataset.Targets.IsMissing) throw new ArgumentException($"{Dataset.Name} has no labels to compare with");
        if (scale is not null && Dataset.TargetsAreNumbers)
        {
            var errors = Regression.Scores(scale.Apply(Logits), scale.Apply(Dataset.Targets), mask)[1].Value;
            return new NodeScores(errors * errors, double.NaN, double.NaN, double.NaN) { More = Regression.Scores(Logits, Dataset.Targets, mask) };
        }
        ILoss loss = Dataset.Labels is null ? new BinaryCrossEntropy() : new CrossEntropy();
        double sum = 0;
        long count = 0;
        foreach (var batch in batches)
        {
            var rows = mask.AsSpan(batch.FirstRow, batch.Rows).ToArray();
            var target = Dataset.Labels is { } labels
                ? LossTarget.FromLabels(batch.RowGraph, labels.AsSpan(batch.FirstRow, batch.Rows).ToArray(), rows)
                : LossTarget.FromValues(batch.RowGraph, Dataset.Targets.RowRange(batch.FirstRow, batch.Rows), rows);
            if (target.Count == 0) continue;
            sum += loss.Evaluate(Logits.RowRange(batch.FirstRow, batch.Rows), target) * target.Count;
            count += target.Count;
        }
        return new NodeScores(sum / count, Metrics.Score("accuracy", Logits, Dataset, mask), Metrics.Score("f1", Logits, Dataset, mask), Metrics.Score("auc", Logits, Dataset, mask));
    }
}
