using Weft.Communication;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training.Objectives;

/// <summary>
/// What a trainer minimises: the batches of an epoch, the loss of each with its gradient, and the scores that training is judged by.
/// It changes no parameter but statistics; steps, stopping and checkpoints are the trainer's.
/// </summary>
/// <remarks>
/// What a step computes is a function of the settings, the data, the parameters, the epoch and the number of the step alone, so that a
/// run may go on from any step.
/// </remarks>
internal abstract class Objective : IDisposable
{
    /// <summary>The objective that prepared data and settings ask for.</summary>
    /// <exception cref="ArgumentException">A setting is impossible; the message names it.</exception>
    public static Objective Of(Model model, TrainingData data, TrainingSettings settings, Workspace workspace) =>
        data.Links is not null ? new LinkObjective(model, data, settings, workspace)
        : settings.Sampling is not null || data.Stored is not null ? new SampledObjective(model, data, settings, workspace)
        : data.Pieces is not null ? new GraphObjective(model, data, settings, workspace)
        : new NodeObjective(model, data, settings, workspace);

    /// <summary>The loss that fits what is learned.</summary>
    protected static ILoss LossOf(TrainingData data) => data.Scored.TargetsAreNumbers ? new MeanSquare() : data.Scored.Labels is null ? new BinaryCrossEntropy() : new CrossEntropy();

    /// <summary>The processes that share the work.</summary>
    public virtual ICommunicator World => Alone.Instance;

    /// <summary>Bytes of what the sessions keep beside the workspace.</summary>
    public virtual long ConstantBytes => 0;

    /// <summary>Bytes of the gradient at the model's output.</summary>
    public abstract long LossBytes { get; }

    /// <summary>Gets ready for an epoch.</summary>
    /// <param name="epoch">0 for the first.</param>
    /// <param name="firstStep">The step that comes first: not 0 where a run goes on within an epoch.</param>
    /// <returns>Number of steps of the epoch, at least 1.</returns>
    public abstract int Begin(int epoch, int firstStep);

    /// <summary>Forward, loss and backward of one step. Adds to the parameters' gradients.</summary>
    /// <param name="epoch">0 for the first.</param>
    /// <param name="number">0 for the first of the epoch.</param>
    /// <returns>The mean loss, and of how many nodes, graphs or edges. Gradients are not complete if the loss is not finite.</returns>
    public abstract (double Loss, long Count) Step(int epoch, int number);

    /// <summary>The report with this epoch's scores, and what the epoch is judged by: loss and score of the validation part, of the training part where there is none.</summary>
    public abstract (EpochReport Report, double Loss, double Score) Report(EpochReport report);

    /// <summary>Every score of every part.</summary>
    public abstract Scores Full();

    /// <summary>The first array and index of the last step that were not finite, in words; null if all are.</summary>
    public abstract string? NotFiniteInStep();

    /// <summary>The same of an evaluation with the present parameters.</summary>
    public abstract string? NotFiniteInEvaluation();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what works ahead.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>The first entry that is not finite of a pass, in words: of what the layers kept, else of the output.</summary>
    protected static string? NotFinite(Session session, Matrix output)
    {
        string? found = null;
        long at = Kernels.Elementwise.FirstNotFinite(output);
        if (at >= 0) found = Words(session.Entry("output", output, at, ofNodes: true));
        return session.FirstNotFinite() is { } entry ? Words(entry) : found;

        static string Words((string Name, long Row, long Column, Real Value) entry) => $"first not finite: {entry.Name} [{entry.Row}, {entry.Column}] = {entry.Value}";
    }
}
