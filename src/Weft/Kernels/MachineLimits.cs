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
    private const long StepsPerUnit = 4096, Units = 512;

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
    public static void Read(Matrix a)
    {
        var job = new ReadJob { A = a.Data };
        RowParallel.For(a.Count, a.Count, ref job, Granularity);
    }

    /// <summary>
    /// Reads the row of X that every edge names, whole and in the order of the edges.
    /// </summary>
    /// <param name="A">Edges; only their index is read.</param>
    /// <param name="X">[A's columns, F]</param>
    /// <param name="ahead">Edges by which rows are asked for before they are read; 0 leaves it to the processor.</param>
    public static void Gather(EdgeView A, Matrix X, int ahead)
    {
        if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Gather<Lanes512, Vector512<Real>>(A, X, ahead);
        else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Gather<Lanes256, Vector256<Real>>(A, X, ahead);
        else Gather<Lanes128, Vector128<Real>>(A, X, ahead);
    }

    /// <summary>Multiplies and adds in registers, as many numbers at once as the processor's widest vectors hold.</summary>
    public static void MultiplyAdd()
    {
        if (Vector512.IsHardwareAccelerated) MultiplyAdd<Lanes512, Vector512<Real>>();
        else if (Vector256.IsHardwareAccelerated) MultiplyAdd<Lanes256, Vector256<Real>>();
        else MultiplyAdd<Lanes128, Vector128<Real>>();
    }

    private static void Gather<TLanes, TVector>(EdgeView A, Matrix X, int ahead)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        fixed (int* index = A.Index)
        {
            var job = new GatherJob<TLanes, TVector> { Index = index, X = X, Count = A.Count, Ahead = ahead };
            RowParallel.For(A.Count, A.Count * X.Columns, ref job, EdgesPerPiece);
        }
    }

    private static void MultiplyAdd<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var job = default(MultiplyAddJob<TLanes, TVector>);
        RowParallel.For(Units, Units * StepsPerUnit, ref job);
    }

    // A result that is kept somewhere, so that no loop is left out as useless.
    [ThreadStatic]
    private static Real sink;

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
        public Real* A;

        public readonly void Run(long first, long last)
        {
            Vector512<Real> a0 = default, a1 = default, a2 = default, a3 = default;
            int w = Vector512<Real>.Count;
            long p = first;
            for (; p <= last - 4 * w; p += 4 * w)
            {
                a0 ^= Vector512.Load(A + p);
                a1 ^= Vector512.Load(A + p + w);
                a2 ^= Vector512.Load(A + p + 2 * w);
                a3 ^= Vector512.Load(A + p + 3 * w);
            }
            Real rest = 0;
            for (; p < last; p++) rest += A[p];
            sink = (a0 ^ a1 ^ a2 ^ a3)[0] + rest;
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

        public readonly void Run(long first, long last)
        {
            if (Ahead > 0 && Sse.IsSupported) Rows(first, Math.Min(last, Count - Ahead), ahead: true);
            else Rows(first, last, ahead: false);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Rows(long first, long last, bool ahead)
        {
            int w = TLanes.Count;
            long columns = X.Columns, whole = columns - columns % w;
            TVector a0 = TLanes.All(0), a1 = a0, a2 = a0, a3 = a0;
            Real rest = 0;
            for (long q = first; q < last; q++)
            {
                Real* x = X.Data + Index[q] * X.Stride;
                if (ahead)
                {
                    Real* next = X.Data + Index[q + Ahead] * X.Stride;
                    for (long j = 0; j < columns; j += 64 / sizeof(Real)) Sse.Prefetch0(next + j);
                }
                long k = 0;
                for (; k <= whole - 4 * w; k += 4 * w)
                {
                    a0 = TLanes.Add(a0, TLanes.Load(x + k));
                    a1 = TLanes.Add(a1, TLanes.Load(x + k + w));
                    a2 = TLanes.Add(a2, TLanes.Load(x + k + 2 * w));
                    a3 = TLanes.Add(a3, TLanes.Load(x + k + 3 * w));
                }
                for (; k < whole; k += w) a0 = TLanes.Add(a0, TLanes.Load(x + k));
                for (; k < columns; k++) rest += x[k];
            }
            sink = TLanes.Sum(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3))) + rest;
        }
    }

    private struct MultiplyAddJob<TLanes, TVector> : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public readonly void Run(long first, long last)
        {
            // A factor that the compiler cannot know.
            TVector x = TLanes.All(sink * 0 + (Real)0.999), y = TLanes.All((Real)0.001);
            TVector a0 = x, a1 = x, a2 = x, a3 = x, a4 = x, a5 = x, a6 = x, a7 = x, a8 = x, a9 = x, a10 = x, a11 = x;
            for (long step = first * StepsPerUnit; step < last * StepsPerUnit; step++)
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
            sink = TLanes.Sum(TLanes.Add(sum, TLanes.Add(TLanes.Add(a8, a9), TLanes.Add(a10, a11))));
        }
    }
}
