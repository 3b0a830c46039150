using System.Text.Json;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class PlanVerbTests
{
    [Theory]
    [InlineData("--model", "gcn")]
    [InlineData("--recipe", "gat-paper")]
    [InlineData("--model", "transformer", "--features", "onehot", "--heads", "2")]
    [InlineData("--model", "sage", "--features", "learned")]
    public void A_plan_names_the_workspace_that_the_run_then_has(params string[] options)
    {
        using var folder = new TemporaryFolder();
        var plan = Json(Command.Weft(["plan", "citations", .. options, "--json"]));
        var run = Json(Command.Weft(["train", "citations", .. options, "--epochs", "2", "--json", "--out", folder.File("run")]));
        foreach (string key in new[] { "workspace_mb", "parameters", "nodes", "edges", "features", "classes" })
            Assert.Equal(run.GetProperty(key).GetDouble(), plan.GetProperty(key).GetDouble());
        Assert.Equal(plan.GetProperty("total_mb").GetDouble(), plan.GetProperty("data_mb").GetDouble() + plan.GetProperty("memory_beyond_data_mb").GetDouble(), tolerance: 2e-4); // each is rounded to 1e-4
        double buffers = plan.GetProperty("buffers").EnumerateArray().Sum(b => b.GetProperty("mb").GetDouble()) + plan.GetProperty("temporary_mb").GetDouble();
        Assert.Equal(plan.GetProperty("workspace_mb").GetDouble(), buffers, 2);
    }

    [Fact]
    public void Numbers_alone_give_the_plan_of_a_set_with_these_numbers()
    {
        var set = Json(Command.Weft("plan", "karate", "--model", "gcn", "--features", "constant", "--json"));
        string Number(string key) => set.GetProperty(key).GetRawText();
        var numbers = Json(Command.Weft("plan", "--nodes", Number("nodes"), "--edges", Number("edges"), "--features", Number("features"), "--classes", Number("classes"), "--model", "gcn", "--json"));
        foreach (string key in new[] { "workspace_mb", "graph_mb", "memory_beyond_data_mb", "parameters" })
            Assert.Equal(set.GetProperty(key).GetDouble(), numbers.GetProperty(key).GetDouble());
    }

    [Fact]
    public void A_model_that_adds_loops_has_them_on_top_of_the_edges_given()
    {
        string[] numbers = ["--nodes", "1000", "--edges", "5000", "--features", "10", "--classes", "3", "--json"];
        Assert.Equal(6000, Json(Command.Weft(["plan", .. numbers, "--model", "gat"])).GetProperty("edges").GetInt32());
        Assert.Equal(5000, Json(Command.Weft(["plan", .. numbers, "--model", "gat", "--self-loops", "off"])).GetProperty("edges").GetInt32());
        Assert.Equal(5000, Json(Command.Weft(["plan", .. numbers, "--model", "gcn"])).GetProperty("edges").GetInt32());
    }

    [Fact]
    public void A_person_sees_every_layer_and_the_sum()
    {
        var plan = Command.Weft("plan", "citations", "--model", "gat");
        Assert.Equal(0, plan.Code);
        foreach (string words in new[] { "data: features", "parameters and gradients", "layer 2, Gat", "layer 4, Gat", "beyond the data", "in all" })
            Assert.Contains(words, plan.Output, StringComparison.Ordinal);
        Assert.All(plan.Output.Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    [Theory]
    [InlineData("--edges is missing", "plan", "--nodes", "5", "--features", "3", "--classes", "2")]
    [InlineData("--features is missing", "plan", "--nodes", "5", "--edges", "9", "--classes", "2")]
    [InlineData("--nodes is for a plan without a data set", "plan", "karate", "--nodes", "5")]
    [InlineData("--features 12 is their number", "plan", "karate", "--features", "12")]
    [InlineData("--features is 'many'", "plan", "karate", "--features", "many")]
    [InlineData("--nodes is '0'", "plan", "--nodes", "0", "--edges", "9", "--features", "3", "--classes", "2")]
    [InlineData("--heads is '0'", "plan", "--nodes", "5", "--edges", "9", "--features", "3", "--classes", "2", "--heads", "0")]
    public void What_a_plan_lacks_is_named(string message, params string[] arguments)
    {
        var result = Command.Weft(arguments);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
