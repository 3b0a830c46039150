using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// softmax(τ·Q·Kᵀ)·V between all pairs of rows, a row of logits at a time: the N × N matrices are never held. A row keeps its
/// largest logit m and its sum of exponentials s, from which the adjoint makes the coefficients again.
/// </summary>
/// <remarks>
/// Where a row's keys lie on several processes, each computes (m, s, Σ exp(L − m)·V) over its own keys; the triples are merged
/// by the caller.
/// </remarks>
internal static unsafe class DenseAttention
{
    /// <summary>m_i = max_j L_ij over these keys, per head; −∞ without keys.</summary>
    public static void RowMax(Matrix Q, Matrix K, int heads, Real τ, Matrix m)
    {
        var job = new RowJob { Step = RowStep.Max, Q = Q, K = K, V = K, Heads = heads, Scale = τ, M = m, S = m, Z = Q };
        RowParallel.For(Q.Rows, 2 * Q.Count * K.Rows, ref job);
    }

    /// <summary>s_i = Σ_j exp(L_ij − m_i) and Z_i = Σ_j exp(L_ij − m_i)·V_j over these keys.</summary>
    public static void RowSums(Matrix Q, Matrix K, Matrix V, int heads, Real τ, Matrix m, Matrix s, Matrix Z)
    {
        var job = new RowJob { Step = RowStep.Sum, Q = Q, K = K, V = V, Heads = heads, Scale = τ, M = m, S = s, Z = Z };
        RowParallel.For(Q.Rows, 4 * Q.Count * K.Rows, ref job);
    }

    /// <summary>Z^k_i ← Z^k_i / s_i^k</summary>
    public static void Divide(Matrix Z, Matrix s, int heads)
    {
        var job = new DivideJob { Z = Z, S = s, Heads = heads };
        RowParallel.For(Z.Rows, Z.Count, ref job);
    }

    /// <summary>r_i^k = ⟨dZ_i^k, Z_i^k⟩</summary>
    public static void RowDots(Matrix dZ, Matrix Z, int heads, Matrix r)
    {
        var job = new DotJob { dZ = dZ, Z = Z, Heads = heads, R = r };
        RowParallel.For(Z.Rows, Z.Count, ref job);
    }

    /// <summary>dQ_i = τ Σ_j dL_ij K_j: the pass over destinations.</summary>
    public static void AdjointQ(in Adjoint rows, Matrix dQ)
    {
        var job = new QueryJob { A = rows, dQ = dQ };
        RowParallel.For(rows.Q.Rows, 6 * rows.Q.Count * rows.K.Rows, ref job);
    }

    /// <summary>dK_j = τ Σ_i dL_ij Q_i and dV_j = Σ_i S_ij dZ_i: the pass over sources.</summary>
    public static void AdjointKV(in Adjoint rows, Matrix dK, Matrix dV)
    {
        var job = new KeyJob { A = rows, dK = dK, dV = dV };
        RowParallel.For(rows.K.Rows, 8 * rows.Q.Rows * rows.K.Count, ref job);
    }

    /// <summary>S_ij = exp(L_ij − m_i) / s_i, for a trace.</summary>
    public static void Coefficients(Matrix L, Matrix m, Matrix s, Matrix S)
    {
        for (long i = 0; i < L.Rows; i++)
            for (long j = 0; j < L.Columns; j++) S[i, j] = Real.Exp(L[i, j] - m[i, 0]) / s[i, 0];
    }

    /// <summary>dL = S ⊙ (dS − ⟨S, dS⟩) row by row, for a trace.</summary>
    public static void SoftmaxAdjoint(Matrix S, Matrix dS, Matrix dL)
    {
        for (long i = 0; i < S.Rows; i++)
        {
            Real r = RowVector.Dot(S.Data + i * S.Stride, dS.Data + i * dS.Stride, S.Columns);
            for (long j = 0; j < S.Columns; j++) dL[i, j] = S[i, j] * (dS[i, j] - r);
        }
    }

    /// <summary>What the adjoint reads: rows by destination (Q, dZ, m, s, r) and by source (K, V).</summary>
    internal readonly record struct Adjoint(Matrix Q, Matrix K, Matrix V, Matrix dZ, Matrix M, Matrix S, Matrix R, int Heads, Real Scale)
    {
        /// <summary>S_ij and dL_ij of one head.</summary>
        public (Real S, Real dL) At(long i, long j, long k, long d)
        {
            Real logit = Scale * RowVector.Dot(Q.Data + i * Q.Stride + k * d, K.Data + j * K.Stride + k * d, d);
            Real s = Real.Exp(logit - M.Data[i * M.Stride + k]) / S.Data[i * S.Stride + k];
            Real dS = RowVector.Dot(dZ.Data + i * dZ.Stride + k * d, V.Data + j * V.Stride + k * d, d);
            return (s, s * (dS - R.Data[i * R.Stride + k]));
        }
    }

    private enum RowStep
    {
        Max,
        Sum,
    }

    private struct RowJob : IRowJob
    {
        public RowStep Step;
        public Matrix Q, K, V, M, S, Z;
        public int Heads;
        public Real Scale;

        public readonly void Run(long first, long last)
        {
            if (Heads == 0) return;
            long d = Q.Columns / Heads;
            for (long i = first; i < last; i++)
                for (long k = 0; k < Heads; k++)
                    if (Step == RowStep.Max) Max(i, k, d);
                    else Sum(i, k, d);
        }

        private readonly void Max(long i, long k, long d)
        {
            Real largest = Real.NegativeInfinity;
            for (long j = 0; j < K.Rows; j++) largest = Real.Max(largest, Logit(i, j, k, d));
            M.Data[i * M.Stride + k] = largest;
        }

        // Σ exp(L − m)·V and, in one more place at its end, Σ exp(L − m): one tree for both.
        private readonly void Sum(long i, long k, long d)
        {
            var pairs = new PairSum { Job = this, Row = i, Head = k, Width = d };
            Real* sum = Scratch.Take(ScratchUse.Row, d + 1), z = Z.Data + i * Z.Stride + k * d;
            RowVector.Clear(sum, d + 1);
            RowVector.AddInTree(ref pairs, 0, K.Rows, sum, d + 1);
            RowVector.Clear(z, d);
            RowVector.Add(sum, z, d);
            S.Data[i * S.Stride + k] = sum[d];
        }

        public readonly Real Logit(long i, long j, long k, long d) =>
            Scale * RowVector.Dot(Q.Data + i * Q.Stride + k * d, K.Data + j * K.Stride + k * d, d);
    }

    private struct PairSum : ILeafSum
    {
        public RowJob Job;
        public long Row, Head, Width;

        public readonly void AddTo(Real* sum, long first, long last)
        {
            Real m = Job.M.Data[Row * Job.M.Stride + Head];
            for (long j = first; j < last; j++)
            {
                Real e = Real.Exp(Job.Logit(Row, j, Head, Width) - m);
                RowVector.AddScaled(e, Job.V.Data + j * Job.V.Stride + Head * Width, sum, Width);
                sum[Width] += e;
            }
        }
    }

    private struct DivideJob : IRowJob
    {
        public Matrix Z, S;
        public int Heads;

        public readonly void Run(long first, long last)
        {
            if (Heads == 0) return;
            long d = Z.Columns / Heads;
            for (long i = first; i < last; i++)
                for (long k = 0; k < Heads; k++)
                {
                    Real s = S.Data[i * S.Stride + k];
                    Real* z = Z.Data + i * Z.Stride + k * d;
                    for (long c = 0; c < d; c++) z[c] /= s;
                }
        }
    }

    private struct DotJob : IRowJob
    {
        public Matrix dZ, Z, R;
        public int Heads;

        public readonly void Run(long first, long last)
        {
            if (Heads == 0) return;
            long d = Z.Columns / Heads;
            for (long i = first; i < last; i++)
                for (long k = 0; k < Heads; k++)
                    R.Data[i * R.Stride + k] = RowVector.Dot(dZ.Data + i * dZ.Stride + k * d, Z.Data + i * Z.Stride + k * d, d);
        }
    }

    private struct QueryJob : IRowJob
    {
        public Adjoint A;
        public Matrix dQ;

        public readonly void Run(long first, long last)
        {
            if (A.Heads == 0) return;
            long d = A.Q.Columns / A.Heads;
            for (long i = first; i < last; i++)
            {
                RowVector.Clear(dQ.Data + i * dQ.Stride, dQ.Columns);
                for (long k = 0; k < A.Heads; k++)
                {
                    var sum = new QuerySum { A = A, Row = i, Head = k, Width = d };
                    RowVector.AddInTree(ref sum, 0, A.K.Rows, dQ.Data + i * dQ.Stride + k * d, d);
                }
            }
        }
    }

    private struct QuerySum : ILeafSum
    {
        public Adjoint A;
        public long Row, Head, Width;

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long j = first; j < last; j++)
                RowVector.AddScaled(A.Scale * A.At(Row, j, Head, Width).dL, A.K.Data + j * A.K.Stride + Head * Width, sum, Width);
        }
    }

    private struct KeyJob : IRowJob
    {
        public Adjoint A;
        public Matrix dK, dV;

        public readonly void Run(long first, long last)
        {
            if (A.Heads == 0) return;
            long d = A.K.Columns / A.Heads;
            // [dK_j ‖ dV_j] of one head: one pass over the queries and one tree for both.
            Real* sum = Scratch.Take(ScratchUse.Row, 2 * d);
            for (long j = first; j < last; j++)
            {
                Real* dk = dK.Data + j * dK.Stride, dv = dV.Data + j * dV.Stride;
                RowVector.Clear(dk, dK.Columns);
                RowVector.Clear(dv, dV.Columns);
                for (long k = 0; k < A.Heads; k++)
                {
                    var pairs = new KeySum { A = A, Column = j, Head = k, Width = d };
                    RowVector.Clear(sum, 2 * d);
                    RowVector.AddInTree(ref pairs, 0, A.Q.Rows, sum, 2 * d);
                    RowVector.Add(sum, dk + k * d, d);
                    RowVector.Add(sum + d, dv + k * d, d);
                }
            }
        }
    }

    private struct KeySum : ILeafSum
    {
        public Adjoint A;
        public long Column, Head, Width;

        public readonly void AddTo(Real* sum, long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                var (s, dL) = A.At(i, Column, Head, Width);
                RowVector.AddScaled(A.Scale * dL, A.Q.Data + i * A.Q.Stride + Head * Width, sum, Width);
                RowVector.AddScaled(s, A.dZ.Data + i * A.dZ.Stride + Head * Width, sum + Width, Width);
            }
        }
    }
}
