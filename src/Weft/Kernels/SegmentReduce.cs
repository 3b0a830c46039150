using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>From nodes to edges and back: the outer sum on the edges and, as its adjoint, the sums along rows and columns.</summary>
internal static unsafe class SegmentReduce
{
    /// <summary>P_e = c_{dst(e)} + b_{src(e)}</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="c">[A.Rows, w]</param>
    /// <param name="b">[A.Columns, w]</param>
    /// <param name="P">[E, w]</param>
    public static void OuterSum(EdgeView A, Matrix c, Matrix b, Matrix P)
    {
        var job = new OuterSumJob { A = A, C = c, B = b, P = P };
        RowParallel.For(A.Rows, A.Count * P.Columns, ref job);
    }

    /// <summary>y_i = Σ of the values of row i's entries: rowsum on the view by destination, colsum on the view by source.</summary>
    /// <param name="A">Entries by row of y.</param>
    /// <param name="V">Values by value number, [E, w].</param>
    /// <param name="y">[A.Rows, w]</param>
    public static void RowSums(EdgeView A, Matrix V, Matrix y)
    {
        var job = new RowSumJob { A = A, V = V, Y = y };
        RowParallel.For(A.Rows, A.Count * V.Columns, ref job);
    }

    private struct OuterSumJob : IRowJob
    {
        public EdgeView A;
        public Matrix C, B, P;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                    RowVector.Sum(C.Data + i * C.Stride, B.Data + A.Index[e] * B.Stride, P.Data + A.Value(e) * P.Stride, P.Columns);
        }
    }

    private struct RowSumJob : IRowJob, ILeafSum
    {
        public EdgeView A;
        public Matrix V, Y;

        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                Real* y = Y.Data + i * Y.Stride;
                RowVector.Clear(y, Y.Columns);
                RowVector.AddInTree(ref this, A.Pointers[i], A.Pointers[i + 1], y, Y.Columns);
            }
        }

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long q = first; q < last; q++) RowVector.Add(V.Data + A.Value(q) * V.Stride, sum, V.Columns);
        }
    }
}
