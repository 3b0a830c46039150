using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Sparse times dense: Z_i = Σ_{e→i} w_e X_{src(e)}. The adjoint in X is the same kernel on the other view of the edges; the
/// adjoint in w is <see cref="Sddmm"/>.
/// </summary>
internal static unsafe class Spmm
{
    /// <summary>Z = A·X with one weight an edge, or weight 1 where <paramref name="w"/> is missing.</summary>
    /// <param name="A">Edges by row of Z.</param>
    /// <param name="w">Weights by value number, [E, 1], or missing.</param>
    /// <param name="X">[A.Columns, F]</param>
    /// <param name="Z">[A.Rows, F]</param>
    /// <param name="accumulate">Adds to Z instead of overwriting it.</param>
    public static void Multiply(EdgeView A, Matrix w, Matrix X, Matrix Z, bool accumulate = false)
    {
        var job = new Job { A = A, S = w, Heads = 1, X = X, Z = Z, Accumulate = accumulate };
        RowParallel.For(A.Rows, (A.Count + A.Rows) * X.Columns, ref job);
    }

    /// <summary>Z^k = S^k·X^k for every head k, heads side by side in the columns.</summary>
    /// <param name="A">Edges by row of Z.</param>
    /// <param name="S">Coefficients by value number, [E, K].</param>
    /// <param name="X">[A.Columns, K·d]</param>
    /// <param name="Z">[A.Rows, K·d]</param>
    public static void MultiplyHeads(EdgeView A, Matrix S, Matrix X, Matrix Z)
    {
        var job = new Job { A = A, S = S, Heads = S.Columns, X = X, Z = Z };
        RowParallel.For(A.Rows, (A.Count + A.Rows) * X.Columns, ref job);
    }

    private struct Job : IRowJob, ILeafSum
    {
        public EdgeView A;
        public Matrix S, X, Z;
        public long Heads;
        public bool Accumulate;

        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                Real* z = Z.Data + i * Z.Stride;
                if (!Accumulate) RowVector.Clear(z, Z.Columns);
                RowVector.AddInTree(ref this, A.Pointers[i], A.Pointers[i + 1], z, Z.Columns);
            }
        }

        public readonly void AddTo(Real* sum, long first, long last)
        {
            if (Heads == 1) OneHead(sum, first, last);
            else ManyHeads(sum, first, last);
        }

        private readonly void ManyHeads(Real* sum, long first, long last)
        {
            if (Heads == 0) return;
            long width = X.Columns / Heads;
            for (long q = first; q < last; q++)
            {
                Real* x = X.Data + A.Index[q] * X.Stride;
                Real* s = S.Data + A.Value(q) * S.Stride;
                for (long k = 0; k < Heads; k++) RowVector.AddScaled(s[k], x + k * width, sum + k * width, width);
            }
        }

        // Four vectors of the row stay in registers while all its edges pass by.
        private readonly void OneHead(Real* sum, long first, long last)
        {
            long j = 0, columns = X.Columns;
            int lanes = Vector512<Real>.Count;
            for (; j <= columns - 4 * lanes; j += 4 * lanes)
            {
                var a0 = Vector512.Load(sum + j);
                var a1 = Vector512.Load(sum + j + lanes);
                var a2 = Vector512.Load(sum + j + 2 * lanes);
                var a3 = Vector512.Load(sum + j + 3 * lanes);
                for (long q = first; q < last; q++)
                {
                    Real* x = X.Data + A.Index[q] * X.Stride + j;
                    var s = Vector512.Create(Weight(q));
                    a0 = Vector512.FusedMultiplyAdd(s, Vector512.Load(x), a0);
                    a1 = Vector512.FusedMultiplyAdd(s, Vector512.Load(x + lanes), a1);
                    a2 = Vector512.FusedMultiplyAdd(s, Vector512.Load(x + 2 * lanes), a2);
                    a3 = Vector512.FusedMultiplyAdd(s, Vector512.Load(x + 3 * lanes), a3);
                }
                a0.Store(sum + j);
                a1.Store(sum + j + lanes);
                a2.Store(sum + j + 2 * lanes);
                a3.Store(sum + j + 3 * lanes);
            }
            for (; j <= columns - lanes; j += lanes)
            {
                var a = Vector512.Load(sum + j);
                for (long q = first; q < last; q++)
                    a = Vector512.FusedMultiplyAdd(Vector512.Create(Weight(q)), Vector512.Load(X.Data + A.Index[q] * X.Stride + j), a);
                a.Store(sum + j);
            }
            if (j == columns) return;
            for (long q = first; q < last; q++)
                RowVector.AddScaled(Weight(q), X.Data + A.Index[q] * X.Stride + j, sum + j, columns - j);
        }

        private readonly Real Weight(long q) => S.IsMissing ? 1 : S.Data[A.Value(q) * S.Stride];
    }
}
