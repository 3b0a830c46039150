using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// What fused attention does with the rows that a few edges gather: dot products with one row, weighted sums into one row.
/// Widths are whole vectors: past the last column come numbers that nobody reads, or that meet a zero.
/// </summary>
/// <remarks>
/// A gathered row may be read up to one vector past its end, which <see cref="AlignedMemory"/> allows. The row that belongs to
/// the thread is padded with zeros, head by head.
/// </remarks>
internal static unsafe class EdgeRows
{
    /// <summary>Edges whose scores and rows are worked on together, so that their rows are still in cache for the sums.</summary>
    public const int Tile = 32;

    /// <summary>Entries of a matrix that the second cache holds anyway: nothing is asked for.</summary>
    private const long StaysInCache = (1 << 20) / sizeof(Real);

    /// <summary>Edges whose dot products run side by side.</summary>
    public const int Abreast = 4;

    /// <summary>Edges between those at work and those whose rows are asked for; fewer arrive too late, more push out the rows at work.</summary>
    public const int Ahead = 32;

    /// <summary>Columns in whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Padded<TLanes, TVector>(long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => (columns + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>Asks for the rows of edges that come next, into the second cache: the first is full of those at work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Matrix X, int* index, long count)
    {
        if (!Sse.IsSupported || X.Rows * X.Stride < StaysInCache) return;
        for (long t = 0; t < count; t++)
        {
            Real* row = X.Data + index[t] * X.Stride;
            for (long j = 0; j < X.Columns; j += 64 / sizeof(Real)) Sse.Prefetch1(row + j);
            // A row that does not start on a line ends on one more.
            Sse.Prefetch1(row + X.Columns - 1);
        }
    }

    /// <summary>Asks for one row, if the matrix is larger than what the second cache holds anyway.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Matrix X, long row)
    {
        if (!Sse.IsSupported || X.Rows * X.Stride < StaysInCache) return;
        Real* start = X.Data + row * X.Stride;
        for (long j = 0; j < X.Columns; j += 64 / sizeof(Real)) Sse.Prefetch1(start + j);
    }

    /// <summary>The row with each head padded with zeros to whole vectors: itself if it is, or a copy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Real* HeadsPadded(Real* row, long heads, long columns, long padded, Real* copy)
    {
        if (columns == padded) return row;
        for (long k = 0; k < heads; k++)
        {
            for (long j = 0; j < columns; j++) copy[k * padded + j] = row[k * columns + j];
            for (long j = columns; j < padded; j++) copy[k * padded + j] = 0;
        }
        return copy;
    }

    /// <summary>row = sums without the padding, times one head's factor.</summary>
    public static void Store<TLanes, TVector>(Real* sums, Real factor, long columns, Real* row)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        var all = TLanes.All(factor);
        long j = 0;
        for (; j <= columns - TLanes.Count; j += TLanes.Count) TLanes.Store(TLanes.Multiply(TLanes.Load(sums + j), all), row + j);
        for (; j < columns; j++) row[j] = sums[j] * factor;
    }

    /// <summary>dots[k · 32 + t] = ⟨own^k, X^k_{index[t]}⟩, 4 edges abreast.</summary>
    /// <param name="own">Each head padded to whole vectors.</param>
    /// <param name="X">[N, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="padded">d in whole vectors.</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges; up to 3 places after the last receive a copy of its dot product.</param>
    /// <param name="dots">[K, 32]</param>
    public static void HeadDots<TLanes, TVector>(Real* own, Matrix X, long heads, long padded, int* index, int count, Real* dots)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long d = X.Columns / heads, stride = X.Stride;
        for (int t = 0; t < count; t += Abreast)
        {
            int left = count - t;
            Real* x0 = X.Data + index[t] * stride, x1 = X.Data + index[t + Math.Min(1, left - 1)] * stride;
            Real* x2 = X.Data + index[t + Math.Min(2, left - 1)] * stride, x3 = X.Data + index[t + Math.Min(3, left - 1)] * stride;
            for (long k = 0; k < heads; k++, x0 += d, x1 += d, x2 += d, x3 += d)
            {
                TVector d0 = default, d1 = default, d2 = default, d3 = default;
                for (long j = 0; j < d; j += TLanes.Count)
                {
                    var o = TLanes.Load(own + k * padded + j);
                    d0 = TLanes.MultiplyAdd(o, TLanes.Load(x0 + j), d0);
                    d1 = TLanes.MultiplyAdd(o, TLanes.Load(x1 + j), d1);
                    d2 = TLanes.MultiplyAdd(o, TLanes.Load(x2 + j), d2);
                    d3 = TLanes.MultiplyAdd(o, TLanes.Load(x3 + j), d3);
                }
                TLanes.StoreSums(d0, d1, d2, d3, dots + k * Tile + t);
            }
        }
    }

    /// <summary>sum += Σ_t weights[t] · X_{index[t]}</summary>
    /// <param name="weights">One for each edge.</param>
    /// <param name="x">The first column of the head in row 0 of X.</param>
    /// <param name="stride">From one row of X to the next.</param>
    /// <param name="columns">d</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges.</param>
    /// <param name="sum">Padded to whole vectors.</param>
    public static void AddWeighted<TLanes, TVector>(Real* weights, Real* x, long stride, long columns, int* index, int count, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long w = TLanes.Count, j = 0;
        // Whole vectors: the last of four may be partly past the row's end, but not wholly.
        for (; j + 3 * w < columns; j += 4 * w)
        {
            TVector s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w), s2 = TLanes.Load(sum + j + 2 * w), s3 = TLanes.Load(sum + j + 3 * w);
            for (int t = 0; t < count; t++)
            {
                Real* row = x + index[t] * stride + j;
                var weight = TLanes.All(weights[t]);
                s0 = TLanes.MultiplyAdd(weight, TLanes.Load(row), s0);
                s1 = TLanes.MultiplyAdd(weight, TLanes.Load(row + w), s1);
                s2 = TLanes.MultiplyAdd(weight, TLanes.Load(row + 2 * w), s2);
                s3 = TLanes.MultiplyAdd(weight, TLanes.Load(row + 3 * w), s3);
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
                Real* row = x + index[t] * stride + j;
                var weight = TLanes.All(weights[t]);
                s0 = TLanes.MultiplyAdd(weight, TLanes.Load(row), s0);
                s1 = TLanes.MultiplyAdd(weight, TLanes.Load(row + w), s1);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
        }
        if (j >= columns) return;
        var s = TLanes.Load(sum + j);
        for (int t = 0; t < count; t++) s = TLanes.MultiplyAdd(TLanes.All(weights[t]), TLanes.Load(x + index[t] * stride + j), s);
        TLanes.Store(s, sum + j);
    }

    /// <summary>True if the heads' rows are sixteen whole vectors of the widest kind, four or more a head: processors that have it have registers for all their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSixteen<TLanes, TVector>(long heads, long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged =>
        Vector512.IsHardwareAccelerated && heads is 1 or 2 or 4 && heads * columns == 16 * TLanes.Count && TLanes.Count == Vector512<Real>.Count;

    /// <summary>sum^k += Σ_t weights[k · 32 + t] · X^k_{index[t]} for all heads of sixteen vectors: each row is read once, from its begin to its end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddWeightedSixteen<TLanes, TVector>(Real* weights, long heads, Real* x, long stride, int* index, int count, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int w = TLanes.Count;
        // The heads of the second, third and fourth quarter of a row.
        Real* second = weights + heads / 4 * Tile, third = weights + heads / 2 * Tile, fourth = third + heads / 4 * Tile;
        TVector s0 = TLanes.Load(sum), s1 = TLanes.Load(sum + w), s2 = TLanes.Load(sum + 2 * w), s3 = TLanes.Load(sum + 3 * w);
        TVector s4 = TLanes.Load(sum + 4 * w), s5 = TLanes.Load(sum + 5 * w), s6 = TLanes.Load(sum + 6 * w), s7 = TLanes.Load(sum + 7 * w);
        TVector s8 = TLanes.Load(sum + 8 * w), s9 = TLanes.Load(sum + 9 * w), s10 = TLanes.Load(sum + 10 * w), s11 = TLanes.Load(sum + 11 * w);
        TVector s12 = TLanes.Load(sum + 12 * w), s13 = TLanes.Load(sum + 13 * w), s14 = TLanes.Load(sum + 14 * w), s15 = TLanes.Load(sum + 15 * w);
        for (int t = 0; t < count; t++)
        {
            Real* row = x + index[t] * stride;
            TVector w0 = TLanes.All(weights[t]), w1 = TLanes.All(second[t]), w2 = TLanes.All(third[t]), w3 = TLanes.All(fourth[t]);
            s0 = TLanes.MultiplyAdd(w0, TLanes.Load(row), s0);
            s1 = TLanes.MultiplyAdd(w0, TLanes.Load(row + w), s1);
            s2 = TLanes.MultiplyAdd(w0, TLanes.Load(row + 2 * w), s2);
            s3 = TLanes.MultiplyAdd(w0, TLanes.Load(row + 3 * w), s3);
            s4 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 4 * w), s4);
            s5 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 5 * w), s5);
            s6 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 6 * w), s6);
            s7 = TLanes.MultiplyAdd(w1, TLanes.Load(row + 7 * w), s7);
            s8 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 8 * w), s8);
            s9 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 9 * w), s9);
            s10 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 10 * w), s10);
            s11 = TLanes.MultiplyAdd(w2, TLanes.Load(row + 11 * w), s11);
            s12 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 12 * w), s12);
            s13 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 13 * w), s13);
            s14 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 14 * w), s14);
            s15 = TLanes.MultiplyAdd(w3, TLanes.Load(row + 15 * w), s15);
        }
        TLanes.Store(s0, sum);
        TLanes.Store(s1, sum + w);
        TLanes.Store(s2, sum + 2 * w);
        TLanes.Store(s3, sum + 3 * w);
        TLanes.Store(s4, sum + 4 * w);
        TLanes.Store(s5, sum + 5 * w);
        TLanes.Store(s6, sum + 6 * w);
        TLanes.Store(s7, sum + 7 * w);
        TLanes.Store(s8, sum + 8 * w);
        TLanes.Store(s9, sum + 9 * w);
        TLanes.Store(s10, sum + 10 * w);
        TLanes.Store(s11, sum + 11 * w);
        TLanes.Store(s12, sum + 12 * w);
        TLanes.Store(s13, sum + 13 * w);
        TLanes.Store(s14, sum + 14 * w);
        TLanes.Store(s15, sum + 15 * w);
    }

    /// <summary>sum += always + Σ_t over the edges with own + X_{index[t]} &gt; 0 of weights[t], column by column.</summary>
    /// <param name="negative">−own, padded to whole vectors: x + own is above zero exactly where x is above −own.</param>
    /// <param name="weights">One for each edge.</param>
    /// <param name="always">Added to every column.</param>
    /// <param name="x">The first column of the head in row 0 of X.</param>
    /// <param name="stride">From one row of X to the next.</param>
    /// <param name="columns">d</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges.</param>
    /// <param name="sum">Padded to whole vectors.</param>
    public static void AddWherePositive<TLanes, TVector>(Real* negative, Real* weights, Real always, Real* x, long stride, long columns, int* index, int count, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long w = TLanes.Count, j = 0;
        var all = TLanes.All(always);
        for (; j + 3 * w < columns; j += 4 * w)
        {
            TVector n0 = TLanes.Load(negative + j), n1 = TLanes.Load(negative + j + w), n2 = TLanes.Load(negative + j + 2 * w), n3 = TLanes.Load(negative + j + 3 * w);
            TVector s0 = TLanes.Add(all, TLanes.Load(sum + j)), s1 = TLanes.Add(all, TLanes.Load(sum + j + w)), s2 = TLanes.Add(all, TLanes.Load(sum + j + 2 * w)), s3 = TLanes.Add(all, TLanes.Load(sum + j + 3 * w));
            for (int t = 0; t < count; t++)
            {
                Real* row = x + index[t] * stride + j;
                var weight = TLanes.All(weights[t]);
                s0 = TLanes.Select(TLanes.Less(n0, TLanes.Load(row)), TLanes.Add(s0, weight), s0);
                s1 = TLanes.Select(TLanes.Less(n1, TLanes.Load(row + w)), TLanes.Add(s1, weight), s1);
                s2 = TLanes.Select(TLanes.Less(n2, TLanes.Load(row + 2 * w)), TLanes.Add(s2, weight), s2);
                s3 = TLanes.Select(TLanes.Less(n3, TLanes.Load(row + 3 * w)), TLanes.Add(s3, weight), s3);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
            TLanes.Store(s2, sum + j + 2 * w);
            TLanes.Store(s3, sum + j + 3 * w);
        }
        for (; j < columns; j += w)
        {
            TVector n = TLanes.Load(negative + j), s = TLanes.Add(all, TLanes.Load(sum + j));
            for (int t = 0; t < count; t++) s = TLanes.Select(TLanes.Less(n, TLanes.Load(x + index[t] * stride + j)), TLanes.Add(s, TLanes.All(weights[t])), s);
            TLanes.Store(s, sum + j);
        }
    }
}
