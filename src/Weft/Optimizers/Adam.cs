using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>
/// Adam: q = g + λ·w; m ← β₁·m + (1 − β₁)·q; v ← β₂·v + (1 − β₂)·q²; w ← w − η·(m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε).
/// Decoupled (AdamW): w ← (1 − η·λ)·w first, and λ does not enter q.
/// </summary>
/// <remarks>Kingma and Ba, algorithm 1, with ε outside the root; Loshchilov and Hutter, algorithm 2.</remarks>
public class Adam : IOptimizer
{
    private readonly TensorState[] tensors;
    private readonly double beta1, beta2, epsilon;
    private readonly bool decoupled;

    /// <summary>Bound to these parameters.</summary>
    /// <param name="parameters">What it changes, with their names in files.</param>
    /// <param name="decay">λ; none if null.</param>
    /// <param name="beta1">β₁</param>
    /// <param name="beta2">β₂</param>
    /// <param name="epsilon">ε</param>
    public Adam(IReadOnlyList<(string Name, Parameter Parameter)> parameters, WeightDecay? decay = null, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
        : this(parameters, decay, beta1, beta2, epsilon, decoupled: false)
    {
    }

    private protected Adam(IReadOnlyList<(string Name, Parameter Parameter)> parameters, WeightDecay? decay, double beta1, double beta2, double epsilon, bool decoupled)
    {
        (this.beta1, this.beta2, this.epsilon, this.decoupled) = (beta1, beta2, epsilon, decoupled);
        tensors = TensorState.For(parameters, decay, "m", "v");
        State = TensorState.Names(tensors);
    }

    /// <inheritdoc/>
    public string Name => decoupled ? "adamw" : "adam";

    /// <inheritdoc/>
    public long Steps { get; set; }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, Matrix Value)> State { get; }

    /// <inheritdoc/>
    public void Step(double rate)
    {
        Steps++;
        var update = new Update
        {
            Rate = Vector512.Create((Real)(rate / (1 - Math.Pow(beta1, Steps)))),
            KeepMean = Vector512.Create((Real)beta1),
            AddMean = Vector512.Create((Real)(1 - beta1)),
            KeepSquare = Vector512.Create((Real)beta2),
            AddSquare = Vector512.Create((Real)(1 - beta2)),
            SquareScale = Vector512.Create((Real)(1 / (1 - Math.Pow(beta2, Steps)))),
            Epsilon = Vector512.Create((Real)epsilon),
        };
        foreach (var tensor in tensors)
        {
            update.Decay = Vector512.Create((Real)(decoupled ? 0 : tensor.Decay));
            update.Shrink = Vector512.Create((Real)(decoupled ? 1 - rate * tensor.Decay : 1));
            TensorPass.Run(tensor.Parameter.Value, tensor.Parameter.Gradient, tensor.Moments[0], tensor.Moments[1], update);
        }
    }

    private struct Update : IUpdate
    {
        public Vector512<Real> Rate, Decay, Shrink, KeepMean, AddMean, KeepSquare, AddSquare, SquareScale, Epsilon;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector512<Real> Next(Vector512<Real> w, Vector512<Real> g, ref Vector512<Real> m, ref Vector512<Real> v)
        {
            w *= Shrink;
            var q = g + Decay * w;
            m = KeepMean * m + AddMean * q;
            v = KeepSquare * v + AddSquare * (q * q);
            return w - Rate * m / (Vector512.Sqrt(v * SquareScale) + Epsilon);
        }
    }
}

/// <summary>Adam with decoupled weight decay: w ← (1 − η·λ)·w, then Adam's step without λ.</summary>
/// <param name="parameters">What it changes, with their names in files.</param>
/// <param name="decay">λ; none if null.</param>
/// <param name="beta1">β₁</param>
/// <param name="beta2">β₂</param>
/// <param name="epsilon">ε</param>
public sealed class AdamW(IReadOnlyList<(string Name, Parameter Parameter)> parameters, WeightDecay? decay = null, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8)
    : Adam(parameters, decay, beta1, beta2, epsilon, decoupled: true);
