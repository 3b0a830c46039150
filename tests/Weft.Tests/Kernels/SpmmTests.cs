using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class SpmmTests
{
    private static void AssertWeighted(EdgeView A, int width, bool weighted, bool accumulate, Random random)
    {
        Matrix w = weighted ? new Guarded(A.Count, 1, random).View : default, X = new Guarded(A.Columns, width, random).View;
        var Z = new Guarded(A.Rows, width, random);
        var before = Guarded.Copy(Z.View);
        Spmm.Multiply(A, w, X, Z.View, accumulate);
        Z.AssertNothingOutsideWasWritten();
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < width; j++)
            {
                var sum = new NaiveSum();
                if (accumulate) sum.Add(before[i, j]);
                foreach (var (column, value) in TestEdges.Row(A, i)) sum.Add((weighted ? (double)w[value, 0] : 1) * X[column, j]);
                sum.AssertNear(Z.View[i, j], $"({i}, {j}) of {Z.View}");
            }
    }

    private static void AssertHeads(EdgeView A, int heads, int d, Random random)
    {
        Matrix S = new Guarded(A.Count, heads, random).View, X = new Guarded(A.Columns, heads * d, random).View;
        var Z = new Guarded(A.Rows, heads * d, random);
        Spmm.MultiplyHeads(A, S, X, Z.View);
        Z.AssertNothingOutsideWasWritten();
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < Z.View.Columns; j++)
            {
                var sum = new NaiveSum();
                foreach (var (column, value) in TestEdges.Row(A, i)) sum.Add((double)S[value, j / d] * X[column, j]);
                sum.AssertNear(Z.View[i, j], $"({i}, {j}) of {Z.View} with {heads} heads");
            }
    }

    [Fact]
    public void Products_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(11, 14, 45, random)))
            for (int width = 0; width <= 256; width++)
                AssertWeighted(A, width, weighted: width % 3 != 0, accumulate: random.Next(2) == 0, random);
    }

    [Fact]
    public void Every_combination_of_weights_and_of_adding_or_overwriting_agrees_with_naive_loops()
    {
        var random = new Random(8);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(11, 14, 45, random)))
            foreach (int width in new[] { 1, 2, 3, 5, 7, 8, 16, 40, 65, 96, 129, 256, 300, 1023 })
                foreach (bool weighted in new[] { false, true })
                    foreach (bool accumulate in new[] { false, true })
                    {
                        AssertWeighted(A, width, weighted, accumulate, random);
                        AssertInOrder(A, width, accumulate, random);
                    }
    }

    // Weights side by side, which have loops of their own.
    private static void AssertInOrder(EdgeView A, int width, bool accumulate, Random random)
    {
        Matrix strided = new Guarded(A.Count, 1, random).View, X = Guarded.Random(A.Columns, width, random);
        Matrix Z = Guarded.Random(A.Rows, width, random), expected = Guarded.Copy(Z);
        Spmm.Multiply(A, strided, X, expected, accumulate);
        Spmm.Multiply(A, Guarded.Copy(strided), X, Z, accumulate);
        Assert.Equal(expected.ToArray(), Z.ToArray());
    }

    [Fact]
    public void Products_with_heads_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(2);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(8, 10, 30, random)))
            foreach (int heads in new[] { 1, 3, 8 })
                for (int d = 0; d <= 40; d++) AssertHeads(A, heads, d, random);
    }

    [Fact]
    public void Graphs_without_edges_or_nodes_and_layers_without_heads_give_zeros()
    {
        var random = new Random(3);
        foreach (var (rows, columns, edges) in new[] { (6, 4, 0), (0, 4, 0), (5, 0, 0), (0, 0, 0), (5, 7, 20) })
            foreach (var A in TestEdges.BothViews(TestEdges.Random(rows, columns, edges, random)))
            {
                AssertWeighted(A, 19, weighted: true, accumulate: false, random);
                AssertWeighted(A, 19, weighted: false, accumulate: true, random);
                AssertHeads(A, 3, 5, random);
                AssertHeads(A, 0, 5, random);
            }
    }

    [Fact]
    public void Long_rows_agree_with_naive_loops_and_have_the_bits_of_a_tree_built_by_hand()
    {
        var random = new Random(4);
        foreach (int size in TestEdges.HubSizes)
        {
            var A = TestEdges.Hub(size, random);
            AssertWeighted(A, 5, weighted: true, accumulate: true, random);
            AssertHeads(A, 3, 2, random);
            foreach (int heads in new[] { 1, 2 })
            {
                int width = heads == 1 ? 70 : 6;
                Matrix S = Guarded.Random(A.Count, heads, random), X = Guarded.Random(60, width, random), Z = Matrix.Allocate(5, width);
                Spmm.MultiplyHeads(A, S, X, Z);
                long start = A.Pointers[2];
                for (int j = 0; j < width; j += heads == 1 ? 23 : 1)
                    Assert.Equal(DyadicTree.Sum(size, RowVector.LongestRun, (first, last) =>
                    {
                        Real sum = 0;
                        for (long q = start + first; q < start + last; q++) sum = heads == 1 ? Real.MultiplyAddEstimate(S[q, 0], X[A.Index[q], j], sum) : Real.FusedMultiplyAdd(S[q, j * heads / width], X[A.Index[q], j], sum);
                        return sum;
                    }), Z[2, j]);
            }
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(5);
        var edges = TestEdges.Random(900, 700, 20_000, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            var all = new List<double>();
            foreach (var A in TestEdges.BothViews(edges))
            {
                Matrix S = Guarded.Random(A.Count, 3, new Random(6)), X = Guarded.Random(A.Columns, 33, new Random(7)), Z = Matrix.Allocate(A.Rows, 33);
                Spmm.MultiplyHeads(A, S, X, Z);
                all.AddRange(Z.ToArray());
                Spmm.Multiply(A, S.ColumnRange(1, 1), X, Z);
                all.AddRange(Z.ToArray());
            }
            return [.. all];
        });
    }
}
