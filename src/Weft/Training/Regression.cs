using System.Globalization;
using Weft.Communication;
using Weft.Datasets;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training;

/// <summary>Mean and deviation of each number that is learned, over the training rows: a model learns (t − mean) / deviation.</summary>
/// <param name="Mean">[T]</param>
/// <param name="Deviation">[T]; 1 where all training rows have the same number.</param>
internal sealed record TargetScale(double[] Mean, double[] Deviation)
{
    /// <summary>That of the masked rows.</summary>
    public static TargetScale Of(Matrix targets, bool[] mask)
    {
        int rows = mask.Count(m => m), columns = (int)targets.Columns;
        var (mean, deviation) = (new double[columns], new double[columns]);
        for (int c = 0; c < columns; c++)
        {
            double sum = 0, squares = 0;
            for (int i = 0; i < mask.Length; i++)
                if (mask[i]) sum += targets[i, c];
            mean[c] = sum / rows;
            for (int i = 0; i < mask.Length; i++)
                if (mask[i]) squares += (targets[i, c] - mean[c]) * (targets[i, c] - mean[c]);
            deviation[c] = squares > 0 ? Math.Sqrt(squares / rows) : 1;
        }
        targets.KeepAlive();
        return new TargetScale(mean, deviation);
    }

    /// <summary>That of a model which learned numbers; null for others.</summary>
    public static TargetScale? Of(ModelSettings? settings) =>
        settings is { TargetMeans: { } mean, TargetDeviations: { } deviation } ? new TargetScale([.. mean], [.. deviation]) : null;

    /// <summary>The numbers as a model learns them.</summary>
    public Matrix Apply(Matrix targets)
    {
        var scaled = Matrix.Allocate(targets.Rows, targets.Columns);
        for (long i = 0; i < scaled.Rows; i++)
            for (int c = 0; c < Mean.Length; c++) scaled[i, c] = (Real)((targets[i, c] - Mean[c]) / Deviation[c]);
        targets.KeepAlive();
        return scaled;
    }

    /// <summary>A model's output in the numbers' own units, in place.</summary>
    public void Undo(Matrix output)
    {
        for (long i = 0; i < output.Rows; i++)
            for (int c = 0; c < Mean.Length; c++) output[i, c] = (Real)(output[i, c] * Deviation[c] + Mean[c]);
    }
}

/// <summary>Numbers instead of classes: where they come from, and how well they are met.</summary>
internal static class Regression
{
    /// <summary>Names of the scores, in the order in which they are shown.</summary>
    public const string MeanError = "mae", RootOfSquares = "rmse", Explained = "r2";

    /// <summary>The set with its classes, or what it has several of, read as numbers: a table's label 3.5 is that number, class 2 is 2.</summary>
    /// <exception cref="ArgumentException">A label is no number.</exception>
    public static Dataset WithNumbers(Dataset dataset)
    {
        if (!dataset.Targets.IsMissing) return dataset with { TargetsAreNumbers = true };
        if (dataset.Labels is not { } labels) return dataset;
        var numbers = new double[dataset.Classes];
        for (int c = 0; c < numbers.Length; c++)
            if (!double.TryParse(dataset.ClassName(c), NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[c]) || !double.IsFinite(numbers[c]))
                throw new ArgumentException($"task regression: node {dataset.NodeName(Array.IndexOf(labels, c))} of {dataset.Name} has the label '{dataset.ClassName(c)}', which is no number");
        return dataset with
        {
            Labels = null,
            Targets = Matrix.From(labels.Length, 1, Array.ConvertAll(labels, c => c < 0 ? double.NaN : numbers[c])),
            TargetsAreNumbers = true,
            Classes = 1,
            ClassNames = null,
        };
    }

    /// <summary>True where every number of a row is known; [N].</summary>
    public static bool[] Known(Matrix targets)
    {
        var known = new bool[targets.Rows];
        for (int i = 0; i < known.Length; i++) known[i] = !targets.Row(i).ContainsAnyExceptInRange(Real.MinValue, Real.MaxValue);
        targets.KeepAlive();
        return known;
    }

    /// <summary>A tenth of the known rows to test, a tenth to validate, the others to train on.</summary>
    public static Split RandomSplit(Dataset dataset, ulong seed)
    {
        bool[] known = Known(dataset.Targets);
        var split = Folds.Random(null, dataset.Nodes, seed);
        bool[] Of(bool[] part) => [.. part.Select((taken, i) => taken && known[i])];
        return new Split(split.Name, Of(split.Train), Of(split.Validation), Of(split.Test));
    }

    /// <summary>The set with its numbers as a model learns them, by the training rows of a split.</summary>
    /// <exception cref="ArgumentException">The split has a row whose number is not known.</exception>
    public static (Dataset Rows, TargetScale Scale) Standardize(Dataset rows, Split split)
    {
        bool[] known = Known(rows.Targets);
        for (int i = 0; i < known.Length; i++)
            if (!known[i] && (split.Train[i] || split.Validation[i] || split.Test[i]))
                throw new ArgumentException($"node {rows.NodeName(i)} of {rows.Name} is in the split '{split.Name}' and its number is not known");
        var scale = TargetScale.Of(rows.Targets, split.Train);
        return (rows with { Targets = scale.Apply(rows.Targets) }, scale);
    }

    /// <summary>Mean absolute error, root of the mean squared error, and the share R² of the variance that is explained, in the mean over the numbers of a row.</summary>
    /// <param name="output">[N, T]</param>
    /// <param name="targets">[N, T]</param>
    /// <param name="mask">True for the rows that count.</param>
    /// <param name="unit">What a difference of 1 is worth, for each number; null for 1.</param>
    /// <param name="world">The processes that share the rows.</param>
    public static IReadOnlyList<KeyValuePair<string, double>> Scores(Matrix output, Matrix targets, bool[] mask, double[]? unit = null, ICommunicator? world = null)
    {
        Shapes.Same(output, targets, "output", "targets");
        int columns = (int)targets.Columns;
        var sums = new double[2 * columns];
        Over((i, c) => sums[c] += targets[i, c]);
        Over((_, c) => sums[columns + c]++);
        world?.AllReduce(sums.AsSpan(), Reduction.Sum);
        // Absolute and squared errors, and squares about the mean.
        var errors = new double[3 * columns];
        Over((i, c) =>
        {
            double error = (double)output[i, c] - targets[i, c], about = targets[i, c] - sums[c] / sums[columns + c];
            (errors[c], errors[columns + c], errors[2 * columns + c]) = (errors[c] + Math.Abs(error), errors[columns + c] + error * error, errors[2 * columns + c] + about * about);
        });
        world?.AllReduce(errors.AsSpan(), Reduction.Sum);
        double absolute = 0, square = 0, explained = 0, rows = columns == 0 ? 0 : sums[columns];
        int defined = 0;
        for (int c = 0; c < columns; c++)
        {
            double scale = unit?[c] ?? 1;
            absolute += errors[c] * scale / (rows * columns);
            square += errors[columns + c] * scale * scale / (rows * columns);
            if (errors[2 * columns + c] <= 0) continue;
            explained += 1 - errors[columns + c] / errors[2 * columns + c];
            defined++;
        }
        return [new(MeanError, rows == 0 ? double.NaN : absolute), new(RootOfSquares, rows == 0 ? double.NaN : Math.Sqrt(square)), new(Explained, explained / defined)];

        void Over(Action<int, int> take)
        {
            for (int i = 0; i < mask.Length; i++)
                for (int c = 0; mask[i] && c < columns; c++) take(i, c);
            output.KeepAlive();
            targets.KeepAlive();
        }
    }
}
