using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class SegmentReduceTests
{
    private static void AssertOuterSum(EdgeView A, int width, Random random)
    {
        Matrix c = new Guarded(A.Rows, width, random).View, b = new Guarded(A.Columns, width, random).View;
        var P = new Guarded(A.Count, width, random);
        SegmentReduce.OuterSum(A, c, b, P.View);
        P.AssertNothingOutsideWasWritten();
        for (long i = 0; i < A.Rows; i++)
            foreach (var (column, value) in TestEdges.Row(A, i))
                for (int j = 0; j < width; j++) Assert.Equal((double)(c[i, j] + b[column, j]), P.View[value, j]);
    }

    private static void AssertRowSums(EdgeView A, int width, Random random)
    {
        var V = new Guarded(A.Count, width, random).View;
        var y = new Guarded(A.Rows, width, random);
        SegmentReduce.RowSums(A, V, y.View);
        y.AssertNothingOutsideWasWritten();
        for (long i = 0; i < A.Rows; i++)
            for (int j = 0; j < width; j++)
            {
                var sum = new NaiveSum();
                foreach (var (_, value) in TestEdges.Row(A, i)) sum.Add(V[value, j]);
                sum.AssertNear(y.View[i, j], $"({i}, {j}) of {y.View}");
            }
    }

    [Fact]
    public void Sums_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(11, 14, 45, random)))
            for (int width = 0; width <= 256; width++)
            {
                AssertOuterSum(A, width, random);
                AssertRowSums(A, width, random);
            }
    }

    [Fact]
    public void Graphs_without_edges_or_nodes_are_graphs_too()
    {
        var random = new Random(2);
        foreach (var (rows, columns) in new[] { (6, 4), (0, 4), (5, 0), (0, 0) })
            foreach (var A in TestEdges.BothViews(TestEdges.Random(rows, columns, 0, random)))
            {
                AssertOuterSum(A, 3, random);
                AssertRowSums(A, 3, random);
            }
    }

    [Fact]
    public void Long_rows_agree_with_naive_loops_and_have_the_bits_of_a_tree_built_by_hand()
    {
        var random = new Random(3);
        foreach (int size in TestEdges.HubSizes)
        {
            var A = TestEdges.Hub(size, random);
            AssertOuterSum(A, 2, random);
            AssertRowSums(A, 3, random);
            Matrix V = Guarded.Random(A.Count, 9, random), y = Matrix.Allocate(5, 9);
            SegmentReduce.RowSums(A, V, y);
            long start = A.Pointers[2];
            for (int j = 0; j < 9; j++)
                Assert.Equal(DyadicTree.Sum(size, RowVector.LongestRun, (first, last) =>
                {
                    Real sum = 0;
                    for (long q = start + first; q < start + last; q++) sum += V[q, j];
                    return sum;
                }), y[2, j]);
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(4);
        var edges = TestEdges.Random(900, 700, 20_000, random);
        Matrix V = Guarded.Random(20_000, 5, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            var all = new List<double>();
            foreach (var A in TestEdges.BothViews(edges))
            {
                Matrix y = Matrix.Allocate(A.Rows, 5), P = Matrix.Allocate(A.Count, 5);
                SegmentReduce.RowSums(A, V, y);
                SegmentReduce.OuterSum(A, y, V.Top(A.Columns), P);
                all.AddRange([.. y.ToArray(), .. P.ToArray()]);
            }
            return [.. all];
        });
    }
}
