using System.Text.Json;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

/// <summary>One graph on several processes, as the command line offers it; here threads play them.</summary>
public class SharedTrainVerbTests
{
    private static readonly string[] Run = ["--epochs", "6", "--hidden", "4", "--heads", "2", "--json", "--quiet"];

    [Fact]
    public void Processes_give_the_summary_of_one_and_say_what_they_sent()
    {
        using var folder = new TemporaryFolder();
        var alone = Json(Command.Weft(["train", "karate", "--out", folder.File("alone"), .. Run]));
        Assert.False(alone.TryGetProperty("processes", out _));
        foreach (var (layout, grid) in new (string[], string)[] { (["--processes", "3", "--grid", "1d"], "3x1x1"), (["--grid", "2x2x1", "--partition", "ldg"], "2x2x1"), (["--processes", "4", "--grid", "1.5d:2", "--exchange", "dense"], "2x2x1") })
        {
            var shared = Json(Command.Weft(["train", "karate", "--out", folder.File(string.Join("", layout)), .. layout, .. Run]));
            Assert.Equal(grid, shared.GetProperty("grid").GetString());
            Assert.Equal(grid.Split('x').Aggregate(1, (p, side) => p * int.Parse(side, System.Globalization.CultureInfo.InvariantCulture)), shared.GetProperty("processes").GetInt32());
            Assert.True(shared.GetProperty("words_received").GetInt64() > 0);
            Assert.Equal(shared.GetProperty("words_predicted").GetInt64(), shared.GetProperty("words_received").GetInt64());
            Assert.True(shared.GetProperty("communication_ms_median").GetDouble() >= 0);
            foreach (string key in new[] { "nodes", "edges", "features", "parameters", "best_epoch", "test_accuracy" }) Assert.Equal(alone.GetProperty(key).ToString(), shared.GetProperty(key).ToString());
            Assert.Equal(alone.GetProperty("train_loss").GetDouble(), shared.GetProperty("train_loss").GetDouble(), 1e-4);
        }
    }

    [Fact]
    public void A_run_that_processes_began_goes_on_alone_and_the_other_way_round()
    {
        using var folder = new TemporaryFolder();
        double expected = Json(Command.Weft(["train", "karate", "--out", folder.File("whole"), .. Run])).GetProperty("train_loss").GetDouble();
        foreach (var (first, second) in new (string[], string[])[] { (["--processes", "3"], []), ([], ["--processes", "2"]), (["--processes", "4", "--grid", "2d"], ["--processes", "3"]) })
        {
            string run = folder.File($"run-{first.Length}-{second.Length}");
            Assert.Equal(0, Command.Weft(["train", "karate", "--out", run, .. first, .. Run]).Code);
            // As if it had been stopped half-way: the same run with fewer epochs, asked for more of them.
            var checkpoint = Checkpoint.Load(run)!;
            Assert.Equal(6, checkpoint.Epoch);
            var resumed = Json(Command.Weft(["train", "--resume", run, .. second, "--json", "--quiet"]));
            Assert.Equal(expected, resumed.GetProperty("train_loss").GetDouble(), 1e-4);
            Assert.Equal(6, resumed.GetProperty("epochs").GetInt32());
        }
    }

    [Fact]
    public void A_set_in_parts_is_read_part_by_part_and_gives_the_same_result()
    {
        using var folder = new TemporaryFolder();
        string parts = folder.File("parts");
        var written = Command.Weft("data", "partition", "karate", "--parts", "4", "--out", parts);
        Assert.Equal((0, ""), (written.Code, written.Error));
        Assert.Contains("34 nodes, 156 edges in 4 parts by ldg", written.Output);
        Assert.Matches("edges between parts; a part needs .* rows of others", written.Output);
        double expected = Json(Command.Weft(["train", "karate", "--out", folder.File("alone"), .. Run])).GetProperty("train_loss").GetDouble();
        foreach (int processes in new[] { 1, 2, 3, 4 })
            Assert.Equal(expected, Json(Command.Weft(["train", parts, "--processes", $"{processes}", "--out", folder.File($"on-{processes}"), .. Run])).GetProperty("train_loss").GetDouble(), 1e-4);
        Assert.Equal(expected, Json(Command.Weft(["train", parts, "--out", folder.File("whole"), .. Run])).GetProperty("train_loss").GetDouble(), 1e-4);
    }

    [Fact]
    public void A_generated_graph_has_no_file_and_is_the_same_on_any_number_of_processes()
    {
        using var folder = new TemporaryFolder();
        string[] random = ["rmat-8-6", "--random-features", "5", "--random-classes", "3"];
        double expected = Json(Command.Weft(["train", .. random, "--out", folder.File("alone"), .. Run])).GetProperty("train_loss").GetDouble();
        Assert.Equal(expected, Json(Command.Weft(["train", .. random, "--processes", "3", "--out", folder.File("three"), .. Run])).GetProperty("train_loss").GetDouble(), 1e-4);
        Assert.Contains("scale 40", Command.Weft("train", "rmat-40-6").Error);
    }

    [Theory]
    [InlineData("a grid of 2 × 2 × 1 needs 4 processes, and there are 3", "karate", "--processes", "3", "--grid", "2x2x1")]
    [InlineData("--grid is for several processes: add --processes P", "karate", "--grid", "2d")]
    [InlineData("too many to be played in threads", "karate", "--grid", "4096x4096x4096")]
    [InlineData("there is no grid 'ring'", "karate", "--processes", "3", "--grid", "ring")]
    [InlineData("CAGNET's schemes are there to be compared with", "karate", "--processes", "4", "--grid", "cagnet-2d")]
    [InlineData("C must divide the 4 processes", "karate", "--processes", "4", "--grid", "1.5d:3")]
    [InlineData("--partition is 'best': expected block, random, ldg, metis", "karate", "--partition", "best")]
    [InlineData("is many small graphs", "dictionary-lookup-4", "--processes", "2")]
    [InlineData("--reduction reproducible keeps the order of the nodes", "karate", "--processes", "2", "--reduction", "reproducible", "--partition", "ldg")]
    [InlineData("34 nodes", "karate", "--processes", "40")]
    public void What_is_impossible_is_refused_before_a_file_is_written(string message, params string[] args)
    {
        using var folder = new TemporaryFolder();
        var result = Command.Weft(["train", .. args, "--out", folder.File("run")]);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void What_looks_at_the_whole_graph_is_refused_where_processes_read_parts()
    {
        using var folder = new TemporaryFolder();
        Command.Weft("data", "partition", "karate", "--parts", "2", "--out", folder.File("parts"));
        var result = Command.Weft("train", folder.File("parts"), "--processes", "2", "--undirected", "--out", folder.File("run"));
        Assert.Equal(2, result.Code);
        Assert.Contains("--undirected looks at the whole graph", result.Error);
        Assert.Contains("--parts is missing", Command.Weft("data", "partition", "karate").Error);
        Assert.Contains("expected a folder", Command.Weft("data", "partition", "karate", "--parts", "2", "--out", folder.File("x.npz")).Error);
        Assert.Contains("34 nodes do not make 35 parts", Command.Weft("data", "partition", "karate", "--parts", "35", "--out", folder.File("many")).Error);
    }

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
