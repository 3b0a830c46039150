using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Rows of a node matrix met by pairs of nodes.</summary>
internal static unsafe class PairRows
{
    /// <summary>X_p = H_{a_p} ⊙ H_{b_p}</summary>
    /// <param name="a">First node of each pair.</param>
    /// <param name="b">Second node of each pair.</param>
    /// <param name="H">[N, d]</param>
    /// <param name="X">[pairs, d]</param>
    public static void Products(ReadOnlyMemory<int> a, ReadOnlyMemory<int> b, Matrix H, Matrix X)
    {
        var job = new ProductJob { A = a, B = b, H = H, X = X };
        RowParallel.For(X.Rows, X.Count, ref job);
    }

    /// <summary>Y_p = X_p ⊙ H_{a_p}: the adjoint of <see cref="Products"/> in the rows that b names is the sum of these over the pairs of each.</summary>
    /// <param name="X">[pairs, d]</param>
    /// <param name="a">A node of each pair.</param>
    /// <param name="H">[N, d]</param>
    /// <param name="Y">[pairs, d]; may be X.</param>
    public static void Multiply(Matrix X, ReadOnlyMemory<int> a, Matrix H, Matrix Y)
    {
        var job = new MultiplyJob { A = a, H = H, X = X, Y = Y };
        RowParallel.For(X.Rows, X.Count, ref job);
    }

    private struct ProductJob : IRowJob
    {
        public ReadOnlyMemory<int> A, B;
        public Matrix H, X;

        public readonly void Run(long first, long last)
        {
            ReadOnlySpan<int> a = A.Span, b = B.Span;
            for (int p = (int)first; p < last; p++)
                RowVector.Multiply(H.Data + a[p] * H.Stride, H.Data + b[p] * H.Stride, X.Data + p * X.Stride, X.Columns);
        }
    }

    private struct MultiplyJob : IRowJob
    {
        public ReadOnlyMemory<int> A;
        public Matrix H, X, Y;

        public readonly void Run(long first, long last)
        {
            var a = A.Span;
            for (int p = (int)first; p < last; p++)
                RowVector.Multiply(X.Data + p * X.Stride, H.Data + a[p] * H.Stride, Y.Data + p * Y.Stride, X.Columns);
        }
    }
}
