using System.Globalization;
using System.Text;

namespace Weft.Analysis;

/// <summary>How <see cref="GradientCheck"/> checks. The defaults suit the library's precision.</summary>
public sealed record GradientCheckSettings
{
    /// <summary>The step of a central difference, times the entry where that is above 1: 2⁻⁶ in single precision, 2⁻¹³ in double.</summary>
    public double Step { get; init; } = sizeof(Real) == 8 ? 1.0 / 8192 : 1.0 / 64;

    /// <summary>Largest error allowed, relative to the largest gradient of the tensor: 10⁻² in single precision, 10⁻⁷ in double.</summary>
    public double Tolerance { get; init; } = sizeof(Real) == 8 ? 1e-7 : 1e-2;

    /// <summary>Entries checked in each tensor, evenly spread; 0 for all.</summary>
    public int Entries { get; init; } = 300;

    /// <summary>Seed of the upstream gradient, the input, the start values and dropout.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>True to check with dropout on: the same entries are dropped in every evaluation.</summary>
    public bool Training { get; init; } = true;
}

/// <summary>One tensor of a gradient check: its worst entry.</summary>
/// <param name="Name">The parameter's name, or "H" for the input.</param>
/// <param name="Checked">Entries that were compared.</param>
/// <param name="Kinks">Entries left out because their differences at two steps do not agree: the loss has a kink between them.</param>
/// <param name="Row">Row of the worst entry.</param>
/// <param name="Column">Column of the worst entry.</param>
/// <param name="Analytic">What the adjoint gives there.</param>
/// <param name="Numeric">The central difference there.</param>
/// <param name="Error">|Analytic − Numeric| over the largest gradient of the tensor.</param>
/// <param name="Holds">True if the error is within the tolerance and few entries were left out.</param>
public sealed record TensorGradient(string Name, int Checked, int Kinks, long Row, long Column, double Analytic, double Numeric, double Error, bool Holds)
{
    /// <summary>One line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Holds ? "holds" : "WRONG")}  d{Name}: worst of {Checked} at [{Row}, {Column}]: adjoint {Analytic:G6}, central difference {Numeric:G6}, relative error {Error:0.0e+0}{(Kinks > 0 ? $"; {Kinks} at kinks left out" : "")}");
}

/// <summary>What a gradient check found, tensor by tensor.</summary>
/// <param name="Tensors">The input first, then the parameters.</param>
public sealed record GradientReport(IReadOnlyList<TensorGradient> Tensors)
{
    /// <summary>True if every gradient is the derivative of the forward pass.</summary>
    public bool Holds => Tensors.All(tensor => tensor.Holds);

    /// <summary>Does nothing if every gradient holds.</summary>
    /// <exception cref="GradientException">One does not; the message names it, its worst entry and both values.</exception>
    public GradientReport ThrowIfWrong()
    {
        var wrong = Tensors.Where(tensor => !tensor.Holds).ToArray();
        return wrong.Length == 0 ? this : throw new GradientException(string.Join('\n', wrong.Select(tensor => tensor.ToString())));
    }

    /// <summary>One line for each tensor.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var tensor in Tensors) text.Append(tensor).Append('\n');
        return text.ToString();
    }
}

/// <summary>A gradient is not the derivative of its forward pass.</summary>
public sealed class GradientException : Exception
{
    /// <summary>An exception without a message.</summary>
    public GradientException()
    {
    }

    /// <summary>An exception with a message.</summary>
    public GradientException(string message) : base(message)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    public GradientException(string message, Exception inner) : base(message, inner)
    {
    }
}
