using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Column sums: of a leaf of 256 rows one row after another, of the leaves in the dyadic tree of <see cref="Gemm"/>.</summary>
internal static unsafe class ColumnTree
{
    /// <summary>Entries between the sums of one leaf and of the next: whole vectors of any width, of which the last may hold sums that nobody reads.</summary>
    public static long PaddedWidth(long columns) => (columns + Vector512<Real>.Count - 1) / Vector512<Real>.Count * Vector512<Real>.Count;

    /// <summary>sums = Σ_i Y_i for the rows of one leaf; reads up to a vector past the last column.</summary>
    public static void Leaf(Matrix Y, Real* sums)
    {
        if (Vector512.IsHardwareAccelerated && Y.Columns > Vector256<Real>.Count) Leaf<Lanes512, Vector512<Real>>(Y, sums);
        else if (Vector256.IsHardwareAccelerated && Y.Columns > Vector128<Real>.Count) Leaf<Lanes256, Vector256<Real>>(Y, sums);
        else Leaf<Lanes128, Vector128<Real>>(Y, sums);
    }

    private static void Leaf<TLanes, TVector>(Matrix Y, Real* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int w = TLanes.Count;
        long columns = Y.Columns;
        Real* y = Y.Data;
        if (columns > 4 * w)
        {
            RowVector.Clear(sums, columns);
            for (long i = 0; i < Y.Rows; i++, y += Y.Stride) RowVector.Add(y, sums, columns);
            return;
        }
        // Vectors that would start past the last column are the first one again, which comes last.
        long at1 = w < columns ? w : 0, at2 = 2 * w < columns ? 2 * w : 0, at3 = 3 * w < columns ? 3 * w : 0;
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        for (long i = 0; i < Y.Rows; i++, y += Y.Stride)
        {
            s0 = TLanes.Add(s0, TLanes.Load(y));
            s1 = TLanes.Add(s1, TLanes.Load(y + at1));
            s2 = TLanes.Add(s2, TLanes.Load(y + at2));
            s3 = TLanes.Add(s3, TLanes.Load(y + at3));
        }
        TLanes.Store(s3, sums + at3);
        TLanes.Store(s2, sums + at2);
        TLanes.Store(s1, sums + at1);
        TLanes.Store(s0, sums);
    }

    /// <summary>db = Σ of the leaves' sums, or added to db. The first leaf's sums are written over.</summary>
    public static void Combine(Real* sums, long leaves, long width, Matrix db, bool accumulate)
    {
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step) RowVector.Add(sums + (t + step) * width, sums + t * width, width);
        if (!accumulate) db.Clear();
        if (leaves > 0) RowVector.Add(sums, db.Data, db.Columns);
    }
}
