using System.Security.Cryptography;
using System.Text;
using Weft.Datasets;
using Weft.Distributed.Planning;
using Weft.Memory;

namespace Weft.Training;

/// <summary>Calibrations that were measured, in a folder of the user's: one for each set of machines, library and number of processes.</summary>
/// <param name="folder">The folder.</param>
internal sealed class CalibrationFiles(string folder)
{
    /// <summary>The folder beside that of fetched sets.</summary>
    public static CalibrationFiles Default { get; } = new(Path.Combine(Path.GetDirectoryName(DatasetFolders.Default.Cache)!, "calibration"));

    /// <summary>Keeps a calibration, in the place of an earlier one of the same machines, library, number of processes and precision.</summary>
    /// <returns>The file.</returns>
    public string Save(Calibration calibration)
    {
        Directory.CreateDirectory(folder);
        string path = PathOf(calibration.Hosts ?? [], calibration.Library ?? "", calibration.Processes ?? 1);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(calibration.ToJson() + "\n")));
        return path;
    }

    /// <summary>The calibration of these machines, library and number of processes; null if there is none.</summary>
    public Calibration? Find(IEnumerable<string> hosts, string library, int processes) =>
        PathOf(hosts, library, processes) is var path && File.Exists(path) ? Read(path) : null;

    /// <summary>The newest calibration with so many processes, else the newest of any; null if there is none.</summary>
    public Calibration? Newest(int processes) => NewestFirst().OrderBy(c => c.Processes == processes ? 0 : 1).FirstOrDefault();

    /// <summary>The newest calibration of these machines with so many processes, whatever library carried the messages; null if there is none.</summary>
    public Calibration? Newest(IReadOnlyList<string> hosts, int processes) =>
        NewestFirst().FirstOrDefault(c => c.Processes == processes && (c.Hosts ?? []).Order(StringComparer.Ordinal).SequenceEqual(hosts.Order(StringComparer.Ordinal)));

    private IEnumerable<Calibration> NewestFirst() => !Directory.Exists(folder) ? []
        : new DirectoryInfo(folder).EnumerateFiles("*.json").OrderByDescending(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal)
            .Select(f => Read(f.FullName)).Where(c => c.Precision == sizeof(Real) * 8);

    /// <summary>Reads a file.</summary>
    /// <exception cref="DataFormatException">It is no calibration.</exception>
    public static Calibration Read(string path)
    {
        try
        {
            return Calibration.FromJson(File.ReadAllText(path));
        }
        catch (FormatException problem)
        {
            throw new DataFormatException(path, "", problem.Message.TrimEnd('.'), "a calibration as weft plan --calibrate writes it; delete the file, or measure again", problem);
        }
    }

    private string PathOf(IEnumerable<string> hosts, string library, int processes)
    {
        string key = string.Join('\n', [.. hosts.Order(StringComparer.Ordinal), library, FormattableString.Invariant($"{processes} {sizeof(Real) * 8}")]);
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..16] + ".json");
    }
}
