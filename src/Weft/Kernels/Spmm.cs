using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Sparse times dense: Z_i = Σ_{e→i} w_e X_{src(e)}. The adjoint in X is the same kernel on the other view of the edges; the
/// adjoint in w is <see cref="Sddmm"/>. Threads share out pieces of equally many edges (<see cref="EdgePieces"/>); a row that is
/// cut has one sum a part, which meet in a dyadic tree.
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
        if (Z.Count == 0) return;
        var pieces = A.Pieces;
        var job = new Job { A = A, W = w, X = X, Z = Z, Partials = Partials(pieces, X.Columns), Accumulate = accumulate };
        RowParallel.For(pieces.Count, (A.Count + A.Rows) * X.Columns, ref job);
        Combine(pieces, job.Partials, Z, accumulate);
    }

    /// <summary>Z^k = S^k·X^k for every head k, heads side by side in the columns.</summary>
    /// <param name="A">Edges by row of Z.</param>
    /// <param name="S">Coefficients by value number, [E, K].</param>
    /// <param name="X">[A.Columns, K·d]</param>
    /// <param name="Z">[A.Rows, K·d]</param>
    public static void MultiplyHeads(EdgeView A, Matrix S, Matrix X, Matrix Z)
    {
        if (S.Columns == 1)
        {
            Multiply(A, S, X, Z);
            return;
        }
        if (Z.Count == 0) return;
        var pieces = A.Pieces;
        var job = new HeadsJob { A = A, S = S, X = X, Z = Z, Partials = Partials(pieces, X.Columns) };
        RowParallel.For(pieces.Count, (A.Count + A.Rows) * X.Columns, ref job);
        Combine(pieces, job.Partials, Z, accumulate: false);
    }

    private static Real* Partials(EdgePieces pieces, long columns) =>
        pieces.Parts == 0 ? null : Scratch.Take(ScratchUse.Partials, pieces.Parts * columns);

    private static void Combine(EdgePieces pieces, Real* partials, Matrix Z, bool accumulate)
    {
        long columns = Z.Columns;
        foreach (var row in pieces.LongRows)
        {
            Real* sum = partials + row.FirstPart * columns, z = Z.Data + row.Row * Z.Stride;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step) RowVector.Add(sum + (t + step) * columns, sum + t * columns, columns);
            if (!accumulate) RowVector.Clear(z, columns);
            RowVector.Add(sum, z, columns);
        }
    }

    private struct Job : IRowJob
    {
        public EdgeView A;
        public Matrix W, X, Z;
        public Real* Partials;
        public bool Accumulate;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            fixed (long* pointers = A.Pointers)
            fixed (int* index = A.Index, permutation = A.Permutation)
            {
                var rows = new SpmmRows
                {
                    Index = index,
                    Permutation = permutation,
                    W = W.Data,
                    WStride = W.Stride,
                    X = X.Data,
                    XStride = X.Stride,
                    LastEdge = A.Count - 1,
                };
                long* ends = stackalloc long[2];
                for (long p = first; p < last; p++)
                {
                    int part = pieces.Part[p];
                    if (part < 0)
                    {
                        long top = pieces.FirstRow[p];
                        rows.Pointers = pointers + top;
                        rows.Z = Z.Data + top * Z.Stride;
                        (rows.Rows, rows.ZStride, rows.Load) = (pieces.LastRow[p] - top, Z.Stride, Accumulate);
                    }
                    else
                    {
                        (ends[0], ends[1]) = (pieces.FirstEdge[p], pieces.LastEdge[p]);
                        rows.Pointers = ends;
                        rows.Z = Partials + part * X.Columns;
                        (rows.Rows, rows.ZStride, rows.Load) = (1, X.Columns, false);
                    }
                    if (W.IsMissing) SpmmKernel.Run<NoWeight>(rows, X.Columns);
                    else if (permutation == null && W.Stride == 1) SpmmKernel.Run<WeightInOrder>(rows, X.Columns);
                    else SpmmKernel.Run<WeightByNumber>(rows, X.Columns);
                }
            }
        }
    }

    /// <summary>A coefficient for every head of an edge: the composed form, which no training path takes.</summary>
    private struct HeadsJob : IRowJob
    {
        public EdgeView A;
        public Matrix S, X, Z;
        public Real* Partials;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            for (long p = first; p < last; p++)
            {
                if (pieces.Part[p] >= 0) Sum(pieces.FirstEdge[p], pieces.LastEdge[p], Partials + pieces.Part[p] * X.Columns);
                else
                    for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++) Sum(A.Pointers[i], A.Pointers[i + 1], Z.Data + i * Z.Stride);
            }
        }

        private readonly void Sum(long first, long last, Real* sum)
        {
            RowVector.Clear(sum, X.Columns);
            if (S.Columns == 0) return;
            long width = X.Columns / S.Columns;
            for (long q = first; q < last; q++)
            {
                Real* x = X.Data + A.Index[q] * X.Stride;
                Real* s = S.Data + A.Value(q) * S.Stride;
                for (long k = 0; k < S.Columns; k++) RowVector.AddScaled(s[k], x + k * width, sum + k * width, width);
            }
        }
    }
}
