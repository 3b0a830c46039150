using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// The adjoint of <see cref="FusedAttention"/> for one head, by recomputation: S = exp(L − m)/s, dS = ⟨dZ, X⟩ and
/// dL = S (B·dS − r) are formed again edge by edge, once for the destinations' gradients and once for the sources'. Each pass
/// writes only the rows it works on.
/// </summary>
internal static unsafe class FusedAttentionAdjoint
{
    /// <summary>Gradients at the destinations: Σ_{e→i} dL_e ∂L_e/∂own_i.</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="score">The own end is the destination.</param>
    /// <param name="X">[A.Columns, d]</param>
    /// <param name="dZ">[A.Rows, d]</param>
    /// <param name="terms">m, 1/s, r of each destination, [A.Rows, 4].</param>
    /// <param name="dropout">B of the forward pass.</param>
    /// <param name="dOwn">[A.Rows, w]; may be the score's own rows.</param>
    /// <param name="da">Gradient of the score's vector, [1, w], or missing.</param>
    public static void Destinations<TScore>(EdgeView A, TScore score, Matrix X, Matrix dZ, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix da)
        where TScore : struct, IAttentionScore =>
        Run<TScore, AtDestinations>(A, score, dZ, X, terms, dropout, dOwn, default, da);

    /// <summary>Gradients at the sources: Σ_{e: src(e)=j} dL_e ∂L_e/∂own_j and Σ_{e: src(e)=j} B_e S_e dZ_{dst(e)}.</summary>
    /// <param name="A">Edges by source.</param>
    /// <param name="score">The own end is the source.</param>
    /// <param name="X">[A.Rows, d]</param>
    /// <param name="dZ">[A.Columns, d]</param>
    /// <param name="terms">m, 1/s, r of each destination, [A.Columns, 4].</param>
    /// <param name="dropout">B of the forward pass.</param>
    /// <param name="dOwn">[A.Rows, w], or missing where the score reads X itself: its part is added to dX.</param>
    /// <param name="dX">[A.Rows, d]</param>
    public static void Sources<TScore>(EdgeView A, TScore score, Matrix X, Matrix dZ, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX)
        where TScore : struct, IAttentionScore =>
        Run<TScore, AtSources>(A, score, X, dZ, terms, dropout, dOwn, dX, default);

    private static void Run<TScore, TEnd>(EdgeView A, TScore score, Matrix own, Matrix gathered, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX, Matrix da)
        where TScore : struct, IAttentionScore
        where TEnd : struct, IEnd
    {
        if (Vector512.IsHardwareAccelerated && own.Columns > Vector256<Real>.Count) Run<TScore, TEnd, Lanes512, Vector512<Real>>(A, score, own, gathered, terms, dropout, dOwn, dX, da);
        else if (Vector256.IsHardwareAccelerated && own.Columns > Vector128<Real>.Count) Run<TScore, TEnd, Lanes256, Vector256<Real>>(A, score, own, gathered, terms, dropout, dOwn, dX, da);
        else Run<TScore, TEnd, Lanes128, Vector128<Real>>(A, score, own, gathered, terms, dropout, dOwn, dX, da);
    }

    private static void Run<TScore, TEnd, TLanes, TVector>(EdgeView A, TScore score, Matrix own, Matrix gathered, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX, Matrix da)
        where TScore : struct, IAttentionScore
        where TEnd : struct, IEnd
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var pieces = A.Pieces;
        long padded = EdgeRows.Padded<TLanes, TVector>(own.Columns);
        var partial = da.IsMissing ? default : new Matrix(Scratch.Take(ScratchUse.AttentionSums, pieces.Count * padded), pieces.Count, padded, padded, null);
        fixed (int* index = A.Index)
        {
            var job = new Job<TScore, TEnd, TLanes, TVector>
            {
                A = A,
                Index = index,
                Score = score,
                Own = own,
                Gathered = gathered,
                Terms = terms,
                Dropout = dropout,
                dOwn = dOwn,
                dX = dX,
                da = partial,
                Parts = Scratch.Take(ScratchUse.AttentionParts, pieces.Parts * 2 * padded),
                Padded = padded,
            };
            RowParallel.For(pieces.Count, A.Count * (8 * own.Columns + 16), ref job);
            foreach (var row in pieces.LongRows) job.Join(row);
        }
        if (!da.IsMissing) Elementwise.ColumnSums(partial.ColumnRange(0, da.Columns), da);
    }

    /// <summary>Which end of the edges a pass works on.</summary>
    private interface IEnd
    {
        static abstract bool IsSource { get; }
    }

    private readonly struct AtDestinations : IEnd
    {
        public static bool IsSource => false;
    }

    private readonly struct AtSources : IEnd
    {
        public static bool IsSource => true;
    }

    private struct Job<TScore, TEnd, TLanes, TVector> : IRowJob
        where TScore : struct, IAttentionScore
        where TEnd : struct, IEnd
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public EdgeView A;
        public int* Index;
        public TScore Score;
        public Matrix Own, Gathered, Terms, dOwn, dX, da;
        public EdgeDropout Dropout;
        public Real* Parts;
        public long Padded;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            Real* own = Scratch.Take(ScratchUse.Attention, 4 * Padded), sums = own + 2 * Padded;
            for (long p = first; p < last; p++)
            {
                Real* sumA = da.IsMissing ? null : da.Data + p * da.Stride;
                if (sumA != null) RowVector.Clear(sumA, Padded);
                if (pieces.Part[p] >= 0)
                {
                    Row(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], own, Parts + pieces.Part[p] * 2 * Padded, sumA);
                    continue;
                }
                for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                {
                    Row(i, A.Pointers[i], A.Pointers[i + 1], own, sums, sumA);
                    Store(i, sums);
                }
            }
        }

        /// <summary>sums = [Σ dL ∂L/∂own ‖ Σ B·S·dZ] over some edges of row i; the second at the sources only.</summary>
        private readonly void Row(long i, long first, long last, Real* own, Real* sums, Real* sumA)
        {
            Real* ownRow = own + Padded;
            EdgeRows.CopyPadded(Score.Own.Data + i * Score.Own.Stride, Score.Own.Columns, Padded, own);
            EdgeRows.CopyPadded(Own.Data + i * Own.Stride, Own.Columns, Padded, ownRow);
            RowVector.Clear(sums, 2 * Padded);
            Real* S = stackalloc Real[EdgeRows.Tile], slope = stackalloc Real[EdgeRows.Tile], dL = stackalloc Real[EdgeRows.Tile], B = stackalloc Real[EdgeRows.Tile];
            for (long q = first; q < last; q += EdgeRows.Tile)
            {
                int count = (int)Math.Min(EdgeRows.Tile, last - q);
                int* index = Index + q;
                Prefetch(q + count, count);
                Score.Logits<TLanes, TVector>(own, index, count, S, slope);
                EdgeRows.Dots<TLanes, TVector>(ownRow, Gathered, index, count, dL); // (19)  dS = ⟨dZ, X⟩
                Coefficients(i, index, count, S);
                if (Dropout.Drops)
                {
                    new Span<Real>(B, count).Fill(1);
                    Dropout.Apply(A, q, count, B);
                    RowVector.Multiply(B, dL, dL, count);
                    RowVector.Multiply(B, S, B, count);
                }
                SoftmaxAdjoint(i, index, count, S, dL);
                Score.AddGradient<TLanes, TVector>(own, index, count, dL, slope, sums, sumA);
                if (TEnd.IsSource) EdgeRows.AddWeighted<TLanes, TVector>(Dropout.Drops ? B : S, Gathered, index, count, sums + Padded); // (37)  Sᵀ·dZ
            }
            Score.Finish(sums, Score.Own.Columns);
        }

        private readonly void Prefetch(long next, long count)
        {
            count = Math.Min(count, A.Count - next);
            EdgeRows.Prefetch(Gathered, Index + next, count);
            if (TEnd.IsSource || !TScore.ReadsValues) EdgeRows.Prefetch(Score.Other, Index + next, count);
            if (TEnd.IsSource) EdgeRows.Prefetch(Terms, Index + next, count);
        }

        /// <summary>S = exp(L − m) / s with the destination's m and s.</summary>
        private readonly void Coefficients(long i, int* index, int count, Real* S)
        {
            Real* row = Terms.Data + i * Terms.Stride;
            for (int t = 0; t < count; t++) S[t] -= (TEnd.IsSource ? Terms.Data + index[t] * Terms.Stride : row)[RowTerms.Largest];
            RowVector.Exp(S, count);
            for (int t = 0; t < count; t++) S[t] *= (TEnd.IsSource ? Terms.Data + index[t] * Terms.Stride : row)[RowTerms.InverseSum];
        }

        /// <summary>dL = S (dS − r), (21).</summary>
        private readonly void SoftmaxAdjoint(long i, int* index, int count, Real* S, Real* dL)
        {
            Real* row = Terms.Data + i * Terms.Stride;
            for (int t = 0; t < count; t++) dL[t] = S[t] * (dL[t] - (TEnd.IsSource ? Terms.Data + index[t] * Terms.Stride : row)[RowTerms.Dot]);
        }

        private readonly void Store(long i, Real* sums)
        {
            if (!dOwn.IsMissing) new Span<Real>(sums, (int)dOwn.Columns).CopyTo(new Span<Real>(dOwn.Data + i * dOwn.Stride, (int)dOwn.Columns));
            if (!TEnd.IsSource) return;
            Real* x = dX.Data + i * dX.Stride, aggregate = sums + Padded;
            if (dOwn.IsMissing) RowVector.Sum(sums, aggregate, x, dX.Columns);
            else new Span<Real>(aggregate, (int)dX.Columns).CopyTo(new Span<Real>(x, (int)dX.Columns));
        }

        /// <summary>The parts of a long row, added up.</summary>
        public readonly void Join(LongRow row)
        {
            Real* part = Parts + row.FirstPart * 2 * Padded;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step) RowVector.Add(part + (t + step) * 2 * Padded, part + t * 2 * Padded, 2 * Padded);
            Store(row.Row, part);
        }
    }
}
