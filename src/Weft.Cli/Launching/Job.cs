using System.Diagnostics;

namespace Weft.Cli.Launching;

/// <summary>One start of the ranks: the launcher, everything below it, and what is known of how it ended.</summary>
internal sealed class Job : IDisposable
{
    private const int LookEvery = 250;

    // Which Hydra reports by its own exit code, and on standard output, which is passed on unread; no rank exits with these.
    private static readonly int[] DeadlySignals = [4, 6, 7, 8, 9, 11, 15];

    private readonly Process launcher;
    private readonly bool exitCodeIsSignal;
    private readonly JobProcesses processes;
    private readonly LauncherErrors errors;
    private readonly Thread look;
    private readonly Lock gate = new();
    private volatile bool ended;
    private int? firstGone;

    private Job(Process launcher, bool exitCodeIsSignal, JobProcesses processes, Stream error)
    {
        (this.launcher, this.exitCodeIsSignal, this.processes) = (launcher, exitCodeIsSignal, processes);
        errors = new LauncherErrors(launcher.StandardError.BaseStream, error);
        look = new Thread(Look) { IsBackground = true, Name = "look at the ranks" };
        look.Start();
    }

    /// <summary>Starts a launcher's command line. Standard output is passed on as it is, standard error through <paramref name="error"/>, and there is no input.</summary>
    /// <param name="commandLine">The launcher's command line.</param>
    /// <param name="kind">Whose launcher it is.</param>
    /// <param name="error">Takes the job's standard error.</param>
    /// <remarks>The thread that calls this must live as long as the job: the kernel ends the job with it.</remarks>
    public static Job Start(IEnumerable<string> commandLine, LauncherKind kind, Stream error)
    {
        string id = Guid.NewGuid().ToString("N");
        var leashed = Leash.CommandLine(commandLine);
        var start = new ProcessStartInfo(leashed[0], leashed.Skip(1)) { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment[Leash.Variable] = id;
        var launcher = Process.Start(start)!;
        launcher.StandardInput.Close();
        return new Job(launcher, kind == LauncherKind.Mpich, new JobProcesses(id), error);
    }

    /// <summary>The launcher's exit code.</summary>
    public int ExitCode => launcher.ExitCode;

    /// <summary>True if the job ended within this time.</summary>
    public bool WaitForExit(TimeSpan time) => launcher.WaitForExit(time);

    /// <summary>Asks every rank of this machine, once, to save and leave; the launcher where there is none.</summary>
    /// <remarks>Ranks agree at the end of an epoch that one of them was asked, so those of other machines leave with them.</remarks>
    public void AskToLeave()
    {
        if (OperatingSystem.IsWindows())
        {
            Kill();
            return;
        }
        int[] ranks;
        lock (gate) ranks = [.. processes.Alive().Where(processes.Ranks.ContainsKey)];
        foreach (int rank in ranks) Native.Send(rank, Native.SigTerm);
        if (ranks.Length == 0) Native.Send(launcher.Id, Native.SigTerm);
    }

    /// <summary>Kills what is left of the job, and waits until it is gone.</summary>
    public void Kill()
    {
        if (!launcher.HasExited) launcher.Kill(entireProcessTree: true);
        // The launcher may have taken some with it, or started more meanwhile.
        for (int attempt = 0; attempt < 100; attempt++)
        {
            IReadOnlyList<int> left;
            lock (gate) left = processes.Alive();
            if (left.Count == 0) break;
            foreach (int process in left) Native.Send(process, Native.SigKill);
            Thread.Sleep(50);
        }
        launcher.WaitForExit(5000);
    }

    /// <summary>Who failed, and how, in a few words: "rank 2 was killed (signal 9)".</summary>
    public string Cause()
    {
        errors.Finish();
        ended = true;
        look.Join();
        int? rank = errors.Rank ?? firstGone;
        string who = rank is { } number ? FormattableString.Invariant($"rank {number}") : "the job";
        int? killer = errors.Signal ?? (exitCodeIsSignal && DeadlySignals.Contains(ExitCode) ? ExitCode : null);
        return killer is { } signal ? FormattableString.Invariant($"{who} was killed (signal {signal})")
            : FormattableString.Invariant($"{who} failed (exit code {errors.ExitCode ?? ExitCode})");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ended = true;
        Kill();
        errors.Finish();
        look.Join();
        launcher.Dispose();
    }

    // Launchers that do not say which rank fell first kill the others at once: only who waits for all of them sees the order.
    private void Look()
    {
        var watched = new Dictionary<int, int>();
        try
        {
            while (!ended && firstGone is null)
            {
                KeyValuePair<int, int>[] ranks;
                lock (gate)
                {
                    processes.Alive();
                    ranks = [.. processes.Ranks];
                }
                foreach (var (process, rank) in ranks)
                    if (!watched.ContainsValue(rank) && Native.WatchDescriptor(process) is >= 0 and var descriptor) watched.Add(descriptor, rank);
                if (watched.Count == 0) Thread.Sleep(LookEvery);
                else if (Native.FirstReadable([.. watched.Keys], LookEvery) is >= 0 and var at) firstGone = watched.Values.ElementAt(at);
            }
        }
        finally
        {
            foreach (int descriptor in watched.Keys) Native.CloseDescriptor(descriptor);
        }
    }
}
