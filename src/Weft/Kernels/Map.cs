using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>One number from the numbers at the same place of two matrices and from one number for the row.</summary>
internal interface IEntryOperator
{
    TVector Apply<TLanes, TVector>(TVector a, TVector b, TVector ofRow)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged;
}

/// <summary>
/// The loops of every element-wise kernel. An operator works lane by lane and a row's last, partial vector goes through the
/// same operator, so an entry's bits do not depend on where it lies.
/// </summary>
internal static unsafe class Map
{
    /// <summary>result(i, j) = op(A(i, j), B(i, j)); result may be A or B.</summary>
    public static void Entries<TOperator>(Matrix A, Matrix B, TOperator op, Matrix result, int operations = 1)
        where TOperator : struct, IEntryOperator
    {
        Debug.Assert(A.Rows == result.Rows && A.Columns == result.Columns && B.Rows == result.Rows && B.Columns == result.Columns);
        if (A.IsContiguous && B.IsContiguous && result.IsContiguous)
        {
            // One long row, cut anywhere.
            var flat = new FlatJob<TOperator>(A.Data, B.Data, op, result.Data);
            RowParallel.For(result.Count, result.Count * operations, ref flat, granularity: 64);
        }
        else Rows(A, B.Data, B.Stride, null, 0, op, result, operations);
    }

    /// <summary>result(i, j) = op(A(i, j), b(j)); b is one row.</summary>
    public static void WithRow<TOperator>(Matrix A, Matrix b, TOperator op, Matrix result)
        where TOperator : struct, IEntryOperator
    {
        Debug.Assert(b.Rows == 1 && b.Columns == A.Columns && A.Rows == result.Rows && A.Columns == result.Columns);
        Rows(A, b.Data, 0, null, 0, op, result, 1);
    }

    /// <summary>result(i, j) = op(A(i, j), A(i, j), scale(i)); scale is one column.</summary>
    public static void WithColumn<TOperator>(Matrix A, Matrix scale, TOperator op, Matrix result)
        where TOperator : struct, IEntryOperator
    {
        Debug.Assert(scale.Rows == A.Rows && scale.Columns == 1 && A.Rows == result.Rows && A.Columns == result.Columns);
        Rows(A, A.Data, A.Stride, scale.Data, scale.Stride, op, result, 1);
    }

    /// <summary>result_j = op(a_j, b_j) of one row.</summary>
    public static void Row<TOperator>(Real* a, Real* b, long count, TOperator op, Real* result)
        where TOperator : struct, IEntryOperator => Span(a, b, 0, count, op, result);

    private static void Rows<TOperator>(Matrix A, Real* b, long bStride, Real* ofRow, long ofRowStride, TOperator op, Matrix result, int operations)
        where TOperator : struct, IEntryOperator
    {
        var job = new RowsJob<TOperator>(A, b, bStride, ofRow, ofRowStride, op, result);
        RowParallel.For(result.Rows, result.Count * operations, ref job);
    }

    private readonly struct FlatJob<TOperator>(Real* a, Real* b, TOperator op, Real* result) : IRowJob
        where TOperator : struct, IEntryOperator
    {
        public void Run(long first, long last) => Span(a + first, b + first, 0, last - first, op, result + first);
    }

    private readonly struct RowsJob<TOperator>(Matrix A, Real* b, long bStride, Real* ofRow, long ofRowStride, TOperator op, Matrix result) : IRowJob
        where TOperator : struct, IEntryOperator
    {
        public void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                Span(A.Data + i * A.Stride, b + i * bStride, ofRow == null ? 0 : ofRow[i * ofRowStride], A.Columns, op, result.Data + i * result.Stride);
        }
    }

    private static void Span<TOperator>(Real* a, Real* b, Real ofRow, long count, TOperator op, Real* result)
        where TOperator : struct, IEntryOperator
    {
        if (Vector512.IsHardwareAccelerated && count > Vector256<Real>.Count) Span<TOperator, Lanes512, Vector512<Real>>(a, b, ofRow, count, op, result);
        else if (Vector256.IsHardwareAccelerated && count > Vector128<Real>.Count) Span<TOperator, Lanes256, Vector256<Real>>(a, b, ofRow, count, op, result);
        else Span<TOperator, Lanes128, Vector128<Real>>(a, b, ofRow, count, op, result);
    }

    private static void Span<TOperator, TLanes, TVector>(Real* a, Real* b, Real ofRow, long count, TOperator op, Real* result)
        where TOperator : struct, IEntryOperator
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var all = TLanes.All(ofRow);
        long p = 0;
        for (; p <= count - TLanes.Count; p += TLanes.Count)
            TLanes.Store(op.Apply<TLanes, TVector>(TLanes.Load(a + p), TLanes.Load(b + p), all), result + p);
        if (p == count) return;
        int rest = (int)(count - p);
        TVector lastA = default, lastB = default;
        Unsafe.CopyBlockUnaligned(&lastA, a + p, (uint)(rest * sizeof(Real)));
        Unsafe.CopyBlockUnaligned(&lastB, b + p, (uint)(rest * sizeof(Real)));
        var last = op.Apply<TLanes, TVector>(lastA, lastB, all);
        Unsafe.CopyBlockUnaligned(result + p, &last, (uint)(rest * sizeof(Real)));
    }
}
