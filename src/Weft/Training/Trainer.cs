using System.Diagnostics;
using Weft.Communication;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Optimizers;

namespace Weft.Training;

/// <summary>
/// Trains a model on prepared data, an epoch at a time: forward, loss, backward, step, evaluation, stopping. What an epoch
/// computes depends on the settings, the data and the epochs before it alone, to the last bit, on any number of threads.
/// </summary>
public sealed class Trainer
{
    private readonly TrainingSettings settings;
    private readonly Evaluation evaluation;
    private readonly Workspace workspace;
    private readonly Session[] sessions;
    private readonly LossTarget[] trainTargets;
    private readonly Matrix[] dLogits;
    private readonly ILoss loss;
    private readonly IOptimizer optimizer;
    private readonly Schedule schedule;
    private readonly EarlyStopping stopping;
    private readonly ParameterSnapshot best;
    private readonly int[] trainable;
    private readonly int[] order;
    private EpochReport last;

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
        Check(settings);
        (Model, Data, this.settings, this.workspace) = (model, data, settings, workspace);
        sessions = [.. data.Batches.Select(b => new Session(model, b.Graph, b.Features, workspace))];
        loss = data.Dataset.Labels is null ? new BinaryCrossEntropy() : new CrossEntropy();
        trainTargets = [.. data.Batches.Select(b => Evaluation.Target(data, b, data.Split.Train))];
        trainable = [.. Enumerable.Range(0, sessions.Length).Where(b => trainTargets[b].Count > 0)];
        order = [.. trainable];
        dLogits = [.. data.Batches.Select((b, i) => trainTargets[i].Count == 0 ? default : Matrix.Allocate(b.Nodes, data.Outputs))];
        evaluation = new Evaluation(data, sessions, loss, settings.Metric);
        optimizer = MakeOptimizer(model, settings);
        schedule = Schedule.Parse(settings.Schedule);
        stopping = EarlyStopping.Create(settings.Stopping, settings.Patience);
        best = new ParameterSnapshot(model.Parameters);
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The data.</summary>
    public TrainingData Data { get; }

    /// <summary>Epochs done.</summary>
    public int Epoch { get; private set; }

    /// <summary>The epoch whose parameters are kept as the best; 0 before the first evaluation.</summary>
    public int BestEpoch { get; private set; }

    /// <summary>True when there is nothing left to do: all epochs done, no progress for long enough, or fitted.</summary>
    public bool Finished { get; private set; }

    /// <summary>The last epoch's report.</summary>
    public EpochReport Last => last;

    /// <summary>Bytes of every buffer of the passes.</summary>
    public long WorkspaceBytes => workspace.Bytes + sessions.Sum(s => s.ConstantBytes);

    /// <summary>What this process received in the layers of the last epoch's steps, if its communicator counts.</summary>
    internal Traffic StepTraffic { get; private set; }

    private Traffic LayerTraffic => Data.World is Metered meter ? meter[Direction.Forward] + meter[Direction.Backward] : default;

    /// <summary>Bytes of the loss's gradient.</summary>
    internal long LossBytes => dLogits.Sum(d => d.Bytes);

    /// <summary>Bytes that the optimiser keeps.</summary>
    internal long OptimizerBytes => optimizer.State.Sum(s => s.Value.Bytes);

    /// <summary>The parameters that <see cref="UseBestParameters"/> puts in place.</summary>
    public ParameterSnapshot BestParameters => best;

    /// <summary>Trains to the end.</summary>
    /// <param name="onEpoch">Called after every epoch.</param>
    /// <param name="cancellation">Ends training after the epoch that is under way.</param>
    /// <returns>Scores of the best parameters, which are left in the model.</returns>
    /// <exception cref="OperationCanceledException">Training was cancelled; the model has the last epoch's parameters.</exception>
    /// <exception cref="TrainingDivergedException">The loss is no longer finite.</exception>
    public Scores Train(Action<EpochReport>? onEpoch = null, CancellationToken cancellation = default)
    {
        while (!Finished)
        {
            cancellation.ThrowIfCancellationRequested();
            var report = RunEpoch();
            onEpoch?.Invoke(report);
        }
        UseBestParameters();
        return Evaluate();
    }

    /// <summary>One epoch: a step on each batch, then an evaluation if it is due.</summary>
    /// <exception cref="TrainingDivergedException">The loss is no longer finite.</exception>
    public EpochReport RunEpoch()
    {
        if (Finished) throw new InvalidOperationException("training has ended");
        int epoch = Epoch;
        double rate = settings.LearningRate * schedule.Factor(epoch);
        long started = Stopwatch.GetTimestamp();
        var before = LayerTraffic;
        double trainLoss = Steps(epoch, rate);
        var after = LayerTraffic;
        StepTraffic = new(after.Calls - before.Calls, after.Words - before.Words, after.Messages - before.Messages, after.Seconds - before.Seconds);
        double stepTime = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Epoch++;

        bool evaluate = Epoch % settings.EvaluateEvery == 0 || Epoch == settings.Epochs;
        last = last with { Epoch = Epoch, TrainLoss = trainLoss, Evaluated = evaluate, LearningRate = rate, StepMilliseconds = stepTime, ForwardMilliseconds = 0 };
        if (evaluate)
        {
            (last, double judgedLoss, double judgedScore) = evaluation.Report(last);
            if (!double.IsFinite(judgedLoss)) throw DivergedAfterStep(judgedLoss);
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
        double[] progress = checkpoint.Numbers("progress");
        Epoch = checkpoint.Epoch;
        (BestEpoch, Finished) = ((int)progress[0], progress[1] != 0);
        last = last with { Epoch = Epoch, TrainLoss = progress[2], TrainScore = progress[3], ValidationLoss = progress[4], ValidationScore = progress[5], TestScore = progress[6] };
    }

    /// <summary>Takes over the state of the first process, which has read a checkpoint. A collective call.</summary>
    internal void Synchronize()
    {
        if (Data.World.Size == 1) return;
        byte[] state = Agreement.Broadcast(Data.World, Data.World.Rank == 0 ? Save().ToBytes() : [], 0);
        if (Data.World.Rank != 0) Restore(Checkpoint.FromBytes(state));
    }

    /// <summary>Scores of the model's present parameters.</summary>
    /// <exception cref="TrainingDivergedException">A loss is not finite.</exception>
    public Scores Evaluate()
    {
        var scores = evaluation.Full();
        foreach (double value in new[] { scores.Train.Loss, scores.Validation?.Loss ?? 0, scores.Test?.Loss ?? 0 })
            if (!double.IsFinite(value)) throw DivergedAfterStep(value);
        return scores;
    }

    private double Steps(int epoch, double rate)
    {
        trainable.CopyTo(order, 0);
        if (order.Length > 1) new Datasets.SeededRandom(settings.Seed + ((ulong)epoch << 32)).Shuffle(order);
        double sum = 0;
        long count = 0;
        foreach (int b in order)
        {
            Model.ClearGradients();
            var logits = sessions[b].Forward(new Layers.Pass(settings.Seed, epoch * sessions.Length + b, Training: true));
            double value = loss.Evaluate(logits, trainTargets[b], dLogits[b]);
            if (!double.IsFinite(value)) throw Diverged(epoch + 1, b, logits, value);
            sessions[b].Backward(dLogits[b]);
            if (settings.Clip > 0) GradientClipping.ByGlobalNorm(Model.Parameters, settings.Clip);
            optimizer.Step(rate);
            sum += value * trainTargets[b].Count;
            count += trainTargets[b].Count;
        }
        return sum / count;
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

    // The batches share their buffers, so that only a pass of its own shows what a batch has in them.
    private TrainingDivergedException DivergedAfterStep(double value)
    {
        for (int b = 0; ; b++)
        {
            var logits = sessions[b].Forward(new Layers.Pass(0, 0, Training: false));
            if (b == sessions.Length - 1 || Kernels.Elementwise.FirstNotFinite(logits) >= 0) return Diverged(Epoch, b, logits, value);
        }
    }

    private TrainingDivergedException Diverged(int epoch, int batch, Matrix logits, double value)
    {
        string? found = null;
        long at = Kernels.Elementwise.FirstNotFinite(logits);
        if (at >= 0) found = Where(sessions[batch].Entry("output", logits, at, ofNodes: true));
        if (sessions[batch].FirstNotFinite() is { } entry) found = Where(entry);
        string where = Agreement.First(Data.World, found) ?? $"the outputs are finite, the loss is {value}";
        return new TrainingDivergedException(
            $"the loss is {value} in epoch {epoch}; {where}; try a smaller --lr, --clip 1, or --normalize-features");

        static string Where((string Name, long Row, long Column, Real Value) entry) => $"first not finite: {entry.Name} [{entry.Row}, {entry.Column}] = {entry.Value}";
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

    private static void Check(TrainingSettings settings)
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
        Require(settings.Metric is "accuracy" or "f1" or "auc", "metric", settings.Metric, "accuracy, f1 or auc");
    }
}
