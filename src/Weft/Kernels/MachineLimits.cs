using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>What the machine can do at most: loops that move or multiply numbers and do nothing else.</summary>
internal static unsafe class MachineLimits
{
    /// <summary>Entries at whose multiples an array is cut between threads.</summary>
    private const long Granularity = 4096;
    /// <summary>Edges of a piece of the gather.</summary>
    private const long EdgesPerPiece = 512;
    private const int Accumulators = 12;
    private const long Units = 128;

    /// <summary>Steps of each sum of multiply-adds.</summary>
    public const long StepsPerUnit = 4096;

    /// <summary>Multiply-adds of one call of <see cref="MultiplyAdd"/>, counted in scalars.</summary>
    public static double ProductsOfMultiplyAdd => (double)Units * StepsPerUnit * Accumulators * WidestVector / sizeof(Real);

    /// <summary>Bytes of the widest vector that the processor has.</summary>
    public static int WidestVector =>
        Vector512.IsHardwareAccelerated ? Vector512<byte>.Count : Vector256.IsHardwareAccelerated ? Vector256<byte>.Count : Vector128<byte>.Count;

    /// <summary>a = b + 3·c, past the caches if asked; three arrays of one size.</summary>
    public static void Triad(Matrix a, Matrix b, Matrix c, bool pastCaches)
    {
        var job = new TriadJob { A = a.Data, B = b.Data, C = c.Data, PastCaches = pastCaches };
        RowParallel.For(a.Count, a.Count, ref job, Granularity);
    }

    /// <summary>Reads every entry once.</summary>
    /// <returns>Their sum, in no particular order.</returns>
    public static Real Read(Matrix a)
    {
        var job = new ReadJob { A = a.Data, Sums = Sums((a.Count + Granularity - 1) / Granularity) };
        RowParallel.For(a.Count, a.Count, ref job, Granularity);
        return Total(job.Sums, (a.Count + Granularity - 1) / Granularity);
    }

    /// <summary>
    /// Reads the row of X that every edge names, whole and in the order of the edges.
    /// </summary>
    /// <param name="A">Edges; only their index is read.</param>
    /// <param name="X">[A's columns, F]</param>
    /// <param name="ahead">Edges by which rows are asked for before they are read; 0 leaves it to the processor.</param>
    /// <returns>The sum of all that was read, in no particular order.</returns>
    public static Real Gather(EdgeView A, Matrix X, int ahead)
    {
        if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) return Gather<Lanes512, Vector512<Real>>(A, X, ahead);
        if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) return Gather<Lanes256, Vector256<Real>>(A, X, ahead);
        return Gather<Lanes128, Vector128<Real>>(A, X, ahead);
    }

    /// <summary>Multiplies and adds in registers, as many numbers at once as the processor's widest vectors hold.</summary>
    /// <returns>A number that depends on all of them.</returns>
    public static Real MultiplyAdd()
    {
        if (Vector512.IsHardwareAccelerated) return MultiplyAdd<Lanes512, Vector512<Real>>();
        if (Vector256.IsHardwareAccelerated) return MultiplyAdd<Lanes256, Vector256<Real>>();
        return MultiplyAdd<Lanes128, Vector128<Real>>();
    }

    private static Real Gather<TLanes, TVector>(EdgeView A, Matrix X, int ahead)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        fixed (int* index = A.Index)
        {
            long pieces = (A.Count + EdgesPerPiece - 1) / EdgesPerPiece;
            var job = new GatherJob<TLanes, TVector> { Index = index, X = X, Count = A.Count, Ahead = ahead, Sums = Sums(pieces) };
            RowParallel.For(A.Count, A.Count * X.Columns, ref job, EdgesPerPiece);
            return Total(job.Sums, pieces);
        }
    }

    private static Real MultiplyAdd<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var job = new MultiplyAddJob<TLanes, TVector> { Sums = Sums(Units) };
        RowParallel.For(Units, Units * StepsPerUnit, ref job);
        return Total(job.Sums, Units);
    }

    // What each piece read is kept and summed: no loop can be left out as useless.
    private static Real* Sums(long pieces)
    {
        Real* sums = Scratch.Take(ScratchUse.Sums, pieces);
        RowVector.Clear(sums, pieces);
        return sums;
    }

    private static Real Total(Real* sums, long pieces)
    {
        Real total = 0;
        for (long p = 0; p < pieces; p++) total += sums[p];
        return total;
    }

    private struct TriadJob : IRowJob
    {
        public Real* A, B, C;
        public bool PastCaches;

        public readonly void Run(long first, long last)
        {
            var three = Vector512.Create((Real)3);
            long p = first;
            if (PastCaches)
                for (; p <= last - Vector512<Real>.Count; p += Vector512<Real>.Count)
                    Vector512.FusedMultiplyAdd(three, Vector512.Load(C + p), Vector512.Load(B + p)).StoreAlignedNonTemporal(A + p);
            for (; p <= last - Vector512<Real>.Count; p += Vector512<Real>.Count)
                Vector512.FusedMultiplyAdd(three, Vector512.Load(C + p), Vector512.Load(B + p)).Store(A + p);
            for (; p < last; p++) A[p] = B[p] + 3 * C[p];
        }
    }

    private struct ReadJob : IRowJob
    {
        public Real* A, Sums;

        public readonly void Run(long first, long last)
        {
            Vector512<Real> a0 = default, a1 = default, a2 = default, a3 = default;
            int w = Vector512<Real>.Count;
            long p = first;
            for (; p <= last - 4 * w; p += 4 * w)
            {
                a0 += Vector512.Load(A + p);
                a1 += Vector512.Load(A + p + w);
                a2 += Vector512.Load(A + p + 2 * w);
                a3 += Vector512.Load(A + p + 3 * w);
            }
            Real rest = 0;
            for (; p < last; p++) rest += A[p];
            Sums[first / Granularity] = Vector512.Sum(a0 + a1 + a2 + a3) + rest;
        }
    }

    private struct GatherJob<TLanes, TVector> : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public int* Index;
        public Matrix X;
        public long Count;
        public int Ahead;
        public Real* Sums;

        public readonly void Run(long first, long last)
        {
            // The last edges have nobody ahead of them.
            long asked = Ahead > 0 && Sse.IsSupported ? Math.Clamp(Count - Ahead - 3, first, last) : first;
            Real sum = 0;
            if (asked > first) sum += Read(first, asked, ahead: true);
            if (last > asked) sum += Read(asked, last, ahead: false);
            Sums[first / EdgesPerPiece] = sum;
        }

        private readonly Real Read(long first, long last, bool ahead)
        {
            long vectors = X.Columns / TLanes.Count;
            if (X.Columns == TLanes.Count) return ShortRows(first, last, ahead);
            return vectors * TLanes.Count == X.Columns && vectors is 4 or 8 or 16 ? Sixteen(first, last, ahead) : Rows(first, last, ahead);
        }

        /// <summary>Rows of one vector: four sums, so that none waits for the one before.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly Real ShortRows(long first, long last, bool ahead)
        {
            TVector a0 = TLanes.All(0), a1 = a0, a2 = a0, a3 = a0;
            long q = first;
            for (; q <= last - 4; q += 4)
            {
                if (ahead)
                    for (int t = 0; t < 4; t++) Sse.Prefetch1(Row(q + t + Ahead));
                a0 = TLanes.Add(a0, TLanes.Load(Row(q)));
                a1 = TLanes.Add(a1, TLanes.Load(Row(q + 1)));
                a2 = TLanes.Add(a2, TLanes.Load(Row(q + 2)));
                a3 = TLanes.Add(a3, TLanes.Load(Row(q + 3)));
            }
            for (; q < last; q++) a0 = TLanes.Add(a0, TLanes.Load(Row(q)));
            return TLanes.Sum(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)));
        }

        /// <summary>
        /// Sixteen vectors a step, each with a sum of its own: of one row, or of two or four narrower ones. With fewer sums, one row that comes late holds up
        /// all that were read after it, and the loop reads more slowly than a product does.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly Real Sixteen(long first, long last, bool ahead)
        {
            int w = TLanes.Count;
            long stride = X.Stride, rows = 16 * w / X.Columns;
            // Where each quarter of the vectors lies: so many rows on, so many columns in.
            long r1 = rows / 4, r2 = rows / 2, r3 = r1 + r2, c1 = r1 == 1 ? 0 : 4 * w, c2 = rows == 1 ? 8 * w : 0, c3 = c1 + c2;
            Real* data = X.Data;
            int* index = Index;
            TVector a0 = TLanes.All(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            TVector a8 = a0, a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0, a15 = a0;
            long q = first, far = ahead ? Ahead : 0;
            for (; q <= last - rows; q += rows)
            {
                Real* x0 = data + index[q] * stride, x1 = data + index[q + r1] * stride + c1, x2 = data + index[q + r2] * stride + c2, x3 = data + index[q + r3] * stride + c3;
                Real* n0 = data + index[q + far] * stride, n1 = data + index[q + far + r1] * stride + c1, n2 = data + index[q + far + r2] * stride + c2, n3 = data + index[q + far + r3] * stride + c3;
                if (ahead) Ask(n0, w);
                a0 = TLanes.Add(a0, TLanes.Load(x0));
                a1 = TLanes.Add(a1, TLanes.Load(x0 + w));
                a2 = TLanes.Add(a2, TLanes.Load(x0 + 2 * w));
                a3 = TLanes.Add(a3, TLanes.Load(x0 + 3 * w));
                if (ahead) Ask(n1, w);
                a4 = TLanes.Add(a4, TLanes.Load(x1));
                a5 = TLanes.Add(a5, TLanes.Load(x1 + w));
                a6 = TLanes.Add(a6, TLanes.Load(x1 + 2 * w));
                a7 = TLanes.Add(a7, TLanes.Load(x1 + 3 * w));
                if (ahead) Ask(n2, w);
                a8 = TLanes.Add(a8, TLanes.Load(x2));
                a9 = TLanes.Add(a9, TLanes.Load(x2 + w));
                a10 = TLanes.Add(a10, TLanes.Load(x2 + 2 * w));
                a11 = TLanes.Add(a11, TLanes.Load(x2 + 3 * w));
                if (ahead) Ask(n3, w);
                a12 = TLanes.Add(a12, TLanes.Load(x3));
                a13 = TLanes.Add(a13, TLanes.Load(x3 + w));
                a14 = TLanes.Add(a14, TLanes.Load(x3 + 2 * w));
                a15 = TLanes.Add(a15, TLanes.Load(x3 + 3 * w));
            }
            TVector sum = TLanes.Add(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)), TLanes.Add(TLanes.Add(a4, a5), TLanes.Add(a6, a7)));
            sum = TLanes.Add(sum, TLanes.Add(TLanes.Add(TLanes.Add(a8, a9), TLanes.Add(a10, a11)), TLanes.Add(TLanes.Add(a12, a13), TLanes.Add(a14, a15))));
            return TLanes.Sum(sum) + Rows(q, last, ahead: false);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Ask(Real* x, int w)
        {
            Sse.Prefetch1(x);
            if (w * sizeof(Real) > 16) Sse.Prefetch1(x + 2 * w);
            if (w * sizeof(Real) <= 32) return;
            Sse.Prefetch1(x + w);
            Sse.Prefetch1(x + 3 * w);
        }

        private readonly Real Rows(long first, long last, bool ahead)
        {
            int w = TLanes.Count;
            long columns = X.Columns, whole = columns - columns % w;
            TVector a0 = TLanes.All(0), a1 = a0, a2 = a0, a3 = a0;
            Real rest = 0;
            for (long q = first; q < last; q++)
            {
                Real* x = Row(q);
                if (ahead)
                {
                    Real* next = Row(q + Ahead);
                    for (long j = 0; j < columns; j += 64 / sizeof(Real)) Sse.Prefetch1(next + j);
                }
                long k = 0;
                for (; k <= whole - 4 * w; k += 4 * w)
                {
                    a0 = TLanes.Add(a0, TLanes.Load(x + k));
                    a1 = TLanes.Add(a1, TLanes.Load(x + k + w));
                    a2 = TLanes.Add(a2, TLanes.Load(x + k + 2 * w));
                    a3 = TLanes.Add(a3, TLanes.Load(x + k + 3 * w));
                }
                if (k < whole) a0 = TLanes.Add(a0, TLanes.Load(x + k));
                if (k + w < whole) a1 = TLanes.Add(a1, TLanes.Load(x + k + w));
                if (k + 2 * w < whole) a2 = TLanes.Add(a2, TLanes.Load(x + k + 2 * w));
                for (k = whole; k < columns; k++) rest += x[k];
            }
            return TLanes.Sum(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3))) + rest;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly Real* Row(long q) => X.Data + Index[q] * X.Stride;
    }

    private struct MultiplyAddJob<TLanes, TVector> : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public Real* Sums;

        public readonly void Run(long first, long last)
        {
            for (long unit = first; unit < last; unit++) Sums[unit] = Unit(Sums[unit]);
        }

        // Factors that the compiler does not know: nothing is a sum of nothing.
        private static Real Unit(Real nothing)
        {
            TVector x = TLanes.All(nothing + (Real)0.999), y = TLanes.All(nothing + (Real)0.001);
            TVector a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x;
            for (long step = 0; step < StepsPerUnit; step++)
            {
                a0 = TLanes.MultiplyAdd(a0, x, y);
                a1 = TLanes.MultiplyAdd(a1, x, y);
                a2 = TLanes.MultiplyAdd(a2, x, y);
                a3 = TLanes.MultiplyAdd(a3, x, y);
                a4 = TLanes.MultiplyAdd(a4, x, y);
                a5 = TLanes.MultiplyAdd(a5, x, y);
                a6 = TLanes.MultiplyAdd(a6, x, y);
                a7 = TLanes.MultiplyAdd(a7, x, y);
                a8 = TLanes.MultiplyAdd(a8, x, y);
                a9 = TLanes.MultiplyAdd(a9, x, y);
                a10 = TLanes.MultiplyAdd(a10, x, y);
                a11 = TLanes.MultiplyAdd(a11, x, y);
            }
            var sum = TLanes.Add(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)), TLanes.Add(TLanes.Add(a4, a5), TLanes.Add(a6, a7)));
            return TLanes.Sum(TLanes.Add(sum, TLanes.Add(TLanes.Add(a8, a9), TLanes.Add(a10, a11))));
        }
    }
}
