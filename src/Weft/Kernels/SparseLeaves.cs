using System.Numerics;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Kernels;

/// <summary>
/// The product of sparse features with a gradient, summed over nodes in the dyadic tree over leaves of 256 rows that dense features
/// are summed in. Slower than the product by columns, whose order of sums depends on which rows there are.
/// </summary>
internal static unsafe class SparseLeaves
{
    /// <summary>dW = Hᵀ·dX over rows first … first + rows − 1, which begin at a leaf.</summary>
    /// <param name="H">Entries by row, [n, f].</param>
    /// <param name="values">Value of each entry.</param>
    /// <param name="dX">[n, g]</param>
    /// <param name="first">A multiple of 256.</param>
    /// <param name="rows">Rows to sum.</param>
    /// <param name="dW">[f, g], contiguous.</param>
    public static void MultiplyTransposedLeft(EdgeView H, Matrix values, Matrix dX, long first, long rows, Matrix dW)
    {
        dW.Clear();
        if (dW.Count == 0 || rows == 0) return;
        var job = new Job { H = H, Values = values, dX = dX, dW = dW, First = first, Rows = rows };
        // Threads share out the columns of the result: every one of them walks all entries for its own.
        RowParallel.For(dW.Columns, rows * dX.Columns + H.Count, ref job, granularity: 16);
    }

    private struct Job : IRowJob
    {
        public EdgeView H;
        public Matrix Values, dX, dW;
        public long First, Rows;

        public readonly void Run(long column, long end)
        {
            long width = end - column, size = dW.Rows * width, leaves = (Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;
            // A binary counter, as in the dense product: level ℓ holds the sum of 2^ℓ leaves while bit ℓ of their number is set.
            int levels = BitOperations.Log2((ulong)leaves) + 1;
            Real* stack = Scratch.Take(ScratchUse.LeafStack, levels * size);
            for (long leaf = 0; leaf < leaves; leaf++)
            {
                int level = BitOperations.TrailingZeroCount(~leaf);
                Real* sum = stack + level * size;
                Leaf(leaf, column, width, sum, size);
                for (int below = 0; below < level; below++) RowVector.Add(stack + below * size, sum, size);
            }
            int lowest = BitOperations.TrailingZeroCount(leaves);
            Real* whole = stack + lowest * size;
            for (int level = lowest + 1; level < levels; level++)
                if ((leaves >> level & 1) != 0) RowVector.Add(stack + level * size, whole, size);
            for (long f = 0; f < dW.Rows; f++) RowVector.Add(whole + f * width, dW.Data + f * dW.Stride + column, width);
        }

        private readonly void Leaf(long leaf, long column, long width, Real* sum, long size)
        {
            RowVector.Clear(sum, size);
            long top = First + leaf * RowVector.RowsPerLeaf, bottom = Math.Min(First + Rows, top + RowVector.RowsPerLeaf);
            for (long i = top; i < bottom; i++)
                for (long e = H.Pointers[i]; e < H.Pointers[i + 1]; e++)
                    RowVector.AddScaled(Values.Data[e * Values.Stride], dX.Data + i * dX.Stride + column, sum + H.Index[e] * width, width);
        }
    }
}
