using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>
/// Layer-wise adaptive rates: ρ = c·‖w‖ / (‖g‖ + λ·‖w‖); v ← μ·v + η·ρ·(g + λ·w); w ← w − v, one tensor at a time.
/// ρ = 1 where a norm is zero, for biases, and for tensors of one dimension (one row).
/// </summary>
/// <remarks>You, Gitman and Ginsburg 2017, without an ε in the ratio.</remarks>
public sealed class Lars : IOptimizer
{
    private readonly TensorState[] tensors;
    private readonly double momentum, trust;

    /// <summary>Bound to these parameters.</summary>
    /// <param name="parameters">What it changes, with their names in files.</param>
    /// <param name="momentum">μ</param>
    /// <param name="decay">λ; none if null.</param>
    /// <param name="trust">c, the trust coefficient.</param>
    public Lars(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double momentum = 0.9, WeightDecay? decay = null, double trust = 0.001)
    {
        (this.momentum, this.trust) = (momentum, trust);
        tensors = TensorState.For(parameters, decay, "v");
        State = TensorState.Names(tensors);
    }

    /// <inheritdoc/>
    public string Name => "lars";

    /// <inheritdoc/>
    public long Steps { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, Matrix Value)> State { get; }

    /// <inheritdoc/>
    public void Step(double rate)
    {
        Steps++;
        foreach (var tensor in tensors)
        {
            var update = new Update
            {
                Rate = Vector512.Create((Real)(rate * Ratio(tensor))),
                Decay = Vector512.Create((Real)tensor.Decay),
                Momentum = Vector512.Create((Real)momentum),
            };
            TensorPass.Run(tensor.Parameter.Value, tensor.Parameter.Gradient, tensor.Moments[0], default, update);
        }
    }

    /// <summary>ρ</summary>
    private double Ratio(TensorState tensor)
    {
        if (tensor.Parameter.IsBias || tensor.Parameter.Value.Rows == 1) return 1;
        double w = Math.Sqrt(TensorPass.SumOfSquares(tensor.Parameter.Value));
        double g = Math.Sqrt(TensorPass.SumOfSquares(tensor.Parameter.Gradient));
        return w > 0 && g > 0 ? trust * w / (g + tensor.Decay * w) : 1;
    }

    private struct Update : IUpdate
    {
        public Vector512<Real> Rate, Decay, Momentum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector512<Real> Next(Vector512<Real> w, Vector512<Real> g, ref Vector512<Real> v, ref Vector512<Real> none)
        {
            v = Momentum * v + Rate * (g + Decay * w);
            return w - v;
        }
    }
}
