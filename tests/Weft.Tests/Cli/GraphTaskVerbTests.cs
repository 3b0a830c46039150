using System.Globalization;
using System.Text.Json;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

/// <summary>Labels of graphs from the command line: cross-validation, going on with one, evaluate and predict by graph.</summary>
public class GraphTaskVerbTests
{
    /// <summary>Rings and paths as files of the TUDataset collection.</summary>
    private static string Files(TemporaryFolder folder, string? folds = null)
    {
        var set = GraphTrainingTests.Molecules(24);
        string path = folder.File("RINGS");
        Directory.CreateDirectory(path);
        void Write(string part, IEnumerable<string> lines) => File.WriteAllLines(Path.Combine(path, $"RINGS_{part}.txt"), lines);
        string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
        Write("A", Enumerable.Range(0, set.Edges.Count).Select(e => $"{Text(set.Edges.Source[e] + 1)}, {Text(set.Edges.Destination[e] + 1)}"));
        Write("graph_indicator", set.Graphs!.Membership.Select(g => Text(g + 1)));
        Write("graph_labels", set.GraphLabels!.Select(label => label == 1 ? "1" : "-1"));
        Write("node_labels", set.Edges.InDegrees().Select(Text));
        Write("folds", folds is null ? Enumerable.Range(0, 24).Select(g => Text(g / 2 % 3)) : folds.Split(' '));
        return path;
    }

    private static readonly string[] Small = ["--hidden", "8", "--epochs", "6", "--batch-size", "8", "--quiet"];

    private static CommandResult Weft(params string[] args)
    {
        var result = Command.Weft(args);
        Assert.True(result.Code == 0, result.Error);
        return result;
    }

    [Fact]
    public void A_cross_validation_gives_both_protocols_and_goes_on_where_a_run_is_missing()
    {
        using var folder = new TemporaryFolder();
        string set = Files(folder), run = folder.File("run");
        using var json = JsonDocument.Parse(Weft(["train", set, "--recipe", "gin-paper", "--out", run, "--json", .. Small]).Output);
        var fields = json.RootElement;
        Assert.Equal(3, fields.GetProperty("folds").GetInt32());
        foreach (string protocol in new[] { "published", "honest" })
        {
            double[] folds = [.. fields.GetProperty($"{protocol}_test_folds").EnumerateArray().Select(f => f.GetDouble())];
            Assert.Equal(3, folds.Length);
            Assert.Equal(folds.Average(), fields.GetProperty($"{protocol}_test_mean").GetDouble(), 1e-5);
            // Eight graphs of a fold: every score is so many eighths.
            Assert.All(folds, score => Assert.Equal(Math.Round(8 * score), 8 * score, 1e-4));
            for (int fold = 0; fold < 3; fold++) Assert.True(File.Exists(Path.Combine(run, protocol, $"fold-{fold}", "model.safetensors")));
        }
        int[] epochs = [.. fields.GetProperty("published_epochs").EnumerateArray().Select(e => e.GetInt32())];
        Assert.Single(epochs.Distinct());
        Assert.Contains("fold 2", Weft("evaluate", Path.Combine(run, "published", "fold-2"), "--json").Output, StringComparison.Ordinal);

        // Without the last two runs; the others are only read.
        string kept = Path.Combine(run, "published", "fold-0", "model.safetensors");
        var written = File.GetLastWriteTimeUtc(Path.Combine(run, "published", "fold-0", "config.json"));
        foreach (int fold in new[] { 1, 2 }) Directory.Delete(Path.Combine(run, "honest", $"fold-{fold}"), recursive: true);
        using var again = JsonDocument.Parse(Weft("train", "--resume", run, "--quiet", "--json").Output);
        foreach (string name in new[] { "published_test_folds", "honest_test_folds", "published_epochs", "honest_epochs" })
            Assert.Equal(fields.GetProperty(name).ToString(), again.RootElement.GetProperty(name).ToString());
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(run, "published", "fold-0", "config.json")));
        Assert.True(File.Exists(kept));

        var refused = Command.Weft(["train", set, "--recipe", "gin-paper", "--out", run, .. Small]);
        Assert.Equal(2, refused.Code);
        Assert.Contains("holds a run already", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void One_fold_is_a_run_like_any_other_and_evaluate_and_predict_speak_of_graphs()
    {
        using var folder = new TemporaryFolder();
        string set = Files(folder), run = folder.File("run");
        string summary = Weft(["train", set, "--model", "gcn", "--virtual-node", "--readout", "attention", "--folds", "auto", "--fold", "1", "--out", run, "--json", .. Small]).Output;
        Assert.Contains("\"split\":\"fold 1, validation fold 2\"", summary, StringComparison.Ordinal);
        string[] rows = Weft("predict", run).Output.TrimEnd().Split('\n');
        Assert.Equal("graph,class,p_-1,p_1", rows[0]);
        Assert.Equal(25, rows.Length);
        using var scores = JsonDocument.Parse(Weft("evaluate", run, "--json").Output);
        Assert.Equal(8, scores.RootElement.GetProperty("test_nodes").GetInt32());
        Assert.Equal(24, scores.RootElement.GetProperty("all_nodes").GetInt32());
        using var trained = JsonDocument.Parse(summary);
        Assert.Equal(trained.RootElement.GetProperty("test_accuracy").GetDouble(), scores.RootElement.GetProperty("test_accuracy").GetDouble());
        Assert.Contains("is one graph", Command.Weft("predict", run, "karate").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_of_graphs_are_learned_and_predicted_in_their_own_units()
    {
        using var folder = new TemporaryFolder();
        string set = Files(folder), run = folder.File("run");
        File.Delete(Path.Combine(set, "RINGS_graph_labels.txt"));
        int[] sizes = [.. File.ReadLines(Path.Combine(set, "RINGS_graph_indicator.txt")).GroupBy(g => g).Select(g => g.Count())];
        File.WriteAllLines(Path.Combine(set, "RINGS_graph_attributes.txt"), sizes.Select(size => (1000 + 10 * size).ToString(CultureInfo.InvariantCulture)));
        using var json = JsonDocument.Parse(Weft("train", set, "--model", "gin", "--batch-size", "8", "--hidden", "8", "--dropout", "0", "--lr", "0.02", "--epochs", "200", "--patience", "0", "--quiet", "--out", run, "--json").Output);
        Assert.True(json.RootElement.GetProperty("train_r2").GetDouble() > 0.9, json.RootElement.ToString());
        string[] rows = Weft("predict", run).Output.TrimEnd().Split('\n');
        Assert.Equal("graph,value", rows[0]);
        Assert.Equal(25, rows.Length);
        Assert.InRange(double.Parse(rows[1].Split(',')[1], CultureInfo.InvariantCulture), 900, 1200);
    }

    [Theory]
    [InlineData("no graph in fold 1", "--folds", "auto")]
    [InlineData("there is no such file", "--folds", "nowhere.txt")]
    [InlineData("folds of RINGS are", "--folds", "auto", "--fold", "9")]
    [InlineData("no folds are given", "--fold", "1")]
    [InlineData("--runs does not go with --folds", "--folds", "auto", "--runs", "2")]
    [InlineData("norm inside", "--norm-inside")]
    [InlineData("jump-from-features", "--jump-from-features")]
    [InlineData("many small graphs", "--sampler", "cluster")]
    public void What_cannot_be_is_refused_in_one_line_and_leaves_no_run(string message, params string[] options)
    {
        using var folder = new TemporaryFolder();
        string broken = "0 2 3 0 2 3 0 2 3 0 2 3 0 2 3 0 2 3 0 2 3 0 2 3", run = folder.File("run");
        var result = Command.Weft(["train", Files(folder, message.StartsWith("no graph", StringComparison.Ordinal) ? broken : null), "--epochs", "1", "--quiet", "--out", run, .. options]);
        Assert.NotEqual(0, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(run));
    }
}
