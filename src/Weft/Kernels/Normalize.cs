using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// Normalisation of columns: U = X − s, Z = U ⊙ a + b, and its adjoint. The numbers of a column are those of the row's group: a
/// matrix of them has one row for each group, and one row in all where there is one group.
/// </summary>
/// <remarks>Reads up to a vector past the last column (<see cref="AlignedMemory"/>) and writes nothing there.</remarks>
internal static unsafe partial class Normalize
{
    /// <summary>Z = (X − s) ⊙ a + b; Z may be X.</summary>
    /// <param name="X">[n, D]</param>
    /// <param name="group">Group of each row; null for one group.</param>
    /// <param name="s">[groups, D]</param>
    /// <param name="a">[groups, D]</param>
    /// <param name="b">[1, D], or missing.</param>
    /// <param name="Z">[n, D]</param>
    public static void Apply(Matrix X, int[]? group, Matrix s, Matrix a, Matrix b, Matrix Z)
    {
        if (b.IsMissing) Rows<WithoutBias>(X, X, group, s, a, a, a, Z);
        else Rows<WithBias>(X, X, group, s, a, b, a, Z, oneB: true);
    }

    /// <summary>dX = a ⊙ (dZ − p − (X − s) ⊙ q); dX may be dZ.</summary>
    public static void Adjoint(Matrix dZ, Matrix X, int[]? group, Matrix s, Matrix a, Matrix p, Matrix q, Matrix dX) =>
        Rows<AdjointOf>(X, dZ, group, s, a, p, q, dX);

    /// <summary>P = Y ⊙ (X − s).</summary>
    public static void Products(Matrix Y, Matrix X, int[]? group, Matrix s, Matrix P) => Rows<ProductOf>(X, Y, group, s, s, s, s, P);

    /// <summary>P = (X − s)².</summary>
    public static void Squares(Matrix X, int[]? group, Matrix s, Matrix P) => Rows<SquareOf>(X, X, group, s, s, s, s, P);

    /// <summary>squares = Σ_i (X_i − s)²; s and squares [1, D].</summary>
    public static void ColumnSquares(Matrix X, Matrix s, Matrix squares) => Columns<OfSquares>(X, X, s, default, squares);

    /// <summary>sums = Σ_i Y_i and products = Σ_i Y_i ⊙ (X_i − s) in one pass; all but X and Y [1, D].</summary>
    public static void ColumnProducts(Matrix Y, Matrix X, Matrix s, Matrix sums, Matrix products) => Columns<OfProducts>(Y, X, s, sums, products);

    private static void Rows<TOperation>(Matrix X, Matrix Y, int[]? group, Matrix s, Matrix a, Matrix b, Matrix c, Matrix result, bool oneB = false)
        where TOperation : struct, INormalOperation
    {
        Debug.Assert(X.Rows == result.Rows && X.Columns == result.Columns && Y.Rows == X.Rows && (group is null || group.Length >= X.Rows));
        var job = new RowsJob<TOperation> { X = X, Y = Y, Group = group, S = s, A = a, B = b, C = c, Result = result, OneB = oneB };
        RowParallel.For(X.Rows, 2 * X.Count, ref job);
    }

    private static void Columns<TTerm>(Matrix Y, Matrix X, Matrix s, Matrix sums, Matrix products)
        where TTerm : struct, INormalTerm
    {
        Debug.Assert(X.Rows == Y.Rows && X.Columns == Y.Columns && products.Columns == X.Columns);
        if (X.Columns == 0) return;
        long leaves = (X.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, width = ColumnTree.PaddedWidth(X.Columns);
        Real* partials = Scratch.Take(ScratchUse.Sums, 2 * leaves * width);
        var job = new ColumnsJob<TTerm> { X = X, Y = Y, S = s.Data, Sums = partials, Products = partials + leaves * width, Width = width };
        RowParallel.For(leaves, 2 * X.Count, ref job);
        if (!sums.IsMissing) ColumnTree.Combine(partials, leaves, width, sums, accumulate: false);
        ColumnTree.Combine(partials + leaves * width, leaves, width, products, accumulate: false);
        s.KeepAlive();
    }

    /// <summary>An entry of the result from x, y and the numbers of their column.</summary>
    private interface INormalOperation
    {
        static abstract TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged;
    }

    /// <summary>What is added to the two sums of a column.</summary>
    private interface INormalTerm
    {
        static abstract TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector products)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged;
    }

    private readonly struct WithBias : INormalOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.MultiplyAdd(TLanes.Subtract(x, s), a, b);
    }

    private readonly struct WithoutBias : INormalOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(TLanes.Subtract(x, s), a);
    }

    private readonly struct AdjointOf : INormalOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged =>
            TLanes.Multiply(a, TLanes.MultiplyAdd(TLanes.Subtract(s, x), c, TLanes.Subtract(y, b)));
    }

    private readonly struct ProductOf : INormalOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.Multiply(y, TLanes.Subtract(x, s));
    }

    private readonly struct SquareOf : INormalOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector a, TVector b, TVector c)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            var u = TLanes.Subtract(x, s);
            return TLanes.Multiply(u, u);
        }
    }

    private readonly struct OfSquares : INormalTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector products)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            var u = TLanes.Subtract(x, s);
            return TLanes.MultiplyAdd(u, u, products);
        }
    }

    private readonly struct OfProducts : INormalTerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Of<TLanes, TVector>(TVector x, TVector y, TVector s, TVector products)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged => TLanes.MultiplyAdd(y, TLanes.Subtract(x, s), products);
    }

    private struct RowsJob<TOperation> : IRowJob
        where TOperation : struct, INormalOperation
    {
        public Matrix X, Y, S, A, B, C, Result;
        public int[]? Group;
        public bool OneB;

        public readonly void Run(long first, long last)
        {
            if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Run<Lanes512, Vector512<Real>>(first, last);
            else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Run<Lanes256, Vector256<Real>>(first, last);
            else Run<Lanes128, Vector128<Real>>(first, last);
        }

        private readonly void Run<TLanes, TVector>(long first, long last)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            long columns = X.Columns, w = TLanes.Count;
            for (long i = first; i < last; i++)
            {
                long g = Group is null ? 0 : Group[i];
                Real* x = X.Data + i * X.Stride, y = Y.Data + i * Y.Stride, result = Result.Data + i * Result.Stride;
                Real* s = S.Data + g * S.Stride, a = A.Data + g * A.Stride, b = B.Data + (OneB ? 0 : g) * B.Stride, c = C.Data + g * C.Stride;
                long j = 0;
                for (; j <= columns - w; j += w)
                    TLanes.Store(TOperation.Of<TLanes, TVector>(TLanes.Load(x + j), TLanes.Load(y + j), TLanes.Load(s + j), TLanes.Load(a + j), TLanes.Load(b + j), TLanes.Load(c + j)), result + j);
                if (j < columns)
                    StorePart(TOperation.Of<TLanes, TVector>(TLanes.Load(x + j), TLanes.Load(y + j), TLanes.Load(s + j), TLanes.Load(a + j), TLanes.Load(b + j), TLanes.Load(c + j)), result + j, columns - j);
            }
        }
    }

    private struct ColumnsJob<TTerm> : IRowJob
        where TTerm : struct, INormalTerm
    {
        public Matrix X, Y;
        public Real* S, Sums, Products;
        public long Width;

        public readonly void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                if (Vector512.IsHardwareAccelerated && X.Columns > Vector256<Real>.Count) Leaf<Lanes512, Vector512<Real>>(leaf);
                else if (Vector256.IsHardwareAccelerated && X.Columns > Vector128<Real>.Count) Leaf<Lanes256, Vector256<Real>>(leaf);
                else Leaf<Lanes128, Vector128<Real>>(leaf);
            }
        }

        // A vector of columns at a time, down the rows of the leaf: the two sums stay in registers.
        private readonly void Leaf<TLanes, TVector>(long leaf)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            long top = leaf * RowVector.RowsPerLeaf, bottom = Math.Min(top + RowVector.RowsPerLeaf, X.Rows);
            for (long j = 0; j < X.Columns; j += TLanes.Count)
            {
                TVector sum = default, products = default;
                var s = TLanes.Load(S + j);
                Real* x = X.Data + top * X.Stride + j, y = Y.Data + top * Y.Stride + j;
                for (long i = top; i < bottom; i++, x += X.Stride, y += Y.Stride)
                {
                    var upstream = TLanes.Load(y);
                    sum = TLanes.Add(sum, upstream);
                    products = TTerm.Of<TLanes, TVector>(TLanes.Load(x), upstream, s, products);
                }
                TLanes.Store(sum, Sums + leaf * Width + j);
                TLanes.Store(products, Products + leaf * Width + j);
            }
        }
    }

    // A method of its own: a vector whose address is taken would not stay in a register.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<TVector>(TVector v, Real* target, long left)
        where TVector : unmanaged => Unsafe.CopyBlockUnaligned(target, &v, (uint)(left * sizeof(Real)));
}
