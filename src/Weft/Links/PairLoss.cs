using Weft.Kernels;
using Weft.Losses;
using Weft.Memory;

namespace Weft.Links;

/// <summary>
/// Logistic cross-entropy of pairs, of which the first P⁺ are links and the other P⁻ are not, both kinds with the same weight however many there
/// are: 𝓛 = Σ_p w_p [max(z_p, 0) − z_p t_p + log(1 + e^{−|z_p|})] with w = 1/(2P⁺) for links and 1/(2P⁻) for others.
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
        partials = new double[Leaves(Math.Max(positives, negatives))];
    }

    /// <summary>How many of the pairs, from the first, are links.</summary>
    public int Positives { get; }

    /// <summary>Number of pairs, P.</summary>
    public int Count => (int)targets.Rows;

    /// <summary>𝓛, in leaves of 256 pairs of a kind that meet in a dyadic tree.</summary>
    /// <param name="z">Logits, [P, 1].</param>
    /// <param name="dz">Receives w (logistic(z) − t), [P, 1]; missing where nobody asks.</param>
    public double Evaluate(Matrix z, Matrix dz = default)
    {
        Shapes.Are(z, Count, 1, nameof(z));
        return Mean(z, dz, 0, Positives) / 2 + Mean(z, dz, Positives, Count - Positives) / 2;
    }

    private double Mean(Matrix z, Matrix dz, long first, long count)
    {
        if (count == 0) return 0;
        long leaves = Leaves(count);
        var job = new Kind
        {
            Z = z.RowRange(first, count),
            Targets = targets.RowRange(first, count),
            Gradient = dz.IsMissing ? dz : dz.RowRange(first, count),
            Scale = (Real)(0.5 / count),
            Partials = partials,
        };
        RowParallel.For(leaves, 32 * count, ref job);
        for (long step = 1; step < leaves; step *= 2)
            for (long t = 0; t + step < leaves; t += 2 * step) partials[t] += partials[t + step];
        return partials[0] / count;
    }

    private static long Leaves(long count) => (count + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;

    private struct Kind : IRowJob
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
