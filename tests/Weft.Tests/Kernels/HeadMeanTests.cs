using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class HeadMeanTests
{
    private static void AssertMeans(long rows, int heads, int d, Random random)
    {
        Matrix Zk = new Guarded(rows, heads * d, random).View, dZbar = new Guarded(rows, d, random).View;
        Guarded Zbar = new(rows, d, random), dZk = new(rows, heads * d, random);
        HeadMean.Multiply(Zk, heads, Zbar.View);
        HeadMean.Adjoint(dZbar, heads, dZk.View);
        Zbar.AssertNothingOutsideWasWritten();
        dZk.AssertNothingOutsideWasWritten();
        for (long i = 0; i < rows; i++)
        {
            for (int j = 0; j < d; j++)
            {
                var mean = new NaiveSum();
                for (int k = 0; k < heads; k++) mean.Add((double)Zk[i, k * d + j] / heads);
                mean.AssertNear(Zbar.View[i, j], $"({i}, {j}) of the mean of {heads} heads of {d}");
            }
            for (int j = 0; j < heads * d; j++) Assert.Equal((double)(dZbar[i, j % d] / heads), dZk.View[i, j]);
        }
    }

    [Fact]
    public void Heads_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        for (int d = 0; d <= 256; d++) AssertMeans(3, 2, d, random);
        foreach (int heads in new[] { 1, 3, 8 })
            for (int d = 0; d <= 40; d++) AssertMeans(d % 6, heads, d, random);
    }

    [Fact]
    public void The_mean_of_no_heads_is_zero()
    {
        AssertMeans(5, 0, 4, new Random(2));
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var Zk = Guarded.Random(3000, 24, new Random(3));
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix Zbar = Matrix.Allocate(3000, 8), dZk = Matrix.Allocate(3000, 24);
            HeadMean.Multiply(Zk, 3, Zbar);
            HeadMean.Adjoint(Zbar, 3, dZk);
            return [.. Zbar.ToArray(), .. dZk.ToArray()];
        });
    }
}
