using System.Globalization;
using System.Text.Json;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

/// <summary>Link prediction from the command line: train, evaluate, predict, split and check.</summary>
public class LinkVerbTests
{
    private static readonly string[] Small = ["train", "citations", "--task", "link", "--model", "gcn", "--hidden", "8", "--epochs", "6", "--json", "--quiet"];

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void A_run_is_scored_the_same_when_it_is_evaluated_and_predicts_the_test_pairs_or_those_of_a_file()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        var summary = Json(Command.Weft([.. Small, "--decoder", "bilinear", "--outputs", "5", "--negative", "degree", "--negatives-per-edge", "2", "--out", run]));
        var evaluated = Json(Command.Weft("evaluate", run, "--json"));
        foreach (string key in new[] { "test_auc", "test_ap", "test_hits@10", "test_hits@50", "test_hits@100", "test_mrr", "test_loss", "val_auc", "train_ap" })
            Assert.Equal(summary.GetProperty(key).GetDouble(), evaluated.GetProperty(key).GetDouble());
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("test_accuracy").ValueKind);
        Assert.Equal("bilinear", evaluated.GetProperty("decoder").GetString());
        Assert.Equal("links 85/5/10, seed 0", summary.GetProperty("split").GetString());
        var config = RunFolder.ReadConfig(run);
        Assert.Equal(("auc", "score", 5), (config.Training.Metric, config.Training.Stopping, config.Model.Outputs));

        var predicted = Command.Weft("predict", run);
        Assert.True(predicted.Code == 0, predicted.Error);
        string[] lines = predicted.Output.TrimEnd('\n').Split('\n');
        Assert.Equal("source,target,score,label", lines[0]);
        var rows = lines[1..].Select(l => l.Split(',')).ToArray();
        Assert.Equal(2 * evaluated.GetProperty("test_links").GetInt32(), rows.Length);
        double Score(string[] row) => double.Parse(row[2], CultureInfo.InvariantCulture);
        double[] up = [.. rows.Where(r => r[3] == "1").Select(Score)], down = [.. rows.Where(r => r[3] == "0").Select(Score)];
        Assert.Equal(evaluated.GetProperty("test_auc").GetDouble(), up.Average(p => down.Average(n => p > n ? 1 : p == n ? 0.5 : 0)), 0.002);

        // The same pairs from a file, in another order: the same scores, and no column that the file does not know.
        File.WriteAllText(folder.File("pairs.csv"), "target,source\n" + string.Concat(rows.Reverse().Select(r => $"{r[1]},{r[0]}\n")));
        Assert.Equal(0, Command.Weft("predict", run, "--pairs", folder.File("pairs.csv"), "--out", folder.File("scores.csv")).Code);
        Assert.Equal(["source,target,score", .. rows.Reverse().Select(r => $"{r[0]},{r[1]},{r[2]}")], File.ReadAllLines(folder.File("scores.csv")));
        var table = Command.Weft("evaluate", run);
        Assert.Contains("hits@50", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("accuracy", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_in_a_configuration_means_what_it_means_on_the_command_line_and_a_finished_run_resumes_to_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("links.yaml"), "task: link\nmodel: gcn\nhidden: 8\nepochs: 6\ndecoder: mlp\ndecoder-hidden: 6\nlink-split: 80/10/10\npositive-loops: true\n");
        var written = Json(Command.Weft("train", "citations", "--config", folder.File("links.yaml"), "--json", "--out", folder.File("a")));
        var given = Json(Command.Weft([.. Small, "--decoder", "mlp", "--decoder-hidden", "6", "--link-split", "80/10/10", "--positive-loops", "--out", folder.File("b")]));
        Assert.Equal(written.GetProperty("parameters_sha256").GetString(), given.GetProperty("parameters_sha256").GetString());
        Assert.Equal("links 80/10/10, seed 0", given.GetProperty("split").GetString());
        var resumed = Json(Command.Weft("train", "--resume", folder.File("b"), "--json"));
        Assert.Equal(given.GetProperty("parameters_sha256").GetString(), resumed.GetProperty("parameters_sha256").GetString());
        Assert.Equal(given.GetProperty("test_auc").GetDouble(), resumed.GetProperty("test_auc").GetDouble());
        // Layers are shown without the decoder.
        Assert.Matches(@"Gcn +2,700 ?× ?8 +72 ", Command.Weft([.. Small[..^2], "--summary", "--out", folder.File("c")]).Output);
        // Two runs have two splits.
        var two = Json(Command.Weft([.. Small, "--runs", "2", "--out", folder.File("two")]));
        Assert.Equal(2, two.GetProperty("test_hits@50").GetProperty("all").GetArrayLength());
        Assert.Contains("seed 1", Json(Command.Weft("evaluate", folder.File("two/seed-2"), "--json")).GetProperty("split").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_split_is_written_and_found_sound_until_a_reversed_edge_is_planted_in_it()
    {
        using var folder = new TemporaryFolder();
        string split = folder.File("split");
        Assert.Equal(0, Command.Weft("data", "split-links", "citations", "--out", split, "--seed", "4", "--negative", "degree").Code);
        var sound = Command.Weft("data", "check-leakage", split);
        Assert.True(sound.Code == 0, sound.Error);
        Assert.Contains("no leak", sound.Output, StringComparison.Ordinal);

        string[] row = File.ReadAllLines(Path.Combine(split, "test.csv"))[7].Split(',');
        string message = File.ReadAllText(Path.Combine(split, "message.csv"));
        File.WriteAllText(Path.Combine(split, "message.csv"), $"{message}{row[1]},{row[0]}\n");
        var planted = Command.Weft("data", "check-leakage", split);
        Assert.Equal(1, planted.Code);
        Assert.Contains($"leak: edges of test whose reverse is in the message graph: 1, the first {row[0]} → {row[1]}", planted.Output, StringComparison.Ordinal);
        var json = JsonDocument.Parse(Command.Weft("data", "check-leakage", split, "--json").Output).RootElement;
        Assert.Equal(row[0], json.GetProperty("leaks")[0].GetProperty("source").GetString());

        File.WriteAllText(Path.Combine(split, "message.csv"), message);
        string[] link = File.ReadAllLines(Path.Combine(split, "validation.csv"))[1].Split(',');
        File.AppendAllText(Path.Combine(split, "test.csv"), $"{link[1]},{link[0]},0\n");
        var negative = Command.Weft("data", "check-leakage", split);
        Assert.Equal(1, negative.Code);
        Assert.Contains($"leak: negatives of test that are edges: 1, the first {link[1]} → {link[0]}", negative.Output, StringComparison.Ordinal);
        // With direction the reverse of a link may be a negative.
        Assert.Equal(0, Command.Weft("data", "check-leakage", split, "--directed-links").Code);
    }

    [Fact]
    public void A_directed_split_says_so_and_a_run_is_checked_by_what_it_trains_on()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("web.csv"), "source,target\n" + string.Concat(Enumerable.Range(0, 120).Select(e => $"p{e % 30},\"p,{e * 7 % 31}\"\n")));
        Assert.Equal(0, Command.Weft("data", "split-links", folder.File("web.csv"), "--directed-links", "--out", folder.File("web")).Code);
        Assert.Contains("\"directed\":true", File.ReadAllText(folder.File("web/split.json")), StringComparison.Ordinal);
        Assert.Contains("\"p,", File.ReadAllText(folder.File("web/test.csv")), StringComparison.Ordinal);
        Assert.Equal(0, Command.Weft("data", "check-leakage", folder.File("web")).Code);
        Assert.Equal(0, Command.Weft("train", folder.File("web.csv"), "--task", "link", "--directed-links", "--features", "degree", "--decoder", "bilinear", "--epochs", "2", "--quiet", "--out", folder.File("run")).Code);
        var check = Command.Weft("data", "check-leakage", folder.File("run"));
        Assert.True(check.Code == 0, check.Error);
        Assert.Contains("no leak", check.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("link-split is '90/10': expected", "train", "karate", "--task", "link", "--link-split", "90/10")]
    [InlineData("gives 78 for training, 0 for validation", "train", "karate", "--task", "link", "--link-split", "98/1/1")]
    [InlineData("--decoder is 'cosine': expected dot, bilinear, mlp", "train", "karate", "--task", "link", "--decoder", "cosine")]
    [InlineData("decoder goes with --task link", "train", "karate", "--decoder", "dot")]
    [InlineData("outputs goes with --task link", "train", "karate", "--outputs", "4")]
    [InlineData("go with --task link", "train", "karate", "--negative", "degree")]
    [InlineData("decoder-hidden goes with the decoder mlp", "train", "karate", "--task", "link", "--decoder-hidden", "4")]
    [InlineData("--negative is 'hard': expected uniform, degree", "train", "karate", "--task", "link", "--negative", "hard")]
    [InlineData("--negatives-per-edge is '0': expected a whole number from 1", "train", "karate", "--task", "link", "--negatives-per-edge", "0")]
    [InlineData("--outputs is '0'", "train", "karate", "--task", "link", "--outputs", "0")]
    [InlineData("metric is f1; auc, ap or mrr for links was expected", "train", "karate", "--task", "link", "--metric", "f1")]
    [InlineData("metric is mrr; accuracy, f1", "train", "karate", "--metric", "mrr")]
    [InlineData("is many graphs: links are predicted in one", "train", "dictionary-lookup", "--task", "link")]
    [InlineData("--task link works on one process", "train", "karate", "--task", "link", "--processes", "2")]
    [InlineData("links are learned on the whole message graph", "train", "karate", "--task", "link", "--batch-size", "8")]
    [InlineData("virtual nodes are for sets whose graphs have labels", "train", "karate", "--task", "link", "--virtual-node")]
    [InlineData("label-smoothing is for classes; links have none", "train", "karate", "--task", "link", "--label-smoothing", "0.1")]
    [InlineData("weft plan knows nothing of links", "plan", "karate", "--task", "link")]
    [InlineData("--task is 'edge': expected", "train", "karate", "--task", "edge")]
    [InlineData("is many graphs: links are predicted in one", "data", "split-links", "dictionary-lookup")]
    [InlineData("there is no split in it", "data", "check-leakage", "nowhere")]
    public void A_wrong_option_is_one_line_and_exit_code_two(string message, params string[] args)
    {
        using var folder = new TemporaryFolder();
        string[] output = args[1] == "check-leakage" || args[0] == "plan" ? [] : ["--out", folder.File("out")];
        var result = Command.Weft([.. args, .. output]);
        Assert.True(result.Code == 2, $"{result.Code}: {result.Output}{result.Error}");
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.False(Directory.Exists(folder.File("out")));
    }

    [Theory]
    [InlineData("message.csv", "source;target\n1;2\n", "the header has no column 'source'")]
    [InlineData("message.csv", "source,target\n1\n", "line 2")]
    [InlineData("test.csv", "source,target,label\n1,2,maybe\n", "label 'maybe', ")]
    [InlineData("test.csv", "source,target,label\n1,,1\n", "an empty target")]
    [InlineData("test.csv", null, "test.csv")]
    [InlineData("split.json", "{\"directed\":3}", "expected an object with \"directed\": true or false")]
    [InlineData("split.json", "{", "this is no JSON")]
    public void A_broken_split_is_refused_by_file_and_line(string file, string? text, string message)
    {
        using var folder = new TemporaryFolder();
        string split = folder.File("split");
        Assert.Equal(0, Command.Weft("data", "split-links", "karate", "--out", split).Code);
        if (text is null) File.Delete(Path.Combine(split, file));
        else File.WriteAllText(Path.Combine(split, file), text);
        var result = Command.Weft("data", "check-leakage", split);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_of_nodes_and_of_links_are_told_apart_and_pairs_must_be_nodes()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "2", "--quiet", "--out", folder.File("nodes")).Code);
        Assert.Equal(0, Command.Weft("train", "karate", "--task", "link", "--epochs", "2", "--quiet", "--out", folder.File("links")).Code);
        File.WriteAllText(folder.File("pairs.csv"), "source,target\n1,2\n1,34\n");
        Refused("--pairs goes with runs that predict links", "predict", folder.File("nodes"), "--pairs", folder.File("pairs.csv"));
        Refused("target '34', ", "predict", folder.File("links"), "--pairs", folder.File("pairs.csv"));
        Refused("line 3", "predict", folder.File("links"), "--pairs", folder.File("pairs.csv"));
        Refused("--embeddings goes with runs that predict classes", "predict", folder.File("links"), "--embeddings");
        Refused("is no run that predicts links", "data", "check-leakage", folder.File("nodes"));
        Refused("predicts links; a run that predicts classes of nodes was expected", "trace", folder.File("links"), "--out", folder.File("trace.npz"));
        Refused("features; the model was trained on 34 (on karate)", "evaluate", folder.File("links"), "citations");
        File.WriteAllText(folder.File("other"), "");
        Refused("a file: expected a folder", "data", "split-links", "karate", "--out", folder.File("other"));
        Refused("a folder with other files in it", "data", "split-links", "karate", "--out", folder.File("nodes"));

        static void Refused(string message, params string[] args)
        {
            var result = Command.Weft(args);
            Assert.True(result.Code == 2, $"{result.Code}: {result.Output}{result.Error}");
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }
    }
}
