using Weft.Layers;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>One parameter with what an optimiser keeps for it.</summary>
internal sealed class TensorState
{
    public TensorState(string name, Parameter parameter, WeightDecay decay, string[] moments)
    {
        Parameter = parameter;
        Decay = decay.Of(name, parameter);
        Moments = [.. moments.Select(_ => Matrix.Allocate(parameter.Value.Rows, parameter.Value.Columns))];
        Named = [.. moments.Select((moment, k) => ($"{name}.{moment}", Moments[k]))];
    }

    public Parameter Parameter { get; }

    /// <summary>λ</summary>
    public double Decay { get; }

    public Matrix[] Moments { get; }

    public (string Name, Matrix Value)[] Named { get; }

    /// <summary>State with these moments for each parameter that is learned.</summary>
    public static TensorState[] For(IReadOnlyList<(string Name, Parameter Parameter)> parameters, WeightDecay? decay, params string[] moments) =>
        [.. parameters.Where(p => p.Parameter.IsLearned).Select(p => new TensorState(p.Name, p.Parameter, decay ?? WeightDecay.None, moments))];

    public static (string Name, Matrix Value)[] Names(TensorState[] tensors) => [.. tensors.SelectMany(t => t.Named)];
}
