using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Where the heads' columns lie in a row of several matrices side by side: head k starts at column first + k · step.</summary>
internal readonly record struct HeadColumns(Matrix Rows, long First, long Step);

/// <summary>
/// Attention in one pass over each destination's edges: scores, softmax and weighted sum of all heads while the gathered rows
/// are in cache. Of an edge nothing is kept; of a destination, Z and the pair (m, s) of each head.
/// </summary>
/// <remarks>
/// The fused form of section 6 of the mathematics, for any score: 32 edges at a time, with a running maximum. A row of more than
/// 4,096 edges is cut; its parts, triples (m, s, s·Z), are combined in a dyadic tree. The adjoint is <see cref="FusedAttentionAdjoint"/>.
/// </remarks>
internal static unsafe class FusedAttention
{
    /// <summary>Z = softmax(L)·X, and the largest logit m and the sum s = Σ exp(L − m) of each row and head.</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="score">The logits; the own end is the destination.</param>
    /// <param name="X">[A.Columns, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="dropout">B, which multiplies the coefficients but not s.</param>
    /// <param name="normalize">False to leave s·Z in Z, for rows of which other processes have more edges.</param>
    /// <param name="Z">Z^k, A.Rows rows.</param>
    /// <param name="state">m and s, A.Rows rows.</param>
    public static void Forward<TScore>(EdgeView A, TScore score, Matrix X, int heads, EdgeDropout dropout, bool normalize, HeadColumns Z, HeadColumns state)
        where TScore : struct, IAttentionScore
    {
        long d = X.Columns / heads;
        if (Vector512.IsHardwareAccelerated && d > Vector256<Real>.Count) Forward<TScore, Lanes512, Vector512<Real>>(A, score, X, heads, dropout, normalize, Z, state);
        else if (Vector256.IsHardwareAccelerated && d > Vector128<Real>.Count) Forward<TScore, Lanes256, Vector256<Real>>(A, score, X, heads, dropout, normalize, Z, state);
        else Forward<TScore, Lanes128, Vector128<Real>>(A, score, X, heads, dropout, normalize, Z, state);
    }

    /// <summary>Entries that a head of d columns takes in whole vectors, of the width that fits it.</summary>
    public static long Padded(long d) => Padded(d, d);

    /// <summary>Entries that some columns take in whole vectors of the width that fits a head of d columns.</summary>
    public static long Padded(long d, long columns)
    {
        if (Vector512.IsHardwareAccelerated && d > Vector256<Real>.Count) return EdgeRows.Padded<Lanes512, Vector512<Real>>(columns);
        if (Vector256.IsHardwareAccelerated && d > Vector128<Real>.Count) return EdgeRows.Padded<Lanes256, Vector256<Real>>(columns);
        return EdgeRows.Padded<Lanes128, Vector128<Real>>(columns);
    }

    private static void Forward<TScore, TLanes, TVector>(EdgeView A, TScore score, Matrix X, int heads, EdgeDropout dropout, bool normalize, HeadColumns Z, HeadColumns state)
        where TScore : struct, IAttentionScore
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var pieces = A.Pieces;
        long padded = EdgeRows.Padded<TLanes, TVector>(X.Columns / heads), part = heads * (padded + 2);
        fixed (int* index = A.Index)
        {
            var job = new Job<TScore, TLanes, TVector>
            {
                A = A,
                Index = index,
                Score = score,
                X = X,
                Heads = heads,
                Dropout = dropout,
                Normalize = normalize,
                Z = Z,
                State = state,
                Parts = Scratch.Take(ScratchUse.AttentionParts, pieces.Parts * part),
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
        public Matrix X;
        public HeadColumns Z, State;
        public int Heads;
        public EdgeDropout Dropout;
        public bool Normalize;
        public Real* Parts;
        public long Padded;

        /// <summary>Entries of a row's sums [K, padded] and, after them, its states [K, 2].</summary>
        private readonly long RowEntries => Heads * (Padded + 2);

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            long tile = Heads * EdgeRows.Tile + TLanes.Count, d = X.Columns / Heads;
            bool eight = EightHeads.Are(Heads, d);
            Real* buffers = Scratch.Take(ScratchUse.Attention, RowEntries + TLanes.Count + 3 * tile + Score.RowScratch<TLanes, TVector>());
            Real* L = buffers, row = L + 3 * tile, own = row + RowEntries + TLanes.Count;
            for (long p = first; p < last; p++)
            {
                if (pieces.Part[p] >= 0)
                {
                    Real* part = Parts + pieces.Part[p] * RowEntries;
                    Row(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], own, part, L, tile);
                    if (eight) EightHeads.Pair(part + Heads * Padded);
                    continue;
                }
                for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                {
                    Row(i, A.Pointers[i], A.Pointers[i + 1], own, row, L, tile);
                    if (eight && Z.Step == d && State.Step == 2)
                    {
                        EightHeads.Store(row, Normalize, Z.Rows.Data + i * Z.Rows.Stride + Z.First, State.Rows.Data + i * State.Rows.Stride + State.First);
                        continue;
                    }
                    if (eight) EightHeads.Pair(row + Heads * Padded);
                    Store(i, row);
                }
            }
        }

        /// <summary>s·Z_i, m and s over some edges of row i: (m, s) of one head after another, or those of eight heads as [m ‖ s].</summary>
        private readonly void Row(long i, long first, long last, Real* scratch, Real* row, Real* L, long tile)
        {
            Real* slope = L + tile, B = slope + tile, states = row + Heads * Padded;
            long d = X.Columns / Heads;
            RowVector.Clear(row, RowEntries);
            if (first == last) return;
            // The rows of X are asked for by the first loop that reads them.
            bool asksOther = TScore.Asks && EdgeRows.IsWorthAsking(Score.Other), narrow = !TScore.ReadsValues && EdgeRows.AreNarrow(Heads, d), asksX = !TScore.ReadsValues && !narrow && EdgeRows.IsWorthAsking(X);
            bool eight = EightHeads.Are(Heads, d);
            var logits = eight ? TileNumbers.EdgeByEdge(L) : TileNumbers.HeadByHead(L);
            bool sixteen = SixteenVectors.Are<TLanes, TVector>(Heads, d);
            Real* own = Score.Prepare<TLanes, TVector>(i, scratch, adjoint: false);
            for (long q = first; q < last; q += EdgeRows.Tile)
            {
                int count = (int)Math.Min(EdgeRows.Tile, last - q);
                int* index = Index + q;
                int reach = (int)Math.Min(int.MaxValue, A.Count - 1 - q);
                if (!TScore.Asks) EdgeRows.Prefetch(Score.Other, index + EdgeRows.Ahead, Math.Min(count, reach + 1 - EdgeRows.Ahead));
                if (narrow) EdgeRows.Prefetch(X, index + EdgeRows.Ahead, Math.Min(count, reach + 1 - EdgeRows.Ahead));
                // Edges by destination carry their own numbers.
                if (TScore.ReadsEdges) Score.ReadEdges<TLanes, TVector>(own, index, null, q, count);
                Score.Logits<TLanes, TVector>(own, index, count, asksOther ? reach : -1, logits, eight ? TileNumbers.EdgeByEdge(slope) : TileNumbers.HeadByHead(slope));
                if (Dropout.Drops) Dropout.Draw(A, q, count, Heads, eight ? TileNumbers.EdgeByEdge(B) : TileNumbers.HeadByHead(B));
                if (eight)
                {
                    EightHeads.Exponentials(L, Dropout.Drops ? B : null, count, q > first, states, row); // (10)  S = exp(L − m) / s
                    EightHeads.AddWeighted(logits, X, index, count, asksX ? reach : -1, row); // (12)  Z = S·X
                    continue;
                }
                for (int k = 0; k < Heads; k++)
                {
                    Real* weights = L + k * EdgeRows.Tile;
                    Exponentials(weights, count, states + 2 * k, row + k * Padded); // (10)  S = exp(L − m) / s
                    if (Dropout.Drops) RowVector.Multiply(B + k * EdgeRows.Tile, weights, weights, count);
                    if (!sixteen) EdgeRows.AddWeighted<TLanes, TVector>(weights, 1, X.Data + k * d, X.Stride, d, index, count, asksX ? reach : -1, row + k * Padded); // (12)  Z = S·X
                }
                if (sixteen) SixteenVectors.AddWeighted<TLanes, TVector>(logits, Heads, X.Data, X.Stride, index, count, asksX ? reach : -1, row); // (12)  of all heads
            }
        }

        /// <summary>L ← exp(L − m), with m and s, and what was summed up under an m that is no longer the largest, brought up to date.</summary>
        private readonly void Exponentials(Real* L, int count, Real* state, Real* sum)
        {
            // Past the last edge, entries that add nothing.
            var none = TLanes.All(Real.NegativeInfinity);
            int whole = (count - 1) / TLanes.Count * TLanes.Count;
            var end = TLanes.Select(TLanes.First(count - whole), TLanes.Load(L + whole), none);
            var most = end;
            for (int t = 0; t < whole; t += TLanes.Count) most = TLanes.Max(most, TLanes.Load(L + t));
            Real m = TLanes.Largest(most);
            if (state[1] > 0)
            {
                m = Real.MaxNative(m, state[0]);
                Real factor = state[0] - m;
                RowVector.Exp(&factor, 1);
                state[1] *= factor;
                for (long j = 0; j < Padded; j += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.All(factor), TLanes.Load(sum + j)), sum + j);
            }
            state[0] = m;
            var shift = TLanes.All(m);
            var total = VectorMath.Exp<TLanes, TVector>(TLanes.Subtract(end, shift));
            TLanes.Store(total, L + whole);
            for (int t = 0; t < whole; t += TLanes.Count)
            {
                var e = VectorMath.Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Load(L + t), shift));
                TLanes.Store(e, L + t);
                total = TLanes.Add(total, e);
            }
            state[1] += TLanes.Sum(total);
        }

        private readonly void Store(long i, Real* row)
        {
            long d = X.Columns / Heads;
            Real* states = row + Heads * Padded, z = Z.Rows.Data + i * Z.Rows.Stride + Z.First, to = State.Rows.Data + i * State.Rows.Stride + State.First;
            for (int k = 0; k < Heads; k++)
            {
                Real m = states[2 * k], s = states[2 * k + 1];
                EdgeRows.Store<TLanes, TVector>(row + k * Padded, !Normalize || s == 0 ? 1 : 1 / s, d, z + k * Z.Step);
                (to[k * State.Step], to[k * State.Step + 1]) = (m, s);
            }
        }

        /// <summary>The parts of a long row, combined.</summary>
        public readonly void Join(LongRow longRow)
        {
            Real* part = Parts + longRow.FirstPart * RowEntries;
            for (long step = 1; step < longRow.Parts; step *= 2)
                for (long t = 0; t + step < longRow.Parts; t += 2 * step)
                {
                    Real* left = part + t * RowEntries, right = part + (t + step) * RowEntries;
                    for (int k = 0; k < Heads; k++)
                        Merge(left + Heads * Padded + 2 * k, left + k * Padded, right + Heads * Padded + 2 * k, right + k * Padded, Padded);
                }
            Store(longRow.Row, part);
        }
    }
}
