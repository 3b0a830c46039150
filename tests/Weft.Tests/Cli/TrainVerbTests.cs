using System.Globalization;
using System.Text.Json;
using Weft.Datasets;
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
        Assert.True(summary.GetProperty("start_s").GetDouble() > 0);
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
    public void A_step_that_spoils_the_parameters_is_noticed_in_its_epoch_and_leaves_no_model()
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft("train", "citations", "--optimizer", "sgd", "--lr", "1e300", "--epochs", "1", "--quiet", "--out", folder.File("run"));
        Assert.Equal(1, result.Code);
        Assert.Contains("in epoch 1; first not finite: ", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(RunFolder.ModelFileOf(folder.File("run"))));
    }

    [Fact]
    public void A_run_whose_configuration_was_edited_is_not_resumed()
    {
        using var folder = new TemporaryFolder();
        string config = folder.File("run/config.json");
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "3", "--quiet", "--out", folder.File("run")).Code);
        string before = File.ReadAllText(config);
        File.WriteAllText(config, before.Replace("\"learning_rate\": 0.005", "\"learning_rate\": 0.5", StringComparison.Ordinal));
        var resumed = Command.Weft("train", "--resume", folder.File("run"));
        Assert.Equal(2, resumed.Code);
        Assert.Contains("the configuration has \"learning_rate\": 0.5, ", resumed.Error, StringComparison.Ordinal);
        Assert.Contains("expected \"learning_rate\": 0.005, as in", resumed.Error, StringComparison.Ordinal);
        File.WriteAllText(config, before);
        Assert.Equal(0, Command.Weft("train", "--resume", folder.File("run"), "--quiet").Code);
    }

    [Fact]
    public void A_run_goes_on_with_moved_data_but_not_with_changed_data()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.csv"), "source,target\n0,1\n1,2\n2,3\n3,0\n");
        File.WriteAllText(folder.File("b.csv"), "source,target\n0,1\n1,2\n2,3\n3,1\n");
        string run = folder.File("run"), config = folder.File("run/config.json");
        string[] args = ["train", folder.File("a.csv"), "--features", "constant", "--random-classes", "2", "--epochs", "2", "--quiet", "--out", run];
        var first = Command.Weft(args);
        Assert.True(first.Code == 0, first.Error);
        string moved = File.ReadAllText(config).Replace("a.csv", "c.csv", StringComparison.Ordinal);
        File.Move(folder.File("a.csv"), folder.File("c.csv"));
        File.WriteAllText(config, moved);
        Assert.Equal(0, Command.Weft("train", "--resume", run, "--quiet").Code);
        File.WriteAllText(config, moved.Replace("c.csv", "b.csv", StringComparison.Ordinal));
        var changed = Command.Weft("train", "--resume", run, "--quiet");
        Assert.Equal(2, changed.Code);
        Assert.Contains("are not those that the run began with", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_run_takes_nothing_from_an_old_one_in_its_folder()
    {
        using var folder = new TemporaryFolder();
        string run = folder.File("run");
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "5", "--quiet", "--out", run).Code);
        File.Delete(folder.File("run/config.json"));
        var result = Command.Weft("train", "karate", "--epochs", "1", "--lr", "1e300", "--quiet", "--out", run);
        Assert.Equal(1, result.Code);
        Assert.Null(Checkpoint.Load(run));
        Assert.False(File.Exists(RunFolder.ModelFileOf(run)));
    }

    [Fact]
    public void A_log_that_lacks_the_line_of_the_checkpoint_keeps_the_lines_before_it()
    {
        using var folder = new TemporaryFolder();
        string log = folder.File("run/metrics.jsonl");
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "6", "--quiet", "--out", folder.File("run")).Code);
        string[] lines = File.ReadAllLines(log);
        File.WriteAllText(log, string.Join('\n', lines[..4]) + "\n" + lines[4][..20]);
        Assert.Equal(0, Command.Weft("train", "--resume", folder.File("run"), "--quiet").Code);
        Assert.Equal(string.Join('\n', lines[..4]) + "\n", File.ReadAllText(log));
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
        // No epoch was run here: there is no time to tell.
        foreach (string key in new[] { "epoch_ms_median", "epoch_ms_min", "forward_ms_median", "memory_beyond_data_mb", "start_s" })
            Assert.Equal(JsonValueKind.Null, again.GetProperty(key).ValueKind);
        var mixed = Command.Weft("train", "--resume", folder.File("run"), "--lr", "1");
        Assert.Equal(2, mixed.Code);
        Assert.Contains("--lr does not go with --resume", mixed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_written_down_is_what_was_done()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a.json"), """{"version": "0.0.1", "precision": 16, "dataset": "citations", "run": 3, "data": {"split": "random"}, "model": {"model": "gcn"}, "training": {"epochs": 2}}""");
        Json(Command.Weft("train", "--config", folder.File("a.json"), "--json", "--runs", "2", "--out", folder.File("run")));
        var config = RunFolder.ReadConfig(folder.File("run/seed-2"));
        Assert.Equal((new RunConfig().Version, sizeof(Real) * 8, 4), (config.Version, config.Precision, config.Run));
        Assert.Equal((16, "relu", "random"), (config.Model.Hidden, config.Model.Activation, config.Data.Split));
        var alone = Json(Command.Weft("train", "--config", folder.File("run/seed-2/config.json"), "--json", "--out", folder.File("alone")));
        Assert.Equal(ParametersOf(folder.File("run/seed-2")), ParametersOf(folder.File("alone")));
        Assert.Equal(2, alone.GetProperty("seed").GetInt32());

        static byte[] ParametersOf(string run) => File.ReadAllBytes(RunFolder.ModelFileOf(run));
    }

    [Fact]
    public void Without_validation_nodes_progress_names_the_training_nodes_and_the_log_says_null()
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft("train", "karate", "--epochs", "2", "--out", folder.File("run"));
        Assert.Contains("train accuracy", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("val ", result.Output, StringComparison.Ordinal);
        foreach (string line in File.ReadLines(folder.File("run/metrics.jsonl")))
        {
            using var epoch = JsonDocument.Parse(line);
            Assert.Equal(JsonValueKind.Null, epoch.RootElement.GetProperty("val_loss").ValueKind);
            Assert.Equal(JsonValueKind.Null, epoch.RootElement.GetProperty("val_score").ValueKind);
        }
    }

    [Fact]
    public void Labels_may_be_bytes_and_nodes_in_two_parts_of_the_split_are_told()
    {
        using var folder = new TemporaryFolder();
        Npz.Write(folder.File("m.npz"), new OrderedDictionary<string, NpyArray>
        {
            ["edge_index"] = new(new long[] { 0, 1, 1, 2 }, 2, 2),
            ["y"] = new(new byte[] { 0, 1, 1, 1, 0, 0 }, 3, 2),
            ["train_mask"] = new(new[] { true, true, false }, 3),
            ["val_mask"] = new(new[] { false, true, false }, 3),
            ["test_mask"] = new(new[] { false, true, true }, 3),
        });
        var result = Command.Weft("train", folder.File("m.npz"), "--features", "degree", "--epochs", "1", "--out", folder.File("run"));
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("note: 1 nodes are in more than one part of the split", result.Output, StringComparison.Ordinal);
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
