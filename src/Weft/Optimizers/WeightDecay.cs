using Weft.Layers;

namespace Weft.Optimizers;

/// <summary>λ, the pull of weights to zero, and the parameters that it covers: by default weights, not biases, scales or slopes.</summary>
/// <param name="Lambda">λ; 0 for none.</param>
public sealed record WeightDecay(double Lambda)
{
    /// <summary>True for the parameters that it covers, by name ("l1.W").</summary>
    public Func<string, Parameter, bool> Covers { get; init; } = (_, parameter) => parameter.IsDecayed;

    /// <summary>No decay.</summary>
    public static WeightDecay None { get; } = new(0);

    /// <summary>λ on the weights of the first layer alone, as in the GCN paper.</summary>
    public static WeightDecay FirstLayer(double lambda) =>
        new(lambda) { Covers = (name, parameter) => name.StartsWith("l1.", StringComparison.Ordinal) && parameter.IsDecayed };

    /// <summary>λ of one parameter.</summary>
    internal double Of(string name, Parameter parameter) => Covers(name, parameter) ? Lambda : 0;
}
