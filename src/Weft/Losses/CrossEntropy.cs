using System.Runtime.Intrinsics;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>
/// Softmax cross-entropy with one class per node: 𝓛 = −(1/M) Σ logp[i, y_i], logp_i = z_i − m_i − log Σ_c exp(z_ic − m_i);
/// dz_i = (exp(logp_i) − onehot(y_i)) / M. The gradient is taken at the logits, never through probabilities, whose inverse overflows.
/// With label smoothing ε a node's class has the share 1 − ε + ε/C of the target, each other class ε/C: onehot(y) becomes
/// q = (1 − ε)·onehot(y) + ε/C, and 𝓛 = (1/M) Σ [log Σ_c e^{z_c} − Σ_c q_c z_c].
/// </summary>
public sealed class CrossEntropy : ILoss
{
    private readonly double smoothing;

    /// <summary>The loss without label smoothing.</summary>
    public CrossEntropy()
    {
    }

    /// <summary>The loss with label smoothing.</summary>
    /// <param name="smoothing">ε, from 0 up to, not including, 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">ε is not a share.</exception>
    public CrossEntropy(double smoothing)
    {
        if (!(smoothing >= 0 && smoothing < 1)) throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "label smoothing lies in [0, 1)");
        this.smoothing = smoothing;
    }

    /// <inheritdoc/>
    public string Name => "cross-entropy";

    /// <inheritdoc/>
    public double Evaluate(Matrix logits, LossTarget target, Matrix dLogits = default)
    {
        var row = new RowLoss { Labels = target.LabelsFor(logits, Name), Classes = logits.Columns, Scale = 1.0 / target.Count, Smoothing = smoothing };
        return MaskedSum.Over(logits, target, dLogits, workPerEntry: 16, row) / Math.Max(1, target.Count);
    }

    private unsafe struct RowLoss : IRowLoss
    {
        public int[] Labels;
        public long Classes;
        public double Scale, Smoothing;

        public readonly double Row(long i, Real* z, Real* dz)
        {
            Real m = Largest(z);
            double s = Exponentials(z, m, dz);
            int y = Labels[i];
            if (Smoothing > 0) return Smoothed(z, dz, y, m, s);
            if (dz != null)
            {
                RowVector.Scale((Real)(Scale / s), dz, Classes);
                dz[y] -= (Real)Scale;
            }
            return Math.Log(s) - ((double)z[y] - m);
        }

        private readonly double Smoothed(Real* z, Real* dz, int y, Real m, double s)
        {
            double share = Smoothing / Classes, shifted = 0;
            for (long c = 0; c < Classes; c++) shifted += (double)z[c] - m;
            if (dz != null)
            {
                double scale = Scale / s;
                for (long c = 0; c < Classes; c++) dz[c] = (Real)(dz[c] * scale - (c == y ? 1 - Smoothing + share : share) * Scale);
            }
            return Math.Log(s) - (1 - Smoothing) * ((double)z[y] - m) - share * shifted;
        }

        /// <summary>max z_c; not a number if some z_c is not finite, because exp(∞ − ∞) would be hidden by a vector's zero.</summary>
        private readonly Real Largest(Real* z)
        {
            Real m = z[0];
            bool finite = true;
            long c = 0;
            if (Vector512.IsHardwareAccelerated) Largest<Lanes512, Vector512<Real>>(z, ref c, ref m, ref finite);
            if (Vector256.IsHardwareAccelerated) Largest<Lanes256, Vector256<Real>>(z, ref c, ref m, ref finite);
            Largest<Lanes128, Vector128<Real>>(z, ref c, ref m, ref finite);
            for (; c < Classes; c++)
            {
                m = Real.Max(m, z[c]);
                finite &= Real.IsFinite(z[c]);
            }
            return finite ? m : Real.NaN;
        }

        private readonly void Largest<TLanes, TVector>(Real* z, ref long c, ref Real m, ref bool finite)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            int w = TLanes.Count;
            if (c > Classes - w) return;
            var most = TLanes.Load(z + c);
            for (; c <= Classes - w; c += w)
            {
                var v = TLanes.Load(z + c);
                finite &= !TLanes.AnyNotFinite(v);
                most = TLanes.Select(TLanes.Less(most, v), v, most);
            }
            // A copy, because a vector whose address is taken does not stay in a register.
            var copy = most;
            Real* lanes = (Real*)&copy;
            for (int k = 0; k < w; k++) m = lanes[k] > m ? lanes[k] : m;
        }

        /// <summary>e_c = exp(z_c − m), kept unless e is null; returns Σ e_c.</summary>
        private readonly double Exponentials(Real* z, Real m, Real* e)
        {
            long c = 0;
            double sum = 0;
            if (Vector512.IsHardwareAccelerated) Exponentials<Lanes512, Vector512<Real>>(z, m, e, ref c, ref sum);
            if (Vector256.IsHardwareAccelerated) Exponentials<Lanes256, Vector256<Real>>(z, m, e, ref c, ref sum);
            Exponentials<Lanes128, Vector128<Real>>(z, m, e, ref c, ref sum);
            for (; c < Classes; c++)
            {
                Real v = Real.Exp(z[c] - m);
                if (e != null) e[c] = v;
                sum += v;
            }
            return sum;
        }

        private readonly void Exponentials<TLanes, TVector>(Real* z, Real m, Real* e, ref long c, ref double sum)
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            int w = TLanes.Count;
            var all = TLanes.All(m);
            while (c <= Classes - w)
            {
                // Short runs in the library's precision, whatever the number of classes.
                TVector run = default;
                for (long end = Math.Min(Classes - w, c + 31 * w); c <= end; c += w)
                {
                    var v = VectorMath.Exp<TLanes, TVector>(TLanes.Subtract(TLanes.Load(z + c), all));
                    if (e != null) TLanes.Store(v, e + c);
                    run = TLanes.Add(run, v);
                }
                sum += TLanes.Sum(run);
            }
        }
    }
}
