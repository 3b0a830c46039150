using System.Runtime.Intrinsics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Z_i = Σ_{e→i} w_e ReLU(H_{src(e)} + E_e·W + b) and its adjoint. The messages are formed four edges at a time, some columns at a time,
/// in registers, in both passes: of an edge nothing is kept.
/// </summary>
internal static unsafe class RectifiedSum
{
    private const long EdgePlaces = 256;

    /// <summary>Z = Σ ReLU(H + E·W + b)</summary>
    /// <param name="A">Edges by destination.</param>
    /// <param name="H">[A.Columns, D]</param>
    /// <param name="E">Features by value number, [E, D_e].</param>
    /// <param name="W">[D_e, D]</param>
    /// <param name="b">[1, D]</param>
    /// <param name="w">Weight of each edge by value number, [E, 1]; missing for weight 1.</param>
    /// <param name="Z">[A.Rows, D]</param>
    public static void Multiply(EdgeView A, Matrix H, Matrix E, Matrix W, Matrix b, Matrix w, Matrix Z) =>
        Run<Forward>(A, new Operands(H, H, E, W, b, w), Z, default, default);

    /// <summary>dH_j = Σ_{e: src(e)=j} G_e, dW = Σ_e E_eᵀ·G_e and db = Σ_e G_e with G_e = w_e dZ_{dst(e)} where H_j + E_e·W + b is above zero.</summary>
    /// <param name="A">Edges by source.</param>
    /// <param name="H">[A.Rows, D]</param>
    /// <param name="E">Features by value number, [E, D_e].</param>
    /// <param name="W">[D_e, D]</param>
    /// <param name="b">[1, D]</param>
    /// <param name="w">As in the forward pass.</param>
    /// <param name="dZ">[A.Columns, D]</param>
    /// <param name="dH">[A.Rows, D], or missing.</param>
    /// <param name="dW">[D_e, D]</param>
    /// <param name="db">[1, D]</param>
    public static void Adjoint(EdgeView A, Matrix H, Matrix E, Matrix W, Matrix b, Matrix w, Matrix dZ, Matrix dH, Matrix dW, Matrix db) =>
        Run<Backward>(A, new Operands(dZ, H, E, W, b, w), dH, dW, db);

    /// <summary>What a pass gathers (H, or dZ), and what it reads.</summary>
    private readonly record struct Operands(Matrix Gathered, Matrix H, Matrix E, Matrix W, Matrix b, Matrix Weights);

    private static void Run<TPass>(EdgeView A, in Operands operands, Matrix result, Matrix dW, Matrix db)
        where TPass : struct, IPass
    {
        long width = operands.W.Columns;
        if (Vector512.IsHardwareAccelerated && width > Vector256<Real>.Count) Run<TPass, Lanes512, Vector512<Real>>(A, operands, result, dW, db);
        else if (Vector256.IsHardwareAccelerated && width > Vector128<Real>.Count) Run<TPass, Lanes256, Vector256<Real>>(A, operands, result, dW, db);
        else Run<TPass, Lanes128, Vector128<Real>>(A, operands, result, dW, db);
    }

    private static void Run<TPass, TLanes, TVector>(EdgeView A, in Operands operands, Matrix result, Matrix dW, Matrix db)
        where TPass : struct, IPass
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var pieces = A.Pieces;
        long width = operands.W.Columns, padded = EdgeRows.Padded<TLanes, TVector>(width), features = operands.W.Rows, entries = (features + 1) * padded;
        // Sums over all edges in at most 256 places, each of as many pieces in a row: how many depends on the graph alone.
        long perPlace = TPass.IsAdjoint ? Math.Max(1, (pieces.Count + EdgePlaces - 1) / EdgePlaces) : 1, places = (pieces.Count + perPlace - 1) / perPlace;
        fixed (int* index = A.Index, numbers = A.Permutation)
        {
            var job = new Job<TPass, TLanes, TVector>
            {
                A = A,
                Index = index,
                Numbers = numbers,
                O = operands,
                Result = result,
                Padded = padded,
                Parts = Scratch.Take(ScratchUse.Partials, pieces.Parts * padded),
                Sums = TPass.IsAdjoint ? Scratch.Take(ScratchUse.EdgePartials, places * entries) : null,
                Entries = entries,
                PerPlace = perPlace,
            };
            RowParallel.For(pieces.Count, A.Count * width * (features + 2), ref job, perPlace);
            foreach (var row in pieces.LongRows) job.Join(row);
            if (!TPass.IsAdjoint) return;
            dW.Clear();
            db.Clear();
            if (places == 0) return;
            var all = new Matrix(Scratch.Take(ScratchUse.EdgeTotals, entries), 1, entries, entries, null);
            ColumnTree.Combine(job.Sums, places, entries, all, accumulate: false);
            for (long c = 0; c < features; c++) RowVector.Add(all.Data + c * padded, dW.Data + c * dW.Stride, width);
            RowVector.Add(all.Data + features * padded, db.Data, width);
        }
    }

    private interface IPass
    {
        static abstract bool IsAdjoint { get; }
    }

    private readonly struct Forward : IPass
    {
        public static bool IsAdjoint => false;
    }

    private readonly struct Backward : IPass
    {
        public static bool IsAdjoint => true;
    }

    private struct Job<TPass, TLanes, TVector> : IRowJob
        where TPass : struct, IPass
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public EdgeView A;
        public int* Index, Numbers;
        public Operands O;
        public Matrix Result;
        public long Padded, Entries, PerPlace;
        public Real* Parts, Sums;

        public readonly void Run(long first, long last)
        {
            var pieces = A.Pieces;
            Real* row = Scratch.Take(ScratchUse.Row, Padded);
            for (long p = first; p < last; p++)
            {
                Real* sums = TPass.IsAdjoint ? Scratch.Take(ScratchUse.EdgeSums, Entries) : null;
                if (TPass.IsAdjoint) RowVector.Clear(sums, Entries);
                if (pieces.Part[p] >= 0) Row(pieces.FirstRow[p], pieces.FirstEdge[p], pieces.LastEdge[p], Parts + pieces.Part[p] * Padded, sums);
                else
                    for (long i = pieces.FirstRow[p]; i < pieces.LastRow[p]; i++)
                    {
                        Row(i, A.Pointers[i], A.Pointers[i + 1], row, sums);
                        Store(i, row);
                    }
                if (!TPass.IsAdjoint) continue;
                Real* place = Sums + p / PerPlace * Entries;
                if (p % PerPlace == 0) RowVector.Clear(place, Entries);
                RowVector.Add(sums, place, Entries);
            }
        }

        /// <summary>The sum over some edges of row i; in the adjoint also the sums over edges for dW and db.</summary>
        private readonly void Row(long i, long first, long last, Real* sum, Real* edgeSums)
        {
            RowVector.Clear(sum, Padded);
            Real* own = TPass.IsAdjoint ? O.H.Data + i * O.H.Stride : null;
            for (long q = first; q < last; q += EdgeRows.Tile)
            {
                int count = (int)Math.Min(EdgeRows.Tile, last - q);
                long ahead = Math.Min(count, A.Count - q - EdgeRows.Ahead);
                EdgeRows.Prefetch(O.Gathered, Index + q + EdgeRows.Ahead, ahead);
                if (Numbers != null) EdgeRows.Prefetch(O.E, Numbers + q + EdgeRows.Ahead, ahead);
                for (long t = q; t < q + count; t += EdgeRows.Abreast) Four(own, t, q + count - 1, sum, edgeSums);
            }
            if (TPass.IsAdjoint) RowVector.Add(sum, edgeSums + O.W.Rows * Padded, Padded);
        }

        /// <summary>Up to four edges; those past the last are the last one again, times zero.</summary>
        private readonly void Four(Real* own, long t, long last, Real* sum, Real* edgeSums)
        {
            long t1 = Math.Min(t + 1, last), t2 = Math.Min(t + 2, last), t3 = Math.Min(t + 3, last), features = O.W.Rows;
            TVector f0 = Weight(t, last), f1 = Weight(t + 1, last), f2 = Weight(t + 2, last), f3 = Weight(t + 3, last);
            Real* x0 = Gathered(t), x1 = Gathered(t1), x2 = Gathered(t2), x3 = Gathered(t3);
            Real* e0 = Features(t), e1 = Features(t1), e2 = Features(t2), e3 = Features(t3);
            for (long j = 0; j < Padded; j += TLanes.Count)
            {
                TVector b = TLanes.Load(O.b.Data + j), y0, y1, y2, y3;
                if (TPass.IsAdjoint) y0 = y1 = y2 = y3 = TLanes.Add(b, TLanes.Load(own + j));
                else
                {
                    y0 = TLanes.Add(b, TLanes.Load(x0 + j));
                    y1 = TLanes.Add(b, TLanes.Load(x1 + j));
                    y2 = TLanes.Add(b, TLanes.Load(x2 + j));
                    y3 = TLanes.Add(b, TLanes.Load(x3 + j));
                }
                Real* w = O.W.Data + j;
                for (long c = 0; c < features; c++, w += O.W.Stride)
                {
                    var v = TLanes.Load(w);
                    y0 = TLanes.MultiplyAdd(TLanes.All(e0[c]), v, y0);
                    y1 = TLanes.MultiplyAdd(TLanes.All(e1[c]), v, y1);
                    y2 = TLanes.MultiplyAdd(TLanes.All(e2[c]), v, y2);
                    y3 = TLanes.MultiplyAdd(TLanes.All(e3[c]), v, y3);         // H_j + E_e·W + b
                }
                var s = TLanes.Load(sum + j);
                if (!TPass.IsAdjoint)
                {
                    s = TLanes.MultiplyAdd(f0, TLanes.Max(default, y0), s);
                    s = TLanes.MultiplyAdd(f1, TLanes.Max(default, y1), s);
                    s = TLanes.MultiplyAdd(f2, TLanes.Max(default, y2), s);
                    s = TLanes.MultiplyAdd(f3, TLanes.Max(default, y3), s);
                    TLanes.Store(s, sum + j);
                    continue;
                }
                TVector g0 = TLanes.Multiply(f0, TLanes.Select(TLanes.Less(default, y0), TLanes.Load(x0 + j), default));
                TVector g1 = TLanes.Multiply(f1, TLanes.Select(TLanes.Less(default, y1), TLanes.Load(x1 + j), default));
                TVector g2 = TLanes.Multiply(f2, TLanes.Select(TLanes.Less(default, y2), TLanes.Load(x2 + j), default));
                TVector g3 = TLanes.Multiply(f3, TLanes.Select(TLanes.Less(default, y3), TLanes.Load(x3 + j), default));
                TLanes.Store(TLanes.Add(s, TLanes.Add(TLanes.Add(g0, g1), TLanes.Add(g2, g3))), sum + j);
                Real* to = edgeSums + j;
                for (long c = 0; c < features; c++, to += Padded)
                {
                    var d = TLanes.MultiplyAdd(TLanes.All(e0[c]), g0, TLanes.Load(to));
                    d = TLanes.MultiplyAdd(TLanes.All(e1[c]), g1, d);
                    d = TLanes.MultiplyAdd(TLanes.All(e2[c]), g2, d);
                    TLanes.Store(TLanes.MultiplyAdd(TLanes.All(e3[c]), g3, d), to); // dW += E_eᵀ·G_e
                }
            }
        }

        private readonly TVector Weight(long edge, long last) =>
            edge > last ? default : TLanes.All(O.Weights.IsMissing ? 1 : O.Weights.Data[(Numbers == null ? edge : Numbers[edge]) * O.Weights.Stride]);

        private readonly Real* Gathered(long edge) => O.Gathered.Data + Index[edge] * O.Gathered.Stride;

        private readonly Real* Features(long edge) => O.E.Data + (Numbers == null ? edge : Numbers[edge]) * O.E.Stride;

        private readonly void Store(long i, Real* sum)
        {
            if (Result.IsMissing) return;
            Real* to = Result.Data + i * Result.Stride;
            RowVector.Clear(to, Result.Columns);
            RowVector.Add(sum, to, Result.Columns);
        }

        /// <summary>The parts of a long row, added up.</summary>
        public readonly void Join(LongRow row)
        {
            Real* part = Parts + row.FirstPart * Padded;
            for (long step = 1; step < row.Parts; step *= 2)
                for (long t = 0; t + step < row.Parts; t += 2 * step) RowVector.Add(part + (t + step) * Padded, part + t * Padded, Padded);
            Store(row.Row, part);
        }
    }
}
