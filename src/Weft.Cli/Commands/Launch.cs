using System.CommandLine;
using Weft.Cli.Launching;

namespace Weft.Cli.Commands;

/// <summary><c>weft launch</c>: a job of several processes under supervision.</summary>
internal static class Launch
{
    public static Command Create()
    {
        var ranks = Ask.WholeIfGiven("--ranks", "Processes of the job", 1);
        ranks.Aliases.Add("-n");
        var restarts = Ask.Whole("--restarts", "Restarts after a crash or a hang, from the last whole checkpoint", 3, 0);
        var after = Ask.WholeIfGiven("--ranks-after-crash", "Processes of a restart [as many as before]", 1);
        var shrink = Ask.Switch("--shrink", "One process less at each restart");
        var launcher = Ask.Word("--launcher", "mpirun, mpiexec or a path [the first found]", "PROGRAM");
        var hosts = Ask.Word("--hostfile", "The machines, as the launcher reads them [this one]", "FILE");
        var hang = Ask.Number("--hang-timeout", "Seconds without an epoch, at least, before a job is killed and restarted; ten median epochs where that is longer, ten times as long before the first", 60, 0.001, 1e6);
        var grace = Ask.Number("--grace", "Seconds that processes have to save and leave when asked to stop", 30, 0, 1e6);
        var words = new Argument<string[]>("COMMAND") { Description = "After --: the command that each process runs, such as train", Arity = ArgumentArity.OneOrMore };
        var verb = new Verb("launch",
            "Start a job of several processes with the MPI launcher that is there, and watch it: restart it after a crash or a hang, pass on SIGTERM and Ctrl-C.",
            "weft launch -n 4 -- train cora --model gat",
            "weft launch -n 4 --restarts 10 --shrink -- train cora --out runs/cora",
            "weft launch -n 8 --hostfile hosts -- train --resume runs/cora")
        {
            ranks, restarts, after, shrink, launcher, hosts, hang, grace, words,
        };
        verb.Does((parsed, cancellation) =>
        {
            if (parsed.GetValue(after) is not null && parsed.GetValue(shrink)) throw new UsageException("--ranks-after-crash and --shrink both say how many processes a restart has; give one of them");
            var settings = new Supervision
            {
                Ranks = parsed.GetValue(ranks) ?? throw new UsageException("-n is missing: expected the number of processes, as in weft launch -n 4 -- train cora"),
                Restarts = parsed.GetValue(restarts),
                RanksAfterCrash = parsed.GetValue(after),
                Shrink = parsed.GetValue(shrink),
                HangTimeout = TimeSpan.FromSeconds(parsed.GetValue(hang)),
                Grace = TimeSpan.FromSeconds(parsed.GetValue(grace)),
                Hosts = parsed.GetValue(hosts),
            };
            var command = new LaunchedCommand(parsed.GetValue(words)!);
            var error = parsed.InvocationConfiguration.Error;
            using var stream = Console.OpenStandardError();
            return new Supervisor(MpiLauncher.Find(parsed.GetValue(launcher)), command, settings, text => error.WriteLine($"weft launch: {text}")).Run(stream, cancellation);
        });
        return verb;
    }
}
