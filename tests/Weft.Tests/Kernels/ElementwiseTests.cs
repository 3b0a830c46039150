using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class ElementwiseTests
{
    private const double Precision = sizeof(Real) == 4 ? 6e-8 : 1.2e-16;

    private static readonly Activation[] Activations =
    [
        Activation.Identity, Activation.Relu, Activation.LeakyRelu(0.2), Activation.Elu, new(ActivationKind.Elu, 0.5), Activation.Tanh, Activation.Logistic,
    ];

    private static double Value(Activation σ, double x) => σ.Kind switch
    {
        ActivationKind.Identity => x,
        ActivationKind.Relu => x > 0 ? x : 0,
        ActivationKind.LeakyRelu => x > 0 ? x : (Real)σ.Parameter * x,
        // sinh keeps e^x − 1 exact to rounding near zero: e^x − 1 = 2 e^(x/2) sinh(x/2).
        ActivationKind.Elu => x > 0 ? x : (Real)σ.Parameter * (x < -1 ? Math.Exp(x) - 1 : 2 * Math.Exp(x / 2) * Math.Sinh(x / 2)),
        ActivationKind.Tanh => Math.Tanh(x),
        _ => x > 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x)),
    };

    private static double Slope(Activation σ, double x) => σ.Kind switch
    {
        ActivationKind.Identity => 1,
        ActivationKind.Relu => x > 0 ? 1 : 0,
        ActivationKind.LeakyRelu => x > 0 ? 1 : (Real)σ.Parameter,
        ActivationKind.Elu => x > 0 ? 1 : (Real)σ.Parameter * Math.Exp(x),
        ActivationKind.Tanh => 1 / (Math.Cosh(x) * Math.Cosh(x)),
        _ => 1 / (2 + Math.Exp(x) + Math.Exp(-x)),
    };

    private static void AssertNear(double expected, double actual, double units, string what)
    {
        double tolerance = units * Precision * Math.Abs(expected) + (sizeof(Real) == 4 ? 1e-37 : 2e-307);
        if (!(Math.Abs(expected - actual) <= tolerance)) Assert.Fail($"{what}: {actual:R}, not {expected:R}");
    }

    /// <summary>Every length from 0 to 256, as one row, as one column, and as a block of a few rows.</summary>
    private static IEnumerable<(int Rows, int Columns)> Shapes()
    {
        for (int length = 0; length <= 256; length++)
        {
            yield return (1 + length % 3, length);
            if (length % 7 == 0) yield return (length, 1 + length % 5);
        }
    }

    private static void ForEveryShape(Action<Guarded, Guarded, Guarded> run, Func<Matrix, Matrix, long, long, double> expected, double units)
    {
        var random = new Random(1);
        foreach (var (rows, columns) in Shapes())
        {
            Guarded A = new(rows, columns, random), B = new(rows, columns, random), result = new(rows, columns, random);
            Matrix a = Guarded.Copy(A.View), b = Guarded.Copy(B.View);
            run(A, B, result);
            result.AssertNothingOutsideWasWritten();
            for (long i = 0; i < rows; i++)
                for (long j = 0; j < columns; j++) AssertNear(expected(a, b, i, j), result.View[i, j], units, $"({i}, {j}) of {result.View}");
        }
    }

    [Fact]
    public void Functions_and_slopes_agree_with_the_formula_over_their_whole_range()
    {
        var points = new List<double> { 0, -0.0, 1e-30, -1e-30, 1e4, -1e4, 1e30, -1e30 };
        for (double x = -30; x <= 30; x += 0.0137) points.Add(x);
        for (double x = 1e-12; x < 1; x *= 1.7) points.AddRange([x, -x]);
        for (double x = 31; x < 120; x += 1.3) points.AddRange([x, -x]);
        var Z = Matrix.From(1, points.Count, points.ToArray());
        Matrix H = Matrix.Allocate(1, Z.Columns), D = Matrix.Allocate(1, Z.Columns);
        foreach (var σ in Activations)
        {
            Elementwise.Forward(σ, Z, H);
            Elementwise.Derivative(σ, Z, D);
            for (int j = 0; j < Z.Columns; j++)
            {
                double x = Z[0, j];
                AssertNear(Value(σ, x), H[0, j], 12, $"{σ} at {x:R}");
                if (σ.Kind is ActivationKind.Tanh or ActivationKind.Logistic && Math.Abs(x) > 300) Assert.Equal(0, D[0, j], 1e-30);
                else AssertNear(Slope(σ, x), D[0, j], 16, $"slope of {σ} at {x:R}");
            }
        }
    }

    [Fact]
    public void The_normal_distribution_is_exact_in_its_tail_too()
    {
        var points = new List<double> { 0, -0.0, 1e-30, 1e30, -1e30 };
        for (double x = sizeof(Real) == 4 ? -12 : -37; x <= 12; x += 0.0137) points.Add(x);
        var Z = Matrix.From(1, points.Count, points.ToArray());
        Matrix H = Matrix.Allocate(1, Z.Columns), D = Matrix.Allocate(1, Z.Columns);
        Elementwise.Forward(Activation.Gelu, Z, H);
        Elementwise.Derivative(Activation.Gelu, Z, D);
        for (int j = 0; j < Z.Columns; j++)
        {
            double x = Z[0, j], distribution = NormalDistribution(x), density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
            // The rounding of x² grows in the exponent.
            double units = 12 + 2 * Math.Min(x * x, 1500);
            double value = x > -100 ? x * distribution : Math.Max(x, 0), slope = Math.Abs(x) < 100 ? distribution + x * density : distribution;
            AssertNear(value, H[0, j], units, $"gelu at {x:R}");
            double allowed = units * Precision * (distribution + Math.Abs(Math.Abs(x) < 100 ? x * density : 0)) + (sizeof(Real) == 4 ? 1e-37 : 2e-307);
            Assert.True(Math.Abs(slope - D[0, j]) <= allowed, $"slope of gelu at {x:R}: {D[0, j]:R}, not {slope:R}");
        }
        (Z[0, 0], Z[0, 1], Z[0, 2]) = (Real.NaN, Real.PositiveInfinity, Real.NegativeInfinity);
        Elementwise.Forward(Activation.Gelu, Z, H);
        Assert.True(Real.IsNaN(H[0, 0]));
        Assert.Equal(Real.PositiveInfinity, H[0, 1]);
        Assert.Equal(0, H[0, 2]);
    }

    // By the continued fraction of the tail where it converges soon, else by the series whose terms have one sign.
    private static double NormalDistribution(double x)
    {
        if (Math.Abs(x) > 100) return x > 0 ? 1 : 0;
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI), z = Math.Abs(x);
        if (z > 3)
        {
            double fraction = z;
            for (int k = 200; k > 0; k--) fraction = z + k / fraction;
            double tail = density / fraction;
            return x < 0 ? tail : 1 - tail;
        }
        double sum = 0, term = x;
        for (int n = 1; n < 200; n++)
        {
            sum += term;
            term *= x * x / (2 * n + 1);
        }
        return x < -1 ? NormalTail(z) : 0.5 + density * sum;
    }

    private static double NormalTail(double z)
    {
        double fraction = z, density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
        for (int k = 20_000; k > 0; k--) fraction = z + k / fraction;
        return density / fraction;
    }

    [Fact]
    public void Exponentials_are_right_to_two_units_in_the_last_place()
    {
        // ELU with α = 1 is e^x − 1 and its slope e^x for x ≤ 0.
        var random = new Random(2);
        var Z = Matrix.Allocate(1, 20000);
        for (int j = 0; j < Z.Columns; j++) Z[0, j] = (Real)(-Math.Pow(10, 4 * random.NextDouble() - 2.1));
        Matrix H = Matrix.Allocate(1, Z.Columns), D = Matrix.Allocate(1, Z.Columns);
        Elementwise.Forward(Activation.Elu, Z, H);
        Elementwise.Derivative(Activation.Elu, Z, D);
        for (int j = 0; j < Z.Columns; j++)
        {
            double x = Z[0, j];
            AssertNear(Value(Activation.Elu, x), H[0, j], sizeof(Real) == 4 ? 4 : 8, $"e^x − 1 at {x:R}");
            AssertNear(Math.Exp(x), D[0, j], 4, $"e^x at {x:R}");
        }
    }

    [Fact]
    public void At_a_kink_the_left_branch_holds()
    {
        var Z = Matrix.From(1, 2, [0.0, -0.0]);
        var D = Matrix.Allocate(1, 2);
        foreach (var (σ, slope) in new[] { (Activation.Relu, 0), (Activation.LeakyRelu(0.25), 0.25), (new Activation(ActivationKind.Elu, 0.5), 0.5), (Activation.Tanh, 1), (Activation.Logistic, 0.25) })
        {
            Elementwise.Derivative(σ, Z, D);
            Assert.Equal([slope, slope], D.ToArray());
        }
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        var Z = Matrix.From(1, 3, [double.NaN, double.PositiveInfinity, double.NegativeInfinity]);
        var H = Matrix.Allocate(1, 3);
        foreach (var σ in Activations)
        {
            Elementwise.Forward(σ, Z, H);
            Assert.True(Real.IsNaN(H[0, 0]), $"{σ} of NaN is {H[0, 0]}");
            Assert.Equal(Value(σ, double.PositiveInfinity), H[0, 1]);
            double low = σ.Kind switch { ActivationKind.Elu => -σ.Parameter, ActivationKind.Tanh => -1, ActivationKind.Relu or ActivationKind.Logistic => 0, _ => double.NegativeInfinity };
            Assert.Equal(low, H[0, 2]);
        }
    }

    [Fact]
    public void Forward_and_backward_are_right_for_every_length()
    {
        foreach (var σ in Activations)
        {
            ForEveryShape((Z, _, H) => Elementwise.Forward(σ, Z.View, H.View), (z, _, i, j) => Value(σ, z[i, j]), 12);
            ForEveryShape((Z, dH, dZ) => Elementwise.Backward(σ, Z.View, dH.View, dZ.View), (z, dh, i, j) => dh[i, j] * Slope(σ, z[i, j]), 18);
        }
    }

    [Fact]
    public void The_result_may_be_an_operand()
    {
        ForEveryShape(
            (Z, dH, result) =>
            {
                Elementwise.Backward(Activation.Elu, Z.View, dH.View, dH.View);
                Elementwise.Add(Z.View, dH.View, dH.View);
                dH.AssertNothingOutsideWasWritten();
                dH.View.CopyTo(result.View);
            },
            (z, dh, i, j) => z[i, j] + (Real)(dh[i, j] * Slope(Activation.Elu, z[i, j])), 64 * 64);
    }

    [Fact]
    public void Sums_multiples_and_biases_are_right_for_every_length()
    {
        const double Exact = 2;
        ForEveryShape((A, B, C) => Elementwise.Add(A.View, B.View, C.View), (a, b, i, j) => (Real)(a[i, j] + b[i, j]), Exact);
        ForEveryShape((A, B, C) => Elementwise.Multiply(A.View, B.View, C.View), (a, b, i, j) => (Real)(a[i, j] * b[i, j]), Exact);
        ForEveryShape((A, _, C) => Elementwise.Scale(A.View, 0.37, C.View), (a, _, i, j) => (Real)0.37 * a[i, j], Exact);
        ForEveryShape(
            (A, B, C) =>
            {
                Elementwise.AddScaled(A.View, -2, B.View, C.View);
            },
            (a, b, i, j) => (Real)(a[i, j] - 2 * b[i, j]), Exact);
        ForEveryShape(
            (A, B, C) =>
            {
                if (A.View.Rows > 0) Elementwise.AddBias(A.View, B.View.Top(1), C.View);
            },
            (a, b, i, j) => (Real)(a[i, j] + b[0, j]), Exact);
        ForEveryShape(
            (A, B, C) =>
            {
                if (A.View.Columns > 0) Elementwise.ScaleRows(A.View, B.View.ColumnRange(0, 1), C.View);
            },
            (a, b, i, j) => (Real)(a[i, j] * b[i, 0]), Exact);
    }

    [Fact]
    public void A_bias_of_a_few_columns_is_added_to_every_row()
    {
        var random = new Random(6);
        foreach (int rows in new[] { 0, 1, 63, 64, 65, 128, 200 })
            for (int columns = 0; columns < 70; columns += 1 + columns / 20)
            {
                // The whole height of a guarded matrix is contiguous only if nothing lies beside the view.
                Guarded Z = new(rows, columns, random, left: 0, right: 0), b = new(1, columns, random), result = new(rows, columns, random, left: 0, right: 0);
                Elementwise.AddBias(Z.View, b.View, result.View);
                result.AssertNothingOutsideWasWritten();
                for (int i = 0; i < rows; i++)
                    for (int j = 0; j < columns; j++) Assert.Equal(Z.View[i, j] + b.View[0, j], result.View[i, j]);
            }
    }

    [Fact]
    public void Sums_over_rows_and_entries_are_right_for_every_length()
    {
        var random = new Random(3);
        foreach (var (rows, columns) in Shapes().Concat([(1000, 17), (70000, 1), (257, 300), (4099, 5)]))
        {
            foreach (bool strided in new[] { true, false })
            {
                Matrix A = new Guarded(rows, columns, random).View, B = new Guarded(rows, columns, random).View;
                if (!strided) (A, B) = (Guarded.Copy(A), Guarded.Copy(B));
                var db = new Guarded(1, columns, random);
                bool accumulate = rows % 2 == 0;
                double[] before = db.View.ToArray();
                Elementwise.ColumnSums(A, db.View, accumulate);
                db.AssertNothingOutsideWasWritten();
                double dot = 0, squares = 0;
                for (int j = 0; j < columns; j++)
                {
                    double sum = accumulate ? before[j] : 0;
                    for (int i = 0; i < rows; i++)
                    {
                        sum += A[i, j];
                        dot += (double)A[i, j] * B[i, j];
                        squares += (double)A[i, j] * A[i, j];
                    }
                    Assert.Equal(sum, db.View[0, j], 2 * Precision * (rows + 10));
                }
                Assert.Equal(dot, Elementwise.Dot(A, B), Precision * (rows * columns + 50) * (1 + squares));
                Assert.Equal(squares, Elementwise.SumOfSquares(A), Precision * (rows * columns + 50) * (1 + squares));
            }
        }
    }

    [Fact]
    public void The_first_entry_that_is_not_finite_is_found_wherever_it_is()
    {
        var random = new Random(4);
        foreach (var (rows, columns) in Shapes().Append((3000, 40)))
        {
            var A = new Guarded(rows, columns, random).View;
            Assert.Equal(-1, Elementwise.FirstNotFinite(A));
            if (A.Count == 0) continue;
            long p = random.NextInt64(A.Count), later = p + random.NextInt64(A.Count - p);
            A[later / columns, later % columns] = Real.NaN;
            A[p / columns, p % columns] = random.Next(2) == 0 ? Real.NegativeInfinity : Real.NaN;
            Assert.Equal(p, Elementwise.FirstNotFinite(A));
        }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(5);
        foreach (var view in new[] { Guarded.Random(5000, 37, random), new Guarded(5000, 37, random).View })
            Guarded.AssertSameBitsForAnyThreads(() =>
            {
                Matrix H = Matrix.Allocate(5000, 37), dZ = Matrix.Allocate(5000, 37), db = Matrix.Allocate(1, 37);
                Elementwise.Forward(Activation.Elu, view, H);
                Elementwise.Backward(Activation.Tanh, view, H, dZ);
                Elementwise.ColumnSums(view, db);
                return [.. H.ToArray(), .. dZ.ToArray(), .. db.ToArray(), Elementwise.Dot(view, H), Elementwise.SumOfSquares(view)];
            });
    }

    [Theory]
    [InlineData("elu", ActivationKind.Elu, 1)]
    [InlineData("ELU:0.5", ActivationKind.Elu, 0.5)]
    [InlineData("relu", ActivationKind.Relu, 1)]
    [InlineData("leaky-relu", ActivationKind.LeakyRelu, 0.01)]
    [InlineData("leaky_relu:0.2", ActivationKind.LeakyRelu, 0.2)]
    [InlineData("tanh", ActivationKind.Tanh, 1)]
    [InlineData("sigmoid", ActivationKind.Logistic, 1)]
    [InlineData("none", ActivationKind.Identity, 1)]
    [InlineData("gelu", ActivationKind.Gelu, 1)]
    public void Names_of_activations_are_read_and_written(string text, ActivationKind kind, double parameter)
    {
        var σ = Activation.Parse(text);
        Assert.Equal(new Activation(kind, parameter), σ);
        Assert.Equal(σ, Activation.Parse(σ.ToString()));
    }

    [Theory]
    [InlineData("elo")]
    [InlineData("")]
    [InlineData("relu:1")]
    [InlineData("elu:x")]
    [InlineData("elu:1:2")]
    public void A_wrong_name_is_refused_with_the_names_that_exist(string text)
    {
        var refusal = Assert.Throws<FormatException>(() => Activation.Parse(text));
        Assert.Contains($"'{text}'", refusal.Message);
        Assert.Contains("leaky_relu:SLOPE", refusal.Message);
    }
}
