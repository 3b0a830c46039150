namespace Weft.Datasets;

/// <summary>Draws items with probabilities in proportion to their weights: a binary search in the running sums.</summary>
internal sealed class WeightedChoice
{
    private readonly double[] sums;
    private readonly int[] items;

    /// <param name="items">What to draw.</param>
    /// <param name="weight">Weight of each item by its position; not negative, one of them positive.</param>
    public WeightedChoice(int[] items, Func<int, double> weight)
    {
        this.items = items;
        sums = new double[items.Length];
        double sum = 0;
        for (int p = 0; p < items.Length; p++) sums[p] = sum += weight(p);
    }

    /// <summary>One item.</summary>
    public int Draw(SeededRandom random)
    {
        double at = random.Uniform() * sums[^1];
        int p = Array.BinarySearch(sums, at);
        return items[Math.Min(p >= 0 ? p + 1 : ~p, items.Length - 1)];
    }
}
