using Weft.Communication;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>Label smoothing, class weights, and gradients of several batches in one step.</summary>
public class TrainingLossTests
{
    private static readonly int[] Labels = [0, 0, 0, 0, 1, 1, 2, 0, 2];
    private static readonly bool[] Mask = [true, true, true, true, true, true, true, false, false];

    [Fact]
    public void Balanced_weights_are_the_inverse_shares_and_mean_one_over_the_training_part()
    {
        double[] weights = TrainingLoss.ClassWeights(new TrainingSettings { ClassWeights = "balanced" }, Labels, Mask, 4, Alone.Instance)!;
        Assert.Equal([7 / 12.0, 7 / 6.0, 7 / 3.0, 0], weights);
        Assert.Equal(1, Enumerable.Range(0, 7).Average(i => weights[Labels[i]]), 1e-12);
        Assert.Null(TrainingLoss.ClassWeights(new TrainingSettings(), Labels, Mask, 4, Alone.Instance));
    }

    [Fact]
    public void Weights_by_class_give_the_weighted_mean_of_the_losses_and_its_gradient()
    {
        double[] byClass = [1, 2.5, 0.5];
        var z = TestGraphs.Numbers(Labels.Length, 3, 1);
        var graph = Graph.FromEdges(Labels.Length, [], []);
        var settings = new TrainingSettings { ClassWeights = "1, 2.5, 0.5" };
        double[] scaled = TrainingLoss.ClassWeights(settings, Labels, Mask, 3, Alone.Instance)!;
        var target = TrainingLoss.Target(LossTarget.FromLabels(graph, Labels, Mask), settings, scaled);
        var gradient = Matrix.Allocate(Labels.Length, 3);
        double loss = new CrossEntropy().Evaluate(LayerRun.ToMatrix(z), target, gradient);
        double sum = 0, all = 0;
        var expected = new double[Labels.Length, 3];
        for (int i = 0; i < Labels.Length; i++)
        {
            if (!Mask[i]) continue;
            bool[] one = new bool[Labels.Length];
            one[i] = true;
            var (value, dz) = LossOracles.CrossEntropy(z, Labels, one);
            sum += byClass[Labels[i]] * value;
            all += byClass[Labels[i]];
            for (int c = 0; c < 3; c++) expected[i, c] = byClass[Labels[i]] * dz[i, c];
        }
        for (int i = 0; i < Labels.Length; i++)
            for (int c = 0; c < 3; c++) expected[i, c] /= all;
        Assert.Equal(sum / all, loss, sizeof(Real) == 8 ? 1e-12 : 1e-5);
        Closeness.Check("dz", expected, LayerRun.ToArray(gradient));
    }

    [Theory]
    [InlineData("1,2", "class-weights is '1,2': 2 weights for 3 classes")]
    [InlineData("1,x,2", "'x' is no number of at least 0")]
    [InlineData("1,-1,2", "'-1' is no number of at least 0")]
    [InlineData("0,0,0", "no class of the training part weighs anything")]
    public void Impossible_class_weights_are_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => TrainingLoss.ClassWeights(new TrainingSettings { ClassWeights = text }, Labels, Mask, 3, Alone.Instance)).Message);

    [Fact]
    public void Class_weights_need_classes()
    {
        var settings = new TrainingSettings { ClassWeights = "balanced" };
        Assert.Contains("several labels, or numbers", Assert.Throws<ArgumentException>(() => TrainingLoss.ClassWeights(settings, null, Mask, 3, Alone.Instance)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CrossEntropy(1));
    }

    [Fact]
    public void Smoothing_of_several_labels_draws_targets_to_a_half()
    {
        var graph = Graph.FromEdges(2, [], []);
        var values = Matrix.From(2, 2, [0, 1, 1, 0]);
        var target = TrainingLoss.Target(LossTarget.FromValues(graph, values, [true, true]), new TrainingSettings { LabelSmoothing = 0.25 }, null);
        Assert.Equal([0.125, 0.875, 0.875, 0.125], target.Values.ToArray());
        Assert.Equal([0, 1, 1, 0], values.ToArray());
    }

    [Fact]
    public void Training_smooths_and_evaluation_does_not()
    {
        EpochReport First(double smoothing)
        {
            using var trainer = Trainer(new TrainingSettings { LabelSmoothing = smoothing, Epochs = 3, LearningRate = 1e-9, WeightDecay = 0 }, graphsPerBatch: 100);
            return trainer.RunEpoch();
        }
        var (plain, smoothed) = (First(0), First(0.3));
        Assert.NotEqual(plain.TrainLoss, smoothed.TrainLoss);
        Assert.Equal(plain.ValidationLoss, smoothed.ValidationLoss, 1e-6);
    }

    [Fact]
    public void Accumulated_batches_take_the_step_of_one_batch_of_all()
    {
        var settings = new TrainingSettings { Optimizer = "sgd", Momentum = 0, LearningRate = 0.1, WeightDecay = 0, Epochs = 2 };
        using var whole = Trainer(settings, graphsPerBatch: 100);
        using var parts = Trainer(settings with { Accumulate = 50 }, graphsPerBatch: 7);
        Assert.True(parts.Data.Batches.Count > 5);
        double loss = whole.RunEpoch().TrainLoss;
        Assert.Equal(loss, parts.RunEpoch().TrainLoss, sizeof(Real) == 8 ? 1e-12 : 1e-5);
        foreach (var ((name, expected), (_, actual)) in whole.Model.Parameters.Zip(parts.Model.Parameters))
            Closeness.Check(name, LayerRun.ToArray(expected.Value), LayerRun.ToArray(actual.Value));
    }

    [Fact]
    public void A_run_goes_on_between_two_accumulated_batches_with_the_same_bits()
    {
        var settings = new TrainingSettings { Accumulate = 3, Epochs = 2 };
        using var whole = Trainer(settings, graphsPerBatch: 7);
        whole.RunEpoch();
        using var stopped = Trainer(settings, graphsPerBatch: 7);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => stopped.RunEpoch(t =>
        {
            if (t.Step == 4) stop.Cancel();
        }, stop.Token));
        using var resumed = Trainer(settings, graphsPerBatch: 7);
        resumed.Restore(Checkpoint.FromBytes(stopped.Save().ToBytes()));
        resumed.RunEpoch();
        foreach (var ((name, expected), (_, actual)) in whole.Model.Parameters.Zip(resumed.Model.Parameters))
            Closeness.CheckBits(name, LayerRun.ToArray(expected.Value), LayerRun.ToArray(actual.Value));
    }

    private static Trainer Trainer(TrainingSettings settings, int graphsPerBatch)
    {
        const int graphs = 60, size = 4;
        int[] source = [.. Enumerable.Range(0, graphs * size)], destination = [.. source.Select(i => i / size * size + (i + 1) % size)];
        var edges = new EdgeList(graphs * size, source, destination);
        var dataset = new Dataset
        {
            Name = "rings",
            Edges = edges,
            Features = LayerRun.ToMatrix(TestGraphs.Numbers(graphs * size, 5, 3)),
            Labels = [.. source.Select(i => i * 7 % 3)],
            Classes = 3,
            Graphs = new GraphBatch(edges, [.. source.Select(i => i / size)], graphs),
            Splits = [new Split("all", [.. source.Select(i => i % 5 != 0)], [.. source.Select(i => i % 5 == 0)], new bool[source.Length])],
        };
        var data = TrainingData.Prepare(dataset, new DataSettings { GraphsPerBatch = graphsPerBatch, Task = "node" }, "gcn", 0);
        var model = Architecture.Build(new ModelSettings { Model = "gcn", Hidden = 6, Dropout = 0 }, 5, 3);
        model.Initialize(2);
        return new Trainer(model, data, settings);
    }
}
