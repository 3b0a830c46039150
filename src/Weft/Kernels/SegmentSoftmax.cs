using System.Diagnostics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Softmax over the stored entries of each row, in the steps between which processes that share a row reduce: largest entry,
/// exponentials and their sum, division. An absent edge acts as L = −∞; an empty row has no S.
/// </summary>
/// <remarks>
/// All of them take edges in the order of their values (the view by destination) and contiguous matrices: the values of a row
/// of the graph are a block of L.
/// </remarks>
internal static unsafe class SegmentSoftmax
{
    /// <summary>m_i = max over the row's entries; −∞ for an empty row.</summary>
    public static void Max(EdgeView A, Matrix L, Matrix m)
    {
        AssertBlocks(A, L, m);
        var job = new MaxJob { A = A, L = L, M = m };
        RowParallel.For(A.Rows, A.Count * L.Columns, ref job);
    }

    /// <summary>S_e = exp(L_e − m_i), s_i = Σ S_e. S may be L.</summary>
    public static void Exponentials(EdgeView A, Matrix L, Matrix m, Matrix S, Matrix s)
    {
        AssertBlocks(A, L, m);
        AssertBlocks(A, S, s);
        var job = new ExponentialJob { A = A, L = L, M = m, S = S, Sum = s };
        RowParallel.For(A.Rows, 8 * A.Count * L.Columns, ref job);
    }

    /// <summary>S_e ← S_e / s_i</summary>
    public static void Divide(EdgeView A, Matrix S, Matrix s)
    {
        AssertBlocks(A, S, s);
        var job = new DivideJob { A = A, S = S, Sum = s };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
    }

    /// <summary>r_i = Σ_{e→i} S_e dS_e</summary>
    public static void Dots(EdgeView A, Matrix S, Matrix dS, Matrix r)
    {
        AssertBlocks(A, S, r);
        AssertBlocks(A, dS, r);
        var job = new DotJob { A = A, S = S, dS = dS, R = r };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
    }

    /// <summary>dL_e = S_e (dS_e − r_i). dL may be dS.</summary>
    public static void Adjoint(EdgeView A, Matrix S, Matrix dS, Matrix r, Matrix dL)
    {
        AssertBlocks(A, S, r);
        AssertBlocks(A, dS, dL);
        var job = new AdjointJob { A = A, S = S, dS = dS, R = r, dL = dL };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
    }

    [Conditional("DEBUG")]
    private static void AssertBlocks(EdgeView A, Matrix values, Matrix rows)
    {
        Debug.Assert(A.Permutation is null, "the values are not in the order of the edges");
        Debug.Assert(values.IsContiguous && rows.IsContiguous, "a softmax of a view of some columns");
    }

    private struct MaxJob : IRowJob
    {
        public EdgeView A;
        public Matrix L, M;

        public readonly void Run(long first, long last)
        {
            long heads = L.Columns;
            for (long i = first; i < last; i++)
            {
                Real* m = M.Data + i * M.Stride;
                new Span<Real>(m, (int)heads).Fill(Real.NegativeInfinity);
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++) RowVector.Max(L.Data + e * heads, m, m, heads);
            }
        }
    }

    private struct ExponentialJob : IRowJob, ILeafSum
    {
        public EdgeView A;
        public Matrix L, M, S, Sum;

        public void Run(long first, long last)
        {
            long heads = L.Columns;
            for (long i = first; i < last; i++)
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                    RowVector.Subtract(L.Data + e * heads, M.Data + i * heads, S.Data + e * heads, heads);
            // The values of all these rows lie side by side.
            RowVector.Exp(S.Data + A.Pointers[first] * heads, (A.Pointers[last] - A.Pointers[first]) * heads);
            for (long i = first; i < last; i++)
            {
                Real* s = Sum.Data + i * heads;
                RowVector.Clear(s, heads);
                RowVector.AddInTree(ref this, A.Pointers[i], A.Pointers[i + 1], s, heads);
            }
        }

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long e = first; e < last; e++) RowVector.Add(S.Data + e * S.Stride, sum, S.Columns);
        }
    }

    private struct DivideJob : IRowJob
    {
        public EdgeView A;
        public Matrix S, Sum;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                    RowVector.Divide(S.Data + e * S.Columns, Sum.Data + i * S.Columns, S.Data + e * S.Columns, S.Columns);
        }
    }

    private struct DotJob : IRowJob, ILeafSum
    {
        public EdgeView A;
        public Matrix S, dS, R;

        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                Real* r = R.Data + i * R.Stride;
                RowVector.Clear(r, S.Columns);
                RowVector.AddInTree(ref this, A.Pointers[i], A.Pointers[i + 1], r, S.Columns);
            }
        }

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long e = first; e < last; e++)
                for (long k = 0; k < S.Columns; k++) sum[k] += S.Data[e * S.Stride + k] * dS.Data[e * dS.Stride + k];
        }
    }

    private struct AdjointJob : IRowJob
    {
        public EdgeView A;
        public Matrix S, dS, R, dL;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                {
                    Real* dl = dL.Data + e * S.Columns;
                    RowVector.Subtract(dS.Data + e * S.Columns, R.Data + i * S.Columns, dl, S.Columns);
                    RowVector.Multiply(S.Data + e * S.Columns, dl, dl, S.Columns);
                }
        }
    }
}
