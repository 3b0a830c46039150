using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Softmax over the stored entries of each row, in the steps between which processes that share a row reduce: largest entry,
/// exponentials and their sum, division. An absent edge acts as L = −∞; an empty row has no S.
/// </summary>
/// <remarks>All of them take edges by destination, whose values lie side by side: a row of the graph is a block of L.</remarks>
internal static unsafe class SegmentSoftmax
{
    /// <summary>m_i = max over the row's entries; −∞ for an empty row.</summary>
    public static void Max(EdgeView A, Matrix L, Matrix m)
    {
        var job = new MaxJob { A = A, L = L, M = m };
        RowParallel.For(A.Rows, A.Count * L.Columns, ref job);
    }

    /// <summary>S_e = exp(L_e − m_i), s_i = Σ S_e. S may be L.</summary>
    public static void Exponentials(EdgeView A, Matrix L, Matrix m, Matrix S, Matrix s)
    {
        var job = new ExponentialJob { A = A, L = L, M = m, S = S, Sum = s };
        RowParallel.For(A.Rows, 8 * A.Count * L.Columns, ref job);
    }

    /// <summary>S_e ← S_e / s_i</summary>
    public static void Divide(EdgeView A, Matrix S, Matrix s)
    {
        var job = new DivideJob { A = A, S = S, Sum = s };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
    }

    /// <summary>r_i = Σ_{e→i} S_e dS_e</summary>
    public static void Dots(EdgeView A, Matrix S, Matrix dS, Matrix r)
    {
        var job = new DotJob { A = A, S = S, dS = dS, R = r };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
    }

    /// <summary>dL_e = S_e (dS_e − r_i). dL may be dS.</summary>
    public static void Adjoint(EdgeView A, Matrix S, Matrix dS, Matrix r, Matrix dL)
    {
        var job = new AdjointJob { A = A, S = S, dS = dS, R = r, dL = dL };
        RowParallel.For(A.Rows, A.Count * S.Columns, ref job);
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
                for (long e = A.Pointers[i]; e < A.Pointers[i + 1]; e++)
                    for (long k = 0; k < heads; k++) m[k] = Real.Max(m[k], L.Data[e * L.Stride + k]);
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
            {
                long from = A.Pointers[i], to = A.Pointers[i + 1];
                Real* m = M.Data + i * M.Stride;
                for (long e = from; e < to; e++)
                    for (long k = 0; k < heads; k++) S.Data[e * heads + k] = L.Data[e * heads + k] - m[k];
                Exp(S.Data + from * heads, (to - from) * heads);
                Real* s = Sum.Data + i * Sum.Stride;
                RowVector.Clear(s, heads);
                RowVector.AddInTree(ref this, from, to, s, heads);
            }
        }

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long e = first; e < last; e++) RowVector.Add(S.Data + e * S.Stride, sum, S.Columns);
        }

        private static void Exp(Real* x, long count)
        {
            long j = 0;
            for (; j <= count - Vector512<Real>.Count; j += Vector512<Real>.Count)
                Vector512.Exp(Vector512.Load(x + j)).Store(x + j);
            for (; j < count; j++) x[j] = Real.Exp(x[j]);
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
                    for (long k = 0; k < S.Columns; k++) S.Data[e * S.Stride + k] /= Sum.Data[i * Sum.Stride + k];
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
                    for (long k = 0; k < S.Columns; k++)
                        dL.Data[e * dL.Stride + k] = S.Data[e * S.Stride + k] * (dS.Data[e * dS.Stride + k] - R.Data[i * R.Stride + k]);
        }
    }
}
