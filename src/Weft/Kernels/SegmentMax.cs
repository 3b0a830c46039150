using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>The largest of the rows that are joined to a row, by column, and its adjoint. A maximum is exact in any order: threads share out whole rows.</summary>
internal static unsafe class SegmentMax
{
    /// <summary>Z_i = max over e→i of X_{src(e)}, 0 where row i has no entry.</summary>
    /// <param name="A">Entries by row of Z.</param>
    /// <param name="X">[A.Columns, F]</param>
    /// <param name="Z">[A.Rows, F]</param>
    public static void Max(EdgeView A, Matrix X, Matrix Z)
    {
        var job = new MaxJob { A = A, X = X, Z = Z };
        RowParallel.For(A.Rows, (A.Count + A.Rows) * X.Columns, ref job);
    }

    /// <summary>dX_j = dZ_i where X_j is the maximum Z_i, the first of equals, else 0; for entries whose columns differ.</summary>
    /// <param name="A">Entries by row of Z, each of another column.</param>
    /// <param name="X">[A.Columns, F]</param>
    /// <param name="Z">What <see cref="Max"/> gave, [A.Rows, F].</param>
    /// <param name="dZ">[A.Rows, F]</param>
    /// <param name="dX">[A.Columns, F]</param>
    public static void Adjoint(EdgeView A, Matrix X, Matrix Z, Matrix dZ, Matrix dX)
    {
        dX.Clear();
        var job = new AdjointJob { A = A, X = X, Z = Z, dZ = dZ, dX = dX };
        RowParallel.For(A.Rows, (A.Count + A.Rows) * X.Columns, ref job);
    }

    private struct MaxJob : IRowJob
    {
        public EdgeView A;
        public Matrix X, Z;

        public readonly void Run(long first, long last)
        {
            long columns = X.Columns;
            for (long i = first; i < last; i++)
            {
                Real* z = Z.Data + i * Z.Stride;
                long q = A.Pointers[i], end = A.Pointers[i + 1];
                if (q == end)
                {
                    RowVector.Clear(z, columns);
                    continue;
                }
                new ReadOnlySpan<Real>(X.Data + A.Index[q] * X.Stride, (int)columns).CopyTo(new Span<Real>(z, (int)columns));
                while (++q < end) RowVector.Max(X.Data + A.Index[q] * X.Stride, z, z, columns);
            }
        }
    }

    private struct AdjointJob : IRowJob
    {
        public EdgeView A;
        public Matrix X, Z, dZ, dX;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long c = 0; c < X.Columns; c += 64) Columns(i, c, Math.Min(64, X.Columns - c));
        }

        // Which of up to 64 columns still look for the node that was largest.
        private readonly void Columns(long i, long column, long count)
        {
            Real* z = Z.Data + i * Z.Stride + column, dz = dZ.Data + i * dZ.Stride + column;
            ulong open = count == 64 ? ulong.MaxValue : (1UL << (int)count) - 1;
            for (long q = A.Pointers[i]; q < A.Pointers[i + 1] && open != 0; q++)
            {
                Real* x = X.Data + A.Index[q] * X.Stride + column, dx = dX.Data + A.Index[q] * dX.Stride + column;
                for (int c = 0; c < count; c++)
                {
                    if ((open >> c & 1) == 0 || x[c] != z[c]) continue;
                    dx[c] = dz[c];
                    open &= ~(1UL << c);
                }
            }
        }
    }
}
