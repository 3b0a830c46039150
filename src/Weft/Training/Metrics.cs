using Weft.Datasets;
using Weft.Memory;

namespace Weft.Training;

/// <summary>Scores of a model's output.</summary>
internal static class Metrics
{
    /// <summary>The score of the masked nodes: accuracy.</summary>
    public static double Score(string metric, Matrix logits, Dataset dataset, bool[] mask)
    {
        if (metric != "accuracy") return double.NaN;
        long right = 0, count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (!mask[i]) continue;
            count++;
            if (Largest(logits, i) == dataset.Labels![i]) right++;
        }
        return (double)right / count;
    }

    /// <summary>Masked nodes by true class (row) and predicted class (column).</summary>
    public static long[,] Confusion(Matrix logits, int[] labels, bool[] mask, int classes)
    {
        var counts = new long[classes, classes];
        for (int i = 0; i < mask.Length; i++)
            if (mask[i]) counts[labels[i], Largest(logits, i)]++;
        return counts;
    }

    private static int Largest(Matrix logits, int i)
    {
        int best = 0;
        for (int c = 1; c < logits.Columns; c++)
            if (logits[i, c] > logits[i, best]) best = c;
        return best;
    }
}
