using System.Diagnostics;
using System.Numerics;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// The product that sums over nodes. Rows are cut in leaves of 256; leaf sums meet in a fixed dyadic tree: leaf 2m with leaf
/// 2m + 1, then pairs of pairs, an odd one passing upward. A task walks an aligned subtree, so no number of threads changes the tree.
/// </summary>
internal static unsafe partial class Gemm
{
    /// <summary>Rows of a leaf of the tree.</summary>
    public const int LeafRows = 256;
    /// <summary>Subtrees that are summed side by side.</summary>
    private const long MostSubtrees = 64;
    /// <summary>Rows of dZ that are formed at a time; they stay in the first cache until they are packed.</summary>
    private const long SlopedRows = 16;
    /// <summary>Vectors of columns from which on a strip of the left operand is copied.</summary>
    private const int WorthCopying = 5;

    /// <summary>W = Xᵀ·Y, or W += Xᵀ·Y; X [n, f], Y [n, g], W [f, g].</summary>
    public static void MultiplyTransposedLeft(Matrix X, Matrix Y, Matrix W, bool accumulate = false)
    {
        Debug.Assert(X.Rows == Y.Rows && W.Rows == X.Columns && W.Columns == Y.Columns);
        SumOverRows(X, new RightRows(Y, default, null), W, accumulate);
    }

    /// <summary>
    /// dW = Xᵀ·dZ and db = Σ_i dZ_i for a dZ that is formed from dH on the way, some rows at a time, and never kept. The bits are those
    /// of the product with the whole dZ and of <see cref="Elementwise.ColumnSums"/>.
    /// </summary>
    /// <param name="X">[n, f]</param>
    /// <param name="dZ">[n, g]</param>
    /// <param name="dW">[f, g]</param>
    /// <param name="db">[1, g]</param>
    public static void MultiplyTransposedLeft(Matrix X, in ActivationAdjoint dZ, Matrix dW, Matrix db)
    {
        Debug.Assert(X.Rows == dZ.dH.Rows && dW.Rows == X.Columns && dW.Columns == dZ.dH.Columns && db.Columns == dW.Columns);
        long leaves = (X.Rows + LeafRows - 1) / LeafRows, width = ColumnTree.PaddedWidth(dW.Columns);
        Real* sums = Scratch.Take(ScratchUse.Sums, leaves * width);
        if (dW.Count == 0) Elementwise.Backward(dZ, default, db);
        else
        {
            SumOverRows(X, new RightRows(dZ.dH, dZ, sums), dW, accumulate: false);
            ColumnTree.Combine(sums, leaves, width, db, accumulate: false);
        }
    }

    /// <summary>The right operand: Y, or, where there is room for its column sums, a row a leaf, dZ formed from Y.</summary>
    private readonly struct RightRows(Matrix rows, ActivationAdjoint adjoint, Real* columnSums)
    {
        public readonly Matrix Y = rows;
        public readonly ActivationAdjoint dZ = adjoint;
        public readonly Real* Sums = columnSums;
    }

    private static void SumOverRows(Matrix X, in RightRows right, Matrix W, bool accumulate)
    {
        if (W.Count == 0) return;
        if (X.Rows == 0)
        {
            if (!accumulate) W.Clear();
            return;
        }
        if (Vector512.IsHardwareAccelerated && right.Y.Columns > Vector256<Real>.Count) SumOverRows<Lanes512, Vector512<Real>>(X, right, W, accumulate);
        else if (Vector256.IsHardwareAccelerated && right.Y.Columns > Vector128<Real>.Count) SumOverRows<Lanes256, Vector256<Real>>(X, right, W, accumulate);
        else SumOverRows<Lanes128, Vector128<Real>>(X, right, W, accumulate);
    }

    private static void SumOverRows<TLanes, TVector>(Matrix X, in RightRows right, Matrix W, bool accumulate)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        long leaves = (X.Rows + LeafRows - 1) / LeafRows, subtree = 1;
        while ((leaves + subtree - 1) / subtree > MostSubtrees) subtree *= 2;
        long subtrees = (leaves + subtree - 1) / subtree;
        long strips = (X.Columns + GemmKernel.TileRows - 1) / GemmKernel.TileRows;
        // Few subtrees: cut the result in bands of rows as well.
        long bands = subtrees >= 8 ? 1 : Math.Min(strips, 8 / subtrees);
        long stripsPerBand = (strips + bands - 1) / bands;
        bands = (strips + stripsPerBand - 1) / stripsPerBand;
        long stripSize = GemmKernel.TileRows * GemmPack.PaddedToHalf(right.Y.Columns, TLanes.Count);
        Real* partials = Scratch.Take(ScratchUse.Partials, subtrees * strips * stripSize);
        long work = X.Rows * W.Count / ProductsPerOperation;
        var sum = new SubtreeJob<TLanes, TVector>(X, right, partials, strips, stripsPerBand, subtree);
        RowParallel.For(subtrees * bands, work, ref sum);
        var combine = new CombineJob<TLanes, TVector>(partials, subtrees, strips * stripSize, W, accumulate);
        RowParallel.For(strips, subtrees * W.Count, ref combine);
    }

    /// <summary>
    /// Task t sums subtree t / bands for band t % bands of the result. A strip is 6 rows of the result: for each panel of
    /// columns a tile of 6 rows, one after another.
    /// </summary>
    private readonly struct SubtreeJob<TLanes, TVector>(Matrix X, RightRows operand, Real* partials, long strips, long stripsPerBand, long subtree) : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public void Run(long first, long last)
        {
            long bands = (strips + stripsPerBand - 1) / stripsPerBand;
            for (long t = first; t < last; t++)
            {
                long firstStrip = t % bands * stripsPerBand;
                Subtree(t / bands, firstStrip, Math.Min(stripsPerBand, strips - firstStrip));
            }
        }

        private void Subtree(long number, long firstStrip, long count)
        {
            long padded = GemmPack.PaddedToHalf(operand.Y.Columns, TLanes.Count), stripSize = GemmKernel.TileRows * padded, size = count * stripSize;
            long firstLeaf = number * subtree, leaves = Math.Min(subtree, (X.Rows + LeafRows - 1) / LeafRows - firstLeaf);
            Real* target = partials + (number * strips + firstStrip) * stripSize;
            // A binary counter: level ℓ holds the sum of 2^ℓ leaves while bit ℓ of the number of leaves done is set.
            int levels = BitOperations.Log2((ulong)leaves) + 1;
            Real* stack = leaves == 1 ? target : Scratch.Take(ScratchUse.LeafStack, levels * size);
            for (long leaf = 0; leaf < leaves; leaf++)
            {
                int level = BitOperations.TrailingZeroCount(~leaf);
                Leaf(firstLeaf + leaf, firstStrip, count, stack, level, size, padded);
            }
            if (leaves == 1) return;
            int lowest = BitOperations.TrailingZeroCount(leaves);
            Real* sum = stack + lowest * size;
            for (int level = lowest + 1; level < levels; level++)
                if ((leaves >> level & 1) != 0) AddTo<TLanes, TVector>(stack + level * size, size, sum);
            Buffer.MemoryCopy(sum, target, size * sizeof(Real), size * sizeof(Real));
        }

        /// <summary>Packs a leaf's rows of the right operand. The first band is the one that keeps their sums.</summary>
        private void Pack(long leaf, long row, long rows, bool keepSums, Real* packed)
        {
            var Y = operand.Y;
            if (operand.Sums == null)
            {
                GemmPack.Pack<TLanes, TVector>(Y.Data + row * Y.Stride, rows, Y.Columns, Y.Stride, packed);
                return;
            }
            long width = ColumnTree.PaddedWidth(Y.Columns);
            Real* some = Scratch.Take(ScratchUse.Slopes, (SlopedRows + 1) * width);
            Real* sums = keepSums ? operand.Sums + leaf * width : some + SlopedRows * width;
            RowVector.Clear(sums, width);
            for (long q = 0; q < rows; q += SlopedRows)
            {
                long count = Math.Min(SlopedRows, rows - q);
                ActivationPass.Adjoint(operand.dZ, row + q, count, some, width, sums);
                GemmPack.Pack<TLanes, TVector>(some, q, count, Y.Columns, width, rows, packed);
            }
        }

        /// <summary>Sums one leaf and adds the levels below to it, strip by strip.</summary>
        private void Leaf(long leaf, long firstStrip, long count, Real* stack, int level, long size, long padded)
        {
            int w = TLanes.Count;
            long row = leaf * LeafRows, rows = Math.Min(LeafRows, X.Rows - row);
            Real* right = Scratch.Take(ScratchUse.PackedLeaf, rows * padded);
            Pack(leaf, row, rows, firstStrip == 0, right);
            long stripSize = GemmKernel.TileRows * padded;
            // A strip that several panels read is worth a copy, which spares the strided walk.
            Real* copy = padded >= WorthCopying * w ? Scratch.Take(ScratchUse.PackedStrip, GemmKernel.TileRows * LeafRows) : null;
            for (long s = 0; s < count; s++)
            {
                long i = (firstStrip + s) * GemmKernel.TileRows, step = X.Stride;
                int used = (int)Math.Min(GemmKernel.TileRows, X.Columns - i);
                Real* left = X.Data + row * X.Stride + i, target = stack + level * size + s * stripSize;
                if (copy != null && used == GemmKernel.TileRows)
                {
                    GemmPack.PackStrip(left, rows, X.Stride, copy);
                    left = copy;
                    step = GemmKernel.TileRows;
                }
                int width;
                for (long j = 0; j < padded; j += width)
                {
                    width = GemmPack.PanelWidth(j, padded, w);
                    Tile<TLanes, TVector>(rows, left, used, 1, step, right + rows * j, width, target + GemmKernel.TileRows * j, width, load: false);
                }
                GemmPack.Prefetch(X, row + LeafRows + s * LeafRows / count, row + LeafRows + (s + 1) * LeafRows / count);
                GemmPack.Prefetch(operand.Y, row + LeafRows + s * LeafRows / count, row + LeafRows + (s + 1) * LeafRows / count);
                if (operand.Sums != null) GemmPack.Prefetch(operand.dZ.S, row + LeafRows + s * LeafRows / count, row + LeafRows + (s + 1) * LeafRows / count);
                for (int below = 0; below < level; below++) AddTo<TLanes, TVector>(stack + below * size + s * stripSize, stripSize, target);
            }
        }
    }

    /// <summary>Combines the subtrees' sums of some strips and writes them out.</summary>
    private readonly struct CombineJob<TLanes, TVector>(Real* partials, long subtrees, long size, Matrix W, bool accumulate) : IRowJob
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        public void Run(long first, long last)
        {
            int w = TLanes.Count;
            long padded = GemmPack.PaddedToHalf(W.Columns, w), stripSize = GemmKernel.TileRows * padded;
            for (long s = first; s < last; s++)
            {
                Real* strip = partials + s * stripSize;
                for (long step = 1; step < subtrees; step *= 2)
                    for (long t = 0; t + step < subtrees; t += 2 * step)
                        AddTo<TLanes, TVector>(strip + (t + step) * size, stripSize, strip + t * size);
                long top = s * GemmKernel.TileRows, rows = Math.Min(GemmKernel.TileRows, W.Rows - top);
                int width;
                for (long j = 0; j < padded; j += width)
                {
                    width = GemmPack.PanelWidth(j, padded, w);
                    int used = (int)Math.Min(width, W.Columns - j);
                    for (long r = 0; r < rows; r++)
                    {
                        Real* from = strip + GemmKernel.TileRows * j + r * width, to = W.Data + (top + r) * W.Stride + j;
                        if (accumulate)
                            for (int t = 0; t < used; t++) to[t] += from[t];
                        else Copy(from, to, used);
                    }
                }
            }
        }
    }

    /// <summary>target += source, for a whole number of vectors.</summary>
    private static void AddTo<TLanes, TVector>(Real* source, long count, Real* target)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (long p = 0; p < count; p += TLanes.Count)
            TLanes.Store(TLanes.Add(TLanes.Load(target + p), TLanes.Load(source + p)), target + p);
    }
}
