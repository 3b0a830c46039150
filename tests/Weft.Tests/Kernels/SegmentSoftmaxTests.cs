using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class SegmentSoftmaxTests
{
    /// <summary>A contiguous matrix, as these kernels ask for, with marked rows above and below it.</summary>
    private static Guarded Contiguous(long rows, long columns, Random random) => new(rows, columns, random, left: 0, right: 0);

    private sealed record Result(Guarded M, Guarded S, Guarded Sum)
    {
        public static Result Of(EdgeView A, Matrix L, Random random, bool inPlace = false)
        {
            var S = Contiguous(L.Rows, L.Columns, random);
            var result = new Result(Contiguous(A.Rows, L.Columns, random), S, Contiguous(A.Rows, L.Columns, random));
            if (inPlace) L.CopyTo(S.View);
            SegmentSoftmax.Max(A, L, result.M.View);
            SegmentSoftmax.Exponentials(A, inPlace ? S.View : L, result.M.View, S.View, result.Sum.View);
            SegmentSoftmax.Divide(A, S.View, result.Sum.View);
            foreach (var matrix in new[] { result.M, S, result.Sum }) matrix.AssertNothingOutsideWasWritten();
            return result;
        }
    }

    private static void AssertSoftmax(EdgeView A, Matrix L, Random random)
    {
        var result = Result.Of(A, L, random);
        Assert.Equal(result.S.View.ToArray(), Result.Of(A, L, random, inPlace: true).S.View.ToArray());
        for (long i = 0; i < A.Rows; i++)
            for (int k = 0; k < L.Columns; k++)
            {
                var row = TestEdges.Row(A, i).Select(edge => (double)L[edge.Value, k]).ToArray();
                double largest = row.DefaultIfEmpty(double.NegativeInfinity).Max(), total = row.Sum(l => Math.Exp(l - largest));
                Assert.Equal(largest, result.M.View[i, k]);
                // Rounding L − m moves the exponential by up to |L − m| units; those that are far from m are small.
                double units = NaiveSum.Precision * (2 * row.Length + 100);
                Assert.True(Math.Abs(result.Sum.View[i, k] - total) <= units * total, $"row {i}: the exponentials sum up to {result.Sum.View[i, k]:R}, not {total:R}");
                for (int e = 0; e < row.Length; e++)
                {
                    double expected = Math.Exp(row[e] - largest) / total, actual = result.S.View[A.Pointers[i] + e, k];
                    if (!(Math.Abs(actual - expected) <= units * expected + 1e-37)) Assert.Fail($"coefficient {e} of row {i} is {actual:R}, not {expected:R}");
                }
            }
        AssertAdjoint(A, result.S.View, random);
    }

    private static void AssertAdjoint(EdgeView A, Matrix S, Random random)
    {
        Guarded dS = Contiguous(S.Rows, S.Columns, random), dL = Contiguous(S.Rows, S.Columns, random), r = Contiguous(A.Rows, S.Columns, random);
        SegmentSoftmax.Dots(A, S, dS.View, r.View);
        SegmentSoftmax.Adjoint(A, S, dS.View, r.View, dL.View);
        for (long i = 0; i < A.Rows; i++)
            for (int k = 0; k < S.Columns; k++)
            {
                var dot = new NaiveSum();
                foreach (var (_, e) in TestEdges.Row(A, i)) dot.Add((double)S[e, k] * dS.View[e, k]);
                dot.AssertNear(r.View[i, k], $"r({i}, {k})");
                foreach (var (_, e) in TestEdges.Row(A, i)) Assert.Equal((double)(S[e, k] * (dS.View[e, k] - r.View[i, k])), dL.View[e, k]);
            }
        SegmentSoftmax.Adjoint(A, S, dS.View, r.View, dS.View);
        Assert.Equal(dL.View.ToArray(), dS.View.ToArray());
        foreach (var matrix in new[] { dS, dL, r }) matrix.AssertNothingOutsideWasWritten();
    }

    private static Matrix Logits(EdgeView A, int heads, double size, Random random)
    {
        var L = Contiguous(A.Count, heads, random).View;
        for (long e = 0; e < L.Rows; e++)
            for (int k = 0; k < heads; k++) L[e, k] *= (Real)size;
        return L;
    }

    [Fact]
    public void Softmax_and_its_adjoint_agree_with_naive_loops_for_any_number_of_heads()
    {
        var random = new Random(1);
        var A = TestEdges.Random(12, 9, 50, random);
        for (int heads = 0; heads <= 40; heads++) AssertSoftmax(A, Logits(A, heads, 4, random), random);
        foreach (int heads in new[] { 63, 64, 65, 128, 255, 256 }) AssertSoftmax(A, Logits(A, heads, 4, random), random);
    }

    [Fact]
    public void Rows_of_every_length_agree_with_naive_loops()
    {
        var random = new Random(2);
        // Row i has i edges, so the block of exponentials is cut at every place.
        int[] destination = [.. Enumerable.Range(0, 257).SelectMany(i => Enumerable.Repeat(i, i))];
        var A = EdgeView.Group(destination, new int[destination.Length], 257, 1, out _);
        foreach (int heads in new[] { 1, 3, 8 }) AssertSoftmax(A, Logits(A, heads, 4, random), random);
    }

    [Fact]
    public void Graphs_without_edges_or_nodes_have_no_coefficients()
    {
        var random = new Random(3);
        foreach (int rows in new[] { 0, 1, 6 })
            foreach (int heads in new[] { 0, 1, 3 })
            {
                var A = TestEdges.Random(rows, 4, 0, random);
                AssertSoftmax(A, Logits(A, heads, 1, random), random);
            }
    }

    [Fact]
    public void Logits_of_any_finite_size_give_coefficients_that_sum_to_one()
    {
        var random = new Random(4);
        var A = TestEdges.Random(40, 40, 300, random);
        foreach (double size in new[] { 1e4, 1e30 })
            for (int heads = 1; heads <= 9; heads++)
            {
                var L = Logits(A, heads, size, random);
                for (long e = 0; e < L.Rows; e += 3) L[e, 0] = (Real)(random.Next(2) == 0 ? size : -size);
                var S = Result.Of(A, L, random).S.View;
                for (long i = 0; i < A.Rows; i++)
                    for (int k = 0; k < heads; k++)
                    {
                        var row = TestEdges.Row(A, i).Select(edge => (double)S[edge.Value, k]).ToArray();
                        if (row.Length > 0) Assert.Equal(1, row.Sum(), NaiveSum.Precision * (row.Length + 10));
                        Assert.All(row, s => Assert.InRange(s, 0, 1));
                    }
            }
        var alike = TestEdges.Hub(100, random);
        foreach (double size in new[] { 1e4, -1e4 })
        {
            var L = Matrix.Allocate(alike.Count, 1);
            L.Fill((Real)size);
            AssertSoftmax(alike, L, random);
        }
    }

    [Fact]
    public void A_logit_that_is_not_a_number_spoils_its_own_row_and_head_only()
    {
        var random = new Random(5);
        var A = TestEdges.Random(12, 12, 60, random);
        for (int heads = 1; heads <= 20; heads++)
        {
            var L = Logits(A, heads, 2, random);
            long bad = A.Pointers[0] + 1;
            L[bad, heads - 1] = Real.NaN;
            var S = Result.Of(A, L, random).S.View;
            for (long e = 0; e < A.Count; e++)
                for (int k = 0; k < heads; k++) Assert.Equal(e < A.Pointers[1] && k == heads - 1, Real.IsNaN(S[e, k]));
        }
    }

    [Fact]
    public void Long_rows_agree_with_naive_loops_and_have_the_bits_of_a_tree_built_by_hand()
    {
        var random = new Random(6);
        foreach (int size in TestEdges.HubSizes)
        {
            var A = TestEdges.Hub(size, random);
            var L = Logits(A, 3, 4, random);
            AssertSoftmax(A, L, random);

            Matrix m = Matrix.Allocate(5, 3), S = Matrix.Allocate(A.Count, 3), s = Matrix.Allocate(5, 3), r = Matrix.Allocate(5, 3);
            var dS = Logits(A, 3, 1, random);
            SegmentSoftmax.Max(A, L, m);
            SegmentSoftmax.Exponentials(A, L, m, S, s);
            SegmentSoftmax.Dots(A, S, dS, r);
            for (int k = 0; k < 3; k++)
            {
                Real Tree(Func<long, Real> term) => DyadicTree.Sum(size, RowVector.LongestRun, (first, last) =>
                {
                    Real sum = 0;
                    for (long q = first; q < last; q++) sum += term(A.Pointers[2] + q);
                    return sum;
                });
                Assert.Equal(Tree(e => S[e, k]), s[2, k]);
                Assert.Equal(Tree(e => S[e, k] * dS[e, k]), r[2, k]);
            }
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(7);
        var A = TestEdges.Random(900, 700, 20_000, random);
        Matrix L = Logits(A, 3, 4, random), dS = Logits(A, 3, 1, random);
        // Here and there an exponential that is zero, which must not change how its neighbours are computed.
        for (long e = 0; e < A.Count; e += 1 + random.Next(40)) L[e, random.Next(3)] = -10_000;
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix m = Matrix.Allocate(900, 3), S = Matrix.Allocate(A.Count, 3), s = Matrix.Allocate(900, 3), r = Matrix.Allocate(900, 3), dL = Matrix.Allocate(A.Count, 3);
            SegmentSoftmax.Max(A, L, m);
            SegmentSoftmax.Exponentials(A, L, m, S, s);
            SegmentSoftmax.Divide(A, S, s);
            SegmentSoftmax.Dots(A, S, dS, r);
            SegmentSoftmax.Adjoint(A, S, dS, r, dL);
            return [.. m.ToArray(), .. S.ToArray(), .. s.ToArray(), .. r.ToArray(), .. dL.ToArray()];
        });
    }
}
