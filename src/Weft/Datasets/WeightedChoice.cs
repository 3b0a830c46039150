using System.Numerics;

namespace Weft.Datasets;

/// <summary>
/// Draws items with probabilities in proportion to their weights: a binary search in the running sums, between the two places
/// that a table knows for the random number's first bits. Without the table every draw would read as many far places of
/// memory as the number of items has bits.
/// </summary>
internal sealed class WeightedChoice
{
    private readonly double[] sums;
    private readonly int[] items;
    // A random number in part b of first.Length − 1 equal parts falls on one of the items at first[b] … first[b + 1].
    private readonly int[] first;

    /// <param name="items">What to draw; one item or more.</param>
    /// <param name="weight">Weight of each item by its position; not negative, one of them positive.</param>
    public WeightedChoice(int[] items, Func<int, double> weight)
    {
        this.items = items;
        sums = new double[items.Length];
        double sum = 0;
        for (int p = 0; p < items.Length; p++) sums[p] = sum += weight(p);
        first = FirstOfEachPart();
    }

    private int[] FirstOfEachPart()
    {
        // A power of two, so that a number's part is exact.
        int parts = (int)Math.Min(1u << 30, BitOperations.RoundUpToPowerOf2((uint)sums.Length));
        var found = new int[parts + 1];
        for (int part = 0, p = 0; part <= parts; part++)
        {
            double at = part / (double)parts * sums[^1];
            while (p < sums.Length - 1 && sums[p] <= at) p++;
            found[part] = p;
        }
        return found;
    }

    /// <summary>One item.</summary>
    public int Draw(SeededRandom random)
    {
        double share = random.Uniform(), at = share * sums[^1];
        int part = (int)(share * (first.Length - 1));
        // The first place whose sum is above the number drawn; the last place if rounding leaves none.
        int low = first[part], high = first[part + 1];
        while (low < high)
        {
            int middle = low + (high - low >> 1);
            if (sums[middle] > at) high = middle;
            else low = middle + 1;
        }
        return items[low];
    }
}
