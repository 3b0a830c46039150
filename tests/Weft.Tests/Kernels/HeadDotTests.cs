using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class HeadDotTests
{
    private static void AssertMultiply(long rows, int heads, int d, Random random)
    {
        Matrix X = new Guarded(rows, heads * d, random).View, a = new Guarded(heads, d, random).View;
        var c = new Guarded(rows, heads, random);
        HeadDot.Multiply(X, a, c.View);
        c.AssertNothingOutsideWasWritten();
        for (long i = 0; i < rows; i++)
            for (int k = 0; k < heads; k++)
            {
                var sum = new NaiveSum();
                for (int j = 0; j < d; j++) sum.Add((double)X[i, k * d + j] * a[k, j]);
                sum.AssertNear(c.View[i, k], $"c({i}, {k}), {heads} heads of {d}");
            }
    }

    private static void AssertAdjointA(long rows, int heads, int d, Random random)
    {
        Matrix X = new Guarded(rows, heads * d, random).View, dc = new Guarded(rows, heads, random).View;
        var da = new Guarded(heads, d, random);
        HeadDot.AdjointA(X, dc, da.View);
        da.AssertNothingOutsideWasWritten();
        for (int k = 0; k < heads; k++)
            for (int j = 0; j < d; j++)
            {
                var sum = new NaiveSum();
                for (long i = 0; i < rows; i++) sum.Add((double)dc[i, k] * X[i, k * d + j]);
                sum.AssertNear(da.View[k, j], $"da({k}, {j}), {rows} rows");
            }
    }

    private static void AssertAdjointX(long rows, int heads, int d, bool accumulate, Random random)
    {
        Matrix dc = new Guarded(rows, heads, random).View, a = new Guarded(heads, d, random).View;
        var dX = new Guarded(rows, heads * d, random);
        var before = Guarded.Copy(dX.View);
        HeadDot.AdjointX(dc, a, dX.View, accumulate);
        dX.AssertNothingOutsideWasWritten();
        for (long i = 0; i < rows; i++)
            for (int j = 0; j < heads * d; j++)
                Assert.Equal((double)Real.FusedMultiplyAdd(dc[i, j / d], a[j / d, j % d], accumulate ? before[i, j] : 0), dX.View[i, j]);
    }

    /// <summary>Two sets of vectors in one pass, of which the first concerns the first rows only, give the bits of a pass each.</summary>
    private static void AssertTwoSets(long rows, int heads, int d, Random random)
    {
        long few = random.NextInt64(rows + 1);
        Matrix X = new Guarded(rows, heads * d, random).View, a = new Guarded(heads, d, random).View, otherA = new Guarded(heads, d, random).View;
        Guarded c = new(few, heads, random), otherC = new(rows, heads, random), da = new(heads, d, random), otherDa = new(heads, d, random);
        Matrix one = new Guarded(few, heads, random).View, other = new Guarded(rows, heads, random).View, vectors = new Guarded(heads, d, random).View;
        HeadDot.Multiply(X, a, c.View, otherA, otherC.View);
        HeadDot.Multiply(X.Top(few), a, one);
        HeadDot.Multiply(X, otherA, other);
        Assert.Equal(one.ToArray(), c.View.ToArray());
        Assert.Equal(other.ToArray(), otherC.View.ToArray());

        HeadDot.AdjointA(X, one, da.View, other, otherDa.View);
        HeadDot.AdjointA(X, other, vectors);
        Assert.Equal(vectors.ToArray(), otherDa.View.ToArray());
        for (int k = 0; k < heads; k++)
            for (int j = 0; j < d; j++)
            {
                var sum = new NaiveSum();
                for (long i = 0; i < few; i++) sum.Add((double)one[i, k] * X[i, k * d + j]);
                sum.AssertNear(da.View[k, j], $"da({k}, {j}), {few} of {rows} rows");
            }

        var dX = new Guarded(rows, heads * d, random);
        var twice = Guarded.Copy(dX.View);
        HeadDot.AddAdjointX(one, a, other, otherA, dX.View);
        HeadDot.AdjointX(one, a, twice.Top(few), accumulate: true);
        HeadDot.AdjointX(other, otherA, twice, accumulate: true);
        Assert.Equal(twice.ToArray(), dX.View.ToArray());
        foreach (var written in new[] { c, otherC, da, otherDa, dX }) written.AssertNothingOutsideWasWritten();
    }

    private static void AssertAll(long rows, int heads, int d, Random random)
    {
        AssertTwoSets(rows, heads, d, random);
        AssertMultiply(rows, heads, d, random);
        AssertAdjointA(rows, heads, d, random);
        AssertAdjointX(rows, heads, d, accumulate: random.Next(2) == 0, random);
    }

    [Fact]
    public void Heads_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        for (int d = 0; d <= 256; d++) AssertAll(4, 1, d, random);
        foreach (int heads in new[] { 1, 3, 8 })
            for (int d = 0; d <= 40; d++) AssertAll(7, heads, d, random);
    }

    [Fact]
    public void Any_number_of_rows_and_heads_agrees_with_naive_loops()
    {
        var random = new Random(2);
        foreach (long rows in new[] { 0L, 1, 255, 256, 257, 512, 513, 1100 })
            foreach (int heads in new[] { 0, 1, 3 }) AssertAll(rows, heads, 5, random);
    }

    [Fact]
    public void The_gradient_of_the_vector_is_the_dyadic_tree_of_sums_of_256_rows()
    {
        const int Heads = 3, D = 7;
        var random = new Random(3);
        foreach (int rows in new[] { 256, 257, 512, 700, 11 * 256 - 19 })
        {
            Matrix X = Guarded.Random(rows, Heads * D, random), dc = Guarded.Random(rows, Heads, random), da = Matrix.Allocate(Heads, D);
            HeadDot.AdjointA(X, dc, da);
            for (int k = 0; k < Heads; k++)
                for (int j = 0; j < D; j++)
                    Assert.Equal(DyadicTree.Sum(rows, RowVector.RowsPerLeaf, (first, last) =>
                    {
                        Real sum = 0;
                        for (long i = first; i < last; i++) sum = Real.FusedMultiplyAdd(dc[i, k], X[i, k * D + j], sum);
                        return sum;
                    }), da[k, j]);
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(4);
        Matrix X = Guarded.Random(3000, 24, random), a = Guarded.Random(3, 8, random), dc = Guarded.Random(3000, 3, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix c = Matrix.Allocate(3000, 3), da = Matrix.Allocate(3, 8), dX = Matrix.Allocate(3000, 24);
            HeadDot.Multiply(X, a, c);
            HeadDot.AdjointA(X, dc, da);
            HeadDot.AdjointX(dc, a, dX);
            return [.. c.ToArray(), .. da.ToArray(), .. dX.ToArray()];
        });
    }
}
