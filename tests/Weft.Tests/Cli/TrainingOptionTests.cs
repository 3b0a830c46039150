using System.Text.Json;
using Weft.Cli.Commands;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

/// <summary>Norms, connections, dropped edges, accumulation, smoothing, weights and warm-up: from the command line, from a file, and refused.</summary>
public class TrainingOptionTests
{
    private static readonly string[] Every =
    [
        "--model", "sage", "--layers", "3", "--hidden", "8", "--norm", "layer", "--residual", "--jumping-knowledge", "cat", "--drop-edge", "0.2", "--activation", "gelu",
        "--accumulate", "2", "--label-smoothing", "0.1", "--class-weights", "balanced", "--schedule", "warmup:2+cosine:10", "--seed", "3", "--epochs", "4",
    ];

    [Fact]
    public void A_file_takes_every_option_and_gives_the_same_run_as_the_command_line()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("c.yaml"), """
            model: sage
            layers: 3
            hidden: 8
            norm: layer
            residual: true
            jumping_knowledge: cat
            drop-edge: 0.2
            activation: gelu
            accumulate: 2
            label-smoothing: 0.1
            class-weights: balanced
            schedule: warmup:2+cosine:10
            seed: 3
            epochs: 4
            """);
        var config = ConfigFile.Read(folder.File("c.yaml"), null);
        Assert.Equal(new RunConfig() with
        {
            Model = new() { Model = "sage", Layers = 3, Hidden = 8, Norm = "layer", Residual = true, JumpingKnowledge = "cat", DropEdge = 0.2, Activation = "gelu" },
            Training = new() { Accumulate = 2, LabelSmoothing = 0.1, ClassWeights = "balanced", Schedule = "warmup:2+cosine:10", Seed = 3, Epochs = 4 },
        }, config);
        var given = Json(Command.Weft(["train", "karate", "--features", "onehot", .. Every, "--json", "--out", folder.File("a")]));
        var read = Json(Command.Weft("train", "karate", "--features", "onehot", "--config", folder.File("c.yaml"), "--json", "--out", folder.File("b")));
        Assert.Equal(given.GetProperty("parameters_sha256").GetString(), read.GetProperty("parameters_sha256").GetString());
        // And so does the file that the run wrote.
        var again = Json(Command.Weft("train", "--config", folder.File("a/config.json"), "--json", "--out", folder.File("c")));
        Assert.Equal(given.GetProperty("parameters_sha256").GetString(), again.GetProperty("parameters_sha256").GetString());
    }

    [Theory]
    [InlineData("--norm", "batch")]
    [InlineData("--norm", "graph")]
    [InlineData("--activation", "prelu")]
    [InlineData("--jumping-knowledge", "max")]
    [InlineData("--jumping-knowledge", "sum")]
    [InlineData("--residual")]
    [InlineData("--drop-edge", "0.5")]
    public void Each_option_changes_a_run_and_its_model_predicts_what_it_predicted(params string[] option)
    {
        using var folder = new TemporaryFolder();
        string[] plain = ["train", "karate", "--features", "onehot", "--model", "gcn", "--layers", "3", "--epochs", "5", "--json", "--out"];
        var before = Json(Command.Weft([.. plain, folder.File("a")]));
        var after = Json(Command.Weft([.. plain, folder.File("b"), .. option]));
        Assert.NotEqual(before.GetProperty("parameters_sha256").GetString(), after.GetProperty("parameters_sha256").GetString());
        var evaluated = Json(Command.Weft("evaluate", folder.File("b"), "--json"));
        Assert.Equal(after.GetProperty("train_accuracy").GetDouble(), evaluated.GetProperty("train_accuracy").GetDouble(), 6);
        Assert.Equal(after.GetProperty("train_loss").GetDouble(), evaluated.GetProperty("train_loss").GetDouble(), 4);
    }

    [Fact]
    public void A_summary_names_every_layer_with_its_shape_parameters_work_and_memory()
    {
        using var folder = new TemporaryFolder();
        var run = Json(Command.Weft(["train", "karate", "--features", "onehot", .. Every, "--summary", "--json", "--out", folder.File("a")]));
        var layers = run.GetProperty("layers").EnumerateArray().ToArray();
        Assert.Equal(["Dropout", "Sage", "LayerNorm", "Residual"], layers.Take(4).Select(l => l.GetProperty("kind").GetString()));
        Assert.Equal(run.GetProperty("parameters").GetInt64(), layers.Sum(l => l.GetProperty("parameters").GetInt64()));
        // 34 nodes with 34 features: two products to 8 columns of sparse or dense rows, and a sum over every edge.
        Assert.Equal(8, layers[1].GetProperty("columns").GetInt64());
        Assert.Equal(34, layers[1].GetProperty("rows").GetInt64());
        Assert.Equal(2 * 34 * 8 + 8, layers[1].GetProperty("parameters").GetInt64());
        Assert.True(layers[1].GetProperty("forward_multiply_adds").GetDouble() >= 156 * 8);
        Assert.Equal(24, layers[^2].GetProperty("columns").GetInt64());
        var plan = Json(Command.Weft(["plan", "karate", "--features", "onehot", .. Every, "--json"]));
        Assert.Equal(run.GetProperty("layers").GetRawText(), plan.GetProperty("layers").GetRawText());
        var seen = Command.Weft("plan", "karate", "--features", "onehot", "--model", "gcn");
        Assert.Contains("multiply-adds", seen.Output, StringComparison.Ordinal);
        Assert.Contains("34×16", seen.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--norm is 'instance'", "--norm", "instance")]
    [InlineData("--jumping-knowledge is 'lstm'", "--jumping-knowledge", "lstm")]
    [InlineData("--drop-edge is '1'", "--drop-edge", "1")]
    [InlineData("--accumulate is '0'", "--accumulate", "0")]
    [InlineData("--label-smoothing is '1.5'", "--label-smoothing", "1.5")]
    [InlineData("class-weights is '1,2,3'", "--class-weights", "1,2,3")]
    [InlineData("class-weights is 'even'", "--class-weights", "even")]
    [InlineData("only warmup may come before another schedule", "--schedule", "cosine:5+warmup:3")]
    public void A_bad_value_is_refused_by_name(string message, params string[] option)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(["train", "karate", "--features", "onehot", "--epochs", "2", "--out", folder.File("a"), .. option]);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("a")));
    }

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
