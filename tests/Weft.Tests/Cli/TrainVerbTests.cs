using System.Globalization;
using System.Text.Json;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

public class TrainVerbTests
{
    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void The_summary_has_every_key_of_the_contract()
    {
        using var folder = new TemporaryFolder();
        var summary = Json(Command.Weft("train", "karate", "--epochs", "3", "--json", "--out", folder.File("run")));
        string[] keys = ["dataset", "model", "nodes", "edges", "features", "classes", "parameters", "seed", "threads", "epochs", "best_epoch",
            "train_loss", "val_accuracy", "test_accuracy", "epoch_ms_median", "epoch_ms_min", "forward_ms_median", "peak_memory_mb",
            "memory_beyond_data_mb", "workspace_mb", "wall_s", "test_f1", "test_auc", "parameters_sha256", "best_parameters_sha256", "run"];
        Assert.All(keys, key => Assert.True(summary.TryGetProperty(key, out _), key));
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("val_accuracy").ValueKind);
        Assert.Equal(3, summary.GetProperty("epochs").GetInt32());
        Assert.Equal(folder.File("run"), summary.GetProperty("run").GetString());
        Assert.True(File.Exists(Path.Combine(folder.File("run"), "config.json")));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(folder.File("run"), "metrics.jsonl")).Length);
        Assert.True(File.Exists(RunFolder.ModelFileOf(folder.File("run"))));
    }

    [Fact]
    public void Several_runs_give_mean_deviation_and_all_values()
    {
        using var folder = new TemporaryFolder();
        var summary = Json(Command.Weft("train", "karate", "--epochs", "4", "--runs", "3", "--seed", "5", "--json", "--out", folder.File("run")));
        var accuracy = summary.GetProperty("test_accuracy");
        double[] all = [.. accuracy.GetProperty("all").EnumerateArray().Select(v => v.GetDouble())];
        Assert.Equal(3, all.Length);
        double mean = all.Average(), deviation = Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / 2);
        Assert.Equal(mean, accuracy.GetProperty("mean").GetDouble(), 5);
        Assert.Equal(deviation, accuracy.GetProperty("std").GetDouble(), 5);
        Assert.Equal(3, summary.GetProperty("parameters_sha256").EnumerateArray().Select(d => d.GetString()).Distinct().Count());
        foreach (int seed in new[] { 5, 6, 7 }) Assert.Equal((ulong)seed, RunFolder.ReadConfig(folder.File($"run/seed-{seed}")).Training.Seed);
        var alone = Json(Command.Weft("train", "karate", "--epochs", "4", "--seed", "6", "--json", "--out", folder.File("alone")));
        Assert.Equal(summary.GetProperty("parameters_sha256")[1].GetString(), alone.GetProperty("parameters_sha256").GetString());
    }

    [Fact]
    public void A_folder_that_holds_a_run_is_refused_and_left_as_it_was()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "2", "--quiet", "--out", folder.File("run")).Code);
        var before = Directory.GetFiles(folder.File("run")).ToDictionary(f => f, File.ReadAllBytes);
        var again = Command.Weft("train", "karate", "--epochs", "5", "--quiet", "--out", folder.File("run"));
        Assert.Equal(2, again.Code);
        Assert.Contains("holds a run already", again.Error, StringComparison.Ordinal);
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(folder.File("run")).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact]
    public void A_loss_that_diverges_ends_with_the_epoch_the_array_the_index_and_what_to_try()
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft("train", "karate", "--lr", "1e200", "--epochs", "50", "--quiet", "--out", folder.File("run"));
        Assert.Equal(1, result.Code);
        Assert.Matches(@"^error: the loss is \S+ in epoch \d+; first not finite: \S+ \[\d+, \d+\] = \S+; try a smaller --lr, [^\n]*\n$", result.Error.ReplaceLineEndings("\n"));
        Assert.DoesNotContain("--debug", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_ends_the_run_in_one_line_that_says_how_to_go_on()
    {
        using var folder = new TemporaryFolder();
        // A folder in the file's place fails as a full disk does.
        string inTheWay = folder.File($"run/{Checkpoint.NextFileName}");
        Directory.CreateDirectory(inTheWay);
        string[] args = ["train", "karate", "--epochs", "6", "--json", "--out"];
        var result = Command.Weft([.. args, folder.File("run")]);
        Assert.Equal(1, result.Code);
        Assert.Empty(result.Output);
        string error = result.Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.EndsWith($"go on with: weft train --resume {folder.File("run")}", error, StringComparison.Ordinal);
        Directory.Delete(inTheWay);
        var resumed = Json(Command.Weft("train", "--resume", folder.File("run"), "--json"));
        Assert.Equal(Json(Command.Weft([.. args, folder.File("whole")])).GetProperty("parameters_sha256").GetString(), resumed.GetProperty("parameters_sha256").GetString());
    }

    [Fact]
    public void Redirected_output_has_no_escape_codes_and_fits_eighty_columns()
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft("train", "citations", "--model", "gcn", "--epochs", "12", "--out", folder.File("r"));
        Assert.Equal(0, result.Code);
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain('\r', result.Output.ReplaceLineEndings("\n"));
        string[] lines = result.Output.ReplaceLineEndings("\n").Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Equal(4, lines.Count(line => line.StartsWith("epoch ", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.StartsWith("test nodes, true class by row", StringComparison.Ordinal));
    }

    [Fact]
    public void Options_win_over_a_file_which_wins_over_the_defaults()
    {
        using var folder = new TemporaryFolder();
        string yaml = Command.Weft("recipe", "show", "gat-paper", "karate").Output;
        File.WriteAllText(folder.File("a.yaml"), yaml);
        Json(Command.Weft("train", "--config", folder.File("a.yaml"), "--epochs", "2", "--heads", "3", "--bias", "off", "--json", "--out", folder.File("run")));
        var config = RunFolder.ReadConfig(folder.File("run"));
        Assert.Equal(("karate", "gat-paper", "gat"), (config.Dataset, config.Recipe, config.Model.Model));
        Assert.Equal((2, 3, false, 0.6), (config.Training.Epochs, config.Model.Heads, config.Model.Bias, config.Model.AttentionDropout));
        Assert.True(config.Data.SelfLoops);
    }

    [Fact]
    public void A_finished_run_resumes_to_the_same_summary()
    {
        using var folder = new TemporaryFolder();
        var first = Json(Command.Weft("train", "karate", "--epochs", "6", "--json", "--out", folder.File("run")));
        var again = Json(Command.Weft("train", "--resume", folder.File("run"), "--json"));
        foreach (string key in new[] { "parameters_sha256", "best_parameters_sha256", "test_accuracy", "test_loss", "best_epoch", "epochs" })
            Assert.Equal(first.GetProperty(key).ToString(), again.GetProperty(key).ToString());
        int[] epochs = [.. File.ReadLines(Path.Combine(folder.File("run"), "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("epoch").GetInt32())];
        Assert.Equal(Enumerable.Range(1, 6), epochs);
        var mixed = Command.Weft("train", "--resume", folder.File("run"), "--lr", "1");
        Assert.Equal(2, mixed.Code);
        Assert.Contains("--lr does not go with --resume", mixed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_are_what_was_asked_for()
    {
        using var folder = new TemporaryFolder();
        foreach (int threads in new[] { 1, 2, 3 })
        {
            var summary = Json(Command.Weft("train", "karate", "--epochs", "3", "--json", "--threads", threads.ToString(CultureInfo.InvariantCulture), "--out", folder.File($"run-{threads}")));
            Assert.Equal(threads, summary.GetProperty("threads").GetInt32());
        }
    }
}
