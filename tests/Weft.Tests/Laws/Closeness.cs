namespace Weft.Tests.Laws;

/// <summary>
/// Comparison of a tensor with its reference: relative to the tensor's largest entry, with a floor. An attention gradient is a
/// difference of larger terms and is measured against those (section 16 of the mathematics): their size is the floor.
/// </summary>
internal static class Closeness
{
    /// <summary>Rounding of this library's precision after a few hundred operations.</summary>
    public static double Relative => sizeof(Real) == 8 ? 1e-12 : 3e-5;

    /// <summary>Fails, naming the tensor and its worst entry, unless |actual − expected| ≤ tolerance · max(max |expected|, floor).</summary>
    public static void Check(string tensor, double[,] expected, double[,] actual, double floor = 1, double? tolerance = null)
    {
        Assert.True(expected.GetLength(0) == actual.GetLength(0) && expected.GetLength(1) == actual.GetLength(1),
            $"{tensor} is {actual.GetLength(0)} × {actual.GetLength(1)}, {expected.GetLength(0)} × {expected.GetLength(1)} was expected");
        double scale = floor, worst = -1;
        (int I, int J) at = default;
        for (int i = 0; i < expected.GetLength(0); i++)
            for (int j = 0; j < expected.GetLength(1); j++)
            {
                scale = Math.Max(scale, Math.Abs(expected[i, j]));
                double error = Math.Abs(actual[i, j] - expected[i, j]);
                if (error <= worst) continue;
                if (double.IsNaN(error)) error = double.PositiveInfinity;
                (worst, at) = (error, (i, j));
            }
        double allowed = (tolerance ?? Relative) * scale;
        Assert.True(worst <= allowed,
            worst < 0 ? "" : $"{tensor}[{at.I}, {at.J}] is {actual[at.I, at.J]:R}, {expected[at.I, at.J]:R} was expected; off by {worst:G3} where {allowed:G3} is allowed");
    }

    /// <summary>Fails, naming the tensor and the entry, unless both have the same bits.</summary>
    public static void CheckBits(string tensor, double[,] expected, double[,] actual)
    {
        for (int i = 0; i < expected.GetLength(0); i++)
            for (int j = 0; j < expected.GetLength(1); j++)
                // The message of an assertion that holds would be written too, entry by entry.
                if (BitConverter.DoubleToInt64Bits(expected[i, j]) != BitConverter.DoubleToInt64Bits(actual[i, j]))
                    Assert.Fail($"{tensor}[{i}, {j}] is {actual[i, j]:R} and was {expected[i, j]:R}");
    }
}
