using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// The adjoint of <see cref="FusedAttention"/>, by recomputation: S = exp(L − m)/s, dS = ⟨dZ, X⟩ and dL = S (B·dS − r) are formed
/// again edge by edge for the destinations' gradients. The sources' need B·S and dL of the same edges in another order: they are kept
/// from the first pass to the second, two numbers an edge and head, or formed once more where memory is short. The bits are the same (with edge features the terms of P are added in another order).
/// Each pass writes only the rows it works on.
/// </summary>
internal static unsafe class FusedAttentionAdjoint
{
    /// <summary>Gradients at the destinations: Σ_{e→i} dL_e ∂L_e/∂own_i.</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="score">The own end is the destination.</param>
    /// <param name="X">[A.Columns, K·d]</param>
    /// <param name="dZ">[A.Rows, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="terms"><see cref="RowTerms"/> of each destination, [A.Rows, K·4].</param>
    /// <param name="dropout">B of the forward pass.</param>
    /// <param name="dOwn">[A.Rows, K·w]; may be the score's own rows.</param>
    /// <param name="da">The destinations' part is added to the gradient of the score's vector, [K, w]; where A's pieces end at leaves, leaf by leaf, [leaves, K·w …]; or missing.</param>
    /// <param name="coefficients">Receives [B·S ‖ dL ⊙ σ_L′] of each edge by value number, [E, 2·K]; missing where they are not kept.</param>
    /// <param name="edgeSums">Receives the sums over edges of a score that reads their features, as it lays them out, [1, …]; else missing.</param>
    public static void Destinations<TScore>(EdgeView A, TScore score, Matrix X, Matrix dZ, int heads, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix da, Matrix coefficients, Matrix edgeSums = default)
        where TScore : struct, IAttentionScore =>
        Run<TScore, AtDestinations>(A, score, dZ, X, heads, terms, dropout, dOwn, default, da, coefficients, edgeSums);

    /// <summary>Gradients at the sources: Σ_{e: src(e)=j} dL_e ∂L_e/∂own_j and Σ_{e: src(e)=j} B_e S_e dZ_{dst(e)}.</summary>
    /// <param name="A">Edges by source.</param>
    /// <param name="score">The own end is the source.</param>
    /// <param name="X">[A.Rows, K·d]</param>
    /// <param name="dZ">[A.Columns, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="terms"><see cref="RowTerms"/> of each destination, [A.Columns, K·4].</param>
    /// <param name="dropout">B of the forward pass.</param>
    /// <param name="dOwn">[A.Rows, K·w], or missing where the score reads X itself: its part is added to dX.</param>
    /// <param name="dX">[A.Rows, K·d]</param>
    /// <param name="da">The sources' part is added to the gradient of the score's vector, as at the destinations; or missing.</param>
    /// <param name="coefficients">What <see cref="Destinations"/> left of the same edges; missing to form it again.</param>
    /// <remarks>Of the own rows, each row's gradients are written when nothing of that row is read any more: dOwn and dX may lie where the score's own rows and X do.</remarks>
    public static void Sources<TScore>(EdgeView A, TScore score, Matrix X, Matrix dZ, int heads, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX, Matrix da, Matrix coefficients)
        where TScore : struct, IAttentionScore
    {
        if (coefficients.IsMissing) Run<TScore, AtSources>(A, score, X, dZ, heads, terms, dropout, dOwn, dX, da, default, default);
        else Run<TScore, AtSourcesAfter>(A, score, X, dZ, heads, terms, dropout, dOwn, dX, da, coefficients, default);
    }

    private static void Run<TScore, TEnd>(EdgeView A, TScore score, Matrix own, Matrix gathered, int heads, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX, Matrix da, Matrix coefficients, Matrix edgeSums)
        where TScore : struct, IAttentionScore
        where TEnd : struct, IEnd
    {
        long d = own.Columns / heads;
        if (Vector512.IsHardwareAccelerated && d > Vector256<Real>.Count) Run<TScore, TEnd, Lanes512, Vector512<Real>>(A, score, own, gathered, heads, terms, dropout, dOwn, dX, da, coefficients, edgeSums);
        else if (Vector256.IsHardwareAccelerated && d > Vector128<Real>.Count) Run<TScore, TEnd, Lanes256, Vector256<Real>>(A, score, own, gathered, heads, terms, dropout, dOwn, dX, da, coefficients, edgeSums);
        else Run<TScore, TEnd, Lanes128, Vector128<Real>>(A, score, own, gathered, heads, terms, dropout, dOwn, dX, da, coefficients, edgeSums);
    }

    private static void Run<TScore, TEnd, TLanes, TVector>(EdgeView A, TScore score, Matrix own, Matrix gathered, int heads, Matrix terms, EdgeDropout dropout, Matrix dOwn, Matrix dX, Matrix da, Matrix coefficients, Matrix edgeSums)
        where TScore : struct, IAttentionScore
        where TEnd : struct, IEnd
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var pieces = A.Pieces;
        long padded = EdgeRows.Padded<TLanes, TVector>(own.Columns / heads), width = heads * padded;
        var partial = da.IsMissing ? default : new Matrix(Scratch.Take(ScratchUse.AttentionSums, pieces.Count * width), pieces.Count, width, width, null);
        // Sums over edges in at most 256 places, each of as many pieces in a row: how many depends on the graph alone.
        long perPlace = edgeSums.IsMissing ? 1 : (pieces.Count + EdgePlaces - 1) / EdgePlaces, entries = TScore.ReadsEdges ? score.EdgeSums<TLanes, TVector>() : 0;
        long places = edgeSums.IsMissing ? 0 : (pieces.Count + perPlace - 1) / Math.Max(1, perPlace);
        Real* sums = places == 0 ? null : Scratch.Take(ScratchUse.EdgePartials, places * entries);
        fixed (int* index = A.Index, numbers = A.Permutation)
        {
            var job = new Job<TScore, TEnd, TLanes, TVector>
            {
                A = A,
                Index = index,
                Score = score,
                Own = own,
                Gathered = gathered,
                Heads = heads,
                Terms = terms,
                Dropout = dropout,
                Coefficients = coefficients,
                dOwn = dOwn,
                dX = dX,
                da = partial,
                Parts = Scratch.Take(ScratchUse.AttentionParts, pieces.Parts * 2 * width),
                Padded = padded,
                Numbers = numbers,
                EdgeSums = sums,
                EdgeEntries = entries,
                PerPlace = perPlace,
            };
            RowParallel.For(pieces.Count, A.Count * (8 * own.Columns + 16), ref job, perPlace);
            foreach (var row in pieces.LongRows) job.Join(row);
        }
        if (!edgeSums.IsMissing) ColumnTree.Combine(sums, places, entries, edgeSums, accumulate: false);
        if (da.IsMissing) return;
        if (A.ByLeaf) AddToLeaves(pieces, partial, heads, padded, own.Columns / heads, da);
        else
            for (int k = 0; k < da.Rows; k++) Elementwise.ColumnSums(partial.ColumnRange(k * padded, da.Columns), da.RowRange(k, 1), accumulate: true);
    }

    /// <summary>The sums of the pieces of each leaf of 256 rows, in their order, added to the leaf's row of da.</summary>
    private static void AddToLeaves(EdgePieces pieces, Matrix partial, int heads, long padded, long d, Matrix da)
    {
        for (int p = 0; p < pieces.Count; p++)
            for (int k = 0; k < heads; k++)
                RowVector.Add(partial.Data + p * partial.Stride + k * padded, da.Data + pieces.FirstRow[p] / RowVector.RowsPerLeaf * da.Stride + k * d, d);
    }

    private const long EdgePlaces = 256;

    /// <summary>Which end of the edges a pass works on.</summary>
    private interface IEnd
    {
        static abstract bool IsSource { get; }

        /// <summary>True where the pass before has left the coefficients.</summary>
        static abstract bool IsAfter { get; }
    }

    private readonly struct AtDestinations : IEnd
    {
        public static bool IsSource => false;

        public static bool IsAfter => false;
    }

    private readonly struct AtSources : IEnd
    {
        public static bool IsSource => true;

        public static bool IsAfter => false;
    }

    private readonly struct AtSourcesAfter : IEnd
    {
        public static bool IsSource => true;

        public static bool IsAfter => true;
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
        public Matrix Own, Gathered, Terms, Coefficients, dOwn, dX, da;
        public int Heads;
        public EdgeDropout Dropout;
        public Real* Parts;
        public long Padded;
        public int* Numbers;
        public Real* EdgeSums;
        public long EdgeEntries, PerPlace;

        /// <summary>Entries of a row's sums: [Σ dL ∂L/∂own ‖ Σ B·S·dZ], K heads padded each.</summary>
        private readonly long RowEntries => 2 * Heads * Padded;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            long tile = Heads * EdgeRows.Tile + TLanes.Count, width = Heads * Padded;
            Real* tiles = Scratch.Take(ScratchUse.Attention, 7 * tile + RowEntries + 2 * width + Score.RowScratch<TLanes, TVector>());
            Real* sums = tiles + 7 * tile, rows = sums + RowEntries, unused = rows + width, own = unused + width;
            for (long p = first; p < last; p++)
            {
                Real* sumA = da.IsMissing ? unused : da.Data + p * da.Stride;
                RowVector.Clear(sumA, width);
                Real* edges = SumsOf(p);
                if (pieces.Part[p] >= 0)
                    Row(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], own, rows, tiles, tile, Parts + pieces.Part[p] * RowEntries, sumA, edges);
                else
                    for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                    {
                        Row(i, A.Pointers[i], A.Pointers[i + 1], own, rows, tiles, tile, sums, sumA, edges);
                        Store(i, sums);
                    }
                if (edges != null) RowVector.Add(edges, EdgeSums + p / PerPlace * EdgeEntries, EdgeEntries);
            }
        }

        /// <summary>A cleared place for the sums over a piece's edges, which are then added to those of the pieces before it.</summary>
        private readonly Real* SumsOf(long piece)
        {
            if (!TScore.ReadsEdges || EdgeSums == null) return null;
            if (piece % PerPlace == 0) RowVector.Clear(EdgeSums + piece / PerPlace * EdgeEntries, EdgeEntries);
            Real* sums = Scratch.Take(ScratchUse.EdgeSums, EdgeEntries);
            RowVector.Clear(sums, EdgeEntries);
            return sums;
        }

        /// <summary>The sums over some edges of row i.</summary>
        private readonly void Row(long i, long first, long last, Real* scratch, Real* rowCopy, Real* tiles, long tile, Real* sums, Real* sumA, Real* edges)
        {
            RowVector.Clear(sums, RowEntries);
            if (first == last) return;
            long d = Own.Columns / Heads;
            // At the destinations a score may read the gathered rows too, and has asked for them.
            bool asksOther = TScore.Asks && !AsksBefore && EdgeRows.IsWorthAsking(Score.Other);
            bool asksGathered = (TEnd.IsSource || !TScore.ReadsValues) && !AsksBefore && EdgeRows.IsWorthAsking(Gathered);
            bool sixteen = SixteenVectors.Are<TLanes, TVector>(Heads, d);
            Real* own = Score.Prepare<TLanes, TVector>(i, scratch, adjoint: true);
            Real* row = TEnd.IsAfter ? null : EdgeRows.HeadsPadded(Own.Data + i * Own.Stride, Heads, d, Padded, rowCopy);
            bool eight = EightHeads.Are(Heads, d);
            // B·S and dL of a tile, head by head as they are formed, or edge by edge as they are kept and as eight heads are formed.
            TileNumbers S = TEnd.IsAfter ? new(tiles, 2 * Heads, 1) : Numbered(eight, tiles);
            TileNumbers dL = TEnd.IsAfter ? new(tiles + Heads, 2 * Heads, 1) : Numbered(eight, tiles + tile);
            for (long q = first; q < last; q += EdgeRows.Tile)
            {
                int count = (int)Math.Min(EdgeRows.Tile, last - q);
                int* index = Index + q;
                int reach = (int)Math.Min(int.MaxValue, A.Count - 1 - q), toOther = asksOther ? reach : -1, toGathered = asksGathered ? reach : -1;
                Prefetch(q + EdgeRows.Ahead, count);
                int* numbers = Numbers == null ? null : Numbers + q;
                if (TScore.ReadsEdges) Score.ReadEdges<TLanes, TVector>(own, index, numbers, q, count);
                if (TEnd.IsAfter) EdgeRows.Copy(Coefficients, numbers, q, count, tiles);
                else if (eight) FormEight(i, q, count, own, row, toOther, toGathered, tiles, tile);
                else Form(i, q, count, own, row, toOther, toGathered, tiles, tile);
                if (!TEnd.IsSource && !Coefficients.IsMissing) Keep(numbers, q, count, S, dL);
                if (TScore.ReadsEdges && edges != null) Score.AddGradients<TLanes, TVector>(own, numbers, q, count, dL, sums, edges);
                else Score.AddGradient<TLanes, TVector>(own, index, count, TEnd.IsAfter ? toOther : -1, dL, sums);
                if (!TEnd.IsSource) continue;
                if (eight) EightHeads.AddWeighted(S, Gathered, index, count, TEnd.IsAfter ? toGathered : -1, sums + Heads * Padded); // (37)  Sᵀ·dZ
                else if (sixteen) SixteenVectors.AddWeighted<TLanes, TVector>(S, Heads, Gathered.Data, Gathered.Stride, index, count, TEnd.IsAfter ? toGathered : -1, sums + Heads * Padded); // (37)  Sᵀ·dZ of all heads
                else
                    for (int k = 0; k < Heads; k++)
                        EdgeRows.AddWeighted<TLanes, TVector>(S.Data + k * S.Head, S.Edge, Gathered.Data + k * d, Gathered.Stride, d, index, count, TEnd.IsAfter ? toGathered : -1, sums + (Heads + k) * Padded); // (37)  Sᵀ·dZ
            }
            Score.Finish<TLanes, TVector>(own, sums, sumA);
        }

        /// <summary>B·S and dL ⊙ σ_L′ of some edges of row i, head by head.</summary>
        private readonly void Form(long i, long q, int count, Real* own, Real* row, int toOther, int toGathered, Real* S, long tile)
        {
            Real* dL = S + tile, slope = dL + tile, B = slope + tile, m = B + tile;
            int* index = Index + q;
            Score.Logits<TLanes, TVector>(own, index, count, toOther, TileNumbers.HeadByHead(S), TileNumbers.HeadByHead(slope)); // (9)   L
            EdgeRows.HeadDots<TLanes, TVector>(row, Gathered, Heads, Padded, index, count, toGathered, dL); // (19)  dS = ⟨dZ, X⟩
            if (Dropout.Drops)
            {
                Dropout.Draw(A, q, count, Heads, TileNumbers.HeadByHead(B));
                for (int k = 0; k < Heads * EdgeRows.Tile; k += EdgeRows.Tile) RowVector.Multiply(B + k, dL + k, dL + k, count);
            }
            if (TEnd.IsSource) GatherTerms(index, count, m, tile);
            for (int k = 0; k < Heads; k++) FormCoefficients(i, k, count, S + k * EdgeRows.Tile, dL + k * EdgeRows.Tile, m + k * EdgeRows.Tile, tile);
            Score.ThroughSlope<TLanes, TVector>(count, TileNumbers.HeadByHead(slope), TileNumbers.HeadByHead(dL)); // (24)  Δ
            if (!Dropout.Drops) return;
            for (int k = 0; k < Heads * EdgeRows.Tile; k += EdgeRows.Tile) RowVector.Multiply(B + k, S + k, S + k, count);
        }

        private static TileNumbers Numbered(bool eight, Real* data) => eight ? TileNumbers.EdgeByEdge(data) : TileNumbers.HeadByHead(data);

        /// <summary>The same for eight heads at once, edge by edge.</summary>
        private readonly void FormEight(long i, long q, int count, Real* own, Real* row, int toOther, int toGathered, Real* S, long tile)
        {
            Real* dL = S + tile, slope = dL + tile, B = slope + tile;
            int* index = Index + q;
            Score.Logits<TLanes, TVector>(own, index, count, toOther, TileNumbers.EdgeByEdge(S), TileNumbers.EdgeByEdge(slope)); // (9)   L
            EightHeads.Dots(row, Gathered, index, count, toGathered, dL);      // (19)  dS = ⟨dZ, X⟩
            if (Dropout.Drops)
            {
                Dropout.Draw(A, q, count, Heads, TileNumbers.EdgeByEdge(B));
                RowVector.Multiply(B, dL, dL, Heads * count);
            }
            // Terms have a row for each destination: there may be more sources than that.
            EightHeads.Coefficients(TEnd.IsSource ? Terms.Data : Terms.Data + i * Terms.Stride, Terms.Stride, TEnd.IsSource ? index : null, count, S, dL); // (10)(21)
            Score.ThroughSlope<TLanes, TVector>(count, TileNumbers.EdgeByEdge(slope), TileNumbers.EdgeByEdge(dL)); // (24)  Δ
            if (Dropout.Drops) RowVector.Multiply(B, S, S, Heads * count);
        }

        private readonly void Keep(int* numbers, long first, int count, in TileNumbers S, in TileNumbers dL)
        {
            Real* s = S.Data, l = dL.Data;
            for (int t = 0; t < count; t++, s += S.Edge, l += dL.Edge)
            {
                Real* to = Coefficients.Data + (numbers == null ? first + t : numbers[t]) * Coefficients.Stride;
                for (int k = 0; k < Heads; k++) (to[k], to[Heads + k]) = (s[k * S.Head], l[k * dL.Head]);
            }
        }

        // Rows of narrow heads are asked for before the loops, not within them.
        private readonly bool AsksBefore => TEnd.IsAfter && EdgeRows.AreNarrow(Heads, Own.Columns / Heads);

        private readonly void Prefetch(long next, long count)
        {
            count = Math.Min(count, A.Count - next);
            if ((!TScore.Asks || AsksBefore) && (!TEnd.IsAfter || TScore.GradientReadsOther)) EdgeRows.Prefetch(Score.Other, Index + next, count);
            if (AsksBefore) EdgeRows.Prefetch(Gathered, Index + next, count);
            if (TEnd.IsAfter && Numbers != null) EdgeRows.Prefetch(Coefficients, Numbers + next, count);
            if (TEnd.IsSource && !TEnd.IsAfter) EdgeRows.Prefetch(Terms, Index + next, count);
            if (TScore.ReadsEdges && Numbers != null) EdgeRows.Prefetch(Score.Edges, Numbers + next, count);
        }

        private readonly void GatherTerms(int* index, int count, Real* m, long tile)
        {
            for (int t = 0; t < count; t++)
            {
                Real* terms = Terms.Data + index[t] * Terms.Stride;
                for (int at = t; at < Heads * EdgeRows.Tile; at += EdgeRows.Tile, terms += RowTerms.Count)
                    (m[at], m[tile + at], m[2 * tile + at]) = (terms[RowTerms.Largest], terms[RowTerms.InverseSum], terms[RowTerms.Dot]);
            }
        }

        /// <summary>S ← exp(S − m) / s and dL ← S (dL − r), (10) and (21), with the destination's m, 1/s and r.</summary>
        private readonly void FormCoefficients(long i, int k, int count, Real* S, Real* dL, Real* m, long tile)
        {
            TVector largest = default, inverse = default, r = default;
            if (!TEnd.IsSource)
            {
                // Terms have a row for each destination: there may be more sources than that.
                Real* terms = Terms.Data + i * Terms.Stride + RowTerms.Count * k;
                (largest, inverse, r) = (TLanes.All(terms[RowTerms.Largest]), TLanes.All(terms[RowTerms.InverseSum]), TLanes.All(terms[RowTerms.Dot]));
            }
            for (int t = 0; t < count; t += TLanes.Count)
            {
                if (TEnd.IsSource) (largest, inverse, r) = (TLanes.Load(m + t), TLanes.Load(m + tile + t), TLanes.Load(m + 2 * tile + t));
                var s = TLanes.Multiply(inverse, VectorMath.Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Load(S + t), largest)));
                TLanes.Store(s, S + t);
                TLanes.Store(TLanes.Multiply(s, TLanes.Subtract(TLanes.Load(dL + t), r)), dL + t);
            }
        }

        private readonly void Store(long i, Real* sums)
        {
            long d = Own.Columns / Heads;
            Real* aggregate = sums + Heads * Padded;
            if (TEnd.IsSource)
            {
                Real* x = dX.Data + i * dX.Stride;
                // Heads without padding are one row.
                long heads = Padded == d ? 1 : Heads, width = Heads / heads * d;
                for (long k = 0; k < heads; k++)
                    if (dOwn.IsMissing) RowVector.Sum(sums + k * Padded, aggregate + k * Padded, x + k * width, width);
                    else EdgeRows.Store<TLanes, TVector>(aggregate + k * Padded, 1, width, x + k * width);
            }
            if (dOwn.IsMissing) return;
            long w = dOwn.Columns / Heads, step = TScore.SumStep(Padded), groups = step == w ? 1 : Heads, columns = Heads / groups * w;
            for (long k = 0; k < groups; k++) EdgeRows.Store<TLanes, TVector>(sums + k * step, 1, columns, dOwn.Data + i * dOwn.Stride + k * w);
        }

        /// <summary>The parts of a long row, added up.</summary>
        public readonly void Join(LongRow row)
        {
            Real* part = Parts + row.FirstPart * RowEntries;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step) RowVector.Add(part + (t + step) * RowEntries, part + t * RowEntries, RowEntries);
            Store(row.Row, part);
        }
    }
}
