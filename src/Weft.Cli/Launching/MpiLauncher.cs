using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Weft.Cli.Launching;

/// <summary>Whose launcher a program is: that decides the words of its command line.</summary>
internal enum LauncherKind
{
    /// <summary>Not known: it is given the number of ranks by -n and nothing else.</summary>
    Plain,

    /// <summary>Open MPI's mpirun.</summary>
    OpenMpi,

    /// <summary>Hydra's mpiexec: MPICH, and those derived from it.</summary>
    Mpich,
}

/// <summary>The program that starts the ranks of a job.</summary>
/// <param name="Path">The program.</param>
/// <param name="Kind">Whose it is.</param>
internal sealed record MpiLauncher(string Path, LauncherKind Kind)
{
    private static readonly string[] Names = ["mpirun", "mpiexec", "mpirun.openmpi", "mpiexec.openmpi", "mpiexec.hydra", "mpirun.mpich", "mpiexec.mpich"];

    private const string Packages = "openmpi-bin and libopenmpi3, or mpich and libmpich12, on Debian and Ubuntu; openmpi or mpich on Fedora; open-mpi or mpich from Homebrew";

    /// <summary>The launcher of this name or path, or the first that this machine has.</summary>
    /// <exception cref="UsageException">There is none; the message says what to install.</exception>
    public static MpiLauncher Find(string? wanted)
    {
        if (wanted is not null)
        {
            string path = Locate(wanted) ?? throw new UsageException($"--launcher is '{wanted}', and there is no such program; expected mpirun, mpiexec or a path to one (packages: {Packages})");
            return new MpiLauncher(path, KindOf(path) ?? throw new UsageException($"--launcher is '{wanted}': {path} does not run with --version; expected the launcher of an MPI library"));
        }
        foreach (string name in Names)
            if (Locate(name) is { } path && KindOf(path) is { } kind) return new MpiLauncher(path, kind);
        throw new UsageException($"no MPI launcher: neither mpirun nor mpiexec is in PATH; install {Packages}, or name one by --launcher PATH ('weft train --processes N' plays the ranks in threads without one)");
    }

    /// <summary>The command line that starts so many ranks of a program.</summary>
    public IEnumerable<string> CommandLine(int ranks, string? hosts, IEnumerable<string> program)
    {
        string count = ranks.ToString(CultureInfo.InvariantCulture);
        IEnumerable<string> options = Kind switch
        {
            // More ranks than cores are allowed, none is tied to one core (its threads would share it), and no rank takes the
            // terminal that it is given for one that understands colours.
            LauncherKind.OpenMpi =>
            [
                .. Environment.IsPrivilegedProcess ? ["--allow-run-as-root"] : Array.Empty<string>(),
                "--oversubscribe", "--bind-to", "none", "-x", "TERM=dumb",
                .. hosts is null ? Array.Empty<string>() : ["--hostfile", hosts],
            ],
            _ => hosts is null ? [] : ["-f", hosts],
        };
        return [Path, .. options, "-n", count, .. program];
    }

    /// <summary>Whose launcher a program with this answer to --version is.</summary>
    public static LauncherKind Recognize(string version) =>
        version.Contains("Open MPI", StringComparison.OrdinalIgnoreCase) || version.Contains("OpenRTE", StringComparison.OrdinalIgnoreCase) ? LauncherKind.OpenMpi
        : version.Contains("HYDRA", StringComparison.OrdinalIgnoreCase) || version.Contains("MPICH", StringComparison.OrdinalIgnoreCase) ? LauncherKind.Mpich
        : LauncherKind.Plain;

    private static LauncherKind? KindOf(string path)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return Recognize(text + error.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string? Locate(string name)
    {
        if (name.Contains(System.IO.Path.DirectorySeparatorChar)) return File.Exists(name) ? System.IO.Path.GetFullPath(name) : null;
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ""] : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => endings.Select(ending => System.IO.Path.Combine(folder, name + ending)))
            .FirstOrDefault(File.Exists);
    }
}
