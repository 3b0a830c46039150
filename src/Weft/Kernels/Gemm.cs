using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Dense products, Y = X·W and its two adjoints W = Xᵀ·Y and X = Y·Wᵀ. Operands may be views of some columns; a result may
/// not overlap an operand.
/// </summary>
internal static unsafe partial class Gemm
{
    /// <summary>Inner dimension that one pass covers, so that a packed panel stays in the first cache.</summary>
    private const long InnerBlock = 256;
    /// <summary>Rows that pass over all inner blocks before the next rows do, so that they stay in the second cache.</summary>
    private const long RowBlock = 32 * GemmKernel.TileRows;
    /// <summary>Entries of a matrix that the second cache holds, about.</summary>
    private const long FitsCache = (1 << 20) / sizeof(Real);
    /// <summary>Bytes of a result that no cache holds: it is written past them, which spares reading what is there before.</summary>
    private const long FitsNoCache = 1 << 25;
    /// <summary>Columns of a result up to which six of its rows stay in the first cache.</summary>
    private const long NotTooWide = 1024;
    /// <summary>Multiply-adds that cost about as much as one of the operations <see cref="RowParallel"/> counts.</summary>
    private const long ProductsPerOperation = 16;

    /// <summary>Y = X·W, or Y += X·W; X [n, f], W [f, g], Y [n, g].</summary>
    public static void Multiply(Matrix X, Matrix W, Matrix Y, bool accumulate = false)
    {
        Debug.Assert(X.Columns == W.Rows && X.Rows == Y.Rows && W.Columns == Y.Columns);
        Product(X, W, transposed: false, Y, accumulate, default);
    }

    /// <summary>Y = σ(X·W + 1 b), or σ(Y + X·W + 1 b): a row is finished while it is in the first cache.</summary>
    /// <param name="X">[n, f]</param>
    /// <param name="W">[f, g]</param>
    /// <param name="b">[1, g], or missing.</param>
    /// <param name="σ">Identity for none.</param>
    /// <param name="Y">[n, g]</param>
    /// <param name="accumulate">Adds to what Y holds.</param>
    public static void Multiply(Matrix X, Matrix W, Matrix b, Activation σ, Matrix Y, bool accumulate = false)
    {
        Debug.Assert(X.Columns == W.Rows && X.Rows == Y.Rows && W.Columns == Y.Columns && (b.IsMissing || b.Columns == Y.Columns));
        Product(X, W, transposed: false, Y, accumulate, new Ending(b.Data, σ));
    }

    /// <summary>X = Y·Wᵀ, or X += Y·Wᵀ; Y [n, g], W [f, g], X [n, f].</summary>
    public static void MultiplyTransposedRight(Matrix Y, Matrix W, Matrix X, bool accumulate = false)
    {
        Debug.Assert(Y.Columns == W.Columns && X.Rows == Y.Rows && X.Columns == W.Rows);
        Product(Y, W, transposed: true, X, accumulate, default);
    }

    /// <summary>What happens to a row of a product once its sums are complete.</summary>
    private readonly struct Ending(Real* bias, Activation activation)
    {
        public readonly Real* Bias = bias;
        public readonly Activation σ = activation;

        public bool IsNothing => Bias == null && σ.Kind == ActivationKind.Identity;
    }

    private static void Product(Matrix A, Matrix B, bool transposed, Matrix C, bool accumulate, Ending ending)
    {
        if (C.Count == 0) return;
        if (A.Columns == 0)
        {
            if (!accumulate) C.Clear();
            ActivationPass.Forward(ending.σ, ending.Bias, C.Data, C.Stride, C.Rows, C.Columns, C.Data, C.Stride);
            return;
        }
        if (Vector512.IsHardwareAccelerated && C.Columns > Vector256<Real>.Count) Product<Lanes512, Vector512<Real>>(A, B, transposed, C, accumulate, ending);
        else if (Vector256.IsHardwareAccelerated && C.Columns > Vector128<Real>.Count) Product<Lanes256, Vector256<Real>>(A, B, transposed, C, accumulate, ending);
        else Product<Lanes128, Vector128<Real>>(A, B, transposed, C, accumulate, ending);
    }

    private static void Product<TLanes, TVector>(Matrix A, Matrix B, bool transposed, Matrix C, bool accumulate, Ending ending)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long inner = A.Columns, padded = GemmPack.PaddedToHalf(C.Columns, TLanes.Count);
        Real* packed = Scratch.Take(ScratchUse.PackedRight, inner * padded);
        long block = EvenBlock(inner, InnerBlock);
        for (long q = 0; q < inner; q += block)
        {
            long depth = Math.Min(block, inner - q);
            if (transposed) GemmPack.PackTransposed(B.Data + q, depth, C.Columns, B.Stride, TLanes.Count, packed + q * padded);
            else GemmPack.Pack<TLanes, TVector>(B.Data + q * B.Stride, depth, C.Columns, B.Stride, packed + q * padded);
        }
        var job = new ProductJob<TLanes, TVector>(A, packed, block, C, accumulate, ending);
        RowParallel.For(C.Rows, C.Count * inner / ProductsPerOperation, ref job, GemmKernel.TileRows);
    }

    private static bool GoesPastCaches<TLanes, TVector>(Matrix C)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int w = TLanes.Count;
        return C.Count * sizeof(Real) > FitsNoCache && C.Columns <= NotTooWide && C.Columns % w == 0 && C.Stride % w == 0 && (nint)C.Data % (w * sizeof(Real)) == 0;
    }

    /// <summary>The size of the fewest equal blocks of at most <paramref name="most"/>.</summary>
    private static long EvenBlock(long size, long most)
    {
        long blocks = (size + most - 1) / most;
        return (size + blocks - 1) / blocks;
    }

    private readonly struct ProductJob<TLanes, TVector>(Matrix A, Real* packed, long block, Matrix C, bool accumulate, Ending ending) : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public void Run(long first, long last)
        {
            long padded = GemmPack.PaddedToHalf(C.Columns, TLanes.Count);
            if (!accumulate && block >= A.Columns && GoesPastCaches<TLanes, TVector>(C))
            {
                for (long i = first; i < last; i += GemmKernel.TileRows) StripPastCaches(i, (int)Math.Min(GemmKernel.TileRows, last - i));
                // The stores have no order of their own; whoever is told that these rows are done must find them.
                if (Sse.IsSupported) Sse.StoreFence();
                return;
            }
            for (long top = first; top < last; top += RowBlock)
            {
                long bottom = Math.Min(top + RowBlock, last);
                for (long q = 0; q < A.Columns; q += block)
                    for (long i = top; i < bottom; i += GemmKernel.TileRows)
                        Strip(i, (int)Math.Min(GemmKernel.TileRows, bottom - i), q, Math.Min(block, A.Columns - q), padded);
            }
        }

        /// <summary>Up to 6 rows of C, all columns, all of the inner dimension: summed in the first cache, written once.</summary>
        private void StripPastCaches(long i, int rows)
        {
            int w = TLanes.Count;
            Real* sums = Scratch.Take(ScratchUse.PackedStrip, GemmKernel.TileRows * C.Columns);
            GemmPack.Prefetch(A, i + GemmKernel.TileRows, i + 2 * GemmKernel.TileRows);
            for (long j = 0; j < C.Columns; j += 2 * w)
            {
                int width = GemmPack.PanelWidth(j, C.Columns, w);
                Tile<TLanes, TVector>(A.Columns, A.Data + i * A.Stride, rows, A.Stride, 1, packed + A.Columns * j, width, sums + j, C.Columns, load: false);
            }
            ActivationPass.Forward(ending.σ, ending.Bias, sums, C.Columns, rows, C.Columns, C.Data + i * C.Stride, C.Stride, past: true);
        }

        /// <summary>Up to 6 rows of C, all columns, one block of the inner dimension.</summary>
        private void Strip(long i, int rows, long q, long depth, long padded)
        {
            int w = TLanes.Count;
            bool load = accumulate || q > 0;
            Real* tile = stackalloc Real[GemmKernel.TileRows * 3 * w];
            // Each of the next rows is a stretch of memory too short for the processor to foresee.
            if (q == 0 && A.Count > FitsCache) GemmPack.Prefetch(A, i + GemmKernel.TileRows, i + 2 * GemmKernel.TileRows);
            int width;
            for (long j = 0; j < padded; j += width)
            {
                width = GemmPack.PanelWidth(j, padded, w);
                int used = (int)Math.Min(width, C.Columns - j);
                Real* a = A.Data + i * A.Stride + q, b = packed + q * padded + depth * j, c = C.Data + i * C.Stride + j;
                if (rows == GemmKernel.TileRows && used == width)
                {
                    Tile<TLanes, TVector>(depth, a, rows, A.Stride, 1, b, width, c, C.Stride, load);
                    continue;
                }
                if (load)
                    for (int r = 0; r < rows; r++) Copy(c + r * C.Stride, tile + r * width, used);
                Tile<TLanes, TVector>(depth, a, rows, A.Stride, 1, b, width, tile, width, load);
                for (int r = 0; r < rows; r++) Copy(tile + r * width, c + r * C.Stride, used);
            }
            if (ending.IsNothing || q + depth < A.Columns) return;
            Real* z = C.Data + i * C.Stride;
            ActivationPass.Forward(ending.σ, ending.Bias, z, C.Stride, rows, C.Columns, z, C.Stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile<TLanes, TVector>(long inner, Real* a, int rows, long rowStep, long innerStep, Real* b, int width, Real* c, long cStep, bool load)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        if (width > 2 * TLanes.Count) GemmKernel.DoubleAndHalf(inner, a, rows, rowStep, innerStep, b, c, cStep, load);
        else if (width == TLanes.Count) GemmKernel.Single<TLanes, TVector>(inner, a, rows, rowStep, innerStep, b, width, c, cStep, load);
        else GemmKernel.Double<TLanes, TVector>(inner, a, rows, rowStep, innerStep, b, width, c, cStep, load);
    }

    private static void Copy(Real* from, Real* to, int count) => new Span<Real>(from, count).CopyTo(new Span<Real>(to, count));
}
