using System.Globalization;
using System.Text;
using System.Text.Json;
using Weft.Tests.Datasets;

namespace Weft.Tests.Cli;

/// <summary>Features of edges from a table to predictions: on a set that can be learned with them alone.</summary>
public class EdgeFeatureVerbTests
{
    private const int Nodes = 400, Neighbours = 6;

    /// <summary>A node's class is the bit of one of its neighbours: the one whose edge says "near".</summary>
    private static string Set(TemporaryFolder folder, bool features = true)
    {
        var random = new Random(5);
        var edges = new StringBuilder(features ? "source,target,near,far\n" : "source,target\n");
        var nodes = new StringBuilder("id,label,split,zero,one\n");
        int[] bit = [.. Enumerable.Range(0, Nodes).Select(_ => random.Next(2))];
        for (int i = 0; i < Nodes; i++)
        {
            int near = random.Next(Neighbours), label = 0;
            for (int k = 0; k < Neighbours; k++)
            {
                int j = random.Next(Nodes);
                if (k == near) label = bit[j];
                edges.Append(CultureInfo.InvariantCulture, $"{j},{i}{(features ? k == near ? ",1,0" : ",0,1" : "")}\n");
            }
            nodes.Append(CultureInfo.InvariantCulture, $"{i},{label},{(i % 2 == 0 ? "train" : "test")},{1 - bit[i]},{bit[i]}\n");
        }
        folder.Write("nodes.csv", nodes.ToString());
        return folder.Write("edges.csv", edges.ToString());
    }

    private static string[] Args(string set, string model, string run, params string[] more) =>
        ["train", set, "--model", model, "--layers", "1", "--hidden", "16", "--dropout", "0", "--weight-decay", "0", "--lr", "0.02", "--epochs", "200", "--json", "--out", run, .. more];

    private static double TestAccuracy(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement.GetProperty("test_accuracy").GetDouble();
    }

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gine")]
    public void What_only_edges_tell_is_learned_from_their_features(string model)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(Args(Set(folder), model, folder["run"]));
        Assert.True(TestAccuracy(result) >= 0.99, result.Output);
        Assert.Contains($"{model} reads the 2 features of each edge", result.Error);

        // The model that was saved reads them too, and refuses a set that has none.
        var scored = Command.Weft("evaluate", folder["run"], "--json");
        Assert.Equal(TestAccuracy(result), JsonDocument.Parse(scored.Output).RootElement.GetProperty("test_accuracy").GetDouble());
        using var bare = new TemporaryFolder();
        var refused = Command.Weft("predict", folder["run"], Set(bare, features: false));
        Assert.Equal(2, refused.Code);
        Assert.Contains("have no features to read", refused.Error);
    }

    [Theory]
    [InlineData("gat", "off", "are not used")]
    [InlineData("gatv2", "off", "are not used")]
    [InlineData("gcn", null, "gcn does not read the 2 features of each edge; gat, gatv2 and gine do")]
    [InlineData("sage", null, "sage does not read the 2 features of each edge")]
    public void Without_them_it_cannot_be_learned_and_that_is_said(string model, string? asked, string said)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(Args(Set(folder), model, folder["run"], asked is null ? [] : ["--edge-features", asked]));
        Assert.InRange(TestAccuracy(result), 0.4, 0.8);
        Assert.Contains(said, result.Error);
    }

    [Theory]
    [InlineData("gcn", "on", "gcn does not read features of edges")]
    [InlineData("gine", "off", "gine adds features of the edges to what neighbours send, and edge-features is off; use gin")]
    public void What_cannot_be_is_refused(string model, string asked, string said)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(Args(Set(folder), model, folder["run"], "--edge-features", asked));
        Assert.Equal(2, result.Code);
        Assert.Contains(said, result.Error);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void A_set_without_them_refuses_a_model_that_needs_them()
    {
        using var folder = new TemporaryFolder();
        string set = Set(folder, features: false);
        Assert.Contains("the edges of", Command.Weft(Args(set, "gine", folder["run"])).Error);
        Assert.Contains("have no features to read", Command.Weft(Args(set, "gatv2", folder["run"], "--edge-features", "on")).Error);
    }

    [Fact]
    public void Processes_that_share_a_graph_refuse_them_and_train_without()
    {
        using var folder = new TemporaryFolder();
        string set = Set(folder);
        var refused = Command.Weft(Args(set, "gatv2", folder["run"], "--processes", "2"));
        Assert.Equal(2, refused.Code);
        Assert.Contains("--edge-features off", refused.Error);
        Assert.InRange(TestAccuracy(Command.Weft(Args(set, "gatv2", folder["run"], "--processes", "2", "--edge-features", "off"))), 0.4, 0.8);
    }

    [Theory]
    [InlineData("gatv2")]
    [InlineData("gine")]
    public void The_memory_of_a_model_that_reads_them_is_planned_as_it_is(string model)
    {
        using var folder = new TemporaryFolder();
        string set = Set(folder);
        var planned = Command.Weft("plan", set, "--model", model, "--layers", "1", "--hidden", "16", "--dropout", "0", "--json");
        Assert.True(planned.Code == 0, planned.Error);
        var trained = Command.Weft(Args(set, model, folder["run"], "--quiet"));
        Assert.Equal(JsonDocument.Parse(planned.Output).RootElement.GetProperty("workspace_mb").GetDouble(), JsonDocument.Parse(trained.Output).RootElement.GetProperty("workspace_mb").GetDouble(), 3);
    }

    [Fact]
    public void The_order_of_nodes_in_memory_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        string set = Set(folder);
        var (plain, ordered) = (Command.Weft(Args(set, "gatv2", folder["a"], "--order", "none")), Command.Weft(Args(set, "gatv2", folder["b"], "--order", "cluster")));
        Assert.Equal(TestAccuracy(plain), TestAccuracy(ordered), 2);
        Assert.True(TestAccuracy(ordered) >= 0.99);
    }
}
