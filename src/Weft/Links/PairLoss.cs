using Weft.Kernels;
using Weft.Losses;
using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// Mean logistic cross-entropy of pairs, of which the first are links and the others are not: 𝓛 = (1/P) Σ_p [max(z_p, 0) − z_p t_p + log(1 + e^{−|z_p|})].
/// </summary>
internal sealed unsafe class PairLoss
{
    private readonly Matrix targets;
    private readonly double[] partials;

    /// <summary>The loss of so many links followed by so many pairs that are none.</summary>
    public PairLoss(int positives, int negatives)
    {
        Positives = positives;
        targets = Matrix.Allocate(positives + negatives, 1);
        targets.Top(positives).Fill(1);
        partials = new double[(targets.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf];
    }

    /// <summary>How many of the pairs, from the first, are links.</summary>
    public int Positives { get; }

    /// <summary>Number of pairs, P.</summary>
    public int Count => (int)targets.Rows;

    /// <summary>𝓛, in leaves of 256 pairs that meet in a dyadic tree.</summary>
    /// <param name="z">Logits, [P, 1].</param>
    /// <param name="dz">Receives (logistic(z) − t) / P, [P, 1]; missing where nobody asks.</param>
    public double Evaluate(Matrix z, Matrix dz = default)
    {
        Shapes.Are(z, Count, 1, nameof(z));
        var job = new Leaves { Z = z, Targets = targets, Gradient = dz, Scale = (Real)(1.0 / Math.Max(1, Count)), Partials = partials };
        RowParallel.For(partials.Length, 32L * Count, ref job);
        for (int step = 1; step < partials.Length; step *= 2)
            for (int t = 0; t + step < partials.Length; t += 2 * step) partials[t] += partials[t + step];
        return Count == 0 ? 0 : partials[0] / Count;
    }

    private struct Leaves : IRowJob
    {
        public Matrix Z, Targets, Gradient;
        public Real Scale;
        public double[] Partials;

        public readonly void Run(long first, long last)
        {
            for (long leaf = first; leaf < last; leaf++)
            {
                long top = leaf * RowVector.RowsPerLeaf, count = Math.Min(RowVector.RowsPerLeaf, Z.Rows - top);
                Partials[leaf] = BinaryCrossEntropy.Terms(Z.Data + top, Targets.Data + top, count, Scale, Gradient.IsMissing ? null : Gradient.Data + top);
            }
        }
    }
}
