using Weft.Cli.Commands;
using Weft.Datasets;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

/// <summary>The file of --config: options by name, or the fields of config.json.</summary>
public class ConfigFileTests
{
    private static RunConfig Read(string text, string name = "c.yaml", string? dataset = null)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File(name), text);
        return ConfigFile.Read(folder.File(name), dataset);
    }

    [Theory]
    [InlineData("line 2", "a: &x\n  b: *x\n")]
    [InlineData("line 1", "? [a]\n: 1\n")]
    [InlineData("line 1", "? {a: 1}\n: 1\n")]
    [InlineData("model", "model:\n")]
    [InlineData("$.data", "data: ~\n")]
    [InlineData("$.training", "training: null\n")]
    [InlineData("$.dataset", "dataset:\n")]
    [InlineData("$.training.schedule", "training: {schedule: }\n")]
    [InlineData("$.training", "training: 3\n")]
    [InlineData("line 1", "a: [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]\n")]
    [InlineData("second document", "epochs: 1\n---\nepochs: 2\n")]
    [InlineData("line 2", "epochs: [1\n")]
    [InlineData("names with values", "karate\n")]
    [InlineData("epoches", "epoches: 3\n")]
    [InlineData("epochs", "epochs: [3]\n")]
    [InlineData("--epochs is 'many'", "epochs: many\n")]
    [InlineData("--model is 'gnn'", "model: gnn\n")]
    public void A_file_that_is_no_configuration_is_refused_with_the_place(string place, string text)
    {
        string message = Assert.Throws<DataFormatException>(() => Read(text)).Message;
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains("c.yaml", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Weft.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"epochs\": 1, \"epochs\": 2}")]
    [InlineData("{\"model\": null}")]
    [InlineData("{\"data\": null}")]
    [InlineData("[1]")]
    [InlineData("{")]
    public void Json_that_is_no_configuration_is_refused(string text) =>
        Assert.Throws<DataFormatException>(() => Read(text, "c.json"));

    [Theory]
    [InlineData("c.yaml", "model: gcn\nepochs: 3\nweight-decay: 1e-3\nattention_dropout: 0.25\nself-loops: on\nundirected: yes\nslope: -0.5\nseed: 18446744073709551615\nschedule: cosine:50\nsplit: 0\n")]
    [InlineData("c.json", "{\"model\": \"gcn\", \"epochs\": 3, \"weight_decay\": 0.001, \"attention-dropout\": 0.25, \"self_loops\": true, \"undirected\": true, \"slope\": -0.5, \"seed\": 18446744073709551615, \"schedule\": \"cosine:50\", \"split\": \"0\"}")]
    public void Options_have_the_names_of_the_command_line(string name, string text)
    {
        var defaults = new RunConfig();
        Assert.Equal(defaults with
        {
            Model = defaults.Model with { Model = "gcn", AttentionDropout = 0.25, Slope = -0.5 },
            Training = defaults.Training with { Epochs = 3, WeightDecay = 1e-3, Seed = ulong.MaxValue, Schedule = "cosine:50" },
            Data = defaults.Data with { SelfLoops = true, Undirected = true, Split = "0" },
        }, Read(text, name));
    }

    [Fact]
    public void An_option_wins_over_a_field_and_a_recipe_beside_fields_is_only_a_name()
    {
        var config = Read("recipe: gat-paper\ntraining: {epochs: 5, clip: 2}\nepochs: 7\n");
        Assert.Equal((7, 2.0, "gat-paper", "gatv2"), (config.Training.Epochs, config.Training.Clip, config.Recipe, config.Model.Model));
    }

    [Fact]
    public void A_recipe_alone_stands_for_its_settings_on_the_set_that_is_named()
    {
        var recipe = Recipes.Find("gat-paper");
        Assert.Equal(recipe.Configure("cora"), Read("recipe: gat-paper\n"));
        Assert.Equal(recipe.Configure("pubmed"), Read("recipe: gat-paper\n", dataset: "pubmed"));
        var changed = Read("recipe: gat-paper\ndataset: citeseer\nlr: 0.5\n");
        Assert.Equal(("citeseer", 0.5, 0.6), (changed.Dataset, changed.Training.LearningRate, changed.Model.Dropout));
    }

    [Fact]
    public void A_folder_is_no_configuration()
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft("train", "karate", "--config", folder.Path, "--out", folder.File("run"));
        Assert.Equal(2, result.Code);
        Assert.Contains("this is a folder", result.Error, StringComparison.Ordinal);
    }
}
