using Weft.Layers;

namespace Weft.Optimizers;

/// <summary>Keeps a step from being thrown far by one large gradient.</summary>
public static class GradientClipping
{
    /// <summary>
    /// Scales all gradients by limit / ‖g‖ if ‖g‖, the norm over all of them together, exceeds the limit. Gradients that are
    /// not finite stay as they are: the loss will say so.
    /// </summary>
    /// <returns>‖g‖ before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    public static double ByGlobalNorm(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        double squares = 0;
        // Of statistics the gradient is zero.
        for (int p = 0; p < parameters.Count; p++) squares += TensorPass.SumOfSquares(parameters[p].Parameter.Gradient);
        double norm = Math.Sqrt(squares);
        if (norm > limit && double.IsFinite(norm))
            for (int p = 0; p < parameters.Count; p++) TensorPass.Scale(parameters[p].Parameter.Gradient, limit / norm);
        return norm;
    }
}
