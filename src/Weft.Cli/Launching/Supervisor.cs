using System.Globalization;

namespace Weft.Cli.Launching;

/// <summary>How a job is supervised.</summary>
internal sealed record Supervision
{
    /// <summary>Ranks of the first start.</summary>
    public required int Ranks { get; init; }

    /// <summary>Most restarts after a crash or a hang.</summary>
    public int Restarts { get; init; }

    /// <summary>Ranks of a restart; null for as many as before.</summary>
    public int? RanksAfterCrash { get; init; }

    /// <summary>One rank less at each restart.</summary>
    public bool Shrink { get; init; }

    /// <summary>Least time without an epoch before a job is held to hang.</summary>
    public TimeSpan HangTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time that ranks have to save and leave before they are killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>File with the machines; null for this one.</summary>
    public string? Hosts { get; init; }
}

/// <summary>Starts a job, watches it, and starts it again from its last whole checkpoint after a crash or a hang.</summary>
internal sealed class Supervisor(MpiLauncher launcher, LaunchedCommand command, Supervision settings, Action<string> say)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private enum End
    {
        Done,
        Failed,
        Hung,
        Stopped,
    }

    /// <summary>Runs the job to its end.</summary>
    /// <returns>0 done, 1 failed for good, 2 the command was wrong.</returns>
    /// <exception cref="OperationCanceledException">Somebody asked to stop; the ranks have saved and left, or were killed.</exception>
    public int Run(Stream error, CancellationToken cancellation)
    {
        int ranks = settings.Ranks;
        (int Code, int? Epochs)? before = null;
        for (int restart = 0; ; restart++)
        {
            cancellation.ThrowIfCancellationRequested();
            IEnumerable<string> words = restart == 0 ? command.First : command.Again(ranks == settings.Ranks);
            using var job = Job.Start(launcher.CommandLine(ranks, settings.Hosts, ThisProgram.Command.Concat(words)), launcher.Kind, error);
            var (end, what) = Watch(job, cancellation);
            if (end == End.Done) return 0;
            cancellation.ThrowIfCancellationRequested();
            // What is wrong with the command, or fails by itself in the same way twice, no restart puts right.
            if (end == End.Failed && job.ExitCode == UsageException.ExitCode) return UsageException.ExitCode;
            var now = (end == End.Failed ? job.ExitCode : 0, command.SavedEpochs);
            if (command.Folder is null || settings.Restarts == 0 || (now.Item1 == WorkFailedException.ExitCode && before == now))
            {
                say($"{what}; {(before == now ? "it failed in the same way before, so it is not restarted" : "not restarted")}{HowToGoOn()}");
                return WorkFailedException.ExitCode;
            }
            if (restart == settings.Restarts)
            {
                say($"{what}; {Times(restart)} are used up{HowToGoOn()}");
                return WorkFailedException.ExitCode;
            }
            before = now;
            ranks = settings.RanksAfterCrash ?? (settings.Shrink ? Math.Max(1, ranks - 1) : ranks);
            say(string.Create(CultureInfo.InvariantCulture,
                $"{what}; restarting from {(now.SavedEpochs is { } epoch ? $"epoch {epoch}" : "the beginning")}{(ranks == settings.Ranks ? "" : $" with {ranks} {(ranks == 1 ? "rank" : "ranks")}")}, restart {restart + 1} of {settings.Restarts}"));
        }
    }

    private (End End, string What) Watch(Job job, CancellationToken cancellation)
    {
        var watch = command.Folder is null ? null : new EpochWatch(command.Folder, settings.HangTimeout);
        while (!job.WaitForExit(Tick))
        {
            if (cancellation.IsCancellationRequested)
            {
                job.AskToLeave();
                if (job.WaitForExit(settings.Grace)) return (job.ExitCode == 0 ? End.Done : End.Stopped, "");
                say(string.Create(CultureInfo.InvariantCulture, $"ranks did not leave within {settings.Grace.TotalSeconds:0.#} s and were killed{HowToGoOn()}"));
                job.Kill();
                return (End.Stopped, "");
            }
            if (watch?.Hanging() is { } waited)
            {
                job.Kill();
                return (End.Hung, string.Create(CultureInfo.InvariantCulture, $"no epoch ended in {waited.TotalSeconds:0} s: the job hung and was killed"));
            }
        }
        return job.ExitCode == 0 ? (End.Done, "") : (End.Failed, job.Cause());
    }

    private string HowToGoOn() =>
        command.SavedEpochs is { } epoch ? string.Create(CultureInfo.InvariantCulture, $"; epoch {epoch} is saved, go on with: weft launch -n {settings.Ranks} -- train --resume {command.Folder}") : "";

    private static string Times(int restarts) => restarts == 1 ? "the one restart" : string.Create(CultureInfo.InvariantCulture, $"all {restarts} restarts");
}
