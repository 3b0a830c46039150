using Weft.Datasets;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;
using Weft.Models;
using Weft.Training;

namespace Weft.Tests.Training;

public class TrainerTests
{
    private static readonly ModelSettings Small = new() { Model = "gatv2", Hidden = 4, Heads = 2, Dropout = 0.3, AttentionDropout = 0.2 };

    [Theory]
    [InlineData("gcn")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gin")]
    [InlineData("sage")]
    [InlineData("transformer")]
    [InlineData("mlp")]
    public void A_restored_trainer_ends_at_the_same_bits_on_any_number_of_threads(string model)
    {
        var settings = new TrainingSettings { Epochs = 12, Schedule = "plateau:2:0.5", Clip = 1 };
        int before = RowParallel.Threads;
        try
        {
            RowParallel.Threads = 1;
            var whole = Ready(Small with { Model = model }, settings);
            whole.Train();
            string expected = whole.BestParameters.Sha256();

            RowParallel.Threads = 2;
            var first = Ready(Small with { Model = model }, settings);
            for (int epoch = 0; epoch < 5; epoch++) first.RunEpoch();
            using var folder = new TemporaryFolder();
            first.Save().Save(folder.Path);

            RowParallel.Threads = 3;
            var second = Ready(Small with { Model = model }, settings);
            second.Restore(Checkpoint.Load(folder.Path)!);
            Assert.Equal(5, second.Epoch);
            second.Train();
            Assert.Equal(expected, second.BestParameters.Sha256());
            Assert.Equal(whole.Last.TrainLoss, second.Last.TrainLoss);
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    [Fact]
    public void Another_seed_gives_other_parameters()
    {
        var one = Ready(Small, new TrainingSettings { Epochs = 2 });
        var two = Ready(Small, new TrainingSettings { Epochs = 2, Seed = 2 });
        one.Train();
        two.Train();
        Assert.NotEqual(one.BestParameters.Sha256(), two.BestParameters.Sha256());
    }

    [Fact]
    public void Every_epoch_calls_back_and_cancelling_ends_after_the_epoch_under_way()
    {
        using var stop = new CancellationTokenSource();
        var trainer = Ready(Small, new TrainingSettings { Epochs = 100 });
        var seen = new List<int>();
        Assert.Throws<OperationCanceledException>(() => trainer.Train(
            epoch =>
            {
                seen.Add(epoch.Epoch);
                if (epoch.Epoch == 3) stop.Cancel();
            },
            stop.Token));
        Assert.Equal([1, 2, 3], seen);
        Assert.Equal(3, trainer.Epoch);
    }

    [Fact]
    public void A_loss_that_is_no_longer_finite_ends_training_with_the_epoch_and_the_first_array()
    {
        var trainer = Ready(Small, new TrainingSettings { Epochs = 50, LearningRate = Matrix.BytesPerEntry == 4 ? 1e30 : 1e250, WeightDecay = 0 });
        var problem = Assert.Throws<TrainingDivergedException>(() => trainer.Train());
        Assert.Matches(@"^the loss is .+ in epoch \d+; first not finite: l\d\.\w+ \[\d+, \d+\] = .+; try .+--lr", problem.Message);
    }

    [Fact]
    public void Several_labels_a_node_are_learned_by_the_logistic_loss()
    {
        var karate = Karate.Create();
        var targets = Matrix.Allocate(karate.Nodes, 3);
        for (int i = 0; i < karate.Nodes; i++)
        {
            targets[i, karate.Labels![i]] = 1;
            targets[i, 2] = 1 - targets[i, 0];
        }
        bool[] even = [.. Enumerable.Range(0, karate.Nodes).Select(i => i % 2 == 0)];
        bool[] odd = Array.ConvertAll(even, e => !e);
        var many = karate with { Labels = null, Targets = targets, Classes = 3, ClassNames = null, Splits = [new Split("halves", even, new bool[even.Length], odd)] };
        var data = TrainingData.Prepare(many, new DataSettings(), "gcn");
        var model = Architecture.Build(new ModelSettings { Model = "gcn", Dropout = 0 }, data.Inputs, data.Outputs);
        model.Initialize(1);
        var scores = new Trainer(model, data, new TrainingSettings { Epochs = 150, LearningRate = 0.05, Patience = 0, Stopping = "window" }).Train();
        Assert.True(scores.Train.Accuracy > 0.97, $"{scores.Train.Accuracy}");
        Assert.True(scores.Test!.Value.Accuracy > 0.8, $"{scores.Test.Value.Accuracy}");
        Assert.Null(scores.Confusion);
    }

    [Fact]
    public void A_model_that_is_loaded_predicts_what_the_saved_one_did_and_on_a_graph_of_another_size()
    {
        using var folder = new TemporaryFolder();
        var trainer = Ready(Small, new TrainingSettings { Epochs = 3 });
        trainer.Train();
        ModelFile.Save(trainer.Model, folder.File("m.safetensors"));
        var loaded = ModelFile.Load(folder.File("m.safetensors"));
        var batch = trainer.Data.Batches[0];
        Assert.Equal(trainer.Model.Predict(batch.Graph, batch.Features).ToArray(), loaded.Predict(batch.Graph, batch.Features).ToArray());
        var other = Graph.FromEdges(5, [0, 1, 2], [1, 2, 2]);
        Assert.Equal(5, loaded.Predict(other, Matrix.Allocate(5, trainer.Data.Inputs)).Rows);
        var problem = Assert.Throws<ArgumentException>(() => loaded.Predict(other, Matrix.Allocate(5, 3)));
        Assert.Contains("3", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_graphs_train_in_batches_that_hold_whole_graphs()
    {
        var data = TrainingData.Prepare(DictionaryLookup.Create(4), new DataSettings { SelfLoops = false, GraphsPerBatch = 5 }, "gatv2");
        Assert.All(data.Batches, b => Assert.Equal(0, b.Nodes % 8));
        Assert.Equal(24 * 8, data.Batches.Sum(b => b.Nodes));
        var recipe = Recipes.Find("dictionary-gatv2").Configure("dictionary-lookup-4");
        var model = Architecture.Build(recipe.Model, data.Inputs, data.Outputs);
        model.Initialize(1);
        var scores = new Trainer(model, data, recipe.Training with { Epochs = 300 }).Train();
        Assert.Equal(1, scores.Train.Accuracy);
    }

    [Fact]
    public void A_run_that_stops_between_two_steps_goes_on_there_to_the_same_bits()
    {
        var straight = Batches();
        for (int epoch = 0; epoch < 3; epoch++) straight.RunEpoch();

        var first = Batches();
        first.RunEpoch();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => first.RunEpoch(at => { if (at.Step == 2) stop.Cancel(); }, stop.Token));
        Assert.Equal((1, 2), (first.Epoch, first.Step));
        var checkpoint = Checkpoint.FromBytes(first.Save().ToBytes());

        var second = Batches();
        second.Restore(checkpoint);
        Assert.Equal((1, 2), (second.Epoch, second.Step));
        var report = second.RunEpoch();
        second.RunEpoch();
        Assert.Equal(2, report.Epoch);
        Assert.Equal(ParameterDigest.Sha256(straight.Model.Parameters), ParameterDigest.Sha256(second.Model.Parameters));
        Assert.Equal(straight.Last.TrainLoss, second.Last.TrainLoss);

        static Trainer Batches()
        {
            var data = TrainingData.Prepare(DictionaryLookup.Create(4), new DataSettings { SelfLoops = false, GraphsPerBatch = 5 }, "gatv2");
            var settings = Recipes.Find("dictionary-gatv2").Configure("dictionary-lookup-4");
            var model = Architecture.Build(settings.Model with { Dropout = 0.3 }, data.Inputs, data.Outputs);
            model.Initialize(1);
            return new Trainer(model, data, settings.Training with { EvaluateEvery = 1, StopWhenFitted = false });
        }
    }

    private static Trainer Ready(ModelSettings model, TrainingSettings settings)
    {
        var data = TrainingData.Prepare(Karate.Create(), new DataSettings(), model.Model);
        var built = Architecture.Build(model, data.Inputs, data.Outputs);
        built.Initialize(settings.Seed);
        return new Trainer(built, data, settings);
    }
}
