using System.Diagnostics;
using System.Text.Json;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Cli;

/// <summary>
/// Runs of the command in a process of its own, killed without warning and resumed. In single precision only: it takes many
/// starts of a process, and what is under test does not depend on the precision.
/// </summary>
public class KillAndResumeTests
{
    private const int Kills = 20, Epochs = 60;

    private static readonly string[] Settings =
        ["citations", "--model", "gcn", "--dropout", "0.5", "--epochs", $"{Epochs}", "--patience", "0", "--seed", "3", "--json"];

    private static bool IsDouble => sizeof(Real) == 8;

    [Fact]
    public void A_run_killed_at_twenty_random_moments_and_resumed_ends_with_the_same_bits_on_any_number_of_threads()
    {
        if (IsDouble) return;
        using var temporary = new TemporaryFolder();
        var whole = Enumerable.Range(1, 3).Select(threads => Finish(["train", .. Settings, "--threads", $"{threads}", "--out", temporary.File($"whole-{threads}")])).ToArray();
        Assert.All(whole, run => Assert.Equal(Digests(whole[0]), Digests(run)));
        string[] expected = [.. File.ReadLines(temporary.File("whole-1/metrics.jsonl")).Select(WithoutTimes)];
        Assert.Equal(Epochs, expected.Length);
        double milliseconds = 1000 * whole.Max(run => run.GetProperty("wall_s").GetDouble());

        var random = new Random(20);
        int killed = 0, killedWithCheckpoint = 0;
        for (int chain = 0; killed < Kills; chain++)
        {
            string folder = temporary.File($"killed-{chain}");
            JsonElement? summary = null;
            while (summary is null)
            {
                string threads = $"{1 + random.Next(3)}";
                string[] args = File.Exists(Path.Combine(folder, "config.json"))
                    ? ["train", "--resume", folder, "--json", "--threads", threads]
                    : ["train", .. Settings, "--threads", threads, "--out", folder];
                summary = killed < Kills ? Kill(args, random.NextDouble() * milliseconds) : Finish(args);
                if (summary is not null) break;
                killed++;
                if (File.Exists(Path.Combine(folder, Checkpoint.FileName))) killedWithCheckpoint++;
            }
            Assert.Equal(Digests(whole[0]), Digests(summary.Value));
            Assert.Equal(expected, File.ReadLines(Path.Combine(folder, "metrics.jsonl")).Select(WithoutTimes));
        }
        // Kills before the first epoch prove nothing about checkpoints.
        Assert.True(killedWithCheckpoint >= Kills / 2, $"{killedWithCheckpoint} of {killed} kills came after the first checkpoint");
    }

    [Theory]
    [InlineData("-INT", 130)]
    [InlineData("-TERM", 143)]
    [InlineData("-TERM", 143, "--processes", "3")]
    public void A_signal_leaves_a_checkpoint_and_says_how_to_go_on(string signal, int code, params string[] processes)
    {
        if (IsDouble || OperatingSystem.IsWindows()) return;
        using var temporary = new TemporaryFolder();
        string folder = temporary.File("run");
        using var child = Start(["train", "citations", "--model", "gcn", "--epochs", "1000000", "--patience", "0", "--out", folder, .. processes], checkpointSeconds: "10");
        // A child that does not hear the signal (a shell's background job ignores SIGINT, and so do its children) must not hold up the tests.
        using var limit = new Timer(_ => child.Kill(), null, 60_000, Timeout.Infinite);
        string said = child.StandardOutput.ReadLine()!;
        using (var kill = Process.Start("kill", [signal, $"{child.Id}"])) kill.WaitForExit();
        said += child.StandardOutput.ReadToEnd();
        Assert.True(child.WaitForExit(60_000));
        Assert.Equal(code, child.ExitCode);
        Assert.Contains($"weft train --resume {folder}", said, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, Checkpoint.FileName)));
        Assert.False(File.Exists(RunFolder.ModelFileOf(folder)));
    }

    private static Process Start(string[] args, string checkpointSeconds)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Weft.Cli.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[RunFolder.CheckpointSecondsVariable] = checkpointSeconds;
        return Process.Start(start)!;
    }

    private static JsonElement Finish(string[] args)
    {
        using var child = Start(args, "0");
        var error = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"exit code {child.ExitCode}: {error.Result}");
        return JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
    }

    // The moment counts from the line that training begins with; a run that ends sooner gives its summary.
    private static JsonElement? Kill(string[] args, double milliseconds)
    {
        using var child = Start(args, "0");
        Assert.NotNull(child.StandardError.ReadLine());
        var (error, output) = (child.StandardError.ReadToEndAsync(), child.StandardOutput.ReadToEndAsync());
        if (!child.WaitForExit((int)milliseconds))
        {
            child.Kill();
            child.WaitForExit();
        }
        string text = output.Result;
        // A run may end between the last look and the kill: what it printed before counts.
        if (text.Length == 0)
        {
            Assert.True(child.ExitCode != 0);
            Assert.DoesNotContain("error:", error.Result, StringComparison.Ordinal);
            return null;
        }
        return JsonDocument.Parse(text).RootElement;
    }

    private static string Digests(JsonElement summary) => $"{summary.GetProperty("parameters_sha256")} {summary.GetProperty("best_parameters_sha256")}";

    private static string WithoutTimes(string line)
    {
        using var epoch = JsonDocument.Parse(line);
        return string.Join(' ', epoch.RootElement.EnumerateObject().Where(p => !p.Name.EndsWith("_ms", StringComparison.Ordinal)).Select(p => $"{p.Name}={p.Value.GetRawText()}"));
    }
}
