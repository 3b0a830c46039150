using System.Globalization;
using System.Text.Json;
using Weft.Cli;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

/// <summary>evaluate and predict: on the run's own set, on another one, on many graphs, with many labels.</summary>
public class TrainedModelVerbTests
{
    // Two clubs of people with names; the second feature tells which club, the first nothing.
    private static string Clubs(TemporaryFolder folder, string name, int people, string[] clubs, bool labelled)
    {
        Directory.CreateDirectory(folder.File(name));
        var nodes = new List<string> { labelled ? "id,label,split,noise,club" : "id,noise,club" };
        var edges = new List<string> { "source,target" };
        for (int i = 0; i < people; i++)
        {
            string features = string.Create(CultureInfo.InvariantCulture, $"{0.1 * (i % 3)},{(i % 2 == 0 ? 1 : -1)}");
            nodes.Add(labelled ? $"{name}-{i},\"{clubs[i % 2]}\",{(i < people / 2 ? "train" : "test")},{features}" : $"{name}-{i},{features}");
            edges.Add($"{name}-{i},{name}-{(i + 2) % people}");
            edges.Add($"{name}-{(i + 2) % people},{name}-{i}");
        }
        File.WriteAllLines(folder.File($"{name}/nodes.csv"), nodes);
        File.WriteAllLines(folder.File($"{name}/edges.csv"), edges);
        return folder.File(name);
    }

    private static string Train(TemporaryFolder folder, string dataset, int epochs = 40, params string[] more)
    {
        string run = folder.File("run");
        var result = Command.Weft(["train", dataset, "--model", "gcn", "--dropout", "0", "--lr", "0.05", "--epochs", $"{epochs}", "--quiet", "--out", run, .. more]);
        Assert.True(result.Code == 0, result.Error);
        return run;
    }

    private static string[] Lines(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return result.Output.TrimEnd().Split('\n');
    }

    [Fact]
    public void Names_come_back_on_a_graph_that_was_not_seen_in_training_and_has_no_labels()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, Clubs(folder, "ann", 24, ["rowing, eight", "chess"], labelled: true));
        string[] lines = Lines(Command.Weft("predict", run, Clubs(folder, "bob", 10, [], labelled: false)));
        Assert.Equal(11, lines.Length);
        Assert.Equal(["node", "class"], lines[0].Split(',')[..2]);
        Assert.Contains("p_chess", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"p_rowing, eight\"", lines[0], StringComparison.Ordinal);
        for (int i = 0; i < 10; i++)
            Assert.StartsWith(i % 2 == 0 ? $"bob-{i},\"rowing, eight\"," : $"bob-{i},chess,", lines[i + 1], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.Equal(1.0, line.Split(',')[^2..].Sum(p => double.Parse(p, CultureInfo.InvariantCulture)), 4));
    }

    [Fact]
    public void A_file_is_written_whole_with_embeddings_and_has_the_same_rows_as_standard_output()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, "karate");
        string[] plain = Lines(Command.Weft("predict", run, "--out", "-"));
        var written = Command.Weft("predict", run, "--embeddings", "--out", folder.File("p.csv"));
        Assert.Contains("34 nodes written to", written.Output, StringComparison.Ordinal);
        string[] rows = File.ReadAllLines(folder.File("p.csv"));
        Assert.Equal(35, plain.Length);
        Assert.Equal(plain[0] + string.Concat(Enumerable.Range(0, 16).Select(j => $",e{j}")), rows[0]);
        for (int i = 0; i < 35; i++) Assert.StartsWith(plain[i] + ",", rows[i], StringComparison.Ordinal);
        Assert.Equal(["p.csv", "run"], Directory.EnumerateFileSystemEntries(folder.Path).Select(f => Path.GetFileName(f)!).Order());
    }

    [Fact]
    public void Evaluate_gives_the_scores_that_training_ended_with()
    {
        using var folder = new TemporaryFolder();
        var trained = JsonDocument.Parse(Command.Weft("train", "citations", "--model", "gcn", "--epochs", "15", "--json", "--out", folder.File("run")).Output).RootElement;
        var scores = JsonDocument.Parse(Command.Weft("evaluate", folder.File("run"), "--json").Output).RootElement;
        foreach (string part in new[] { "train", "val", "test" })
            foreach (string score in new[] { "loss", "accuracy", "f1", "auc" })
                Assert.Equal(trained.GetProperty($"{part}_{score}").GetDouble(), scores.GetProperty($"{part}_{score}").GetDouble(), 5);
        Assert.Equal(trained.GetProperty("best_parameters_sha256").GetString(), scores.GetProperty("parameters_sha256").GetString());
        Assert.Equal(2700, scores.GetProperty("all_nodes").GetInt32());
        Assert.Equal(1000, scores.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(c => c.GetInt32())));
        Assert.Contains("accuracy", Command.Weft("evaluate", folder.File("run")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_are_matched_by_name_on_another_set()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, Clubs(folder, "ann", 24, ["rowing", "chess"], labelled: true));
        // The other set has the names the other way round: whoever is in the first club by feature is called by the second name.
        double Accuracy(string name, params string[] clubs) =>
            JsonDocument.Parse(Command.Weft("evaluate", run, Clubs(folder, name, 12, clubs, labelled: true), "--json").Output).RootElement.GetProperty("all_accuracy").GetDouble();
        Assert.Equal(1, Accuracy("same", "rowing", "chess"));
        Assert.Equal(0, Accuracy("swapped", "chess", "rowing"));
        var strange = Command.Weft("evaluate", run, Clubs(folder, "strange", 12, ["rowing", "fencing"], labelled: true));
        Assert.Equal(2, strange.Code);
        Assert.Contains("'fencing'", strange.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_with_another_number_of_features_is_refused_with_both_numbers()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, "karate");
        string other = folder.File("other.npz");
        GraphArchive.Write(other, Generated.StochasticBlocks(40, 2, 4, 0.8, 6, 1));
        foreach (string verb in new[] { "evaluate", "predict" })
        {
            var result = Command.Weft(verb, run, other);
            Assert.Equal(2, result.Code);
            Assert.Contains("6 features", result.Error, StringComparison.Ordinal);
            Assert.Contains("34", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Many_graphs_come_back_in_their_own_order()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, "dictionary-lookup-3", 40, "--batch-graphs", "4");
        string[] lines = Lines(Command.Weft("predict", run));
        var expected = DictionaryLookup.Create(3);
        Assert.Equal("node,graph,class,p_0,p_1,p_2", lines[0]);
        Assert.Equal(expected.Nodes + 1, lines.Length);
        for (int i = 0; i < expected.Nodes; i++) Assert.StartsWith($"{i},{expected.Graphs!.Membership[i]},", lines[i + 1], StringComparison.Ordinal);
        var whole = JsonDocument.Parse(Command.Weft("evaluate", run, "--json").Output).RootElement;
        Assert.Equal(expected.Labels!.Count(c => c >= 0), whole.GetProperty("all_nodes").GetInt32());
    }

    [Fact]
    public void Nodes_with_several_labels_get_one_column_each()
    {
        using var folder = new TemporaryFolder();
        const int n = 30;
        var targets = Matrix.Allocate(n, 3);
        var x = Matrix.Allocate(n, 3);
        for (int i = 0; i < n; i++)
            for (int c = 0; c < 3; c++) (targets[i, c], x[i, c]) = ((i >> c) % 2, 2 * ((i >> c) % 2) - 1);
        bool[] train = [.. Enumerable.Range(0, n).Select(i => i < 20)];
        var set = new Dataset
        {
            Name = "many",
            Edges = new EdgeList(n, [0, 1, 2], [0, 1, 2]),
            Features = x,
            Targets = targets,
            Classes = 3,
            ClassNames = ["red", "green", "blue"],
            Splits = [new Split("half", train, new bool[n], [.. train.Select(t => !t)])],
        };
        GraphArchive.Write(folder.File("many.npz"), set);
        string run = Train(folder, folder.File("many.npz"), epochs: 150);
        string[] lines = Lines(Command.Weft("predict", run));
        Assert.Equal("node,red,green,blue,p_red,p_green,p_blue", lines[0]);
        for (int i = 0; i < n; i++) Assert.StartsWith($"{i},{targets[i, 0]},{targets[i, 1]},{targets[i, 2]},", lines[i + 1], StringComparison.Ordinal);
        // Without the labels the model still knows that there are several.
        GraphArchive.Write(folder.File("bare.npz"), set with { Targets = default, Classes = 0, ClassNames = null, Splits = [] });
        Assert.Equal(lines, Lines(Command.Weft("predict", run, folder.File("bare.npz"))));
        Assert.Equal(2, Command.Weft("evaluate", run, folder.File("bare.npz")).Code);
    }

    // A signal that arrives with the first text that is written.
    private sealed class Signalling(CancellationTokenSource signal) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            signal.Cancel();
        }
    }

    [Fact]
    public void A_signal_ends_the_writing_of_predictions()
    {
        using var folder = new TemporaryFolder();
        string run = Train(folder, "karate", epochs: 1);
        using var signal = new CancellationTokenSource();
        using var output = new Signalling(signal);
        using var error = new StringWriter();
        Assert.Equal(130, Program.Run(["predict", run, "--out", "-"], output, error, signal.Token));
        Assert.StartsWith("node,class,", output.ToString(), StringComparison.Ordinal);
        Assert.Single(output.ToString().TrimEnd().Split('\n'));
    }
}
