using System.Text.Json;
using Weft.Datasets;

namespace Weft.Training;

/// <summary>The score of a cross-validation under one protocol: of each fold, their mean, and the deviation between them (with K − 1).</summary>
/// <param name="Protocol">published or honest.</param>
/// <param name="Folds">Test score of each fold.</param>
/// <param name="Epochs">The epoch of each that was scored.</param>
internal sealed record CrossValidation(string Protocol, IReadOnlyList<double> Folds, IReadOnlyList<int> Epochs)
{
    /// <summary>The protocols by name.</summary>
    public static IReadOnlyList<string> Protocols { get; } = ["published", "honest"];

    /// <summary>Mean over the folds.</summary>
    public double Mean => Folds.Average();

    /// <summary>Standard deviation over the folds, with K − 1.</summary>
    public double Deviation => Math.Sqrt(Folds.Sum(score => (score - Mean) * (score - Mean)) / (Folds.Count - 1));

    /// <summary>
    /// The protocol of Xu et al. 2019, without a validation set: the epoch whose test score is best in the mean over all folds,
    /// the first of equals. It has seen the test folds; it is for comparison with figures that were got in the same way.
    /// </summary>
    /// <param name="scores">Test score of each fold after each epoch.</param>
    public static CrossValidation Published(IReadOnlyList<IReadOnlyList<double>> scores)
    {
        int epochs = scores.Min(fold => fold.Count), best = 0;
        double highest = double.NegativeInfinity;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            double mean = scores.Average(fold => fold[epoch]);
            if (mean > highest) (best, highest) = (epoch, mean);
        }
        return new CrossValidation("published", [.. scores.Select(fold => fold[best])], [.. scores.Select(_ => best + 1)]);
    }

    /// <summary>Each fold at the epoch that its own validation fold chose.</summary>
    /// <param name="scores">Test score and epoch of each fold.</param>
    public static CrossValidation Honest(IReadOnlyList<(double Score, int Epoch)> scores) =>
        new("honest", [.. scores.Select(s => s.Score)], [.. scores.Select(s => s.Epoch)]);

    /// <summary>Test scores in the log of a run, after each epoch; an epoch without an evaluation has that of the one before.</summary>
    /// <exception cref="DataFormatException">The log is broken.</exception>
    public static IReadOnlyList<double> TestScores(string folder)
    {
        string file = RunFolder.MetricsFile(folder);
        var scores = new List<double>();
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            try
            {
                using var fields = JsonDocument.Parse(line);
                scores.Add(fields.RootElement.TryGetProperty("test_score", out var score) ? score.GetDouble() : scores.Count > 0 ? scores[^1] : double.NegativeInfinity);
            }
            catch (Exception problem) when (problem is JsonException or InvalidOperationException)
            {
                throw new DataFormatException(file, $"line {number}", "no test score of an epoch", "a log as weft train writes it", problem);
            }
        }
        return scores;
    }
}
