using System.Diagnostics;
using System.Text.Json;
using Weft.Distributed.Planning;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class PlanGridTests
{
    private static readonly string[] Survey =
        ["plan", "--nodes", "1e9", "--edges", "31000000000", "--features", "512", "--classes", "512", "--model", "gcn", "--layers", "5", "--hidden", "512",
         "--processes", "1024", "--alpha", "2e-6", "--beta", "1.6e-10", "--gamma-sparse", "1e-11", "--gamma-dense", "1e-12", "--calibration", "none"];

    [Fact]
    public void A_plan_for_many_processes_names_the_grid_of_the_first_candidate_that_fits()
    {
        var plan = Json(Command.Weft([.. Survey, "--memory", "600GB", "--explain", "--json"]));
        var candidates = plan.GetProperty("candidates").EnumerateArray().ToArray();
        var first = candidates.First(c => c.GetProperty("scheme").GetString() == "weft" && c.GetProperty("fits").GetBoolean());
        foreach (string key in new[] { "grid", "words_received", "messages", "memory_mb", "step_ms" })
            Assert.Equal(first.GetProperty(key).ToString(), plan.GetProperty(key).ToString());
        Assert.All(candidates, c => Assert.Equal(c.GetProperty("memory_mb").GetDouble() <= plan.GetProperty("memory_limit_mb").GetDouble(), c.GetProperty("fits").GetBoolean()));
        double[] seconds = [.. candidates.Where(c => c.GetProperty("fits").GetBoolean()).Select(c => c.GetProperty("step_ms").GetDouble())];
        Assert.Equal(seconds.Order(), seconds);
        Assert.Contains(candidates, c => c.GetProperty("scheme").GetString() == "cagnet" && c.GetProperty("family").GetString() == "3D");
        Assert.Equal(2e-6, plan.GetProperty("calibration").GetProperty("alpha_between").GetDouble());
    }

    [Fact]
    public void The_table_has_every_candidate_and_fits_eighty_columns()
    {
        var plan = Command.Weft([.. Survey, "--memory", "600GB", "--explain"]);
        Assert.True(plan.Code == 0, plan.Error);
        var candidates = Json(Command.Weft([.. Survey, "--explain", "--json"])).GetProperty("candidates").EnumerateArray().Select(c => c.GetProperty("grid").GetString()!).ToArray();
        string[] lines = plan.Output.Split('\n');
        foreach (string grid in candidates) Assert.Contains(lines, line => line.TrimStart('*', ' ').StartsWith(grid + " ", StringComparison.Ordinal));
        int table = Array.FindIndex(lines, line => line.StartsWith("grid  ", StringComparison.Ordinal));
        Assert.All(lines[table..], line => Assert.True(line.Length <= 115, line));
        Assert.All(lines[table..^4], line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Fact]
    public void A_graph_that_is_there_has_its_halos_counted()
    {
        var candidates = Json(Command.Weft("plan", "citations", "--model", "gat", "--processes", "4", "--explain", "--json", "--calibration", "none")).GetProperty("candidates").EnumerateArray().ToArray();
        foreach (var halo in candidates.Where(c => c.GetProperty("exchange").GetString() == "halo"))
        {
            var dense = candidates.Single(c => c.GetProperty("exchange").GetString() == "dense" && c.GetProperty("grid").GetString() == halo.GetProperty("grid").GetString());
            Assert.True(halo.GetProperty("words_received").GetInt64() <= dense.GetProperty("words_received").GetInt64());
        }
        Assert.Equal(candidates.Length / 2, candidates.Count(c => c.GetProperty("exchange").GetString() == "halo"));
    }

    [Fact]
    public void Costs_that_were_measured_are_used_by_later_plans()
    {
        // In a process of its own: where costs are kept is said by an environment variable.
        if (LaunchedProcess.IsSkipped) return;
        using var folder = new TemporaryFolder();
        var measured = Json(Run(folder, "plan", "--calibrate", "--processes", "3", "--json"));
        Assert.StartsWith(folder.Path, measured.GetProperty("file").GetString(), StringComparison.Ordinal);
        var plan = Json(Run(folder, "plan", "karate", "--model", "gcn", "--processes", "3", "--json"));
        foreach (string key in new[] { "alpha_within", "beta_within", "gamma_sparse", "gamma_dense" })
            Assert.Equal(measured.GetProperty(key).GetDouble(), plan.GetProperty("calibration").GetProperty(key).GetDouble());
        Assert.Equal(3, plan.GetProperty("ranks_per_node").GetInt32());
        var otherwise = Json(Run(folder, "plan", "karate", "--model", "gcn", "--processes", "3", "--json", "--calibration", "none"));
        Assert.Equal(Calibration.Default.AlphaWithin, otherwise.GetProperty("calibration").GetProperty("alpha_within").GetDouble());
    }

    [Theory]
    [InlineData("--memory is for a plan of several processes", "plan", "karate", "--memory", "1GB")]
    [InlineData("--memory is '12'", "plan", "karate", "--processes", "2", "--memory", "12")]
    [InlineData("--memory is '0GB'", "plan", "karate", "--processes", "2", "--memory", "0GB")]
    [InlineData("no grid of 2 processes fits in 0 GB a process: the leanest takes 0.07 GB", "plan", "karate", "--processes", "2", "--memory", "1KB", "--calibration", "none")]
    [InlineData("35 processes for 34 nodes", "plan", "karate", "--processes", "35")]
    [InlineData("--alpha is '0'", "plan", "karate", "--processes", "2", "--alpha", "0")]
    [InlineData("--edges is '3.5e0'", "plan", "--nodes", "5", "--edges", "3.5e0", "--features", "3", "--classes", "2")]
    public void What_is_wrong_is_named(string message, params string[] arguments)
    {
        var result = Command.Weft(arguments);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    private static CommandResult Run(TemporaryFolder cache, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Weft.Cli.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_CACHE_HOME"] = cache.Path;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output, error.Result);
    }

    private static JsonElement Json(CommandResult result)
    {
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
