using System.Globalization;
using System.Text;

namespace Weft.Cli.Launching;

/// <summary>
/// The processes of a job on this machine, found by the mark in their environment: whatever sessions, groups or go-betweens a
/// launcher makes. Linux; elsewhere none is found, and the launcher's own tree of processes stands for the job.
/// </summary>
internal sealed class JobProcesses(string job)
{
    private static readonly string[] RankVariables = ["OMPI_COMM_WORLD_RANK=", "PMI_RANK=", "PMIX_RANK="];

    private readonly byte[] mark = Encoding.UTF8.GetBytes($"{Leash.Variable}={job}");
    private readonly Dictionary<int, int> ranks = [];

    /// <summary>The rank that the launcher gave this process; null if it is none.</summary>
    public static int? RankOfThisProcess =>
        RankVariables.Select(v => Environment.GetEnvironmentVariable(v.TrimEnd('='))).Select(text => Whole(text)).FirstOrDefault(rank => rank is not null);

    /// <summary>Every rank that was seen, by the number of its process.</summary>
    public IReadOnlyDictionary<int, int> Ranks => ranks;

    /// <summary>Processes that live now; notes the ranks among them.</summary>
    public IReadOnlyList<int> Alive()
    {
        var found = new List<int>();
        if (!OperatingSystem.IsLinux()) return found;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (Whole(Path.GetFileName(folder)) is not { } process || process == Environment.ProcessId) continue;
            byte[] environment;
            try
            {
                environment = File.ReadAllBytes(Path.Combine(folder, "environ"));
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // Ended meanwhile, or somebody else's.
                continue;
            }
            if (environment.AsSpan().IndexOf(mark) < 0) continue;
            found.Add(process);
            if (RankIn(environment) is { } rank) ranks[process] = rank;
        }
        return found;
    }

    private static int? RankIn(byte[] environment)
    {
        foreach (string entry in Encoding.UTF8.GetString(environment).Split('\0'))
            foreach (string variable in RankVariables)
                if (entry.StartsWith(variable, StringComparison.Ordinal) && Whole(entry[variable.Length..]) is { } rank) return rank;
        return null;
    }

    private static int? Whole(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
