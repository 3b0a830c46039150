using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Weft.Cli.Launching;
using Weft.Tests.Cli;
using Weft.Tests.Datasets;
using Weft.Training;

namespace Weft.Tests.Mpi;

/// <summary>
/// Runs of the command on real ranks of both libraries, as a user starts them, and what happens to them. In single precision
/// only: what is under test does not depend on the precision.
/// </summary>
public class MpiTrainTests
{
    private const int Kills = 20;

    public static TheoryData<string> Libraries => ["OpenMpi", "Mpich"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Curves_on_pubmed_are_those_of_one_process(string library)
    {
        if (Skipped(library) is not { } launcher || RealData.Find("pubmed.npz") is null) return;
        using var folder = new Weft.Tests.Training.TemporaryFolder();
        foreach (string[] run in new string[][] { ["--model", "gcn"], ["--model", "gatv2", "--hidden", "4", "--heads", "2"] })
        {
            string name = run[1];
            string[] settings = ["train", "pubmed", .. run, "--epochs", "100", "--patience", "0", "--quiet", "--json"];
            var alone = Command.Weft([.. settings, "--out", folder.File($"{name}-alone")]);
            Assert.True(alone.Code == 0, alone.Error);
            var shared = Weft(["launch", "--launcher", launcher.Path, "-n", "4", "--", .. settings, "--out", folder.File($"{name}-shared")]);
            Assert.True(shared.Code == 0, shared.Error);
            double[] expected = Losses(folder.File($"{name}-alone")), found = Losses(folder.File($"{name}-shared"));
            Assert.Equal(100, found.Length);
            for (int e = 0; e < 100; e++) Assert.Equal(expected[e], found[e], e < 20 ? 1e-4 : 1e-3);
            Assert.Equal(Number(alone.Output, "test_accuracy"), Number(shared.Output, "test_accuracy"), 0.01);
            Assert.Equal(Number(shared.Output, "words_predicted"), Number(shared.Output, "words_received"));
        }
    }

    [Fact]
    public void Threads_and_both_libraries_end_at_the_same_bits()
    {
        if (IsDouble) return;
        using var folder = new Weft.Tests.Training.TemporaryFolder();
        string[] settings = ["train", "citations", "--model", "gat", "--epochs", "10", "--grid", "2x2x1", "--partition", "ldg", "--quiet", "--json"];
        var threads = Command.Weft([.. settings, "--out", folder.File("threads")]);
        Assert.True(threads.Code == 0, threads.Error);
        foreach (string library in new[] { "OpenMpi", "Mpich" })
        {
            if (Skipped(library) is not { } launcher) continue;
            var ranks = Weft(["launch", "--launcher", launcher.Path, "-n", "4", "--", .. settings, "--out", folder.File(library)]);
            Assert.True(ranks.Code == 0, ranks.Error);
            Assert.Equal(Text(threads.Output, "parameters_sha256"), Text(ranks.Output, "parameters_sha256"));
        }
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public async Task A_job_whose_ranks_are_killed_again_and_again_ends_where_it_would_have(string library)
    {
        if (Skipped(library) is not { } launcher) return;
        using var folder = new Weft.Tests.Training.TemporaryFolder();
        string[] settings = ["train", "citations", "--model", "gcn", "--epochs", "400", "--patience", "0", "--quiet", "--json"];
        var whole = Command.Weft([.. settings, "--processes", "3", "--out", folder.File("whole")]);
        Assert.True(whole.Code == 0, whole.Error);

        string run = folder.File("killed");
        using var job = Start(["launch", "--launcher", launcher.Path, "-n", "3", "--restarts", "30", "--", .. settings, "--out", run]);
        var (output, error) = (job.StandardOutput.ReadToEndAsync(), job.StandardError.ReadToEndAsync());
        var random = new Random(library.Length);
        int kills = library == "OpenMpi" ? Kills : Kills / 2;
        for (int killed = 0; killed < kills && !job.HasExited;)
        {
            // A random moment: from before MPI has started to well into the epochs.
            Thread.Sleep(random.Next(4000));
            int[] ranks = RanksOf(run);
            if (ranks.Length < 3 || Epochs(run) > 390) continue;
            using var kill = Process.Start("kill", ["-9", $"{ranks[random.Next(ranks.Length)]}"]);
            kill.WaitForExit();
            killed++;
        }
        Assert.True(job.WaitForExit(180_000), "the job did not end");
        string said = await error;
        Assert.True(job.ExitCode == 0, said);
        Assert.Contains("weft launch: rank ", said);
        Assert.Matches("rank [0-2] .*(signal 9|killed)", said);
        Assert.Equal(Text(whole.Output, "parameters_sha256"), Text((await output).TrimEnd().Split('\n')[^1], "parameters_sha256"));
        Assert.Empty(RanksOf(run));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public async Task A_job_that_is_asked_to_stop_saves_and_goes_on_with_other_numbers_of_ranks(string library)
    {
        if (Skipped(library) is not { } launcher) return;
        using var folder = new Weft.Tests.Training.TemporaryFolder();
        string[] settings = ["train", "citations", "--model", "gcn", "--epochs", "300", "--patience", "0", "--quiet", "--json"];
        double expected = Number(Command.Weft([.. settings, "--out", folder.File("alone")]).Output, "train_loss");
        string run = folder.File("stopped");
        string[] begin = [.. settings, "--out", run], go = ["train", "--resume", run, "--quiet", "--json"];
        foreach (int ranks in new[] { 4, 3, 2 })
        {
            int before = Epochs(run);
            using var job = Start(["launch", "--launcher", launcher.Path, "-n", $"{ranks}", "--", .. before == 0 ? begin : go]);
            var (output, error) = (job.StandardOutput.ReadToEndAsync(), job.StandardError.ReadToEndAsync());
            for (int i = 0; i < 1200 && Epochs(run) < before + 20 && !job.HasExited; i++) Thread.Sleep(25);
            using (var kill = Process.Start("kill", ["-TERM", $"{job.Id}"])) kill.WaitForExit();
            Assert.True(job.WaitForExit(60_000), "the job did not end");
            Assert.True(job.ExitCode == 143, $"exit code {job.ExitCode}: {await error} {await output}");
            Assert.True(Checkpoint.Load(run)!.Epoch >= before + 20);
        }
        var last = Weft(["launch", "--launcher", launcher.Path, "-n", "6", "--", .. go]);
        Assert.True(last.Code == 0, last.Error);
        Assert.Equal(expected, Number(last.Output, "train_loss"), 1e-3);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Bad_input_is_one_clear_error_of_the_first_rank(string library)
    {
        if (Skipped(library) is not { } launcher) return;
        using var folder = new Weft.Tests.Training.TemporaryFolder();
        var missing = Weft(["launch", "--launcher", launcher.Path, "-n", "3", "--", "train", folder.File("nothing.npz")]);
        Assert.Equal(2, missing.Code);
        // On a machine that is busy with other work, ranks may say the same before the first has ended them.
        Assert.Single(missing.Error.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).Distinct());
        Assert.Contains("there is no such file", missing.Error);
        var whole = Weft(["launch", "--launcher", launcher.Path, "-n", "2", "--", "evaluate", folder.File("run")]);
        Assert.NotEqual(0, whole.Code);
        Assert.Contains("works on one process", whole.Error);
    }

    private static bool IsDouble => sizeof(Real) == 8;

    private static MpiLauncher? Skipped(string library) =>
        IsDouble || OperatingSystem.IsWindows() ? null : MpiJob.Launcher(Enum.Parse<LauncherKind>(library));

    private static Process Start(string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Weft.Cli.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["WEFT_CHECKPOINT_SECONDS"] = "0";
        return Process.Start(start)!;
    }

    private static CommandResult Weft(string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(120_000), $"{string.Join(' ', args)} did not end");
        return new CommandResult(process.ExitCode, output.TrimEnd().Split('\n')[^1], error.Result);
    }

    // Processes of a run that a launcher has started: it tells each its rank.
    private static int[] RanksOf(string run) => [.. Process.GetProcesses().Where(p =>
    {
        try
        {
            return File.ReadAllText($"/proc/{p.Id}/cmdline").Contains(run, StringComparison.Ordinal)
                && File.ReadAllText($"/proc/{p.Id}/environ").Split('\0').Any(v => v.StartsWith("OMPI_COMM_WORLD_RANK=", StringComparison.Ordinal) || v.StartsWith("PMI_RANK=", StringComparison.Ordinal));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }).Select(p => p.Id).Order()];

    private static int Epochs(string run) => File.Exists(Path.Combine(run, "metrics.jsonl")) ? Losses(run).Length : 0;

    // The last line may be half written.
    private static double[] Losses(string run)
    {
        using var stream = new FileStream(Path.Combine(run, "metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement.GetProperty("train_loss").GetDouble())];
    }

    private static double Number(string json, string key) => double.Parse(Text(json, key), CultureInfo.InvariantCulture);

    private static string Text(string json, string key) => JsonDocument.Parse(json).RootElement.GetProperty(key).ToString();
}
