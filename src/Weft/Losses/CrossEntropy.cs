using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>
/// Softmax cross-entropy with one class per node: 𝓛 = −(1/M) Σ logp[i, y_i], logp_i = z_i − m_i − log Σ_c exp(z_ic − m_i);
/// dz_i = (exp(logp_i) − onehot(y_i)) / M. The gradient is taken at the logits, never through probabilities, whose inverse overflows.
/// </summary>
public sealed class CrossEntropy : ILoss
{
    /// <inheritdoc/>
    public string Name => "cross-entropy";

    /// <inheritdoc/>
    public double Evaluate(Matrix logits, LossTarget target, Matrix dLogits = default)
    {
        var row = new RowLoss { Labels = target.LabelsFor(logits, Name), Classes = logits.Columns, Scale = 1.0 / target.Count };
        return MaskedSum.Over(logits, target, dLogits, workPerEntry: 16, row) / Math.Max(1, target.Count);
    }

    private unsafe struct RowLoss : IRowLoss
    {
        public int[] Labels;
        public long Classes;
        public double Scale;

        public readonly double Row(long i, Real* z, Real* dz)
        {
            Real m = z[0];
            bool finite = Real.IsFinite(m);
            for (long c = 1; c < Classes; c++)
            {
                m = Real.Max(m, z[c]);
                finite &= Real.IsFinite(z[c]);
            }
            // exp(∞ − ∞) would be hidden by a vector's zero; what is not a number must reach the loss.
            if (!finite) m = Real.NaN;
            double s = Exponentials(z, m, dz);
            int y = Labels[i];
            if (dz != null)
            {
                Real scale = (Real)(Scale / s);
                for (long c = 0; c < Classes; c++) dz[c] *= scale;
                dz[y] -= (Real)Scale;
            }
            return Math.Log(s) - ((double)z[y] - m);
        }

        /// <summary>e_c = exp(z_c − m), kept unless e is null; returns Σ e_c.</summary>
        private readonly double Exponentials(Real* z, Real m, Real* e)
        {
            long c = 0;
            double sum = 0;
            for (; c <= Classes - Vector512<Real>.Count; c += Vector512<Real>.Count)
            {
                var v = Vector512.Exp(Vector512.Load(z + c) - Vector512.Create(m));
                if (e != null) v.Store(e + c);
                sum += Vector512.Sum(v);
            }
            for (; c <= Classes - Vector128<Real>.Count; c += Vector128<Real>.Count)
            {
                var v = Vector128.Exp(Vector128.Load(z + c) - Vector128.Create(m));
                if (e != null) v.Store(e + c);
                sum += Vector128.Sum(v);
            }
            for (; c < Classes; c++)
            {
                Real v = Real.Exp(z[c] - m);
                if (e != null) e[c] = v;
                sum += v;
            }
            return sum;
        }
    }
}
