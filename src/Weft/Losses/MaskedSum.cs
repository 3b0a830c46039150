using Weft.Kernels;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>The loss of one row, and its gradient.</summary>
internal unsafe interface IRowLoss
{
    /// <summary>The loss of row i, whose logits are z; its gradient in dz, unless that is null.</summary>
    double Row(long i, Real* z, Real* dz);
}

/// <summary>
/// Σ over the masked rows of all processes: rows in parallel, added in double in leaves of 256 rows, the leaves in a dyadic
/// tree. The bits depend on sizes alone.
/// </summary>
internal static class MaskedSum
{
    public static double Over<TRow>(Matrix logits, LossTarget target, Matrix dLogits, long workPerEntry, TRow row)
        where TRow : struct, IRowLoss
    {
        if (logits.Rows != target.Mask.Length)
            throw new ArgumentException($"logits is {logits}; the target has {target.Mask.Length} nodes");
        if (!dLogits.IsMissing) Shapes.Same(logits, dLogits, "logits", "dLogits");
        if (target.Count == 0)
        {
            if (!dLogits.IsMissing) dLogits.Clear();
            return 0;
        }
        var job = new Job<TRow> { Logits = logits, Gradient = dLogits, Mask = target.Mask, Weights = target.Weights, Partials = target.Partials, RowLoss = row };
        RowParallel.For(logits.Rows, logits.Count * workPerEntry, ref job, RowVector.RowsPerLeaf);
        var graph = target.Graph;
        Span<double> sums = stackalloc double[graph.Runs];
        for (int run = 0; run < sums.Length; run++)
        {
            var (first, rows) = graph.RowsOfRun(run, logits.Rows);
            sums[run] = Tree(target.Partials.AsSpan((int)(first / RowVector.RowsPerLeaf), (int)((rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf)));
        }
        return graph.SumOfRuns(sums);
    }

    private static double Tree(ReadOnlySpan<double> leaves)
    {
        if (leaves.Length <= 1) return leaves.Length == 0 ? 0 : leaves[0];
        int left = 1 << (int)long.Log2(leaves.Length - 1);
        return Tree(leaves[..left]) + Tree(leaves[left..]);
    }

    private unsafe struct Job<TRow> : IRowJob
        where TRow : struct, IRowLoss
    {
        public Matrix Logits, Gradient;
        public bool[] Mask;
        public double[]? Weights;
        public double[] Partials;
        public TRow RowLoss;

        public void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf += RowVector.RowsPerLeaf)
                Partials[leaf / RowVector.RowsPerLeaf] = Leaf(leaf, Math.Min(leaf + RowVector.RowsPerLeaf, last));
        }

        private double Leaf(long first, long last)
        {
            double sum = 0;
            for (long i = first; i < last; i++)
            {
                Real* dz = Gradient.IsMissing ? null : Gradient.Data + i * Gradient.Stride;
                if (Mask[i])
                {
                    double value = RowLoss.Row(i, Logits.Data + i * Logits.Stride, dz);
                    if (Weights is not null)
                    {
                        value *= Weights[i];
                        if (dz != null) RowVector.Scale((Real)Weights[i], dz, Logits.Columns);
                    }
                    sum += value;
                }
                else if (dz != null) RowVector.Clear(dz, Logits.Columns);
            }
            return sum;
        }
    }
}
