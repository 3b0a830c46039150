using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

/// <summary>What measures a limit does what it says: a loop that skipped work would be a limit that no kernel could reach.</summary>
[AlsoWithNarrowVectors]
public class MachineLimitsTests
{
    public static TheoryData<int> Lengths => [0, 1, 15, 16, 17, 63, 64, 65, 4095, 4096, 4097, 20_001];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_triad_is_written_in_both_forms(int length)
    {
        var random = new Random(1);
        Matrix b = Guarded.Random(1, length, random), c = Guarded.Random(1, length, random);
        foreach (bool pastCaches in new[] { false, true })
        {
            var a = Matrix.Allocate(1, length + 16);
            a.Fill(7);
            MachineLimits.Triad(a.ColumnRange(0, length), b, c, pastCaches);
            for (int p = 0; p < a.Columns; p++) Assert.Equal(p < length ? b[0, p] + 3.0 * c[0, p] : 7, a[0, p], 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Reading_sees_every_entry(int length)
    {
        var a = Guarded.Random(1, length, new Random(2));
        Assert.Equal(a.ToArray().Sum(), MachineLimits.Read(a), 1e-2);
    }

    [Fact]
    public void The_gather_reads_the_whole_row_of_every_edge()
    {
        var random = new Random(3);
        foreach (int edges in new[] { 1, 5, 40, 1500 })
            for (int width = 1; width <= 70; width += width < 20 ? 1 : 7)
            {
                var A = TestEdges.Random(30, 50, edges, random);
                var X = new Guarded(50, width, random).View;
                double sum = Enumerable.Range(0, (int)A.Count).Sum(q => Enumerable.Range(0, width).Sum(j => (double)X[A.Index[q], j]));
                foreach (int ahead in new[] { 0, 4, 16 }) Assert.Equal(sum, MachineLimits.Gather(A, X, ahead), 1e-2);
            }
    }

    [Fact]
    public void Multiply_adds_give_their_fixed_point()
    {
        // Every sum a ← 0.999·a + 0.001 starts near 1 and tends to it.
        Assert.Equal(1, MachineLimits.MultiplyAdd() / (MachineLimits.ProductsOfMultiplyAdd / MachineLimits.StepsPerUnit), 1e-2);
    }
}
