using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>
/// Stochastic gradient descent: q = g + λ·w; v ← μ·v + q; w ← w − η·v, or with Nesterov's look ahead w ← w − η·(q + μ·v).
/// No dampening; the first step has v = q.
/// </summary>
public sealed class Sgd : IOptimizer
{
    private readonly TensorState[] tensors;
    private readonly double momentum;
    private readonly bool nesterov;

    /// <summary>Bound to these parameters.</summary>
    /// <param name="parameters">What it changes, with their names in files.</param>
    /// <param name="momentum">μ</param>
    /// <param name="nesterov">True for Nesterov's momentum.</param>
    /// <param name="decay">λ; none if null.</param>
    public Sgd(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double momentum = 0, bool nesterov = false, WeightDecay? decay = null)
    {
        (this.momentum, this.nesterov) = (momentum, nesterov);
        tensors = momentum == 0 ? TensorState.For(parameters, decay) : TensorState.For(parameters, decay, "v");
        State = TensorState.Names(tensors);
    }

    /// <inheritdoc/>
    public string Name => "sgd";

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
                Rate = Vector512.Create((Real)rate),
                Decay = Vector512.Create((Real)tensor.Decay),
                Momentum = Vector512.Create((Real)momentum),
                Nesterov = nesterov,
            };
            TensorPass.Run(tensor.Parameter.Value, tensor.Parameter.Gradient, momentum == 0 ? default : tensor.Moments[0], default, update);
        }
    }

    private struct Update : IUpdate
    {
        public Vector512<Real> Rate, Decay, Momentum;
        public bool Nesterov;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector512<Real> Next(Vector512<Real> w, Vector512<Real> g, ref Vector512<Real> v, ref Vector512<Real> none)
        {
            var q = g + Decay * w;
            v = Momentum * v + q;
            return w - Rate * (Nesterov ? q + Momentum * v : v);
        }
    }
}
