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

    /// <summary>da^k = Σ_i dc_{i,k} X^k_i, in leaves of 256 rows that meet in a dyadic tree.</summary>
    public static void AdjointA(Matrix X, Matrix dc, Matrix da)
    {
        da.Clear();
        long leaves = (X.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, width = X.Columns;
        if (leaves == 0 || width == 0) return;
        Real* partials = Scratch.Take(ScratchUse.Sums, leaves * width);
        var job = new InA { X = X, dC = dc, Heads = da.Rows, Partials = partials };
        RowParallel.For(leaves, X.Count, ref job);
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step) RowVector.Add(partials + (t + step) * width, partials + t * width, width);
        for (long k = 0; k < da.Rows; k++) RowVector.Add(partials + k * da.Columns, da.Data + k * da.Stride, da.Columns);
    }

    /// <summary>dX^k_i = dc_{i,k} a^k, or added to dX.</summary>
    public static void AdjointX(Matrix dc, Matrix a, Matrix dX, bool accumulate = false)
    {
        var job = new InX { dC = dc, A = a, dX = dX, Accumulate = accumulate };
        RowParallel.For(dX.Rows, dX.Count, ref job);
    }

    private struct Forward : IRowJob
    {
        public Matrix X, A, C;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
                for (long k = 0; k < A.Rows; k++)
                    C.Data[i * C.Stride + k] = RowVector.Dot(X.Data + i * X.Stride + k * A.Columns, A.Data + k * A.Stride, A.Columns);
        }
    }

    private struct InA : IRowJob
    {
        public Matrix X, dC;
        public long Heads;
        public Real* Partials;

        public readonly void Run(long first, long last)
        {
            long width = X.Columns / Heads;
            for (long leaf = first; leaf < last; leaf++)
            {
                Real* sum = Partials + leaf * X.Columns;
                RowVector.Clear(sum, X.Columns);
                long end = Math.Min(X.Rows, (leaf + 1) * RowVector.RowsPerLeaf);
                for (long i = leaf * RowVector.RowsPerLeaf; i < end; i++)
                    for (long k = 0; k < Heads; k++)
                        RowVector.AddScaled(dC.Data[i * dC.Stride + k], X.Data + i * X.Stride + k * width, sum + k * width, width);
            }
        }
    }

    private struct InX : IRowJob
    {
        public Matrix dC, A, dX;
        public bool Accumulate;

        public readonly void Run(long first, long last)
        {
            for (long i = first; i < last; i++)
            {
                Real* x = dX.Data + i * dX.Stride;
                if (!Accumulate) RowVector.Clear(x, dX.Columns);
                for (long k = 0; k < A.Rows; k++)
                    RowVector.AddScaled(dC.Data[i * dC.Stride + k], A.Data + k * A.Stride, x + k * A.Columns, A.Columns);
            }
        }
    }
}
