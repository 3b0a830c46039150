namespace Weft.Kernels;

/// <summary>
/// Copies the right operand of a product into panels that the inner loop reads from front to back: panel by panel of two
/// vectors of columns (one in the last, if that suffices), row after row, zeros past the last column.
/// </summary>
internal static unsafe class GemmPack
{
    /// <summary>Columns after padding to whole vectors; panel j starts at entry <c>rows · (first column of j)</c>.</summary>
    public static long Padded(long columns, int lanes) => (columns + lanes - 1) / lanes * lanes;

    /// <summary>Columns of the panel that starts at a column.</summary>
    public static int PanelWidth(long firstColumn, long padded, int lanes) => (int)Math.Min(2 * lanes, padded - firstColumn);

    /// <summary>Packs B, [rows, columns] with B(q, j) at <c>b[q · stride + j]</c>.</summary>
    public static void Pack(Real* b, long rows, long columns, long stride, int lanes, Real* packed)
    {
        long padded = Padded(columns, lanes);
        for (long j = 0; j < padded; j += 2 * lanes)
        {
            int width = PanelWidth(j, padded, lanes);
            int used = (int)Math.Min(width, columns - j);
            Real* to = packed + rows * j;
            for (long q = 0; q < rows; q++, to += width)
            {
                new Span<Real>(b + q * stride + j, used).CopyTo(new Span<Real>(to, width));
                if (used < width) new Span<Real>(to + used, width - used).Clear();
            }
        }
    }

    /// <summary>Packs B = Mᵀ, [rows, columns] with B(q, j) at <c>m[j · stride + q]</c>.</summary>
    public static void PackTransposed(Real* m, long rows, long columns, long stride, int lanes, Real* packed)
    {
        long padded = Padded(columns, lanes);
        for (long j = 0; j < padded; j += 2 * lanes)
        {
            int width = PanelWidth(j, padded, lanes);
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
