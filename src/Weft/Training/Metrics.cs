using System.Runtime.InteropServices;
using Weft.Communication;
using Weft.Datasets;
using Weft.Memory;

namespace Weft.Training;

/// <summary>
/// Scores of a model's output over the masked nodes. A score of no nodes, or one that is not defined for them, is not a number.
/// </summary>
/// <remarks>
/// Where the nodes are shared out among processes, each gives its own rows; counts are added and scores to be ranked are gathered,
/// so that every process gets the score of all nodes, the same as one process alone would.
/// With classes, a node's prediction is the column of its largest logit, the first of equals; a single column means two
/// classes, the second where z &gt; 0. With several labels per node, a label is predicted where z &gt; 0, and is true where t &gt; ½.
/// </remarks>
public static class Metrics
{
    /// <summary>The score of this name: "accuracy", "f1" or "auc".</summary>
    internal static double Score(string metric, Matrix logits, Dataset dataset, bool[] mask, ICommunicator? world = null) => (metric, dataset.Labels) switch
    {
        ("r2", null) when dataset.TargetsAreNumbers => Regression.Scores(logits, dataset.Targets, mask, null, world)[2].Value,
        _ when dataset.TargetsAreNumbers => throw new ArgumentException($"the metric {metric} is of classes; what is learned of {dataset.Name} are numbers: use r2"),
        ("accuracy", { } labels) => Accuracy(logits, labels, mask, world),
        ("f1", { } labels) => MacroF1(logits, labels, mask, world),
        ("auc", { } labels) => RocAuc(logits, labels, mask, world),
        ("accuracy", null) => Accuracy(logits, dataset.Targets, mask, world),
        ("f1", null) => MicroF1(logits, dataset.Targets, mask, world),
        ("auc", null) => RocAuc(logits, dataset.Targets, mask, world),
        _ => throw new ArgumentException($"there is no metric '{metric}'; use accuracy, f1 or auc, or r2 for numbers"),
    };

    /// <summary>The predicted class of a node.</summary>
    /// <param name="logits">[N, C]</param>
    /// <param name="node">The node's row.</param>
    public static int Predict(Matrix logits, long node)
    {
        int best = Predict(logits.Row(node));
        logits.KeepAlive();
        return best;
    }

    /// <summary>The predicted class of a row of logits.</summary>
    public static int Predict(ReadOnlySpan<Real> z)
    {
        if (z.Length == 1) return z[0] > 0 ? 1 : 0;
        int best = 0;
        for (int c = 1; c < z.Length; c++)
            if (z[c] > z[best]) best = c;
        return best;
    }

    /// <summary>Share of the masked nodes whose class is predicted.</summary>
    /// <param name="logits">[N, C], or [N, 1] for two classes.</param>
    /// <param name="labels">Class of each node, [N].</param>
    /// <param name="mask">True for the nodes that count, [N].</param>
    public static double Accuracy(Matrix logits, int[] labels, bool[] mask) => Accuracy(logits, labels, mask, null);

    /// <inheritdoc cref="Accuracy(Matrix, int[], bool[])"/>
    internal static double Accuracy(Matrix logits, int[] labels, bool[] mask, ICommunicator? world)
    {
        CheckRows(logits, labels.Length, mask);
        long right = 0, count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (!mask[i]) continue;
            count++;
            if (Predict(logits.Row(i)) == labels[i]) right++;
        }
        Span<long> counts = [right, count];
        Add(counts, world);
        return (double)counts[0] / counts[1];
    }

    /// <summary>Masked nodes by true class (row) and predicted class (column); [C, C].</summary>
    public static long[,] Confusion(Matrix logits, int[] labels, bool[] mask, int classes) => Confusion(logits, labels, mask, classes, null);

    /// <inheritdoc cref="Confusion(Matrix, int[], bool[], int)"/>
    internal static long[,] Confusion(Matrix logits, int[] labels, bool[] mask, int classes, ICommunicator? world)
    {
        CheckRows(logits, labels.Length, mask);
        var counts = new long[classes, classes];
        for (int i = 0; i < mask.Length; i++)
            if (mask[i]) counts[labels[i], Predict(logits.Row(i))]++;
        Add(MemoryMarshal.CreateSpan(ref counts[0, 0], counts.Length), world);
        return counts;
    }

    /// <summary>Mean of F1 = 2·TP / (2·TP + FP + FN) over the classes that occur as a label or as a prediction.</summary>
    public static double MacroF1(Matrix logits, int[] labels, bool[] mask) => MacroF1(logits, labels, mask, null);

    /// <inheritdoc cref="MacroF1(Matrix, int[], bool[])"/>
    internal static double MacroF1(Matrix logits, int[] labels, bool[] mask, ICommunicator? world)
    {
        int classes = (int)Math.Max(2, logits.Columns), occurring = 0;
        long[,] confusion = Confusion(logits, labels, mask, classes, world);
        double sum = 0;
        for (int c = 0; c < classes; c++)
        {
            long both = 0;
            for (int k = 0; k < classes; k++) both += confusion[c, k] + confusion[k, c];
            if (both == 0) continue;
            occurring++;
            sum += 2.0 * confusion[c, c] / both;
        }
        return sum / occurring;
    }

    /// <summary>
    /// Area under the ROC curve: the chance that a node of the class gets a higher score than one outside it, equal scores
    /// counting half. Two classes: of the second. More: of each against the rest, the mean over those with nodes on both sides.
    /// </summary>
    /// <remarks>The score of class c is its log-odds z_c − log Σ_{k≠c} exp(z_k), which orders nodes as its probability does but never saturates.</remarks>
    public static double RocAuc(Matrix logits, int[] labels, bool[] mask) => RocAuc(logits, labels, mask, null);

    /// <inheritdoc cref="RocAuc(Matrix, int[], bool[])"/>
    internal static double RocAuc(Matrix logits, int[] labels, bool[] mask, ICommunicator? world)
    {
        CheckRows(logits, labels.Length, mask);
        int[] nodes = Masked(mask);
        if (logits.Columns == 1) return Area(nodes, i => logits[i, 0], i => labels[i] == 1, world);
        if (logits.Columns == 2) return Area(nodes, i => (double)logits[i, 1] - logits[i, 0], i => labels[i] == 1, world);
        return MeanOfDefined(logits.Columns, c => Area(nodes, i => LogOdds(logits.Row(i), c), i => labels[i] == c, world));
    }

    /// <summary>Share of the masked nodes' labels, of which each node has several, that are predicted as they are.</summary>
    /// <param name="logits">[N, C]</param>
    /// <param name="targets">1 where a node has a label, else 0; [N, C].</param>
    /// <param name="mask">True for the nodes that count, [N].</param>
    public static double Accuracy(Matrix logits, Matrix targets, bool[] mask) => Accuracy(logits, targets, mask, null);

    /// <inheritdoc cref="Accuracy(Matrix, Matrix, bool[])"/>
    internal static double Accuracy(Matrix logits, Matrix targets, bool[] mask, ICommunicator? world)
    {
        var (hits, labelled, predicted, count) = Count(logits, targets, mask, world);
        return (double)(count - labelled - predicted + 2 * hits) / count;
    }

    /// <summary>F1 = 2·TP / (2·TP + FP + FN) of the counts over all labels together.</summary>
    public static double MicroF1(Matrix logits, Matrix targets, bool[] mask) => MicroF1(logits, targets, mask, null);

    /// <inheritdoc cref="MicroF1(Matrix, Matrix, bool[])"/>
    internal static double MicroF1(Matrix logits, Matrix targets, bool[] mask, ICommunicator? world)
    {
        var (hits, labelled, predicted, _) = Count(logits, targets, mask, world);
        return 2.0 * hits / (labelled + predicted);
    }

    /// <summary>Area under the ROC curve of each label, the mean over those that some masked nodes have and some have not.</summary>
    public static double RocAuc(Matrix logits, Matrix targets, bool[] mask) => RocAuc(logits, targets, mask, null);

    /// <inheritdoc cref="RocAuc(Matrix, Matrix, bool[])"/>
    internal static double RocAuc(Matrix logits, Matrix targets, bool[] mask, ICommunicator? world)
    {
        CheckRows(logits, mask.Length, mask);
        Shapes.Same(logits, targets, "logits", "targets");
        int[] nodes = Masked(mask);
        return MeanOfDefined(logits.Columns, c => Area(nodes, i => logits[i, c], i => targets[i, c] > (Real)0.5, world));
    }

    private static (long Hits, long Labelled, long Predicted, long Count) Count(Matrix logits, Matrix targets, bool[] mask, ICommunicator? world)
    {
        CheckRows(logits, mask.Length, mask);
        Shapes.Same(logits, targets, "logits", "targets");
        long hits = 0, labelled = 0, predicted = 0, count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (!mask[i]) continue;
            Span<Real> z = logits.Row(i), t = targets.Row(i);
            for (int c = 0; c < z.Length; c++)
            {
                bool isTrue = t[c] > (Real)0.5, says = z[c] > 0;
                hits += isTrue && says ? 1 : 0;
                labelled += isTrue ? 1 : 0;
                predicted += says ? 1 : 0;
            }
            count += z.Length;
        }
        Span<long> counts = [hits, labelled, predicted, count];
        Add(counts, world);
        return (counts[0], counts[1], counts[2], counts[3]);
    }

    private static double MeanOfDefined(long columns, Func<int, double> area)
    {
        double sum = 0;
        int defined = 0;
        for (int c = 0; c < columns; c++)
        {
            double one = area(c);
            if (double.IsNaN(one)) continue;
            sum += one;
            defined++;
        }
        return sum / defined;
    }

    private static double LogOdds(ReadOnlySpan<Real> z, int c)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < z.Length; k++)
            if (k != c) largest = Math.Max(largest, z[k]);
        for (int k = 0; k < z.Length; k++)
            if (k != c) sum += Math.Exp(z[k] - largest);
        return z[c] - largest - Math.Log(sum);
    }

    /// <summary>The rank-sum formula; nodes with equal scores share the mean of their ranks.</summary>
    private static double Area(int[] nodes, Func<int, double> score, Func<int, bool> isPositive, ICommunicator? world)
    {
        double[] scores = Gather([.. nodes.Select(score)], world);
        byte[] positive = Gather([.. nodes.Select(i => isPositive(i) ? (byte)1 : (byte)0)], world);
        Array.Sort(scores, positive);
        double rankSum = 0;
        long positives = 0;
        for (int first = 0, last; first < scores.Length; first = last)
        {
            int here = 0;
            for (last = first; last < scores.Length && scores[last].Equals(scores[first]); last++) here += positive[last];
            rankSum += here * ((first + 1 + last) / 2.0);
            positives += here;
        }
        long negatives = scores.Length - positives;
        return positives == 0 || negatives == 0 ? double.NaN : (rankSum - positives * (positives + 1) / 2.0) / ((double)positives * negatives);
    }

    private static void Add(Span<long> counts, ICommunicator? world) => world?.AllReduce(counts, Reduction.Sum);

    private static T[] Gather<T>(T[] mine, ICommunicator? world)
        where T : unmanaged
    {
        if (world is null || world.Size == 1) return mine;
        var counts = new int[world.Size];
        world.AllGather([mine.Length], counts, [.. counts.Select(_ => 1)]);
        var all = new T[counts.Sum()];
        world.AllGather<T>(mine, all, counts);
        return all;
    }

    private static int[] Masked(bool[] mask) => [.. Enumerable.Range(0, mask.Length).Where(i => mask[i])];

    private static void CheckRows(Matrix logits, int labels, bool[] mask)
    {
        if (logits.Rows != labels || labels != mask.Length)
            throw new ArgumentException($"logits is {logits}, with {labels} labels and a mask of {mask.Length} entries; every node needs all three");
    }
}
