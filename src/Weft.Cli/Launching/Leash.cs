using System.Globalization;

namespace Weft.Cli.Launching;

/// <summary>
/// Keeps a job from outliving its supervisor. The launcher is started through this program itself, which takes a session of its
/// own (Ctrl-C then reaches the supervisor alone, which passes it on once) and asks the kernel to be killed with the supervisor;
/// each rank asks to be killed with its launcher.
/// </summary>
internal static class Leash
{
    /// <summary>First word of the command line by which this program starts a launcher; no word for people.</summary>
    public const string Word = "--on-a-leash";

    /// <summary>Environment variable that marks every process of a supervised job; its value names the job.</summary>
    public const string Variable = "WEFT_LAUNCHED_JOB";

    /// <summary>The command line that starts a launcher on the leash of this process.</summary>
    public static IReadOnlyList<string> CommandLine(IEnumerable<string> launcher) => OperatingSystem.IsWindows()
        ? [.. launcher]
        : [.. ThisProgram.Command, Word, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), .. launcher];

    /// <summary>
    /// The first thing that the program does. Does not return if the command line is one of <see cref="CommandLine"/>; ties a rank
    /// of a supervised job to its launcher.
    /// </summary>
    /// <returns>The exit code, if the launcher cannot be started; null to go on.</returns>
    public static int? Enter(string[] args)
    {
        if (OperatingSystem.IsWindows()) return null;
        if (args is [Word, var supervisor, .. var launcher] && launcher.Length > 0)
        {
            Native.DieWithParent();
            // The supervisor may have ended before the kernel was asked.
            if (Native.Parent.ToString(CultureInfo.InvariantCulture) != supervisor) return WorkFailedException.ExitCode;
            Native.BecomeInOwnSession(launcher);
            Console.Error.WriteLine($"error: {launcher[0]} cannot be run");
            return UsageException.ExitCode;
        }
        if (JobProcesses.RankOfThisProcess is not null && Environment.GetEnvironmentVariable(Variable) is not null) Native.DieWithParent();
        return null;
    }
}
