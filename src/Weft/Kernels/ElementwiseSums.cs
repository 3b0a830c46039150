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
        long leaves = Leaves(dZ), width = ColumnTree.PaddedWidth(dZ.Columns);
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * width);
        var job = new ColumnsJob(dZ, partials, width);
        RowParallel.For(leaves, dZ.Count, ref job);
        ColumnTree.Combine(partials, leaves, width, db, accumulate);
    }

    /// <summary>dZ = dH ⊙ σ' and db = Σ_i dZ_i in one pass; either may be missing, dZ may be dH.</summary>
    /// <param name="adjoint">dZ as it is to be formed, [n, C].</param>
    /// <param name="dZ">[n, C]</param>
    /// <param name="db">[1, C]</param>
    public static void Backward(in ActivationAdjoint adjoint, Matrix dZ, Matrix db)
    {
        long leaves = Leaves(adjoint.dH), width = ColumnTree.PaddedWidth(adjoint.dH.Columns);
        if (adjoint.dH.Columns == 0) return;
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * width);
        var job = new AdjointJob(adjoint, dZ, partials, width);
        RowParallel.For(leaves, adjoint.dH.Count * (adjoint.FromOutput ? 1 : ExponentialCost), ref job);
        if (!db.IsMissing) ColumnTree.Combine(partials, leaves, width, db, accumulate: false);
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

    private readonly struct AdjointJob(ActivationAdjoint adjoint, Matrix dZ, Real* partials, long width) : IRowJob
    {
        public void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                long top = leaf * LeafRows, rows = Math.Min(LeafRows, adjoint.dH.Rows - top);
                Real* sums = partials + leaf * width;
                RowVector.Clear(sums, width);
                ActivationPass.Adjoint(adjoint, top, rows, dZ.IsMissing ? null : dZ.Data + top * dZ.Stride, dZ.Stride, sums);
            }
        }
    }

    private readonly struct ColumnsJob(Matrix dZ, Real* partials, long width) : IRowJob
    {
        public void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                long top = leaf * LeafRows;
                ColumnTree.Leaf(dZ.RowRange(top, Math.Min(LeafRows, dZ.Rows - top)), partials + leaf * width);
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
