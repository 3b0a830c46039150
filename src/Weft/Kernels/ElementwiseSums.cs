using System.Diagnostics;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Sums over entries and searches among them. A sum over rows has leaves of 256 rows that meet in the dyadic tree of <see cref="Gemm"/>, whatever the
/// number of threads.
/// </summary>
internal static unsafe partial class Elementwise
{
    private const long LeafRows = Gemm.LeafRows;

    /// <summary>db = Σ_i dZ_i, or db += Σ_i dZ_i; dZ [n, C], db [1, C].</summary>
    public static void ColumnSums(Matrix dZ, Matrix db, bool accumulate = false)
    {
        Debug.Assert(db.Rows == 1 && db.Columns == dZ.Columns);
        if (db.Count == 0) return;
        long leaves = Leaves(dZ);
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * dZ.Columns);
        var job = new ColumnsJob(dZ, partials);
        RowParallel.For(leaves, dZ.Count, ref job);
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step)
                AddTo(partials + (t + step) * dZ.Columns, partials + t * dZ.Columns, dZ.Columns);
        if (!accumulate) db.Clear();
        if (leaves > 0) AddTo(partials, db.Data, db.Columns);
    }

    /// <summary>
    /// Σ A ⊙ B. Short runs are summed in the library's precision, everything above in double. Views of some columns are
    /// summed row by row, whole matrices across the ends of rows, so the two may differ in the last bits.
    /// </summary>
    public static double Dot(Matrix A, Matrix B)
    {
        Debug.Assert(A.Rows == B.Rows && A.Columns == B.Columns);
        if (A.Count == 0) return 0;
        long leaves = Leaves(A);
        double* partials = (double*)Scratch.Take(ScratchUse.Sums, leaves * sizeof(double) / sizeof(Real));
        var job = new ProductsJob(A, B, partials);
        RowParallel.For(leaves, A.Count, ref job);
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step) partials[t] += partials[t + step];
        return partials[0];
    }

    /// <summary>Σ A ⊙ A.</summary>
    public static double SumOfSquares(Matrix A) => Dot(A, A);

    /// <summary>Row-major number of the first entry that is infinite or not a number; −1 if there is none.</summary>
    public static long FirstNotFinite(Matrix A)
    {
        var job = new FiniteJob(A, long.MaxValue);
        RowParallel.For(A.Rows, A.Count / 2, ref job);
        return job.Found == long.MaxValue ? -1 : job.Found;
    }

    private static long Leaves(Matrix A) => (A.Rows + LeafRows - 1) / LeafRows;

    private static void AddTo(Real* source, Real* target, long count)
    {
        if (Vector512.IsHardwareAccelerated) AddTo<Lanes512, Vector512<Real>>(source, target, count);
        else if (Vector256.IsHardwareAccelerated) AddTo<Lanes256, Vector256<Real>>(source, target, count);
        else AddTo<Lanes128, Vector128<Real>>(source, target, count);
    }

    private static void AddTo<TLanes, TVector>(Real* source, Real* target, long count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long j = 0;
        for (; j <= count - TLanes.Count; j += TLanes.Count)
            TLanes.Store(TLanes.Add(TLanes.Load(target + j), TLanes.Load(source + j)), target + j);
        for (; j < count; j++) target[j] += source[j];
    }

    private readonly struct ColumnsJob(Matrix dZ, Real* partials) : IRowJob
    {
        public void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                Real* sum = partials + leaf * dZ.Columns;
                new Span<Real>(sum, (int)dZ.Columns).Clear();
                for (long i = leaf * LeafRows; i < Math.Min((leaf + 1) * LeafRows, dZ.Rows); i++) AddTo(dZ.Data + i * dZ.Stride, sum, dZ.Columns);
            }
        }
    }

    private readonly struct ProductsJob(Matrix A, Matrix B, double* partials) : IRowJob
    {
        public void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                long top = leaf * LeafRows, bottom = Math.Min(top + LeafRows, A.Rows);
                double sum = 0;
                if (A.IsContiguous && B.IsContiguous) sum = Row(A.Data + top * A.Columns, B.Data + top * A.Columns, (bottom - top) * A.Columns);
                else
                    for (long i = top; i < bottom; i++) sum += Row(A.Data + i * A.Stride, B.Data + i * B.Stride, A.Columns);
                partials[leaf] = sum;
            }
        }

        private static double Row(Real* a, Real* b, long count)
        {
            if (Vector512.IsHardwareAccelerated && count >= Vector512<Real>.Count) return Row<Lanes512, Vector512<Real>>(a, b, count);
            if (Vector256.IsHardwareAccelerated && count >= Vector256<Real>.Count) return Row<Lanes256, Vector256<Real>>(a, b, count);
            return Row<Lanes128, Vector128<Real>>(a, b, count);
        }

        private static double Row<TLanes, TVector>(Real* a, Real* b, long count)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            double sum = 0;
            long p = 0, w = TLanes.Count;
            while (p <= count - w)
            {
                TVector even = default, odd = default;
                long end = Math.Min(count, p + 64 * w);
                for (; p <= end - 2 * w; p += 2 * w)
                {
                    even = TLanes.MultiplyAdd(TLanes.Load(a + p), TLanes.Load(b + p), even);
                    odd = TLanes.MultiplyAdd(TLanes.Load(a + p + w), TLanes.Load(b + p + w), odd);
                }
                for (; p <= end - w; p += w) even = TLanes.MultiplyAdd(TLanes.Load(a + p), TLanes.Load(b + p), even);
                sum += TLanes.Sum(TLanes.Add(even, odd));
            }
            for (; p < count; p++) sum += (double)a[p] * b[p];
            return sum;
        }
    }

    private struct FiniteJob(Matrix A, long found) : IRowJob
    {
        public long Found = found;

        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                if (i * A.Columns >= Volatile.Read(ref Found)) return;
                long j = Row(A.Data + i * A.Stride, A.Columns);
                if (j < 0) continue;
                long here = i * A.Columns + j, seen;
                do seen = Volatile.Read(ref Found);
                while (here < seen && Interlocked.CompareExchange(ref Found, here, seen) != seen);
                return;
            }
        }

        private static long Row(Real* a, long count)
        {
            if (Vector512.IsHardwareAccelerated) return Row<Lanes512, Vector512<Real>>(a, count);
            if (Vector256.IsHardwareAccelerated) return Row<Lanes256, Vector256<Real>>(a, count);
            return Row<Lanes128, Vector128<Real>>(a, count);
        }

        private static long Row<TLanes, TVector>(Real* a, long count)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            long p = 0;
            while (p <= count - TLanes.Count && !TLanes.AnyNotFinite(TLanes.Load(a + p))) p += TLanes.Count;
            for (; p < count; p++)
                if (!Real.IsFinite(a[p])) return p;
            return -1;
        }
    }
}
