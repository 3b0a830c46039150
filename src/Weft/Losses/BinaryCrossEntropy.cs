using System.Runtime.Intrinsics;
using Weft.Memory;

namespace Weft.Losses;

/// <summary>
/// Logistic cross-entropy with several labels per node, t ∈ [0, 1]: 𝓛 = (1/(M·C)) Σ [max(z, 0) − z·t + log(1 + e^{−|z|})];
/// dz = (logistic(z) − t) / (M·C), with logistic(z) = 1/(1 + e^{−z}) for z ≥ 0 and e^z/(1 + e^z) for z &lt; 0.
/// </summary>
public sealed class BinaryCrossEntropy : ILoss
{
    /// <inheritdoc/>
    public string Name => "binary-cross-entropy";

    /// <inheritdoc/>
    public double Evaluate(Matrix logits, LossTarget target, Matrix dLogits = default)
    {
        double entries = Math.Max(1.0, (double)target.Count * logits.Columns);
        var row = new RowLoss { Targets = target.ValuesFor(logits, Name), Scale = (Real)(1 / entries) };
        return MaskedSum.Over(logits, target, dLogits, workPerEntry: 32, row) / entries;
    }

    private unsafe struct RowLoss : IRowLoss
    {
        public Matrix Targets;
        public Real Scale;

        public readonly double Row(long i, Real* z, Real* dz) => Terms(z, Targets.Data + i * Targets.Stride, Targets.Columns, Scale, dz);
    }

    /// <summary>Σ [max(z, 0) − z·t + log(1 + e^{−|z|})], and dz = scale · (logistic(z) − t) unless dz is null.</summary>
    internal static unsafe double Terms(Real* z, Real* t, long count, Real scale, Real* dz)
    {
        long c = 0;
        double sum = 0;
        for (; c <= count - Vector512<Real>.Count; c += Vector512<Real>.Count)
        {
            var x = Vector512.Load(z + c);
            var e = Vector512.Exp(-Vector512.Abs(x));
            var softplus = Vector512.Max(x, Vector512<Real>.Zero) + Vector512.Log(e + Vector512<Real>.One);
            sum += Vector512.Sum(softplus - x * Vector512.Load(t + c));
            if (dz == null) continue;
            var numerator = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512<Real>.Zero), Vector512<Real>.One, e);
            var logistic = numerator / (e + Vector512<Real>.One);
            ((logistic - Vector512.Load(t + c)) * Vector512.Create(scale)).Store(dz + c);
        }
        for (; c < count; c++)
        {
            double x = z[c], e = Math.Exp(-Math.Abs(x));
            sum += Math.Max(x, 0) + Math.Log(1 + e) - x * t[c];
            if (dz != null) dz[c] = (Real)(((x >= 0 ? 1 : e) / (1 + e) - t[c]) * scale);
        }
        return sum;
    }
}
