using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// How well scores tell links from pairs that are none. A score that is not defined, because there are no links or no others, is not a number.
/// </summary>
internal sealed class Ranking
{
    // Both in ascending order.
    private readonly double[] positives, negatives;

    // Of each positive, how many negatives have a lower score and how many the same.
    private readonly int[] below, equal;

    /// <summary>Ranks scores.</summary>
    /// <param name="scores">[P, 1]; the first are those of the links.</param>
    /// <param name="links">How many of them are links.</param>
    public Ranking(Matrix scores, int links)
        : this(Values(scores.Top(links)), Values(scores.RowRange(links, scores.Rows - links)))
    {
    }

    /// <summary>Ranks scores, which are sorted in place.</summary>
    public Ranking(double[] positives, double[] negatives)
    {
        Array.Sort(positives);
        Array.Sort(negatives);
        (this.positives, this.negatives) = (positives, negatives);
        (below, equal) = (new int[positives.Length], new int[positives.Length]);
        for (int p = 0, low = 0, high = 0; p < positives.Length; p++)
        {
            while (low < negatives.Length && negatives[low] < positives[p]) low++;
            while (high < negatives.Length && negatives[high] <= positives[p]) high++;
            (below[p], equal[p]) = (low, Math.Max(0, high - low));
        }
    }

    /// <summary>Area under the ROC curve: the chance that a link has a higher score than another pair, equal scores counting half.</summary>
    public double Auc()
    {
        if (positives.Length == 0 || negatives.Length == 0) return double.NaN;
        double won = 0;
        for (int p = 0; p < positives.Length; p++) won += below[p] + equal[p] / 2.0;
        return won / ((double)positives.Length * negatives.Length);
    }

    /// <summary>
    /// Average precision: Σ over the thresholds, from the highest score down, of (recall − recall before) · precision; pairs with
    /// equal scores pass the threshold together.
    /// </summary>
    public double AveragePrecision()
    {
        if (positives.Length == 0 || negatives.Length == 0) return double.NaN;
        double sum = 0;
        for (int last = positives.Length - 1; last >= 0;)
        {
            int first = last;
            while (first > 0 && positives[first - 1].Equals(positives[last])) first--;
            double found = positives.Length - first, passed = found + negatives.Length - below[first];
            sum += (last - first + 1) / (double)positives.Length * (found / passed);
            last = first - 1;
        }
        return sum;
    }

    /// <summary>Share of the links whose score is above that of the k-th best of all other pairs; 1 where there are fewer than k of those.</summary>
    public double Hits(int k)
    {
        if (positives.Length == 0) return double.NaN;
        if (negatives.Length < k) return 1;
        double threshold = negatives[^k];
        return positives.Count(score => score > threshold) / (double)positives.Length;
    }

    /// <summary>
    /// Mean of 1/rank over the links. A link is ranked against all pairs that are none: 1, plus the number of those with a higher
    /// score, plus half the number of those with the same.
    /// </summary>
    public double ReciprocalRank()
    {
        if (positives.Length == 0 || negatives.Length == 0) return double.NaN;
        double sum = 0;
        for (int p = 0; p < positives.Length; p++) sum += 1 / (1.0 + (negatives.Length - below[p] - equal[p]) + equal[p] / 2.0);
        return sum / positives.Length;
    }

    private static double[] Values(Matrix scores) => scores.ToArray();
}
