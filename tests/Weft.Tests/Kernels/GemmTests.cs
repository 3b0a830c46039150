using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class GemmTests
{
    private const double Precision = sizeof(Real) == 4 ? 6e-8 : 1.2e-16;

    private delegate void Product(Matrix left, Matrix right, Matrix result, bool accumulate);

    private enum Form
    {
        Plain,
        TransposedLeft,
        TransposedRight,
    }

    private static void Check(Form form, long n, long f, long g, Random random, bool accumulate)
    {
        // The result is [n, g]; the inner dimension is f.
        var left = form == Form.TransposedLeft ? new Guarded(f, n, random) : new Guarded(n, f, random);
        var right = form == Form.TransposedRight ? new Guarded(g, f, random) : new Guarded(f, g, random);
        var result = new Guarded(n, g, random);
        var before = result.View.ToArray();
        Product product = form switch
        {
            Form.Plain => Gemm.Multiply,
            Form.TransposedLeft => Gemm.MultiplyTransposedLeft,
            _ => Gemm.MultiplyTransposedRight,
        };
        product(left.View, right.View, result.View, accumulate);
        result.AssertNothingOutsideWasWritten();
        for (long i = 0; i < n; i++)
            for (long j = 0; j < g; j++)
            {
                double sum = accumulate ? before[i * g + j] : 0, size = Math.Abs(sum);
                for (long q = 0; q < f; q++)
                {
                    double a = form == Form.TransposedLeft ? left.View[q, i] : left.View[i, q];
                    double b = form == Form.TransposedRight ? right.View[j, q] : right.View[q, j];
                    sum += a * b;
                    size += Math.Abs(a * b);
                }
                double error = Math.Abs(result.View[i, j] - sum);
                if (!(error <= 2 * Precision * (f + 1) * (size + 1e-30))) Assert.Fail($"{form} {n}×{f}×{g}: entry ({i}, {j}) is {result.View[i, j]}, not {sum}");
            }
    }

    private static void CheckAll(long n, long f, long g, Random random)
    {
        foreach (var form in Enum.GetValues<Form>()) Check(form, n, f, g, random, accumulate: random.Next(2) == 1);
    }

    [Fact]
    public void A_result_that_no_cache_holds_has_the_bits_of_its_parts()
    {
        var random = new Random(9);
        const int n = 33_005, f = 5, g = 256;
        Matrix X = Guarded.Random(n, f, random), W = Guarded.Random(f, g, random), b = Guarded.Random(1, g, random), Wt = Guarded.Random(g, f, random);
        Matrix Y = Matrix.Allocate(n, g), H = Matrix.Allocate(n, g), Z = Matrix.Allocate(n, g);
        Gemm.Multiply(X, W, Y);
        Gemm.Multiply(X, W, b, Activation.Elu, H);
        Gemm.MultiplyTransposedRight(X, Wt, Z);
        Matrix part = Matrix.Allocate(1000, g);
        for (long top = 0; top < n; top += part.Rows)
        {
            long rows = Math.Min(part.Rows, n - top);
            var some = part.Top(rows);
            Gemm.Multiply(X.RowRange(top, rows), W, some);
            AssertSame(some, Y.RowRange(top, rows));
            Gemm.Multiply(X.RowRange(top, rows), W, b, Activation.Elu, some);
            AssertSame(some, H.RowRange(top, rows));
            Gemm.MultiplyTransposedRight(X.RowRange(top, rows), Wt, some);
            AssertSame(some, Z.RowRange(top, rows));
        }

        static void AssertSame(Matrix expected, Matrix actual)
        {
            for (long i = 0; i < expected.Rows; i++) Assert.True(expected.Row(i).SequenceEqual(actual.Row(i)), $"row {i}");
        }
    }

    [Fact]
    public void Every_length_up_to_256_of_each_dimension_agrees_with_naive_loops()
    {
        var random = new Random(1);
        for (int length = 0; length <= 256; length++)
        {
            CheckAll(length, random.Next(1, 20), random.Next(1, 40), random);
            CheckAll(random.Next(1, 20), length, random.Next(1, 40), random);
            CheckAll(random.Next(1, 20), random.Next(1, 20), length, random);
        }
    }

    [Fact]
    public void Sizes_around_the_edges_of_tiles_and_vectors_agree_with_naive_loops()
    {
        var random = new Random(2);
        foreach (int n in new[] { 0, 1, 5, 6, 7, 13 })
            foreach (int f in new[] { 0, 1, 3, 17 })
                foreach (int g in new[] { 0, 1, 2, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 49, 64, 65 })
                    CheckAll(n, f, g, random);
    }

    [Theory]
    [InlineData(34, 34, 16)]
    [InlineData(300, 1433, 64)]
    [InlineData(259, 511, 7)]
    [InlineData(64, 2708, 7)]
    [InlineData(19, 16 * 1024 * 5 + 77, 9)]
    [InlineData(5, 256 * 131, 35)]
    public void Larger_shapes_agree_with_naive_loops(long n, long f, long g)
    {
        CheckAll(n, f, g, new Random(3));
    }

    [Theory]
    [InlineData(1000, 70, 40)]
    [InlineData(33000, 19, 33)]
    [InlineData(200, 600, 100)]
    public void The_bits_do_not_depend_on_the_number_of_threads(long n, long f, long g)
    {
        var random = new Random(4);
        Matrix X = Guarded.Random(n, f, random), W = Guarded.Random(f, g, random), Y = Guarded.Random(n, g, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix XW = Matrix.Allocate(n, g), XtY = Matrix.Allocate(f, g), YWt = Matrix.Allocate(n, f);
            Gemm.Multiply(X, W, XW);
            Gemm.MultiplyTransposedLeft(X, Y, XtY);
            Gemm.MultiplyTransposedRight(Y, W, YWt);
            return [.. XW.ToArray(), .. XtY.ToArray(), .. YWt.ToArray()];
        });
    }

    [Fact]
    public void A_row_has_the_same_bits_wherever_it_lies()
    {
        var random = new Random(5);
        Matrix X = Guarded.Random(50, 300, random), W = Guarded.Random(300, 21, random);
        Matrix whole = Matrix.Allocate(50, 21), part = Matrix.Allocate(9, 21);
        Gemm.Multiply(X, W, whole);
        Gemm.Multiply(X.RowRange(17, 9), W, part);
        Assert.Equal(whole.RowRange(17, 9).ToArray(), part.ToArray());
    }

    [Fact]
    public void The_sum_over_rows_is_the_dyadic_tree_of_sums_of_256_rows()
    {
        const int Leaves = 11;
        var random = new Random(6);
        Matrix X = Guarded.Random(Leaves * 256 - 19, 7, random), Y = Guarded.Random(X.Rows, 18, random), W = Matrix.Allocate(7, 18);
        Gemm.MultiplyTransposedLeft(X, Y, W);
        var partial = new Matrix[Leaves];
        for (int leaf = 0; leaf < Leaves; leaf++)
        {
            partial[leaf] = Matrix.Allocate(7, 18);
            long rows = Math.Min(256, X.Rows - 256 * leaf);
            Gemm.MultiplyTransposedLeft(X.RowRange(256 * leaf, rows), Y.RowRange(256 * leaf, rows), partial[leaf]);
        }
        for (int step = 1; step < Leaves; step *= 2)
            for (int t = 0; t + step < Leaves; t += 2 * step)
                for (int i = 0; i < 7; i++)
                    for (int j = 0; j < 18; j++) partial[t][i, j] += partial[t + step][i, j];
        Assert.Equal(partial[0].ToArray(), W.ToArray());
    }

    [Fact]
    public void Warm_products_allocate_nothing()
    {
        var random = new Random(7);
        Matrix X = Guarded.Random(700, 60, random), W = Guarded.Random(60, 30, random), Y = Guarded.Random(700, 30, random);
        int before = RowParallel.Threads;
        RowParallel.Threads = 1;
        try
        {
            long allocated = 0;
            for (int round = 0; round < 3; round++)
            {
                allocated = GC.GetAllocatedBytesForCurrentThread();
                Gemm.Multiply(X, W, Y);
                Gemm.MultiplyTransposedLeft(X, Y, W);
                Gemm.MultiplyTransposedRight(Y, W, X);
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            }
            Assert.Equal(0, allocated);
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }
}
