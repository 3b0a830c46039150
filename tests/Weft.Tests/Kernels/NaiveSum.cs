namespace Weft.Tests.Kernels;

/// <summary>
/// A sum in double precision, term by term, that knows how far a kernel's sum in working precision may be from it: the
/// rounding errors are bounded by the number of terms and the sum of their sizes.
/// </summary>
internal sealed class NaiveSum
{
    public const double Precision = sizeof(Real) == 4 ? 6e-8 : 1.2e-16;
    private double size;
    private int terms;

    public double Value { get; private set; }

    public void Add(double term)
    {
        Value += term;
        size += Math.Abs(term);
        terms++;
    }

    public void AssertNear(double actual, string what)
    {
        // Not a number fails, too.
        if (!(Math.Abs(Value - actual) <= 2 * Precision * (terms + 2) * size + 1e-37)) Assert.Fail($"{what} is {actual:R}, not {Value:R}");
    }
}

/// <summary>The tree in which all sums over nodes and edges are combined, built bottom up: leaf sums side by side, then neighbours, then neighbours of those.</summary>
internal static class DyadicTree
{
    /// <param name="count">Number of terms.</param>
    /// <param name="run">Terms of a leaf.</param>
    /// <param name="leaf">Sum of the terms first … last − 1, one after another.</param>
    public static Real Sum(long count, long run, Func<long, long, Real> leaf)
    {
        var sums = new List<Real>();
        for (long first = 0; first < count; first += run) sums.Add(leaf(first, Math.Min(first + run, count)));
        if (sums.Count == 0) return 0;
        for (int step = 1; step < sums.Count; step *= 2)
            for (int t = 0; t + step < sums.Count; t += 2 * step) sums[t] += sums[t + step];
        return sums[0];
    }
}
