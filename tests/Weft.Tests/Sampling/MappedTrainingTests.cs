using Weft.Datasets;
using Weft.Models;
using Weft.Tests.Cli;
using Weft.Tests.Datasets;
using Weft.Training;

namespace Weft.Tests.Sampling;

/// <summary>Training on a folder where it lies ends at the bits of training on the same folder in memory.</summary>
public class MappedTrainingTests
{
    [Theory]
    [InlineData("sage", false)]
    [InlineData("gcn", true)]
    [InlineData("gatv2", true)]
    [InlineData("gin", false)]
    public void A_mapped_folder_trains_to_the_bits_of_the_same_set_in_memory(string model, bool weighted)
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, MappedDatasetTests.Made(weighted, sparse: model == "gcn"));
        foreach (string sampler in new[] { "neighbor", "layer", "saint-edge" })
        {
            var sampling = new SamplingSettings { Sampler = sampler, BatchSize = 64, Fanouts = sampler == "saint-edge" ? null : [3, 4], SaintSamples = sampler == "saint-edge" ? 20 : null };
            var settings = new DataSettings { Split = "public" };
            var memory = TrainingData.Prepare(GraphArchive.ReadFolder(folder.Path), settings, model);
            using var set = MappedData.Open(folder.Path, settings, model);
            var (expected, scores) = Trained(memory, model, sampling);
            var (found, mapped) = Trained(MappedData.Prepare(set, settings, run: 0), model, sampling);
            Assert.Equal(expected, found);
            Assert.Equal((scores.Train, scores.Validation, scores.Test), (mapped.Train, mapped.Validation, mapped.Test));
        }
    }

    [Fact]
    public void The_command_reads_a_folder_where_it_lies_and_goes_on_with_it_after_an_interruption()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder["set"], MappedDatasetTests.Made(weighted: true, sparse: false));
        string[] options = ["--model", "gatv2", "--sampler", "neighbor", "--batch-size", "50", "--fanouts", "4", "--epochs", "4", "--split", "1", "--json"];
        string whole = Digest(Command.Weft(["train", folder["set"], .. options, "--out", folder["whole"]]));
        // The same set as a file of arrays is read into memory, its edges in the order of the folder.
        GraphArchive.Write(folder["set.npz"], GraphArchive.ReadFolder(folder["set"]));
        Assert.Equal(whole, Digest(Command.Weft(["train", folder["set.npz"], .. options, "--out", folder["memory"]])));
        string resumed = Digest(Command.Weft("train", "--resume", folder["whole"], "--json"));
        Assert.Equal(whole, resumed);
    }

    [Fact]
    public void Of_many_training_nodes_an_evaluation_may_score_some()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, MappedDatasetTests.Made(weighted: false, sparse: false));
        var settings = new DataSettings { Split = "public" };
        using var set = MappedData.Open(folder.Path, settings, "sage");
        var data = MappedData.Prepare(set, settings, run: 0);
        var all = new SamplingSettings { BatchSize = 64 };
        var (expected, scores) = Trained(data, "sage", all);
        var (found, some) = Trained(data, "sage", all with { ScoredTraining = 20 });
        Assert.Equal(expected, found);
        Assert.Equal((scores.Validation!.Value.F1, scores.Test!.Value.Auc), (some.Validation!.Value.F1, some.Test!.Value.Auc));
        // The nodes lie in other chunks of the sum.
        Assert.Equal(scores.Validation.Value.Loss, some.Validation.Value.Loss, 1e-5);
        Assert.NotEqual(scores.Train.Loss, some.Train.Loss);
        // Shares of 20 nodes.
        Assert.Equal(0, some.Train.Accuracy * 20 % 1, 1e-9);
        var (_, more) = Trained(data, "sage", all with { ScoredTraining = 100_000 });
        Assert.Equal(scores.Train, more.Train);
    }

    private static (string Parameters, Scores Scores) Trained(TrainingData data, string model, SamplingSettings sampling)
    {
        var built = Architecture.Build(new ModelSettings { Model = model, Hidden = 4, Heads = 2, Dropout = 0.2 }, data.Inputs, data.Outputs);
        built.Initialize(3);
        using var trainer = new Trainer(built, data, new TrainingSettings { Epochs = 2, Sampling = sampling });
        var scores = trainer.Train();
        return (ParameterDigest.Sha256(built.Parameters), scores);
    }

    private static string Digest(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return System.Text.Json.JsonDocument.Parse(result.Output).RootElement.GetProperty("parameters_sha256").GetString()!;
    }
}
