using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Copies the right operand of a product into panels that the inner loop reads from front to back: panel by panel of two
/// vectors of columns (in the last one, or two and a half, if that suffices), row after row, any number past the last column.
/// </summary>
internal static unsafe class GemmPack
{
    /// <summary>Columns after padding to whole vectors; panel j starts at entry <c>rows · (first column of j)</c>.</summary>
    public static long Padded(long columns, int lanes) => (columns + lanes - 1) / lanes * lanes;

    /// <summary>Columns after padding, where the last panel may have two and a half vectors: with 512 bits, whose 32 registers hold its tile.</summary>
    public static long PaddedToHalf(long columns, int lanes) =>
        lanes == Vector512<Real>.Count && columns > 2 * lanes && (columns - 1) % (2 * lanes) < lanes / 2
            ? (columns - 1) / (2 * lanes) * 2 * lanes + lanes / 2
            : Padded(columns, lanes);

    /// <summary>Columns of the panel that starts at a column: two vectors, in the last panel one, two, or two and a half.</summary>
    public static int PanelWidth(long firstColumn, long padded, int lanes)
    {
        long left = padded - firstColumn;
        return (int)(2 * left == 5 * lanes ? left : Math.Min(2 * lanes, left));
    }

    /// <summary>Packs B, [rows, columns] with B(q, j) at <c>b[q · stride + j]</c>.</summary>
    public static void Pack<TLanes, TVector>(Real* b, long rows, long columns, long stride, Real* packed)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged => Pack<TLanes, TVector>(b, 0, rows, columns, stride, rows, packed);

    /// <summary>The same for rows that become rows <paramref name="first"/> … of panels of <paramref name="panelRows"/> rows.</summary>
    /// <remarks>
    /// What a vector load finds past the last column is the start of the next row, or past the last row the zeros that follow
    /// every matrix, and only sums that nobody reads take it up.
    /// </remarks>
    public static void Pack<TLanes, TVector>(Real* b, long first, long rows, long columns, long stride, long panelRows, Real* packed)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int lanes = TLanes.Count, width;
        for (long j = 0, padded = PaddedToHalf(columns, lanes); j < padded; j += width)
        {
            width = PanelWidth(j, padded, lanes);
            Real* from = b + j, to = packed + panelRows * j + first * width;
            if (width == lanes)
                for (long q = 0; q < rows; q++, from += stride, to += lanes) TLanes.Store(TLanes.Load(from), to);
            else
                for (long q = 0; q < rows; q++, from += stride, to += width)
                {
                    var left = TLanes.Load(from);
                    var right = TLanes.Load(from + lanes);
                    TLanes.Store(left, to);
                    TLanes.Store(right, to + lanes);
                    for (int t = 2 * lanes; t < width; t++) to[t] = from[t];
                }
        }
    }

    /// <summary>Packs 6 columns of X side by side: X(r, i + t) goes to <c>packed[6 r + t]</c>.</summary>
    public static void PackStrip(Real* x, long rows, long stride, Real* packed)
    {
        for (long r = 0; r < rows; r++, x += stride, packed += GemmKernel.TileRows)
            Unsafe.CopyBlockUnaligned(packed, x, GemmKernel.TileRows * sizeof(Real));
    }

    /// <summary>Asks for some rows that will be packed soon.</summary>
    public static void Prefetch(Matrix M, long first, long last)
    {
        if (!Sse.IsSupported) return;
        for (long i = first; i < Math.Min(last, M.Rows); i++)
            for (long j = 0; j < M.Columns; j += 64 / sizeof(Real)) Sse.Prefetch1(M.Data + i * M.Stride + j);
    }

    /// <summary>Packs B = Mᵀ, [rows, columns] with B(q, j) at <c>m[j · stride + q]</c>.</summary>
    public static void PackTransposed(Real* m, long rows, long columns, long stride, int lanes, Real* packed)
    {
        int width;
        for (long j = 0, padded = PaddedToHalf(columns, lanes); j < padded; j += width)
        {
            width = PanelWidth(j, padded, lanes);
            int used = (int)Math.Min(width, columns - j);
            Real* to = packed + rows * j;
            for (int t = 0; t < used; t++)
            {
                Real* from = m + (j + t) * stride;
                for (long q = 0; q < rows; q++) to[q * width + t] = from[q];
            }
            for (int t = used; t < width; t++)
                for (long q = 0; q < rows; q++) to[q * width + t] = 0;
        }
    }
}
