using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// What fused attention does with the rows that a few edges gather: dot products with one row, weighted sums into one row.
/// Widths are whole vectors: past the last column come numbers that nobody reads, or that meet a zero.
/// </summary>
/// <remarks>
/// A gathered row may be read up to one vector past its end, which <see cref="AlignedMemory"/> allows. The row that belongs to
/// the thread is a copy, padded with zeros.
/// </remarks>
internal static unsafe class EdgeRows
{
    /// <summary>Edges whose scores and rows are worked on together, so that their rows are still in the first cache.</summary>
    public const int Tile = 32;

    /// <summary>Columns in whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Padded<TLanes, TVector>(long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => (columns + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>Asks for the rows of edges that come next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Matrix X, int* index, long count)
    {
        if (!Sse.IsSupported) return;
        for (long t = 0; t < count; t++)
        {
            Real* row = X.Data + index[t] * X.Stride;
            for (long j = 0; j < X.Columns; j += 64 / sizeof(Real)) Sse.Prefetch0(row + j);
        }
    }

    /// <summary>target = source, zeros up to a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyPadded(Real* source, long columns, long padded, Real* target)
    {
        for (long j = 0; j < columns; j++) target[j] = source[j];
        for (long j = columns; j < padded; j++) target[j] = 0;
    }

    /// <summary>dots[t] = ⟨own, X_{index[t]}⟩</summary>
    public static void Dots<TLanes, TVector>(Real* own, Matrix X, int* index, int count, Real* dots)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long columns = X.Columns, w = TLanes.Count;
        for (int t = 0; t < count; t++)
        {
            Real* x = X.Data + index[t] * X.Stride;
            TVector even = default, odd = default;
            long j = 0;
            for (; j + w < columns; j += 2 * w)
            {
                even = TLanes.MultiplyAdd(TLanes.Load(own + j), TLanes.Load(x + j), even);
                odd = TLanes.MultiplyAdd(TLanes.Load(own + j + w), TLanes.Load(x + j + w), odd);
            }
            if (j < columns) even = TLanes.MultiplyAdd(TLanes.Load(own + j), TLanes.Load(x + j), even);
            dots[t] = TLanes.Sum(TLanes.Add(even, odd));
        }
    }

    /// <summary>sum += Σ_t weights[t] · X_{index[t]}</summary>
    public static void AddWeighted<TLanes, TVector>(Real* weights, Matrix X, int* index, int count, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long columns = X.Columns, w = TLanes.Count, j = 0;
        // Whole vectors: the last of four may be partly past the row's end, but not wholly.
        for (; j + 3 * w < columns; j += 4 * w)
        {
            TVector s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w), s2 = TLanes.Load(sum + j + 2 * w), s3 = TLanes.Load(sum + j + 3 * w);
            for (int t = 0; t < count; t++)
            {
                Real* x = X.Data + index[t] * X.Stride + j;
                var weight = TLanes.All(weights[t]);
                s0 = TLanes.MultiplyAdd(weight, TLanes.Load(x), s0);
                s1 = TLanes.MultiplyAdd(weight, TLanes.Load(x + w), s1);
                s2 = TLanes.MultiplyAdd(weight, TLanes.Load(x + 2 * w), s2);
                s3 = TLanes.MultiplyAdd(weight, TLanes.Load(x + 3 * w), s3);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
            TLanes.Store(s2, sum + j + 2 * w);
            TLanes.Store(s3, sum + j + 3 * w);
        }
        for (; j + w < columns; j += 2 * w)
        {
            TVector s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w);
            for (int t = 0; t < count; t++)
            {
                Real* x = X.Data + index[t] * X.Stride + j;
                var weight = TLanes.All(weights[t]);
                s0 = TLanes.MultiplyAdd(weight, TLanes.Load(x), s0);
                s1 = TLanes.MultiplyAdd(weight, TLanes.Load(x + w), s1);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
        }
        if (j >= columns) return;
        var s = TLanes.Load(sum + j);
        for (int t = 0; t < count; t++) s = TLanes.MultiplyAdd(TLanes.All(weights[t]), TLanes.Load(X.Data + index[t] * X.Stride + j), s);
        TLanes.Store(s, sum + j);
    }
}
