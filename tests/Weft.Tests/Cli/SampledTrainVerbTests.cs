using System.Text.Json;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

public class SampledTrainVerbTests
{
    private static readonly string[] Small = ["train", "citations", "--model", "sage", "--hidden", "8", "--epochs", "4"];

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void A_run_in_batches_says_what_sampling_cost_and_is_scored_by_evaluate_and_predict()
    {
        using var folder = new TemporaryFolder();
        var summary = Json(Command.Weft([.. Small, "--batch-size", "24", "--fanouts", "4,3", "--workers", "1", "--json", "--out", folder.File("run")]));
        foreach (string key in new[] { "batches_per_second", "nodes_per_second", "sampled_edges_per_second", "sampling_share", "sampling_wait_share" })
            Assert.True(summary.GetProperty(key).GetDouble() >= 0, key);
        Assert.Equal("neighbor", summary.GetProperty("sampler").GetString());
        Assert.InRange(summary.GetProperty("sampling_share").GetDouble(), 0, 1);
        var sampling = RunFolder.ReadConfig(folder.File("run")).Training.Sampling!;
        Assert.Equal([4, 3], sampling.Fanouts!);
        Assert.Equal((24, 1), (sampling.BatchSize, sampling.Workers));

        var scores = Json(Command.Weft("evaluate", folder.File("run"), "--json"));
        Assert.Equal(summary.GetProperty("test_accuracy").GetDouble(), scores.GetProperty("test_accuracy").GetDouble(), 5);
        var predicted = Command.Weft("predict", folder.File("run"));
        Assert.Equal(0, predicted.Code);
        var embedded = Command.Weft("predict", folder.File("run"), "--embeddings");
        Assert.Equal(0, embedded.Code);
        string[] Classes(string csv) => [.. csv.Trim().Split('\n').Select(line => line.Split(',')[1])];
        Assert.Equal(Classes(embedded.Output), Classes(predicted.Output));
    }

    [Theory]
    [InlineData("neighbor", "--replace")]
    [InlineData("layer", "--fanouts", "60")]
    [InlineData("cluster", "--clusters", "30", "--cluster-partition", "ldg")]
    [InlineData("saint", "--walk-length", "3", "--saint-samples", "40")]
    [InlineData("saint-node", "--saint-samples", "40")]
    [InlineData("saint-edge", "--saint-samples", "40")]
    public void Every_sampler_gives_the_same_bits_for_any_number_of_workers(string sampler, params string[] more)
    {
        using var folder = new TemporaryFolder();
        string[] digests = [.. new[] { "1", "3" }.Select(workers =>
            Json(Command.Weft([.. Small, "--sampler", sampler, "--batch-size", "60", .. more, "--workers", workers, "--json", "--out", folder.File(workers)])).GetProperty("parameters_sha256").GetString()!)];
        Assert.Equal(digests[0], digests[1]);
    }

    [Fact]
    public void A_configuration_file_may_ask_for_batches()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("batches.yaml"), "dataset: citations\nmodel: sage\nhidden: 8\nepochs: 4\nbatch_size: 24\nfanouts: 4,3\nworkers: 1\n");
        var asked = Json(Command.Weft("train", "--config", folder.File("batches.yaml"), "--json", "--out", folder.File("one")));
        var given = Json(Command.Weft([.. Small, "--batch-size", "24", "--fanouts", "4,3", "--json", "--out", folder.File("two")]));
        Assert.Equal(given.GetProperty("parameters_sha256").GetString(), asked.GetProperty("parameters_sha256").GetString());
        var again = Json(Command.Weft("train", "--config", Path.Combine(folder.File("one"), "config.json"), "--json", "--out", folder.File("three")));
        Assert.Equal(given.GetProperty("parameters_sha256").GetString(), again.GetProperty("parameters_sha256").GetString());
    }

    [Theory]
    [InlineData("--batch-size is '0'", "--batch-size", "0")]
    [InlineData("--batch-size is 'many'", "--batch-size", "many")]
    [InlineData("--fanouts is '10,x'", "--fanouts", "10,x")]
    [InlineData("--fanouts is '10,0'", "--fanouts", "10,0")]
    [InlineData("--fanouts is '-2'", "--fanouts=-2")]
    [InlineData("--fanouts is '3,'", "--fanouts", "3,")]
    [InlineData("fanouts has 3 numbers", "--fanouts", "3,3,3")]
    [InlineData("--sampler is 'best'", "--sampler", "best")]
    [InlineData("--workers is '0'", "--batch-size", "8", "--workers", "0")]
    [InlineData("--workers is about batches of nodes", "--workers", "2")]
    [InlineData("--replace is about batches of nodes", "--replace")]
    [InlineData("walk-length is 5; nothing with the sampler neighbor", "--batch-size", "8", "--walk-length", "5")]
    [InlineData("clusters is 4; nothing with the sampler neighbor", "--batch-size", "8", "--clusters", "4")]
    [InlineData("fanouts is 4; nothing with the sampler cluster", "--sampler", "cluster", "--fanouts", "4")]
    [InlineData("clusters is 999999", "--sampler", "cluster", "--clusters", "999999", "--cluster-partition", "ldg")]
    [InlineData("--order rcm is for training on whole graphs", "--batch-size", "8", "--order", "rcm")]
    [InlineData("no layer of the model looks at neighbours", "--model", "mlp", "--batch-size", "8")]
    [InlineData("drawn by one process", "--batch-size", "8", "--processes", "2")]
    public void Bad_values_are_refused_in_one_line_and_leave_nothing(string message, params string[] options)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(["train", "citations", "--epochs", "1", .. options, "--out", folder.File("run")]);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Trim().Split('\n'));
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void Sets_of_many_graphs_and_plans_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("--batch-graphs", Command.Weft("train", "dictionary-lookup", "--batch-size", "8", "--fanouts", "5", "--out", folder.File("run")).Error, StringComparison.Ordinal);
        Assert.Contains("whole graphs alone", Command.Weft("plan", "citations", "--batch-size", "8").Error, StringComparison.Ordinal);
    }
}
