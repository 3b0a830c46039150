using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

/// <summary>Kernels that do the work of several in one pass give the bits of the several.</summary>
[AlsoWithNarrowVectors]
public class ActivationPassTests
{
    private static readonly Activation[] All =
    [
        Activation.Identity, Activation.Relu, Activation.LeakyRelu(0.2), Activation.LeakyRelu(0), Activation.Elu, Activation.Elu with { Parameter = 0.3 },
        Activation.Tanh, Activation.Logistic,
    ];

    private static void AssertSame(Matrix expected, Matrix actual, string what)
    {
        for (long i = 0; i < expected.Rows; i++)
            for (long j = 0; j < expected.Columns; j++)
                if (expected[i, j] != actual[i, j]) Assert.Fail($"{what}: ({i}, {j}) is {actual[i, j]:R}, {expected[i, j]:R} was expected");
    }

    [Fact]
    public void A_product_that_ends_in_bias_and_activation_has_the_bits_of_three_passes()
    {
        var random = new Random(1);
        foreach (var (n, f, g) in new[] { (1, 1, 1), (7, 5, 3), (13, 300, 8), (25, 40, 17), (50, 513, 40), (19, 12, 100), (6, 0, 9) })
            foreach (var σ in All)
                foreach (bool accumulate in new[] { false, true })
                    foreach (bool hasBias in new[] { false, true })
                    {
                        Matrix X = new Guarded(n, f, random).View, W = new Guarded(f, g, random).View, b = hasBias ? new Guarded(1, g, random).View : default;
                        var Y = new Guarded(n, g, random);
                        var expected = Guarded.Copy(Y.View);
                        Gemm.Multiply(X, W, expected, accumulate);
                        if (hasBias) Elementwise.AddBias(expected, b, expected);
                        Elementwise.Forward(σ, expected, expected);
                        Gemm.Multiply(X, W, b, σ, Y.View, accumulate);
                        Y.AssertNothingOutsideWasWritten();
                        AssertSame(expected, Y.View, $"{n} × {f} × {g}, {σ}");
                    }
    }

    [Fact]
    public void Bias_and_activation_in_one_pass_have_the_bits_of_two()
    {
        var random = new Random(2);
        for (int columns = 0; columns <= 70; columns++)
            foreach (var σ in All)
            {
                Matrix Z = new Guarded(5, columns, random).View, b = new Guarded(1, columns, random).View;
                var H = new Guarded(5, columns, random);
                var expected = Guarded.Copy(Z);
                Elementwise.AddBias(expected, b, expected);
                Elementwise.Forward(σ, expected, expected);
                Elementwise.Forward(σ, Z, b, H.View);
                H.AssertNothingOutsideWasWritten();
                AssertSame(expected, H.View, $"{columns} columns, {σ}");
            }
    }

    [Fact]
    public void Slope_times_gradient_and_its_column_sums_have_the_bits_of_two_passes()
    {
        var random = new Random(3);
        foreach (int columns in new[] { 0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 40, 64, 65, 100, 256 })
            foreach (int rows in new[] { 0, 1, 255, 257, 900 })
                foreach (var σ in All)
                {
                    Matrix Z = new Guarded(rows, columns, random).View, dH = new Guarded(rows, columns, random).View;
                    Guarded dZ = new(rows, columns, random), db = new(1, columns, random);
                    Matrix expected = Matrix.Allocate(rows, columns), sums = Matrix.Allocate(1, columns);
                    Elementwise.Backward(σ, Z, dH, expected);
                    Elementwise.ColumnSums(expected, sums);
                    Elementwise.Backward(new ActivationAdjoint(σ, Z, FromOutput: false, dH), dZ.View, db.View);
                    dZ.AssertNothingOutsideWasWritten();
                    db.AssertNothingOutsideWasWritten();
                    AssertSame(expected, dZ.View, $"{rows} × {columns}, {σ}");
                    if (columns > 0) AssertSame(sums, db.View, $"sums of {rows} × {columns}, {σ}");
                }
    }

    [Fact]
    public void The_slope_from_the_value_is_the_slope_from_the_argument_to_rounding()
    {
        var random = new Random(4);
        foreach (var σ in All)
        {
            Matrix Z = Guarded.Random(40, 21, random), H = Matrix.Allocate(40, 21), dH = Guarded.Random(40, 21, random);
            for (long j = 0; j < 21; j++) (Z[0, j], Z[1, j], Z[2, j]) = (0, 30 * Z[1, j], -(Real)0.0);
            Elementwise.Forward(σ, Z, H);
            Matrix expected = Matrix.Allocate(40, 21), dZ = Matrix.Allocate(40, 21), db = Matrix.Allocate(1, 21);
            Elementwise.Backward(σ, Z, dH, expected);
            Elementwise.Backward(new ActivationAdjoint(σ, H, FromOutput: true, dH), dZ, db);
            for (long i = 0; i < 40; i++)
                for (long j = 0; j < 21; j++) Assert.Equal(expected[i, j], dZ[i, j], sizeof(Real) == 4 ? 2e-6 : 1e-14);
        }
    }

    [Fact]
    public void A_gradient_formed_on_the_way_into_a_product_has_the_bits_of_one_that_is_kept()
    {
        var random = new Random(5);
        foreach (var (n, f, g) in new[] { (1, 1, 1), (300, 7, 5), (513, 20, 40), (2708, 14, 17), (1000, 5, 256), (30, 300, 3), (0, 4, 4), (40, 0, 6) })
            foreach (var σ in All)
            {
                Matrix X = new Guarded(n, f, random).View, H = new Guarded(n, g, random).View, dH = new Guarded(n, g, random).View;
                Guarded dW = new(f, g, random), db = new(1, g, random);
                Matrix dZ = Matrix.Allocate(n, g), expectedW = Matrix.Allocate(f, g), expectedB = Matrix.Allocate(1, g);
                var adjoint = new ActivationAdjoint(σ, H, FromOutput: true, dH);
                Elementwise.Backward(adjoint, dZ, expectedB);
                Gemm.MultiplyTransposedLeft(X, dZ, expectedW);
                Gemm.MultiplyTransposedLeft(X, adjoint, dW.View, db.View);
                dW.AssertNothingOutsideWasWritten();
                db.AssertNothingOutsideWasWritten();
                AssertSame(expectedW, dW.View, $"dW of {n} × {f} × {g}, {σ}");
                AssertSame(expectedB, db.View, $"db of {n} × {f} × {g}, {σ}");
            }
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(6);
        Matrix X = Guarded.Random(5000, 30, random), W = Guarded.Random(30, 41, random), b = Guarded.Random(1, 41, random), dH = Guarded.Random(5000, 41, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix H = Matrix.Allocate(5000, 41), dZ = Matrix.Allocate(5000, 41), dW = Matrix.Allocate(30, 41), db = Matrix.Allocate(1, 41), again = Matrix.Allocate(1, 41);
            Gemm.Multiply(X, W, b, Activation.Elu, H);
            var adjoint = new ActivationAdjoint(Activation.Elu, H, FromOutput: true, dH);
            Elementwise.Backward(adjoint, dZ, db);
            Gemm.MultiplyTransposedLeft(X, adjoint, dW, again);
            return [.. H.ToArray(), .. dZ.ToArray(), .. dW.ToArray(), .. db.ToArray(), .. again.ToArray()];
        });
    }
}
