using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public unsafe class RowVectorTests
{
    private delegate void Operation(Real* x, Real* y, Real* z, long count);

    private const Real A = (Real)0.7;

    /// <summary>Every width, at every place relative to the alignment, into a third row and onto either operand.</summary>
    private static void AssertEveryWidth(Operation operation, Func<Real, Real, Real> expected)
    {
        var random = new Random(1);
        for (int width = 0; width <= 256; width++)
        {
            Guarded X = Row(width, random), Y = Row(width, random), Z = Row(width, random);
            Matrix x = Guarded.Copy(X.View), y = Guarded.Copy(Y.View);
            operation(X.View.Data, Y.View.Data, Z.View.Data, width);
            AssertRow(Z, (j) => expected(x[0, j], y[0, j]));
            operation(X.View.Data, Y.View.Data, Y.View.Data, width);
            AssertRow(Y, (j) => expected(x[0, j], y[0, j]));
            y.CopyTo(Y.View);
            operation(X.View.Data, Y.View.Data, X.View.Data, width);
            AssertRow(X, (j) => expected(x[0, j], y[0, j]));
        }
    }

    private static Guarded Row(int width, Random random) => new(1, width, random, left: random.Next(20));

    private static void AssertRow(Guarded row, Func<long, double> expected)
    {
        row.AssertNothingOutsideWasWritten();
        for (long j = 0; j < row.View.Columns; j++)
            if (row.View[0, j] != expected(j)) Assert.Fail($"entry {j} of {row.View.Columns} is {row.View[0, j]:R}, not {expected(j):R}");
    }

    [Fact]
    public void Operations_on_rows_of_every_width_are_exact_entry_by_entry()
    {
        AssertEveryWidth(RowVector.Sum, (x, y) => x + y);
        AssertEveryWidth(RowVector.Subtract, (x, y) => x - y);
        AssertEveryWidth(RowVector.Multiply, (x, y) => x * y);
        AssertEveryWidth(RowVector.Divide, (x, y) => x / y);
        AssertEveryWidth(RowVector.Max, Real.Max);
    }

    [Fact]
    public void Sums_onto_rows_of_every_width_are_exact_entry_by_entry()
    {
        var random = new Random(2);
        for (int width = 0; width <= 256; width++)
        {
            Guarded X = Row(width, random), Y = Row(width, random), Z = Row(width, random);
            Matrix y = Guarded.Copy(Y.View), z = Guarded.Copy(Z.View);
            RowVector.Add(X.View.Data, Y.View.Data, width);
            AssertRow(Y, j => X.View[0, j] + y[0, j]);
            RowVector.AddScaled(A, X.View.Data, Z.View.Data, width);
            AssertRow(Z, j => Real.FusedMultiplyAdd(A, X.View[0, j], z[0, j]));
            RowVector.Clear(Z.View.Data, width);
            AssertRow(Z, _ => 0);
        }
    }

    [Fact]
    public void A_largest_entry_that_is_not_a_number_is_not_hidden()
    {
        for (int width = 1; width <= 40; width++)
            for (int side = 0; side < 2; side++)
            {
                Matrix x = Matrix.Allocate(1, width), y = Matrix.Allocate(1, width), z = Matrix.Allocate(1, width);
                y.Fill(1);
                (side == 0 ? x : y)[0, width - 1] = Real.NaN;
                RowVector.Max(x.Data, y.Data, z.Data, width);
                for (int j = 0; j < width; j++) Assert.Equal(j == width - 1 ? double.NaN : 1, z[0, j]);
            }
    }

    [Fact]
    public void Inner_products_of_every_width_agree_with_a_loop()
    {
        var random = new Random(3);
        for (int width = 0; width <= 256; width++)
        {
            Guarded X = Row(width, random), Y = Row(width, random);
            var sum = new NaiveSum();
            for (int j = 0; j < width; j++) sum.Add((double)X.View[0, j] * Y.View[0, j]);
            sum.AssertNear(RowVector.Dot(X.View.Data, Y.View.Data, width), $"a product of {width} entries");
        }
    }

    private static Real Exponential(Real x)
    {
        Real value = x;
        RowVector.Exp(&value, 1);
        return value;
    }

    [Fact]
    public void An_exponential_has_the_same_bits_wherever_its_entry_lies()
    {
        var random = new Random(4);
        Real[] special = [0, (Real)(-0.0), -1, -87, -88, -104, -708, -709, -746, -10_000, Real.NaN, Real.NegativeInfinity, -Real.Epsilon, Real.MinValue];
        for (int width = 0; width <= 256; width++)
        {
            var X = Row(width, random);
            // Plain neighbours for the special entries and special neighbours for the plain ones.
            for (int j = 0; j < width; j++)
                X.View[0, j] = random.Next(2) == 0 ? special[random.Next(special.Length)] : (Real)(-40 * random.NextDouble());
            var x = Guarded.Copy(X.View);
            RowVector.Exp(X.View.Data, width);
            X.AssertNothingOutsideWasWritten();
            for (int j = 0; j < width; j++)
                if (!X.View[0, j].Equals(Exponential(x[0, j]))) Assert.Fail($"exp({x[0, j]:R}) is {X.View[0, j]:R} as entry {j} of {width} and {Exponential(x[0, j]):R} alone");
        }
    }

    [Fact]
    public void Exponentials_of_what_is_not_positive_agree_with_the_library()
    {
        double lowest = sizeof(Real) == 4 ? -87.3 : -708.3;
        for (double t = 0; t >= lowest; t -= 0.0173)
        {
            Real x = (Real)t;
            double expected = Math.Exp(x), error = Math.Abs(Exponential(x) - expected);
            if (!(error <= 4 * NaiveSum.Precision * expected)) Assert.Fail($"exp({x:R}) is {Exponential(x):R}, not {expected:R}");
        }
        Assert.Equal(1, Exponential(0));
        foreach (Real x in (Real[])[-750, -10_000, Real.MinValue, Real.NegativeInfinity]) Assert.Equal(0, Exponential(x));
        Assert.True(Real.IsNaN(Exponential(Real.NaN)));
    }

    private struct RowsOf(Matrix X) : ILeafSum
    {
        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long q = first; q < last; q++) RowVector.Add(X.Data + q * X.Stride, sum, X.Columns);
        }
    }

    private static void AssertTree(Matrix X, long first, long last, long run, Random random)
    {
        var Y = new Guarded(1, X.Columns, random);
        var before = Guarded.Copy(Y.View);
        var leaf = new RowsOf(X);
        RowVector.AddInTree(ref leaf, first, last, Y.View.Data, X.Columns, run);
        // Where there is one run it is added to what was there term by term; otherwise the tree's sum is added at the end.
        AssertRow(Y, j =>
        {
            Real Chain(Real sum, long from, long to)
            {
                for (long q = from; q < to; q++) sum += X[first + q, j];
                return sum;
            }
            return last - first <= run ? Chain(before[0, j], 0, last - first) : before[0, j] + DyadicTree.Sum(last - first, run, (from, to) => Chain(0, from, to));
        });
    }

    [Fact]
    public void Long_sums_are_cut_into_runs_that_meet_in_a_dyadic_tree()
    {
        var random = new Random(5);
        var X = Guarded.Random(70, 5, random);
        for (int count = 0; count <= 64; count++)
            for (int width = 0; width <= 5; width++)
                foreach (int run in new[] { 1, 2, 3, 7, 64 }) AssertTree(X.ColumnRange(0, width), 3, 3 + count, run, random);
        var longer = Guarded.Random(TestEdges.HubSizes.Max() + 11, 3, random);
        foreach (int size in (int[])[4095, 8192, .. TestEdges.HubSizes]) AssertTree(longer, 11, 11 + size, RowVector.LongestRun, random);
    }

    [Fact]
    public void Warm_tree_sums_allocate_nothing()
    {
        var X = Guarded.Random(9000, 3, new Random(6));
        Real* sum = stackalloc Real[3];
        long allocated = 0;
        for (int round = 0; round < 3; round++)
        {
            var leaf = new RowsOf(X);
            allocated = GC.GetAllocatedBytesForCurrentThread();
            RowVector.AddInTree(ref leaf, 0, 9000, sum, 3);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        }
        Assert.Equal(0, allocated);
    }
}
