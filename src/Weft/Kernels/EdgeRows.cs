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

    /// <summary>
    /// Entries of a matrix that one thread's second cache holds: nothing is asked for. Several threads share what they write, and a row that another
    /// one has written is as far away as memory.
    /// </summary>
    private static long StaysInCache => (RowParallel.Threads == 1 ? 1 << 20 : 1 << 15) / sizeof(Real);

    /// <summary>Edges whose dot products run side by side.</summary>
    public const int Abreast = 4;

    /// <summary>Edges between those at work and those whose rows are asked for; fewer arrive too late, more push out the rows at work.</summary>
    public const int Ahead = 32;

    /// <summary>The same where a loop asks line by line while it works; rows of half a kilobyte and more take so long that fewer of them do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int AheadOf(long columns) => columns * sizeof(Real) >= 512 ? 16 : 32;

    /// <summary>True if loops that take one head after another would ask for every line of a row several times: its heads are narrower than a line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreNarrow(long heads, long columns) => heads > 1 && columns * sizeof(Real) < 64 && !EightHeads.Are(heads, columns);

    /// <summary>True if rows of the matrix are worth asking for.</summary>
    public static bool IsWorthAsking(Matrix X) => Sse.IsSupported && X.Rows * X.Stride >= StaysInCache;

    /// <summary>Columns in whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Padded<TLanes, TVector>(long columns)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => (columns + TLanes.Count - 1) / TLanes.Count * TLanes.Count;

    /// <summary>Asks for the rows of edges that come next, into the second cache: the first is full of those at work.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(Matrix X, int* index, long count)
    {
        if (!IsWorthAsking(X)) return;
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
        if (!IsWorthAsking(X)) return;
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

    /// <summary>rows[t] = X_{index[t]}, or X_{first + t} where there is no index; one row after another, [count, X.Columns].</summary>
    public static void Copy(Matrix X, int* index, long first, int count, Real* rows)
    {
        long columns = X.Columns;
        for (int t = 0; t < count; t++, rows += columns)
        {
            Real* x = X.Data + (index == null ? first + t : index[t]) * X.Stride;
            long j = 0;
            for (; j <= columns - Vector256<Real>.Count; j += Vector256<Real>.Count) Vector256.Load(x + j).Store(rows + j);
            for (; j < columns; j++) rows[j] = x[j];
        }
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
    /// <param name="reach">The last place of the index, seen from the first of these edges, up to which rows are asked for; −1 to ask for none.</param>
    /// <param name="dots">[K, 32]</param>
    public static void HeadDots<TLanes, TVector>(Real* own, Matrix X, long heads, long padded, int* index, int count, int reach, Real* dots)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (reach < 0) HeadDots<TLanes, TVector, Silent>(own, X, heads, padded, index, count, count - 1, dots);
        else HeadDots<TLanes, TVector, Asking>(own, X, heads, padded, index, count, reach, dots);
    }

    private static void HeadDots<TLanes, TVector, TAsk>(Real* own, Matrix X, long heads, long padded, int* index, int count, int reach, Real* dots)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TAsk : struct, IAsk
    {
        long d = X.Columns / heads;
        int ahead = AheadOf(X.Columns);
        for (int t = 0; t < count; t += Abreast)
        {
            FourRows x = new(X, index, t, count - 1), next = TAsk.Asks ? new(X, index, t + ahead, reach) : x;
            for (long k = 0; k < heads; k++)
            {
                TVector d0 = default, d1 = default, d2 = default, d3 = default;
                for (long j = 0; j < d; j += TLanes.Count)
                {
                    long c = k * d + j;
                    TAsk.For(next.First + c);
                    TAsk.For(next.Second + c);
                    TAsk.For(next.Third + c);
                    TAsk.For(next.Fourth + c);
                    var o = TLanes.Load(own + k * padded + j);
                    d0 = TLanes.MultiplyAdd(o, TLanes.Load(x.First + c), d0);
                    d1 = TLanes.MultiplyAdd(o, TLanes.Load(x.Second + c), d1);
                    d2 = TLanes.MultiplyAdd(o, TLanes.Load(x.Third + c), d2);
                    d3 = TLanes.MultiplyAdd(o, TLanes.Load(x.Fourth + c), d3);
                }
                TLanes.StoreSums(d0, d1, d2, d3, dots + k * Tile + t);
            }
        }
    }

    /// <summary>sum += Σ_t weights[t · step] · X_{index[t]}</summary>
    /// <param name="weights">One for each edge.</param>
    /// <param name="step">Entries from one edge's weight to the next one's.</param>
    /// <param name="x">The first column of the head in row 0 of X.</param>
    /// <param name="stride">From one row of X to the next.</param>
    /// <param name="columns">d</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges.</param>
    /// <param name="reach">As for the dot products.</param>
    /// <param name="sum">Padded to whole vectors.</param>
    public static void AddWeighted<TLanes, TVector>(Real* weights, long step, Real* x, long stride, long columns, int* index, int count, int reach, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (reach < 0) AddWeighted<TLanes, TVector, Silent>(weights, step, x, stride, columns, index, count, 0, 0, sum);
        else AddWeighted<TLanes, TVector, Asking>(weights, step, x, stride, columns, index, count, reach, AheadOf(stride), sum);
    }

    private static void AddWeighted<TLanes, TVector, TAsk>(Real* weights, long step, Real* x, long stride, long columns, int* index, int count, int reach, int ahead, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TAsk : struct, IAsk
    {
        long w = TLanes.Count, j = 0;
        // Whole vectors: the last of four may be partly past the row's end, but not wholly.
        for (; j + 3 * w < columns; j += 4 * w)
        {
            TVector s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w), s2 = TLanes.Load(sum + j + 2 * w), s3 = TLanes.Load(sum + j + 3 * w);
            for (int t = 0; t < count; t++)
            {
                Real* row = x + index[t] * stride + j, next = TAsk.Asks ? x + index[Math.Min(t + ahead, reach)] * stride + j : row;
                TAsk.For(next);
                TAsk.For(next + w);
                TAsk.For(next + 2 * w);
                TAsk.For(next + 3 * w);
                var weight = TLanes.All(weights[t * step]);
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
                Real* row = x + index[t] * stride + j, next = TAsk.Asks ? x + index[Math.Min(t + ahead, reach)] * stride + j : row;
                TAsk.For(next);
                TAsk.For(next + w);
                var weight = TLanes.All(weights[t * step]);
                s0 = TLanes.MultiplyAdd(weight, TLanes.Load(row), s0);
                s1 = TLanes.MultiplyAdd(weight, TLanes.Load(row + w), s1);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
        }
        if (j >= columns) return;
        var s = TLanes.Load(sum + j);
        for (int t = 0; t < count; t++)
        {
            if (TAsk.Asks) TAsk.For(x + index[Math.Min(t + ahead, reach)] * stride + j);
            s = TLanes.MultiplyAdd(TLanes.All(weights[t * step]), TLanes.Load(x + index[t] * stride + j), s);
        }
        TLanes.Store(s, sum + j);
    }

    /// <summary>sum += Σ_t weights[t · step] σ_L′(own + X_{index[t]}), column by column, σ_L′ being 1 above zero and the slope elsewhere.</summary>
    /// <param name="negative">−own, padded to whole vectors: x + own is above zero exactly where x is above −own.</param>
    /// <param name="weights">One for each edge.</param>
    /// <param name="step">Entries from one edge's weight to the next one's.</param>
    /// <param name="slope">The slope.</param>
    /// <param name="x">The first column of the head in row 0 of X.</param>
    /// <param name="stride">From one row of X to the next.</param>
    /// <param name="columns">d</param>
    /// <param name="index">Rows of the edges.</param>
    /// <param name="count">Edges.</param>
    /// <param name="reach">As for the dot products.</param>
    /// <param name="sum">Padded to whole vectors.</param>
    public static void AddSloped<TLanes, TVector>(Real* negative, Real* weights, long step, Real slope, Real* x, long stride, long columns, int* index, int count, int reach, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (reach < 0) AddSloped<TLanes, TVector, Silent>(negative, weights, step, slope, x, stride, columns, index, count, 0, 0, sum);
        else AddSloped<TLanes, TVector, Asking>(negative, weights, step, slope, x, stride, columns, index, count, reach, AheadOf(stride), sum);
    }

    private static void AddSloped<TLanes, TVector, TAsk>(Real* negative, Real* weights, long step, Real slope, Real* x, long stride, long columns, int* index, int count, int reach, int ahead, Real* sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
        where TAsk : struct, IAsk
    {
        long w = TLanes.Count, j = 0;
        for (; j + 3 * w < columns; j += 4 * w)
        {
            TVector n0 = TLanes.Load(negative + j), n1 = TLanes.Load(negative + j + w), n2 = TLanes.Load(negative + j + 2 * w), n3 = TLanes.Load(negative + j + 3 * w);
            TVector s0 = TLanes.Load(sum + j), s1 = TLanes.Load(sum + j + w), s2 = TLanes.Load(sum + j + 2 * w), s3 = TLanes.Load(sum + j + 3 * w);
            for (int t = 0; t < count; t++)
            {
                Real* row = x + index[t] * stride + j, next = TAsk.Asks ? x + index[Math.Min(t + ahead, reach)] * stride + j : row;
                TAsk.For(next);
                TAsk.For(next + w);
                TAsk.For(next + 2 * w);
                TAsk.For(next + 3 * w);
                TVector weight = TLanes.All(weights[t * step]), less = TLanes.All(slope * weights[t * step]);
                s0 = TLanes.AddChosen(n0, TLanes.Load(row), s0, weight, less);
                s1 = TLanes.AddChosen(n1, TLanes.Load(row + w), s1, weight, less);
                s2 = TLanes.AddChosen(n2, TLanes.Load(row + 2 * w), s2, weight, less);
                s3 = TLanes.AddChosen(n3, TLanes.Load(row + 3 * w), s3, weight, less);
            }
            TLanes.Store(s0, sum + j);
            TLanes.Store(s1, sum + j + w);
            TLanes.Store(s2, sum + j + 2 * w);
            TLanes.Store(s3, sum + j + 3 * w);
        }
        for (; j < columns; j += w)
        {
            TVector n = TLanes.Load(negative + j), s = TLanes.Load(sum + j);
            for (int t = 0; t < count; t++)
            {
                if (TAsk.Asks) TAsk.For(x + index[Math.Min(t + ahead, reach)] * stride + j);
                s = TLanes.AddChosen(n, TLanes.Load(x + index[t] * stride + j), s, TLanes.All(weights[t * step]), TLanes.All(slope * weights[t * step]));
            }
            TLanes.Store(s, sum + j);
        }
    }
}
