namespace Weft.Training;

/// <summary>One epoch, as it is shown, logged and handed to callbacks.</summary>
/// <param name="Epoch">1 for the first.</param>
/// <param name="TrainLoss">Mean loss of the training nodes, with dropout, before the step.</param>
/// <param name="Evaluated">True if the scores below are this epoch's; else they are the last ones.</param>
/// <param name="TrainScore">Score of the training nodes after the step, without dropout.</param>
/// <param name="ValidationLoss">Loss of the validation nodes; not a number where there are none, and training is judged by its own nodes.</param>
/// <param name="ValidationScore">Score of the validation nodes; not a number where there are none.</param>
/// <param name="TestScore">Score of the test nodes, for the log alone: nothing is chosen by it.</param>
/// <param name="LearningRate">η of the step.</param>
/// <param name="StepMilliseconds">Forward, loss, backward and the optimiser's step.</param>
/// <param name="ForwardMilliseconds">One inference pass; 0 if not evaluated.</param>
public readonly record struct EpochReport(
    int Epoch,
    double TrainLoss,
    bool Evaluated,
    double TrainScore,
    double ValidationLoss,
    double ValidationScore,
    double TestScore,
    double LearningRate,
    double StepMilliseconds,
    double ForwardMilliseconds);

/// <summary>A loss became NaN or infinite, in training or in an evaluation: training cannot go on.</summary>
public sealed class TrainingDivergedException : Exception
{
    /// <summary>A message without particulars.</summary>
    public TrainingDivergedException()
    {
    }

    /// <summary>A message that names the epoch, the first array and index that were not finite, and what to try.</summary>
    public TrainingDivergedException(string message)
        : base(message)
    {
    }

    /// <summary>A message with its cause.</summary>
    public TrainingDivergedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
