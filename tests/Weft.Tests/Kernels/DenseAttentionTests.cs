using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class DenseAttentionTests
{
    private const Real Scale = (Real)0.6;

    /// <summary>Queries and keys of one random problem, and what the kernels make of them.</summary>
    private sealed class Problem
    {
        public readonly int Rows, Keys, Heads, D;
        public readonly Matrix Q, K, V, dZ;
        public readonly Guarded M, S, Z, R, dQ, dK, dV;

        public Problem(int rows, int keys, int heads, int d, Random random, double size = 1)
        {
            (Rows, Keys, Heads, D) = (rows, keys, heads, d);
            (Q, K) = (new Guarded(rows, heads * d, random).View, new Guarded(keys, heads * d, random).View);
            (V, dZ) = (new Guarded(keys, heads * d, random).View, new Guarded(rows, heads * d, random).View);
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < heads * d; j++) Q[i, j] *= (Real)size;
            (M, S, R) = (new(rows, heads, random), new(rows, heads, random), new(rows, heads, random));
            (Z, dQ) = (new(rows, heads * d, random), new(rows, heads * d, random));
            (dK, dV) = (new(keys, heads * d, random), new(keys, heads * d, random));
        }

        public Problem Run()
        {
            DenseAttention.RowMax(Q, K, Heads, Scale, M.View);
            DenseAttention.RowSums(Q, K, V, Heads, Scale, M.View, S.View, Z.View);
            DenseAttention.Divide(Z.View, S.View, Heads);
            DenseAttention.RowDots(dZ, Z.View, Heads, R.View);
            var adjoint = new DenseAttention.Adjoint(Q, K, V, dZ, M.View, S.View, R.View, Heads, Scale);
            DenseAttention.AdjointQ(adjoint, dQ.View);
            DenseAttention.AdjointKV(adjoint, dK.View, dV.View);
            foreach (var result in new[] { M, S, Z, R, dQ, dK, dV }) result.AssertNothingOutsideWasWritten();
            return this;
        }

        public double Logit(int i, int j, int k) => Scale * Dot(Q, i, K, j, k);

        private double Dot(Matrix x, int i, Matrix y, int j, int k) => Enumerable.Range(k * D, D).Sum(c => (double)x[i, c] * y[j, c]);

        /// <summary>Formulas of a dense softmax, with all N × N matrices held, in double precision.</summary>
        public void AssertAgreesWithNaiveLoops()
        {
            double[,] Zn = new double[Rows, Heads * D], dQn = new double[Rows, Heads * D], dKn = new double[Keys, Heads * D], dVn = new double[Keys, Heads * D];
            for (int k = 0; k < Heads; k++)
                for (int i = 0; i < Rows; i++)
                {
                    double[] L = [.. Enumerable.Range(0, Keys).Select(j => Logit(i, j, k))];
                    double m = L.DefaultIfEmpty(double.NegativeInfinity).Max(), s = L.Sum(l => Math.Exp(l - m));
                    if (Keys == 0) Assert.Equal((double.NegativeInfinity, 0), ((double)M.View[i, k], (double)S.View[i, k]));
                    else AssertNear(m, M.View[i, k], 1, "m");
                    // The kernel's s belongs to its own m, which is rounded.
                    if (Keys > 0) AssertNear(s, S.View[i, k] * Math.Exp(M.View[i, k] - m), s, "s");
                    double[] coefficient = [.. L.Select(l => Math.Exp(l - m) / s)], d = [.. Enumerable.Range(0, Keys).Select(j => Dot(dZ, i, V, j, k))];
                    double r = coefficient.Zip(d, (x, y) => x * y).Sum();
                    for (int j = 0; j < Keys; j++)
                    {
                        double dL = Scale * coefficient[j] * (d[j] - r);
                        for (int c = k * D; c < (k + 1) * D; c++)
                        {
                            Zn[i, c] += coefficient[j] * V[j, c];
                            dQn[i, c] += dL * K[j, c];
                            dKn[j, c] += dL * Q[i, c];
                            dVn[j, c] += coefficient[j] * dZ[i, c];
                        }
                    }
                }
            if (Keys > 0) AssertMatrix(Zn, Z.View, "Z");
            AssertMatrix(dQn, dQ.View, "dQ");
            AssertMatrix(dKn, dK.View, "dK");
            AssertMatrix(dVn, dV.View, "dV");
        }

        private void AssertMatrix(double[,] expected, Matrix actual, string name)
        {
            for (int i = 0; i < actual.Rows; i++)
                for (int j = 0; j < actual.Columns; j++) AssertNear(expected[i, j], actual[i, j], 1, $"{name}({i}, {j}) of {Rows} × {Keys}, {Heads} heads of {D}");
        }

        // The logits are rounded, so coefficients are only as exact as the sizes of the factors (at most D each way) allow.
        private void AssertNear(double expected, double actual, double size, string what)
        {
            double tolerance = NaiveSum.Precision * 8 * (D + 4) * (D + 4) * Math.Max(1, size) * Math.Max(1, Rows);
            if (!(Math.Abs(expected - actual) <= tolerance)) Assert.Fail($"{what} is {actual:R}, not {expected:R}");
        }
    }

    [Fact]
    public void Heads_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        foreach (int heads in new[] { 1, 3, 8 })
            for (int d = 0; d <= 40; d++) new Problem(5, 6, heads, d, random).Run().AssertAgreesWithNaiveLoops();
    }

    [Fact]
    public void Any_number_of_queries_keys_and_heads_agrees_with_naive_loops()
    {
        var random = new Random(2);
        foreach (int rows in new[] { 0, 1, 20 })
            foreach (int keys in new[] { 0, 1, 31 })
                foreach (int heads in new[] { 0, 2 }) new Problem(rows, keys, heads, 5, random).Run().AssertAgreesWithNaiveLoops();
    }

    [Fact]
    public void Large_logits_give_finite_results()
    {
        var problem = new Problem(9, 12, 2, 4, new Random(3), size: 1e4).Run();
        foreach (var result in new[] { problem.M, problem.S, problem.Z, problem.R, problem.dQ, problem.dK, problem.dV })
            Assert.All(result.View.ToArray(), value => Assert.True(double.IsFinite(value)));
        Assert.All(problem.S.View.ToArray(), s => Assert.InRange(s, 0.99, 13));
        Assert.All(problem.Z.View.ToArray(), z => Assert.InRange(z, -1.01, 1.01));
    }

    [Fact]
    public void Keys_in_two_parts_merge_into_the_whole()
    {
        const int Rows = 7, Heads = 2, D = 3;
        var random = new Random(4);
        var whole = new Problem(Rows, 10, Heads, D, random).Run();
        var m = Matrix.Allocate(Rows, Heads);
        m.Fill(Real.NegativeInfinity);
        Matrix[] s = [Matrix.Allocate(Rows, Heads), Matrix.Allocate(Rows, Heads)], Z = [Matrix.Allocate(Rows, Heads * D), Matrix.Allocate(Rows, Heads * D)];
        (int First, int Count)[] parts = [(0, 4), (4, 6)];
        foreach (var (first, count) in parts)
        {
            var part = Matrix.Allocate(Rows, Heads);
            DenseAttention.RowMax(whole.Q, whole.K.RowRange(first, count), Heads, Scale, part);
            for (int i = 0; i < Rows; i++)
                for (int k = 0; k < Heads; k++) m[i, k] = Math.Max(m[i, k], part[i, k]);
        }
        Assert.Equal(whole.M.View.ToArray(), m.ToArray());
        for (int p = 0; p < 2; p++)
            DenseAttention.RowSums(whole.Q, whole.K.RowRange(parts[p].First, parts[p].Count), whole.V.RowRange(parts[p].First, parts[p].Count), Heads, Scale, m, s[p], Z[p]);
        for (int i = 0; i < Rows; i++)
            for (int c = 0; c < Heads * D; c++)
                Assert.Equal((Z[0][i, c] + Z[1][i, c]) / (s[0][i, c / D] + s[1][i, c / D]), whole.Z.View[i, c], 1e-5);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(3 * 4096 + 5)]
    [InlineData(5 * 4096 + 7)]
    public void Sums_over_many_keys_and_over_many_queries_have_the_bits_of_a_tree_built_by_hand(int count)
    {
        // One dimension a head, so that the inner products that go into the sums are single products.
        var random = new Random(5);
        var keys = new Problem(2, count, 1, 1, random);
        DenseAttention.RowMax(keys.Q, keys.K, 1, Scale, keys.M.View);
        DenseAttention.RowSums(keys.Q, keys.K, keys.V, 1, Scale, keys.M.View, keys.S.View, keys.Z.View);
        Real Exponential(long i, long j) => Real.Exp(Scale * (keys.Q[i, 0] * keys.K[j, 0]) - keys.M.View[i, 0]);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Tree(count, (sum, j) => sum + Exponential(i, j)), keys.S.View[i, 0]);
            Assert.Equal(Tree(count, (sum, j) => Real.FusedMultiplyAdd(Exponential(i, j), keys.V[j, 0], sum)), keys.Z.View[i, 0]);
        }

        var queries = new Problem(count, 2, 1, 1, random).Run();
        var adjoint = new DenseAttention.Adjoint(queries.Q, queries.K, queries.V, queries.dZ, queries.M.View, queries.S.View, queries.R.View, 1, Scale);
        for (int j = 0; j < 2; j++)
        {
            Assert.Equal(Tree(count, (sum, i) => Real.FusedMultiplyAdd(Scale * adjoint.At(i, j, 0, 1).dL, queries.Q[i, 0], sum)), queries.dK.View[j, 0]);
            Assert.Equal(Tree(count, (sum, i) => Real.FusedMultiplyAdd(adjoint.At(i, j, 0, 1).S, queries.dZ[i, 0], sum)), queries.dV.View[j, 0]);
        }
    }

    private static Real Tree(long count, Func<Real, long, Real> add) => DyadicTree.Sum(count, RowVector.LongestRun, (first, last) =>
    {
        Real sum = 0;
        for (long q = first; q < last; q++) sum = add(sum, q);
        return sum;
    });

    [Fact]
    public void The_coefficients_of_a_trace_and_their_adjoint_agree_with_naive_loops()
    {
        var random = new Random(6);
        Matrix L = new Guarded(6, 9, random).View, m = new Guarded(6, 1, random).View, s = new Guarded(6, 1, random).View, dS = new Guarded(6, 9, random).View;
        Guarded S = new(6, 9), dL = new(6, 9);
        DenseAttention.Coefficients(L, m, s, S.View);
        DenseAttention.SoftmaxAdjoint(S.View, dS, dL.View);
        S.AssertNothingOutsideWasWritten();
        dL.AssertNothingOutsideWasWritten();
        for (int i = 0; i < 6; i++)
        {
            double r = Enumerable.Range(0, 9).Sum(j => (double)S.View[i, j] * dS[i, j]);
            for (int j = 0; j < 9; j++)
            {
                double size = Math.Abs(S.View[i, j]);
                Assert.Equal(Math.Exp((double)L[i, j] - m[i, 0]) / s[i, 0], S.View[i, j], 10 * NaiveSum.Precision * size);
                Assert.Equal(S.View[i, j] * (dS[i, j] - r), dL.View[i, j], 20 * NaiveSum.Precision * size * (1 + Enumerable.Range(0, 9).Sum(q => Math.Abs(S.View[i, q]))));
            }
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            var problem = new Problem(90, 70, 3, 5, new Random(7)).Run();
            return [.. new[] { problem.M, problem.S, problem.Z, problem.R, problem.dQ, problem.dK, problem.dV }.SelectMany(result => result.View.ToArray())];
        });
    }
}
