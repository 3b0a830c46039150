using System.Diagnostics;
using System.Text.Json;
using Weft.Cli.Launching;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

public class LaunchVerbTests
{
    private const string Ranks = """
        rank() { OMPI_COMM_WORLD_RANK=$1 sh -c "$2" & }

        """;

    [Fact]
    public void A_job_that_crashes_goes_on_from_its_checkpoint_with_fewer_ranks_and_ends_as_one_that_did_not()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess("""
            shift 2
            if [ $attempt = 1 ]; then
                "$@" & run=$!
                while [ ! -f "$here/run/checkpoint.safetensors" ]; do sleep 0.02; done
                sleep 0.1; kill -9 $run; wait $run
                echo "mpirun noticed that process rank 2 with PID 0 on node here exited on signal 9 (Killed)." >&2
                exit 137
            fi
            exec "$@"
            """);
        string[] settings = ["citations", "--model", "gcn", "--epochs", "400", "--patience", "0", "--json", "--threads", "1"];
        var result = job.Start(["-n", "3", "--shrink", "--", "train", .. settings, "--out", job.PathOf("run")]).Finish();
        Assert.True(result.Code == 0, result.Error);
        Assert.Matches(@"weft launch: rank 2 was killed \(signal 9\); restarting from epoch [1-9]\d* with 2 ranks, restart 1 of 3\n", result.Error);
        Assert.Equal(2, job.Calls.Length);
        Assert.StartsWith("-n 3 ", job.Calls[0], StringComparison.Ordinal);
        Assert.StartsWith("-n 2 ", job.Calls[1], StringComparison.Ordinal);
        Assert.EndsWith($" train --resume {job.PathOf("run")} --json --threads 1", job.Calls[1], StringComparison.Ordinal);

        using var other = new TemporaryFolder();
        var whole = Command.Weft(["train", .. settings, "--out", other.File("whole")]);
        foreach (string key in new[] { "parameters_sha256", "best_parameters_sha256", "epochs" })
            Assert.Equal(JsonDocument.Parse(whole.Output).RootElement.GetProperty(key).ToString(), JsonDocument.Parse(result.Output).RootElement.GetProperty(key).ToString());
    }

    [Fact]
    public void Every_restart_counts_and_when_all_are_used_up_the_job_has_failed()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess("exit 137");
        var result = job.Start("-n", "2", "--restarts", "2", "--ranks-after-crash", "5", "--", "train", "karate", "--out", job.PathOf("run")).Finish();
        Assert.Equal(1, result.Code);
        Assert.Equal(["-n 2", "-n 5", "-n 5"], job.Calls.Select(call => call[..4]));
        Assert.Contains("the job failed (exit code 137); restarting from the beginning with 5 ranks, restart 2 of 2", result.Error, StringComparison.Ordinal);
        Assert.Contains("all 2 restarts are used up", result.Error, StringComparison.Ordinal);
        Assert.All(job.Calls, call => Assert.EndsWith($"train karate --out {job.PathOf("run")}", call, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("exit 2", 2, 1, "")]
    [InlineData("exit 1", 1, 2, "it failed in the same way before, so it is not restarted")]
    public void What_no_restart_puts_right_is_not_restarted(string script, int code, int starts, string message)
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess(script);
        var result = job.Start("-n", "2", "--", "train", "karate", "--out", job.PathOf("run")).Finish();
        Assert.Equal(code, result.Code);
        Assert.Equal(starts, job.Calls.Length);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_hangs_is_killed_with_all_its_processes_and_restarted()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess("""
            if [ $attempt = 2 ]; then exit 0; fi
            mkdir "$here/run"
            setsid sh -c "trap '' TERM; sleep 1000" &
            note rank $!
            sleep 0.5
            echo '{"epoch":1,"epoch_ms":0.5}' > "$here/run/metrics.jsonl"
            wait
            """);
        var clock = Stopwatch.StartNew();
        var result = job.Start("-n", "2", "--hang-timeout", "1", "--", "train", "karate", "--out", job.PathOf("run")).Finish();
        Assert.Equal(0, result.Code);
        Assert.Matches(@"no epoch ended in 1 s: the job hung and was killed; restarting from the beginning, restart 1 of 3", result.Error);
        Assert.True(job.IsGone("rank"));
        Assert.True(clock.Elapsed.TotalSeconds < 9, "the time before the first epoch was allowed after it");
    }

    [Fact]
    public void Epochs_that_are_long_are_not_taken_for_a_hang()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess("""
            mkdir "$here/run"
            echo '{"epoch":1,"epoch_ms":400,"forward_ms":100}' > "$here/run/metrics.jsonl"
            sleep 3
            """);
        var result = job.Start("-n", "2", "--hang-timeout", "0.2", "--", "train", "karate", "--out", job.PathOf("run")).Finish();
        Assert.True(result.Code == 0, result.Error);
        Assert.Single(job.Calls);
    }

    [Theory]
    [InlineData("-TERM", 143)]
    [InlineData("-INT", 130)]
    public void A_signal_reaches_every_rank_once_and_the_job_leaves_when_they_have_saved(string signal, int code)
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess(Ranks + """
            for i in 0 1; do rank $i "trap 'echo saved $i >> \"$here/notes\"; exit 0' TERM; echo ready $i >> \"$here/notes\"; while :; do sleep 0.1; done"; done
            wait; wait; note over
            """);
        var result = job.Start("-n", "2", "--", "train", "karate", "--out", job.PathOf("run")).Until("ready 0").Until("ready 1").Signal(signal).Finish();
        Assert.True(result.Code == code, $"{result.Code}: {result.Error}");
        Assert.Equal(["over", "ready 0", "ready 1", "saved 0", "saved 1"], job.Notes.Order());
    }

    [Fact]
    public void Ranks_that_do_not_leave_are_killed_when_their_time_is_up()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var job = new LaunchedProcess(Ranks + """
            trap '' TERM
            rank 0 "trap '' TERM; sleep 1000"
            note rank $!
            wait
            """);
        var result = job.Start("-n", "1", "--grace", "0.5", "--", "train", "karate", "--out", job.PathOf("run")).Until("rank " + Last(job, "rank")).Signal("-TERM").Finish();
        Assert.Equal(143, result.Code);
        Assert.Contains("ranks did not leave within 0.5 s and were killed", result.Error, StringComparison.Ordinal);
        Assert.True(job.IsGone("rank"));
    }

    [Fact]
    public void A_supervisor_that_is_killed_takes_the_launcher_with_it()
    {
        if (LaunchedProcess.IsSkipped || !OperatingSystem.IsLinux()) return;
        using var job = new LaunchedProcess("""
            note launcher $$
            note ready
            exec sleep 1000
            """);
        job.Start("-n", "1", "--", "train", "karate", "--out", job.PathOf("run")).Until("ready");
        Assert.False(File.ReadAllText($"/proc/{Last(job, "launcher")}/status").Contains("State:\tZ", StringComparison.Ordinal));
        job.Signal("-KILL");
        Assert.True(job.IsGone("launcher"));
    }

    [Fact]
    public void Where_the_launcher_does_not_say_which_rank_fell_first_the_supervisor_saw_it()
    {
        if (LaunchedProcess.IsSkipped || !OperatingSystem.IsLinux()) return;
        using var job = new LaunchedProcess("""
            for i in 0 1 2; do PMI_RANK=$i sleep 1000 & eval "rank$i=$!"; done
            sleep 1
            kill -9 $rank1; sleep 0.05; kill -9 $rank0 $rank2
            echo "=   PID $rank0 RUNNING AT here"
            echo "YOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)"
            exit 9
            """);
        var result = job.Start("-n", "3", "--restarts", "0", "--", "train", "karate", "--out", job.PathOf("run")).Finish();
        Assert.Equal(1, result.Code);
        Assert.Contains("rank 1 was killed (signal 9); not restarted", result.Error, StringComparison.Ordinal);
        Assert.Contains("RUNNING AT here", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_launcher_the_message_names_packages()
    {
        if (LaunchedProcess.IsSkipped) return;
        using var empty = new TemporaryFolder();
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Weft.Cli.dll"), "launch", "-n", "2", "--", "train", "karate"])
        { RedirectStandardError = true };
        start.Environment["PATH"] = Path.GetDirectoryName(empty.File("x"));
        using var process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(2, process.ExitCode);
        Assert.Contains("openmpi-bin", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("-n is missing", "launch", "--", "train", "karate")]
    [InlineData("--ranks is '0'", "launch", "-n", "0", "--", "train", "karate")]
    [InlineData("unknown option --modl", "launch", "-n", "2", "--", "train", "karate", "--modl", "gcn")]
    [InlineData("--ranks-after-crash and --shrink", "launch", "-n", "2", "--shrink", "--ranks-after-crash", "1", "--", "train", "karate")]
    [InlineData("--launcher is 'no-such-program'", "launch", "-n", "2", "--launcher", "no-such-program", "--", "train", "karate")]
    [InlineData("--runs is '3'", "launch", "-n", "2", "--", "train", "karate", "--runs", "3")]
    public void What_is_wrong_is_found_before_a_rank_is_started(string message, params string[] arguments)
    {
        var result = Command.Weft(arguments);
        Assert.Equal(2, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/community/help/", "OpenMpi")]
    [InlineData("HYDRA build details:\n    Version:                                 4.0.2", "Mpich")]
    [InlineData("Intel(R) MPI Library for Linux* OS, Version 2021.9, HYDRA", "Mpich")]
    [InlineData("srun 23.02", "Plain")]
    public void A_launcher_is_known_by_its_version(string version, string kind) => Assert.Equal(kind, MpiLauncher.Recognize(version).ToString());

    [Fact]
    public void Open_MPI_may_run_more_ranks_than_cores_and_binds_none()
    {
        string line = string.Join(' ', new MpiLauncher("mpirun", LauncherKind.OpenMpi).CommandLine(4, "hosts", ["weft", "train"]));
        Assert.EndsWith("--oversubscribe --bind-to none -x TERM=dumb --hostfile hosts -n 4 weft train", line, StringComparison.Ordinal);
        Assert.Equal(Environment.IsPrivilegedProcess, line.Contains("--allow-run-as-root", StringComparison.Ordinal));
        Assert.Equal("mpiexec -f hosts -n 4 weft train", string.Join(' ', new MpiLauncher("mpiexec", LauncherKind.Mpich).CommandLine(4, "hosts", ["weft", "train"])));
    }

    [Theory]
    [InlineData("mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).", 1, 9, null)]
    [InlineData("MPI_ABORT was invoked on rank 3 in communicator MPI_COMM_WORLD\nwith errorcode 70.", 3, null, 70)]
    [InlineData("  Process name: [[51234,1],2]\n  Exit code:    70", 2, null, 70)]
    [InlineData("application called MPI_Abort(MPI_COMM_WORLD, 70) - process 1", 1, null, 70)]
    [InlineData("=   EXIT CODE: 9\nYOUR APPLICATION TERMINATED WITH THE EXIT STRING: Killed (signal 9)", null, 9, 9)]
    [InlineData("epoch 12 loss 0.5", null, null, null)]
    public void What_launchers_say_of_a_rank_is_understood(string text, int? rank, int? signal, int? exitCode)
    {
        using var passedOn = new MemoryStream();
        byte[] bytes = [.. (text + "\n").Select(c => (byte)c)];
        var errors = new LauncherErrors(new MemoryStream(bytes), passedOn);
        errors.Finish();
        Assert.Equal((rank, signal, exitCode), (errors.Rank, errors.Signal, errors.ExitCode));
        Assert.Equal(bytes, passedOn.ToArray());
    }

    private static string Last(LaunchedProcess job, string word)
    {
        for (int i = 0; i < 200; i++, Thread.Sleep(50))
            if (job.Notes.LastOrDefault(n => n.StartsWith(word + " ", StringComparison.Ordinal)) is { } note) return note.Split(' ')[1];
        throw new InvalidOperationException($"no {word} was noted");
    }
}
