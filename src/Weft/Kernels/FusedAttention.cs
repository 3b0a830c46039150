using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// One head of attention in one pass over each destination's edges: scores, softmax and weighted sum while the gathered rows
/// are in the first cache. Of an edge nothing is kept; of a destination, Z and the pair (m, s).
/// </summary>
/// <remarks>
/// The fused form of section 6 of the mathematics, for any score: 32 edges at a time, with a running maximum. A row of more than
/// 4,096 edges is cut; its parts, triples (m, s, s·Z), are combined in a dyadic tree. The adjoint is in <see cref="FusedAttentionAdjoint"/>.
/// </remarks>
internal static unsafe class FusedAttention
{
    /// <summary>Z = softmax(L)·X, and the largest logit m and the sum s = Σ exp(L − m) of each row.</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="score">The logits; the own end is the destination.</param>
    /// <param name="X">[A.Columns, d]</param>
    /// <param name="dropout">B, which multiplies the coefficients but not s.</param>
    /// <param name="normalize">False to leave s·Z in Z, for rows of which other processes have more edges.</param>
    /// <param name="Z">[A.Rows, d]</param>
    /// <param name="state">m and s, [A.Rows, 2]</param>
    public static void Forward<TScore>(EdgeView A, TScore score, Matrix X, EdgeDropout dropout, bool normalize, Matrix Z, Matrix state)
        where TScore : struct, IAttentionScore
    {
        if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Forward<TScore, Lanes512, Vector512<Real>>(A, score, X, dropout, normalize, Z, state);
        else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Forward<TScore, Lanes256, Vector256<Real>>(A, score, X, dropout, normalize, Z, state);
        else Forward<TScore, Lanes128, Vector128<Real>>(A, score, X, dropout, normalize, Z, state);
    }

    private static void Forward<TScore, TLanes, TVector>(EdgeView A, TScore score, Matrix X, EdgeDropout dropout, bool normalize, Matrix Z, Matrix state)
        where TScore : struct, IAttentionScore
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var pieces = A.Pieces;
        long padded = EdgeRows.Padded<TLanes, TVector>(X.Columns);
        fixed (int* index = A.Index)
        {
            var job = new Job<TScore, TLanes, TVector>
            {
                A = A,
                Index = index,
                Score = score,
                X = X,
                Dropout = dropout,
                Normalize = normalize,
                Z = Z,
                State = state,
                Parts = Scratch.Take(ScratchUse.AttentionParts, pieces.Parts * (padded + 2)),
                Padded = padded,
            };
            RowParallel.For(pieces.Count, A.Count * (3 * X.Columns + 16), ref job);
            foreach (var row in pieces.LongRows) job.Join(row);
        }
    }

    /// <summary>(m, s, s·Z) ← (m, s, s·Z) ⊕ (m′, s′, s′·Z′): the same sums as if their edges had been in one row.</summary>
    public static void Merge(Real* state, Real* sum, Real* otherState, Real* otherSum, long columns)
    {
        if (otherState[1] == 0) return;
        Real largest = state[1] == 0 ? otherState[0] : Real.Max(state[0], otherState[0]);
        Real* factors = stackalloc Real[2];
        (factors[0], factors[1]) = (state[1] == 0 ? 0 : state[0] - largest, otherState[0] - largest);
        RowVector.Exp(factors, 2);
        (state[0], state[1]) = (largest, factors[0] * state[1] + factors[1] * otherState[1]);
        for (long j = 0; j < columns; j++) sum[j] = factors[0] * sum[j] + factors[1] * otherSum[j];
    }

    private struct Job<TScore, TLanes, TVector> : IRowJob
        where TScore : struct, IAttentionScore
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public EdgeView A;
        public int* Index;
        public TScore Score;
        public Matrix X, Z, State;
        public EdgeDropout Dropout;
        public bool Normalize;
        public Real* Parts;
        public long Padded;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            Real* own = Scratch.Take(ScratchUse.Attention, 2 * Padded + TLanes.Count), sum = own + Padded + TLanes.Count;
            for (long p = first; p < last; p++)
            {
                if (pieces.Part[p] >= 0)
                {
                    Real* part = Parts + pieces.Part[p] * (Padded + 2);
                    Row(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], own, part + 2, part);
                    continue;
                }
                for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                {
                    Real* state = State.Data + i * State.Stride;
                    Row(i, A.Pointers[i], A.Pointers[i + 1], own, sum, state);
                    Store(i, sum, state);
                }
            }
        }

        /// <summary>m, s and s·Z_i over some edges of row i.</summary>
        private readonly void Row(long i, long first, long last, Real* own, Real* sum, Real* state)
        {
            Real* L = stackalloc Real[EdgeRows.Tile], slope = stackalloc Real[EdgeRows.Tile];
            EdgeRows.CopyPadded(Score.Own.Data + i * Score.Own.Stride, Score.Own.Columns, Padded, own);
            RowVector.Clear(sum, Padded);
            Real m = Real.NegativeInfinity, s = 0;
            for (long q = first; q < last; q += EdgeRows.Tile)
            {
                int count = (int)Math.Min(EdgeRows.Tile, last - q);
                int* index = Index + q;
                Prefetch(q + count, count);
                Score.Logits<TLanes, TVector>(own, index, count, L, slope);
                Real largest = m;
                for (int t = 0; t < count; t++) largest = Real.Max(largest, L[t]);
                if (largest > m && s > 0) Rescale(m - largest, ref s, sum);
                m = largest;
                for (int t = 0; t < count; t++) L[t] -= m;
                RowVector.Exp(L, count);                                       // S = exp(L − m) / s
                for (int t = 0; t < count; t++) s += L[t];
                if (Dropout.Drops) Dropout.Apply(A, q, count, L);
                EdgeRows.AddWeighted<TLanes, TVector>(L, X, index, count, sum); // Z = S·X
            }
            // A row without edges has no largest logit; an infinity would lie about in memory that others may read past their end.
            (state[0], state[1]) = (s == 0 ? 0 : m, s);
        }

        private readonly void Prefetch(long next, long count)
        {
            count = Math.Min(count, A.Count - next);
            EdgeRows.Prefetch(X, Index + next, count);
            if (!TScore.ReadsValues) EdgeRows.Prefetch(Score.Other, Index + next, count);
        }

        private readonly void Rescale(Real difference, ref Real s, Real* sum)
        {
            RowVector.Exp(&difference, 1);
            s *= difference;
            for (long j = 0; j < Padded; j++) sum[j] *= difference;
        }

        private readonly void Store(long i, Real* sum, Real* state)
        {
            Real factor = !Normalize ? 1 : state[1] == 0 ? 0 : 1 / state[1];
            Real* z = Z.Data + i * Z.Stride;
            for (long j = 0; j < Z.Columns; j++) z[j] = sum[j] * factor;
        }

        /// <summary>The parts of a long row, combined.</summary>
        public readonly void Join(LongRow row)
        {
            Real* part = Parts + row.FirstPart * (Padded + 2);
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step)
                {
                    Real* left = part + t * (Padded + 2), right = part + (t + step) * (Padded + 2);
                    Merge(left, left + 2, right, right + 2, Padded);
                }
            Real* state = State.Data + row.Row * State.Stride;
            (state[0], state[1]) = (part[0], part[1]);
            Store(row.Row, part + 2, state);
        }
    }
}
