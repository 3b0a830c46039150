using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>Squared error, for regression: 𝓛 = (1/(M·C)) Σ (z − t)²; dz = 2 (z − t) / (M·C).</summary>
public sealed class MeanSquare : ILoss
{
    /// <inheritdoc/>
    public string Name => "mean-square";

    /// <inheritdoc/>
    public double Evaluate(Matrix logits, LossTarget target, Matrix dLogits = default)
    {
        double entries = Math.Max(1.0, (double)target.Count * logits.Columns);
        var row = new RowLoss { Targets = target.ValuesFor(logits, Name), Scale = (Real)(2 / entries) };
        return MaskedSum.Over(logits, target, dLogits, workPerEntry: 2, row) / entries;
    }

    private unsafe struct RowLoss : IRowLoss
    {
        public Matrix Targets;
        public Real Scale;

        public readonly double Row(long i, Real* z, Real* dz)
        {
            Real* t = Targets.Data + i * Targets.Stride;
            long columns = Targets.Columns, c = 0;
            double sum = 0;
            for (; c <= columns - Vector512<Real>.Count; c += Vector512<Real>.Count)
            {
                var difference = Vector512.Load(z + c) - Vector512.Load(t + c);
                sum += Vector512.Sum(difference * difference);
                if (dz != null) (difference * Vector512.Create(Scale)).Store(dz + c);
            }
            for (; c < columns; c++)
            {
                Real difference = z[c] - t[c];
                sum += (double)difference * difference;
                if (dz != null) dz[c] = difference * Scale;
            }
            return sum;
        }
    }
}
