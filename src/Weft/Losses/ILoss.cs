using Weft.Memory;

namespace Weft.Losses;

/// <summary>A loss over the nodes of a mask: its value, and its gradient at the model's output in the same pass over the rows.</summary>
public interface ILoss
{
    /// <summary>Its name on the command line and in files.</summary>
    string Name { get; }

    /// <summary>The mean of the loss over the masked nodes of all processes; 0 where no node is masked.</summary>
    /// <param name="logits">The model's output, one row per node that this process owns, [N, C].</param>
    /// <param name="target">What each node should have given, and the mask.</param>
    /// <param name="dLogits">Receives ∂𝓛/∂logits, [N, C], zero in rows outside the mask; missing to compute the value alone.</param>
    /// <exception cref="ArgumentException">The shapes do not go together, or the target is of another kind.</exception>
    double Evaluate(Matrix logits, LossTarget target, Matrix dLogits = default);
}
