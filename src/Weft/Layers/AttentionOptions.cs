using Weft.Kernels;

namespace Weft.Layers;

/// <summary>What the attention layers have in common.</summary>
/// <param name="Heads">K</param>
/// <param name="Concatenate">True: heads side by side, K·d columns, as in hidden layers. False: their mean, d columns, as in output layers.</param>
/// <param name="Bias">True for a bias b, added after concatenation or averaging and before σ.</param>
/// <param name="Activation">σ of the layer's output.</param>
/// <param name="Slope">Slope of the leaky ReLU σ_L of the logits where its argument is not positive.</param>
/// <param name="AttentionDropout">Rate at which normalised attention coefficients are dropped in training.</param>
/// <param name="EdgeFeatures">D_e: features of an edge that GATv1 and GATv2 read in their scores; 0 for none.</param>
/// <param name="Recompute">
/// True to form the coefficients of the edges twice in the adjoint instead of keeping two numbers an edge and head while it runs: slower, by what
/// [E, 2·K] takes smaller, the same bits (with edge features, but for rounding).
/// </param>
public sealed record AttentionOptions(
    int Heads = 1,
    bool Concatenate = true,
    bool Bias = true,
    Activation Activation = default,
    double Slope = 0.2,
    double AttentionDropout = 0,
    long EdgeFeatures = 0,
    bool Recompute = false)
{
    internal Activation LogitActivation => new(ActivationKind.LeakyRelu, Slope);
}
