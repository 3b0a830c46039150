using System.Diagnostics.CodeAnalysis;
using Weft.Memory;

namespace Weft.Optimizers;

/// <summary>
/// A rule that changes parameters by their gradients. It is bound to the parameters when it is made, so that its state exists,
/// and can be saved and restored, from the start.
/// </summary>
public interface IOptimizer
{
    /// <summary>Its name on the command line and in files.</summary>
    string Name { get; }

    /// <summary>Number of steps done, t; set when a run goes on from a checkpoint.</summary>
    long Steps { get; set; }

    /// <summary>Everything beside <see cref="Steps"/> that the next step depends on, by name ("l1.W.m"); zeros before the first step.</summary>
    IReadOnlyList<(string Name, Matrix Value)> State { get; }

    /// <summary>One step: every parameter moves by its gradient. Allocates nothing.</summary>
    /// <param name="rate">η, the learning rate of this step.</param>
    [SuppressMessage("Naming", "CA1716", Justification = "the word of the trade")]
    void Step(double rate);
}
