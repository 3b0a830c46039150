using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>c^k = X^k·a^k: every row's inner product with a vector per head, and its two adjoints.</summary>
internal static unsafe class HeadDot
{
    /// <summary>c_{i,k} = ⟨X^k_i, a^k⟩</summary>
    /// <param name="X">[n, K·d]</param>
    /// <param name="a">[K, d]</param>
    /// <param name="c">[n, K]</param>
    public static void Multiply(Matrix X, Matrix a, Matrix c)
    {
        var job = new Forward { X = X, A = a, C = c };
        RowParallel.For(X.Rows, X.Count, ref job);
    }

    /// <summary>r_{i,k} = ⟨X^k_i, Y^k_i⟩: inner products of two matrices, row by row and head by head.</summary>
    /// <param name="X">[n, K·d]</param>
    /// <param name="Y">[n, K·d]</param>
    /// <param name="r">[n, K]</param>
    public static void Rows(Matrix X, Matrix Y, Matrix r)
    {
        var job = new OfRows { X = X, Y = Y, R = r };
        RowParallel.For(X.Rows, X.Count, ref job);
    }

    /// <summary>da^k = Σ_i dc_{i,k} X^k_i, in leaves of 256 rows that meet in a dyadic tree.</summary>
    public static void AdjointA(Matrix X, Matrix dc, Matrix da)
    {
        da.Clear();
        long leaves = (X.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, width = X.Columns;
        if (leaves == 0 || width == 0) return;
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * width);
        var job = new InA { X = X, dC = dc, Heads = da.Rows, Partials = partials, Width = width };
        RowParallel.For(leaves, X.Count, ref job);
        AddInTree(partials, leaves, width);
        for (long k = 0; k < da.Rows; k++) RowVector.Add(partials + k * da.Columns, da.Data + k * da.Stride, da.Columns);
    }

    /// <summary>dX^k_i = dc_{i,k} a^k, or added to dX.</summary>
    public static void AdjointX(Matrix dc, Matrix a, Matrix dX, bool accumulate = false)
    {
        var job = new InX { dC = dc, A = a, dX = dX, Accumulate = accumulate };
        RowParallel.For(dX.Rows, dX.Count, ref job);
    }

    /// <summary>Products with two sets of vectors in one pass over X; the first only for the first rows of X, of which c has so many.</summary>
    public static void Multiply(Matrix X, Matrix a, Matrix c, Matrix otherA, Matrix otherC)
    {
        var job = new Forward { X = X, A = a, C = c, OtherA = otherA, OtherC = otherC };
        RowParallel.For(X.Rows, 2 * X.Count, ref job);
    }

    /// <summary>Both adjoints in the vectors of the product with two of them, in one pass over X.</summary>
    public static void AdjointA(Matrix X, Matrix dc, Matrix da, Matrix otherDc, Matrix otherDa)
    {
        da.Clear();
        otherDa.Clear();
        long leaves = (X.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, width = 2 * X.Columns;
        if (leaves == 0 || width == 0) return;
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * width);
        var job = new InA { X = X, dC = dc, OtherDC = otherDc, Heads = da.Rows, Partials = partials, Width = width };
        RowParallel.For(leaves, 2 * X.Count, ref job);
        AddInTree(partials, leaves, width);
        for (long k = 0; k < da.Rows; k++) RowVector.Add(partials + k * da.Columns, da.Data + k * da.Stride, da.Columns);
        for (long k = 0; k < da.Rows; k++) RowVector.Add(partials + X.Columns + k * da.Columns, otherDa.Data + k * otherDa.Stride, da.Columns);
    }

    /// <summary>Both adjoints in X of the product with two sets of vectors, added to dX in one pass; the first to the first rows.</summary>
    public static void AddAdjointX(Matrix dc, Matrix a, Matrix otherDc, Matrix otherA, Matrix dX)
    {
        var job = new InX { dC = dc, A = a, OtherDC = otherDc, OtherA = otherA, dX = dX, Accumulate = true };
        RowParallel.For(dX.Rows, 2 * dX.Count, ref job);
    }

    private static void AddInTree(Real* partials, long leaves, long width)
    {
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step) RowVector.Add(partials + (t + step) * width, partials + t * width, width);
    }

    private struct OfRows : IRowJob
    {
        public Matrix X, Y, R;

        public readonly void Run(long first, long last)
        {
            long heads = R.Columns, d = X.Columns / heads;
            for (long i = first; i < last; i++)
                for (long k = 0; k < heads; k++)
                    R.Data[i * R.Stride + k] = RowVector.Dot(X.Data + i * X.Stride + k * d, Y.Data + i * Y.Stride + k * d, d);
        }
    }

    private struct Forward : IRowJob
    {
        public Matrix X, A, C, OtherA, OtherC;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                if (i < C.Rows) Row(i, A, C);
                if (!OtherC.IsMissing) Row(i, OtherA, OtherC);
            }
        }

        private readonly void Row(long i, Matrix a, Matrix c)
        {
            Real* x = X.Data + i * X.Stride, to = c.Data + i * c.Stride;
            long k = 0, d = a.Columns;
            // Heads as wide as a vector, four sums at a time.
            if (d == Vector256<Real>.Count && Vector256.IsHardwareAccelerated)
                for (; k <= a.Rows - 4; k += 4, x += 4 * d)
                {
                    Real* v = a.Data + k * a.Stride;
                    Lanes256.StoreSums(Vector256.Load(x) * Vector256.Load(v), Vector256.Load(x + d) * Vector256.Load(v + a.Stride),
                        Vector256.Load(x + 2 * d) * Vector256.Load(v + 2 * a.Stride), Vector256.Load(x + 3 * d) * Vector256.Load(v + 3 * a.Stride), to + k);
                }
            for (; k < a.Rows; k++, x += d) to[k] = RowVector.Dot(x, a.Data + k * a.Stride, d);
        }
    }

    private struct InA : IRowJob
    {
        public Matrix X, dC, OtherDC;
        public long Heads, Width;
        public Real* Partials;

        public readonly void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                Real* sum = Partials + leaf * Width;
                RowVector.Clear(sum, Width);
                long end = Math.Min(X.Rows, (leaf + 1) * RowVector.RowsPerLeaf);
                for (long i = leaf * RowVector.RowsPerLeaf; i < end; i++)
                {
                    if (i < dC.Rows) Row(i, dC, sum);
                    if (!OtherDC.IsMissing) Row(i, OtherDC, sum + X.Columns);
                }
            }
        }

        private readonly void Row(long i, Matrix dc, Real* sum)
        {
            long width = X.Columns / Heads;
            for (long k = 0; k < Heads; k++)
                RowVector.AddScaled(dc.Data[i * dc.Stride + k], X.Data + i * X.Stride + k * width, sum + k * width, width);
        }
    }

    private struct InX : IRowJob
    {
        public Matrix dC, A, OtherDC, OtherA, dX;
        public bool Accumulate;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                if (!Accumulate) RowVector.Clear(dX.Data + i * dX.Stride, dX.Columns);
                if (i < dC.Rows) Row(i, dC, A);
                if (!OtherDC.IsMissing) Row(i, OtherDC, OtherA);
            }
        }

        private readonly void Row(long i, Matrix dc, Matrix a)
        {
            for (long k = 0; k < a.Rows; k++)
                RowVector.AddScaled(dc.Data[i * dc.Stride + k], a.Data + k * a.Stride, dX.Data + i * dX.Stride + k * a.Columns, a.Columns);
        }
    }
}
