using Weft.Memory;

namespace Weft.Kernels;

/// <summary>c^k = X^k·a^k: every row's inner product with a vector per head, and its two adjoints.</summary>
internal static unsafe class HeadDot
{
    /// <summary>c_{i,k} = ⟨X^k_i, a^k⟩</summary>
    /// <param name="X">[n, K·d]</param>
    /// <param name="a">[K, d]</param>
    /// <param name="c">[n, K]</param>
    public static void Multiply(Matrix X, Matrix a, Matrix c)
    {
        var job = new Forward { X = X, A = a, C = c };
        RowParallel.For(X.Rows, X.Count, ref job);
    }

    /// <summary>da^k = Σ_i dc_{i,k} X^k_i, summed in leaves of 256 rows.</summary>
    public static void AdjointA(Matrix X, Matrix dc, Matrix da)
    {
        da.Clear();
        var job = new InA { X = X, dC = dc, dA = da };
        RowParallel.For(da.Rows, X.Count, ref job);
    }

    /// <summary>dX^k_i = dc_{i,k} a^k, or added to dX.</summary>
    public static void AdjointX(Matrix dc, Matrix a, Matrix dX, bool accumulate = false)
    {
        var job = new InX { dC = dc, A = a, dX = dX, Accumulate = accumulate };
        RowParallel.For(dX.Rows, dX.Count, ref job);
    }

    private struct Forward : IRowJob
    {
        public Matrix X, A, C;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long k = 0; k < A.Rows; k++)
                    C.Data[i * C.Stride + k] = RowVector.Dot(X.Data + i * X.Stride + k * A.Columns, A.Data + k * A.Stride, A.Columns);
        }
    }

    // A head is a row of the job: its vector is summed by one thread, leaf by leaf.
    private struct InA : IRowJob
    {
        public Matrix X, dC, dA;

        public readonly void Run(long first, long last)
        {
            for (long k = first; k < last; k++)
            {
                var head = new HeadSum { X = X, dC = dC, Head = k, Width = dA.Columns };
                RowVector.AddInTree(ref head, 0, X.Rows, dA.Data + k * dA.Stride, dA.Columns, RowVector.RowsPerLeaf);
            }
        }
    }

    private struct HeadSum : ILeafSum
    {
        public Matrix X, dC;
        public long Head, Width;

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long i = first; i < last; i++)
                RowVector.AddScaled(dC.Data[i * dC.Stride + Head], X.Data + i * X.Stride + Head * Width, sum, Width);
        }
    }

    private struct InX : IRowJob
    {
        public Matrix dC, A, dX;
        public bool Accumulate;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                Real* x = dX.Data + i * dX.Stride;
                if (!Accumulate) RowVector.Clear(x, dX.Columns);
                for (long k = 0; k < A.Rows; k++)
                    RowVector.AddScaled(dC.Data[i * dC.Stride + k], A.Data + k * A.Stride, x + k * A.Columns, A.Columns);
            }
        }
    }
}
