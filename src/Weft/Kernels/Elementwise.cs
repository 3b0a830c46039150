using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Element-wise operations.</summary>
internal static class Elementwise
{
    public static void Forward(Activation σ, Matrix Z, Matrix H) => Map(Z, H, x => σ.Kind switch
    {
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.LeakyRelu => x > 0 ? x : σ.Parameter * x,
        ActivationKind.Elu => x > 0 ? x : σ.Parameter * (Math.Exp(x) - 1),
        ActivationKind.Tanh => Math.Tanh(x),
        ActivationKind.Logistic => 1 / (1 + Math.Exp(-x)),
        _ => x,
    });

    public static void Derivative(Activation σ, Matrix Z, Matrix D) => Map(Z, D, x => σ.Kind switch
    {
        ActivationKind.Relu => x > 0 ? 1 : 0,
        ActivationKind.LeakyRelu => x > 0 ? 1 : σ.Parameter,
        ActivationKind.Elu => x > 0 ? 1 : σ.Parameter * Math.Exp(x),
        ActivationKind.Tanh => 1 - Math.Tanh(x) * Math.Tanh(x),
        ActivationKind.Logistic => 1 / (1 + Math.Exp(-x)) * (1 - 1 / (1 + Math.Exp(-x))),
        _ => 1,
    });

    public static void Backward(Activation σ, Matrix Z, Matrix dH, Matrix dZ)
    {
        var D = Matrix.Allocate(Z.Rows, Z.Columns);
        Derivative(σ, Z, D);
        for (long i = 0; i < Z.Rows; i++)
            for (long j = 0; j < Z.Columns; j++) dZ[i, j] = dH[i, j] * D[i, j];
    }

    public static void AddBias(Matrix Z, Matrix b, Matrix result)
    {
        for (long i = 0; i < Z.Rows; i++)
            for (long j = 0; j < Z.Columns; j++) result[i, j] = Z[i, j] + b[0, j];
    }

    public static void ColumnSums(Matrix dZ, Matrix db, bool accumulate = false)
    {
        if (!accumulate) db.Clear();
        for (long i = 0; i < dZ.Rows; i++)
            for (long j = 0; j < dZ.Columns; j++) db[0, j] += dZ[i, j];
    }

    public static void Add(Matrix A, Matrix B, Matrix result) => AddScaled(A, 1, B, result);

    public static void AddScaled(Matrix A, Real scale, Matrix B, Matrix result)
    {
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < A.Columns; j++) result[i, j] = A[i, j] + scale * B[i, j];
    }

    public static void Scale(Matrix A, Real s, Matrix result) => Map(A, result, x => s * x);

    public static double Dot(Matrix A, Matrix B)
    {
        double sum = 0;
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < A.Columns; j++) sum += (double)A[i, j] * B[i, j];
        return sum;
    }

    public static double SumOfSquares(Matrix A) => Dot(A, A);

    public static long FirstNotFinite(Matrix A)
    {
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < A.Columns; j++)
                if (!Real.IsFinite(A[i, j])) return i * A.Columns + j;
        return -1;
    }

    private static void Map(Matrix A, Matrix result, Func<double, double> f)
    {
        for (long i = 0; i < A.Rows; i++)
            for (long j = 0; j < A.Columns; j++) result[i, j] = (Real)f(A[i, j]);
    }
}
