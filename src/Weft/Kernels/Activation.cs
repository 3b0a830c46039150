namespace Weft.Kernels;

/// <summary>Which pointwise function.</summary>
public enum ActivationKind
{
    /// <summary>x</summary>
    Identity,

    /// <summary>max(x, 0)</summary>
    Relu,

    /// <summary>x if x &gt; 0, else slope · x</summary>
    LeakyRelu,

    /// <summary>x if x &gt; 0, else α (eˣ − 1)</summary>
    Elu,

    /// <summary>tanh x</summary>
    Tanh,

    /// <summary>1 / (1 + e⁻ˣ)</summary>
    Logistic,
}

/// <summary>A pointwise function with its parameter.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Parameter">Slope of the leaky ReLU, α of ELU.</param>
public readonly record struct Activation(ActivationKind Kind, double Parameter = 1)
{
}
