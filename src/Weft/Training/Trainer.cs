using System.Diagnostics;
using Weft.Communication;
using Weft.Memory;
using Weft.Models;
using Weft.Optimizers;
using Weft.Training.Objectives;

namespace Weft.Training;

/// <summary>
/// Trains a model on prepared data, an epoch at a time: forward, loss, backward, step, evaluation, stopping. What an epoch
/// computes depends on the settings, the data and the epochs before it alone, to the last bit, on any number of threads.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly TrainingSettings settings;
    private readonly Objective objective;
    private readonly Workspace workspace;
    private readonly IOptimizer optimizer;
    private readonly Schedule schedule;
    private readonly EarlyStopping stopping;
    private readonly ParameterSnapshot best;
    private readonly GradientSum? accumulated;
    private EpochReport last;

    // Where in an epoch training is: steps done, their number, and the loss so far.
    private int step, steps;
    private double lossSum;
    private long lossCount;

    /// <summary>A trainer at epoch 0. The model keeps the parameters that it has: call <see cref="Model.Initialize"/> first.</summary>
    /// <param name="model">What to train; its outputs fit the data's classes.</param>
    /// <param name="data">What to train on.</param>
    /// <param name="settings">How.</param>
    /// <exception cref="ArgumentException">A setting is impossible; the message names it.</exception>
    public Trainer(Model model, TrainingData data, TrainingSettings settings)
        : this(model, data, settings, new Workspace())
    {
    }

    internal Trainer(Model model, TrainingData data, TrainingSettings settings, Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(settings);
        Check(settings, data.Links is not null);
        (Model, Data, this.settings, this.workspace) = (model, data, settings, workspace);
        objective = Objective.Of(model, data, settings, workspace);
        optimizer = MakeOptimizer(model, settings);
        schedule = Schedule.Parse(settings.Schedule);
        stopping = EarlyStopping.Create(settings.Stopping, settings.Patience);
        best = new ParameterSnapshot(model.Parameters);
        accumulated = settings.Accumulate > 1 ? new GradientSum(model.Parameters) : null;
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The data.</summary>
    public TrainingData Data { get; }

    /// <summary>Epochs done.</summary>
    public int Epoch { get; private set; }

    /// <summary>Steps done of the epoch that is under way.</summary>
    public int Step => step;

    /// <summary>Steps of the epoch that is under way, or of the last one: one for a whole graph, one for each batch of several.</summary>
    public int Steps => steps;

    /// <summary>The epoch whose parameters are kept as the best; 0 before the first evaluation.</summary>
    public int BestEpoch { get; private set; }

    /// <summary>True when there is nothing left to do: all epochs done, no progress for long enough, or fitted.</summary>
    public bool Finished { get; private set; }

    /// <summary>The last epoch's report.</summary>
    public EpochReport Last => last;

    /// <summary>Bytes of every buffer of the passes.</summary>
    public long WorkspaceBytes => workspace.Bytes + objective.ConstantBytes;

    /// <summary>What sampling has done and cost since this trainer was made; null where no batches are drawn.</summary>
    public SamplingFigures? Sampling => (objective as SampledObjective)?.Figures;

    /// <summary>What this process received in the layers of the last epoch's steps, if its communicator counts.</summary>
    internal Traffic StepTraffic { get; private set; }

    private Traffic LayerTraffic => objective.World is Metered meter ? meter[Direction.Forward] + meter[Direction.Backward] : default;

    /// <summary>Bytes of the loss's gradient.</summary>
    internal long LossBytes => objective.LossBytes;

    /// <summary>Bytes that the optimiser keeps, and those of gradients on their way to a step.</summary>
    internal long OptimizerBytes => optimizer.State.Sum(s => s.Value.Bytes) + (accumulated?.State.Sum(s => s.Value.Bytes) ?? 0);

    /// <summary>The parameters that <see cref="UseBestParameters"/> puts in place.</summary>
    public ParameterSnapshot BestParameters => best;

    /// <summary>Trains to the end.</summary>
    /// <param name="onEpoch">Called after every epoch.</param>
    /// <param name="cancellation">Ends training after the step that is under way; on several processes, after the epoch.</param>
    /// <returns>Scores of the best parameters, which are left in the model.</returns>
    /// <exception cref="OperationCanceledException">Training was cancelled; the model has the last step's parameters.</exception>
    /// <exception cref="TrainingDivergedException">The loss is no longer finite.</exception>
    public Scores Train(Action<EpochReport>? onEpoch = null, CancellationToken cancellation = default)
    {
        while (!Finished)
        {
            cancellation.ThrowIfCancellationRequested();
            var report = RunEpoch(null, objective.World.Size == 1 ? cancellation : CancellationToken.None);
            onEpoch?.Invoke(report);
        }
        UseBestParameters();
        return Evaluate();
    }

    /// <summary>One epoch, or the rest of one: a step on each batch, then an evaluation if it is due.</summary>
    /// <param name="onStep">Called after every step but the last.</param>
    /// <param name="cancellation">Ends the epoch after the step that is under way, with steps left: the next call goes on there.</param>
    /// <exception cref="TrainingDivergedException">The loss is no longer finite.</exception>
    /// <exception cref="OperationCanceledException">The epoch was cancelled between two steps.</exception>
    public EpochReport RunEpoch(Action<Trainer>? onStep = null, CancellationToken cancellation = default)
    {
        if (Finished) throw new InvalidOperationException("training has ended");
        double rate = settings.LearningRate * schedule.Factor(Epoch);
        long started = Stopwatch.GetTimestamp();
        var before = LayerTraffic;
        steps = objective.Begin(Epoch, step);
        while (step < steps)
        {
            RunStep(rate);
            if (step == steps) break;
            onStep?.Invoke(this);
            cancellation.ThrowIfCancellationRequested();
        }
        double trainLoss = lossSum / lossCount;
        var after = LayerTraffic;
        StepTraffic = new(after.Calls - before.Calls, after.Words - before.Words, after.Messages - before.Messages, after.Seconds - before.Seconds);
        double stepTime = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Epoch++;
        (step, lossSum, lossCount) = (0, 0, 0);

        bool evaluate = Epoch % settings.EvaluateEvery == 0 || Epoch == settings.Epochs;
        last = last with { Epoch = Epoch, TrainLoss = trainLoss, Evaluated = evaluate, LearningRate = rate, StepMilliseconds = stepTime, ForwardMilliseconds = 0 };
        if (evaluate)
        {
            (last, double judgedLoss, double judgedScore) = objective.Report(last);
            if (!double.IsFinite(judgedLoss)) throw Diverged(Epoch, judgedLoss, objective.NotFiniteInEvaluation());
            Judge(judgedLoss, judgedScore);
        }
        if (Epoch >= settings.Epochs) Finished = true;
        return last;
    }

    /// <summary>Puts the best parameters into the model.</summary>
    public void UseBestParameters() => best.PutBack();

    /// <summary>Everything that the next epoch depends on, for a checkpoint.</summary>
    public Checkpoint Save()
    {
        var checkpoint = new Checkpoint(Epoch);
        checkpoint.Add(Model.Parameters, optimizer);
        checkpoint.Add("best", best.Values);
        checkpoint.Add("stopping", stopping.State);
        checkpoint.Add("schedule", schedule.State);
        checkpoint.Add("progress", [BestEpoch, Finished ? 1 : 0, last.TrainLoss, last.TrainScore, last.ValidationLoss, last.ValidationScore, last.TestScore]);
        if (step > 0) checkpoint.Add("step", [step, steps, lossSum, lossCount]);
        if (accumulated is { IsEmpty: false })
        {
            checkpoint.Add("accumulated", accumulated.State);
            checkpoint.Add("accumulated count", [accumulated.Count]);
        }
        return checkpoint;
    }

    /// <summary>Goes back to where <see cref="Save"/> was called; the epochs that follow have the same bits as they had then.</summary>
    /// <exception cref="Datasets.DataFormatException">The checkpoint is of another run.</exception>
    public void Restore(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        checkpoint.Restore(Model.Parameters, optimizer);
        checkpoint.Restore("best", best.Values);
        stopping.State = checkpoint.Numbers("stopping");
        schedule.State = checkpoint.Numbers("schedule");
        double[] progress = checkpoint.Numbers("progress"), within = checkpoint.Holds("step") ? checkpoint.Numbers("step") : [0, 0, 0, 0];
        (step, steps, lossSum, lossCount) = ((int)within[0], (int)within[1], within[2], (long)within[3]);
        if (accumulated is not null)
        {
            accumulated.Clear();
            if (checkpoint.Holds("accumulated count"))
            {
                checkpoint.Restore("accumulated", accumulated.State);
                accumulated.Count = (long)checkpoint.Numbers("accumulated count")[0];
            }
        }
        Epoch = checkpoint.Epoch;
        (BestEpoch, Finished) = ((int)progress[0], progress[1] != 0);
        last = last with { Epoch = Epoch, TrainLoss = progress[2], TrainScore = progress[3], ValidationLoss = progress[4], ValidationScore = progress[5], TestScore = progress[6] };
    }

    /// <summary>Takes over the state of the first process, which has read a checkpoint. A collective call.</summary>
    internal void Synchronize()
    {
        if (objective.World.Size == 1) return;
        byte[] state = Agreement.Broadcast(objective.World, objective.World.Rank == 0 ? Save().ToBytes() : [], 0);
        if (objective.World.Rank != 0) Restore(Checkpoint.FromBytes(state));
    }

    /// <summary>Scores of the model's present parameters.</summary>
    /// <exception cref="TrainingDivergedException">A loss is not finite.</exception>
    public Scores Evaluate()
    {
        var scores = objective.Full();
        foreach (double value in new[] { scores.Train.Loss, scores.Validation?.Loss ?? 0, scores.Test?.Loss ?? 0 })
            if (!double.IsFinite(value)) throw Diverged(Epoch, value, objective.NotFiniteInEvaluation());
        return scores;
    }

    /// <summary>Ends what works ahead of training.</summary>
    public void Dispose() => objective.Dispose();

    private void RunStep(double rate)
    {
        Model.ClearGradients();
        var (value, count) = objective.Step(Epoch, step);
        if (!double.IsFinite(value)) throw Diverged(Epoch + 1, value, objective.NotFiniteInStep());
        accumulated?.Add(count);
        step++;
        if (accumulated is null || step % settings.Accumulate == 0 || step == steps)
        {
            accumulated?.PutMean();
            if (settings.Clip > 0) GradientClipping.ByGlobalNorm(Model.Parameters, settings.Clip);
            optimizer.Step(rate);
        }
        lossSum += value * count;
        lossCount += count;
    }

    private void Judge(double loss, double score)
    {
        schedule.Report(score);
        var advice = stopping.Report(loss, score);
        bool fitted = settings.StopWhenFitted && last.TrainScore >= 1;
        if (advice.Keep || fitted || BestEpoch == 0)
        {
            BestEpoch = Epoch;
            best.Take();
        }
        Finished = advice.Stop || fitted;
    }

    private TrainingDivergedException Diverged(int epoch, double value, string? found)
    {
        string where = Agreement.First(objective.World, found) ?? $"the outputs are finite, the loss is {value}";
        return new TrainingDivergedException(
            $"the loss is {value} in epoch {epoch}; {where}; try a smaller --lr, --clip 1, or --normalize-features");
    }

    private static IOptimizer MakeOptimizer(Model model, TrainingSettings settings)
    {
        var decay = settings.DecayFirstLayerOnly ? WeightDecay.FirstLayer(settings.WeightDecay) : new WeightDecay(settings.WeightDecay);
        return settings.Optimizer switch
        {
            "sgd" => new Sgd(model.Parameters, settings.Momentum, settings.Nesterov, decay),
            "adam" => new Adam(model.Parameters, decay),
            "adamw" => new AdamW(model.Parameters, decay),
            "lars" => new Lars(model.Parameters, settings.Momentum, decay),
            var name => throw new ArgumentException($"there is no optimizer '{name}'; use sgd, adam, adamw or lars"),
        };
    }

    private static void Check(TrainingSettings settings, bool links)
    {
        static void Require(bool holds, string name, object value, string expected)
        {
            if (!holds) throw new ArgumentException($"{name} is {value}; {expected} was expected");
        }
        Require(settings.Epochs >= 1, "epochs", settings.Epochs, "at least 1");
        Require(settings.Patience >= 0, "patience", settings.Patience, "0 (never stop early) or more");
        Require(settings.EvaluateEvery >= 1, "evaluate-every", settings.EvaluateEvery, "at least 1");
        Require(settings.LearningRate > 0 && double.IsFinite(settings.LearningRate), "lr", settings.LearningRate, "a number above 0");
        Require(settings.WeightDecay >= 0 && double.IsFinite(settings.WeightDecay), "weight-decay", settings.WeightDecay, "0 or more");
        Require(settings.Momentum is >= 0 and < 1, "momentum", settings.Momentum, "0 up to, not including, 1");
        Require(settings.Clip >= 0 && double.IsFinite(settings.Clip), "clip", settings.Clip, "0 (no clipping) or more");
        Require(settings.Accumulate >= 1, "accumulate", settings.Accumulate, "at least 1");
        Require(settings.LabelSmoothing is >= 0 and < 1, "label-smoothing", settings.LabelSmoothing, "0 up to, not including, 1");
        if (links) Require(settings.Metric is "auc" or "ap" or "mrr", "metric", settings.Metric, "auc, ap or mrr for links");
        else Require(settings.Metric is "accuracy" or "f1" or "auc" or Regression.Explained, "metric", settings.Metric, "accuracy, f1, auc or r2");
    }
}
