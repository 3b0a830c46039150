using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

/// <summary>
/// A random matrix that is a view into a larger one: three rows above, two below, and some columns on both sides hold a
/// mark that no kernel may change.
/// </summary>
internal sealed class Guarded
{
    private const int Above = 3, Below = 2;
    private const double Mark = 12345;
    private readonly Matrix whole;
    private readonly int left;
    public readonly Matrix View;

    public Guarded(long rows, long columns, Random? random = null, int left = 5, int right = 3)
    {
        this.left = left;
        whole = Matrix.Allocate(rows + Above + Below, columns + left + right);
        whole.Fill((Real)Mark);
        View = whole.RowRange(Above, rows).ColumnRange(left, columns);
        if (random is null) return;
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++) View[i, j] = (Real)(2 * random.NextDouble() - 1);
    }

    public void AssertNothingOutsideWasWritten()
    {
        for (long i = 0; i < whole.Rows; i++)
            for (long j = 0; j < whole.Columns; j++)
            {
                bool inside = i >= Above && i < Above + View.Rows && j >= left && j < left + View.Columns;
                if (!inside && whole[i, j] != (Real)Mark) Assert.Fail($"a kernel wrote {whole[i, j]} at ({i - Above}, {j - left}), outside a {View} view");
            }
    }

    /// <summary>Contiguous copy.</summary>
    public static Matrix Copy(Matrix source)
    {
        var copy = Matrix.Allocate(source.Rows, source.Columns);
        source.CopyTo(copy);
        return copy;
    }

    public static Matrix Random(long rows, long columns, Random random)
    {
        var matrix = Matrix.Allocate(rows, columns);
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++) matrix[i, j] = (Real)(2 * random.NextDouble() - 1);
        return matrix;
    }

    /// <summary>The results of a computation with 1, 2 and 3 threads have the same bits.</summary>
    public static void AssertSameBitsForAnyThreads(Func<double[]> compute)
    {
        int before = RowParallel.Threads;
        try
        {
            RowParallel.Threads = 1;
            double[] alone = compute();
            foreach (int threads in new[] { 2, 3 })
            {
                RowParallel.Threads = threads;
                double[] shared = compute();
                for (int p = 0; p < alone.Length; p++)
                    if (BitConverter.DoubleToInt64Bits(alone[p]) != BitConverter.DoubleToInt64Bits(shared[p]))
                        Assert.Fail($"entry {p} is {alone[p]:R} with one thread and {shared[p]:R} with {threads}");
            }
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }
}
