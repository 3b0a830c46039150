using System.Diagnostics;
using Weft.Cli;
using Weft.Cli.Launching;

namespace Weft.Tests.Mpi;

/// <summary>A job of this assembly's own program, started by a launcher of MPI and killed, with all that it started, when it takes too long.</summary>
/// <param name="ExitCode">The launcher's.</param>
/// <param name="Output">What the ranks and the launcher wrote, both streams.</param>
/// <param name="Elapsed">How long it took.</param>
internal sealed record MpiJob(int ExitCode, string Output, TimeSpan Elapsed)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(180);

    private static readonly Lazy<Dictionary<LauncherKind, MpiLauncher>> Found = new(() =>
    {
        var found = new Dictionary<LauncherKind, MpiLauncher>();
        foreach (string name in new[] { "mpirun", "mpiexec", "mpirun.openmpi", "mpiexec.mpich", "mpiexec.hydra" })
            try
            {
                var launcher = MpiLauncher.Find(name);
                found.TryAdd(launcher.Kind, launcher);
            }
            catch (UsageException)
            {
                // Not on this machine.
            }
        return found;
    });

    /// <summary>The launcher of a library, if this machine has it; else says so.</summary>
    public static MpiLauncher? Launcher(LauncherKind kind)
    {
        if (Found.Value.TryGetValue(kind, out var launcher)) return launcher;
        Console.WriteLine($"skipped: there is no launcher of {kind}, so nothing was tested with it");
        return null;
    }

    public static MpiJob Run(MpiLauncher launcher, int ranks, string[] arguments, params (string Name, string Value)[] variables) =>
        Start([.. launcher.CommandLine(ranks, hosts: null, Program(arguments))], variables);

    /// <summary>The program without a launcher.</summary>
    public static MpiJob Alone(string[] arguments, params (string Name, string Value)[] variables) => Start([.. Program(arguments)], variables);

    private static IEnumerable<string> Program(string[] arguments)
    {
        // The tests' own host may be any program; `dotnet` lies three folders above the framework.
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        return [Path.Combine(root, "dotnet"), "exec", typeof(MpiJob).Assembly.Location, MpiTier.Argument, .. arguments];
    }

    private static MpiJob Start(string[] commandLine, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(commandLine[0], commandLine[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        long began = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        bool ended = process.WaitForExit(Longest);
        if (!ended) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        string text = output.Result + errors.Result;
        Assert.True(ended, $"{string.Join(' ', commandLine)} did not end within {Longest.TotalSeconds} s:\n{text}");
        return new MpiJob(process.ExitCode, text, Stopwatch.GetElapsedTime(began));
    }
}
