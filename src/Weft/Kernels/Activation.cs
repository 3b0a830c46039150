using System.Globalization;

namespace Weft.Kernels;

/// <summary>The pointwise functions that a layer may end with.</summary>
public enum ActivationKind
{
    /// <summary>x.</summary>
    Identity,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x if x &gt; 0, else s·x with slope s.</summary>
    LeakyRelu,

    /// <summary>x if x &gt; 0, else α(eˣ − 1).</summary>
    Elu,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Logistic,

    /// <summary>x·Φ(x), Φ the distribution function of the normal distribution.</summary>
    Gelu,
}

/// <summary>
/// A pointwise function σ with its parameter. At a kink the left branch holds: σ'(0) is 0 for ReLU, s for LeakyReLU, α for ELU.
/// </summary>
/// <param name="Kind">Which function.</param>
/// <param name="Parameter">LeakyReLU's slope s for x ≤ 0 or ELU's α; other functions do not read it.</param>
public readonly record struct Activation(ActivationKind Kind, double Parameter = 1)
{
    /// <summary>True where σ' can be told from σ's value: not where two arguments have one value, as with a negative slope.</summary>
    internal bool HasSlopeOfOutput => Kind != ActivationKind.Gelu && (Kind is not (ActivationKind.LeakyRelu or ActivationKind.Elu) || Parameter >= 0);

    /// <summary>σ(x) = x.</summary>
    public static Activation Identity => new(ActivationKind.Identity);

    /// <summary>σ(x) = max(x, 0).</summary>
    public static Activation Relu => new(ActivationKind.Relu);

    /// <summary>σ(x) = x if x &gt; 0, else α(eˣ − 1), with α = 1.</summary>
    public static Activation Elu => new(ActivationKind.Elu);

    /// <summary>σ(x) = tanh x.</summary>
    public static Activation Tanh => new(ActivationKind.Tanh);

    /// <summary>σ(x) = 1 / (1 + e⁻ˣ).</summary>
    public static Activation Logistic => new(ActivationKind.Logistic);

    /// <summary>σ(x) = x·Φ(x).</summary>
    public static Activation Gelu => new(ActivationKind.Gelu);

    /// <summary>σ(x) = x if x &gt; 0, else <paramref name="slope"/>·x. Attention uses 0.2.</summary>
    public static Activation LeakyRelu(double slope) => new(ActivationKind.LeakyRelu, slope);

    /// <summary>
    /// Reads <c>identity</c> (or <c>none</c>), <c>relu</c>, <c>leaky_relu</c> (slope 0.01) or <c>leaky_relu:0.2</c>, <c>elu</c>
    /// (α = 1) or <c>elu:0.5</c>, <c>tanh</c>, <c>logistic</c> (or <c>sigmoid</c>), <c>gelu</c>; case, '-' and '_' make no difference.
    /// </summary>
    /// <exception cref="FormatException">The text names no activation.</exception>
    public static Activation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        double? parameter = null;
        if (parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
            parameter = number;
        Activation? found = parts[0].Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant() switch
        {
            "IDENTITY" or "NONE" => Identity,
            "RELU" => Relu,
            "LEAKYRELU" => LeakyRelu(parameter ?? 0.01),
            "ELU" => Elu with { Parameter = parameter ?? 1 },
            "TANH" => Tanh,
            "LOGISTIC" or "SIGMOID" => Logistic,
            "GELU" => Gelu,
            _ => null,
        };
        bool takesParameter = found is { Kind: ActivationKind.LeakyRelu or ActivationKind.Elu };
        if (found is null || parts.Length > (takesParameter ? 2 : 1) || (parts.Length == 2 && parameter is null))
            throw new FormatException($"'{text}' is no activation; use identity, relu, leaky_relu:SLOPE, elu:ALPHA, tanh, logistic or gelu");
        return found.Value;
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Kind switch
    {
        ActivationKind.LeakyRelu => string.Create(CultureInfo.InvariantCulture, $"leaky_relu:{Parameter}"),
        ActivationKind.Elu when Parameter == 1 => "elu",
        ActivationKind.Elu => string.Create(CultureInfo.InvariantCulture, $"elu:{Parameter}"),
        ActivationKind.Relu => "relu",
        ActivationKind.Tanh => "tanh",
        ActivationKind.Logistic => "logistic",
        ActivationKind.Gelu => "gelu",
        _ => "identity",
    };
}
