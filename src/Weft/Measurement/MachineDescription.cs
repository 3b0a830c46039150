using System.Globalization;
using System.Runtime.InteropServices;
using Weft.Kernels;

namespace Weft.Measurement;

/// <summary>The machine and the program that figures of speed belong to. What cannot be read here is null.</summary>
/// <param name="Processor">The processor's name for itself.</param>
/// <param name="Architecture">X64, Arm64, …</param>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="VectorBits">Width of the widest vectors that kernels use.</param>
/// <param name="Caches">Caches of the first core, from the nearest: level, kind and size, such as "L1 data 32K".</param>
/// <param name="MemoryMegabytes">Memory that this process may use, in MB of 2²⁰ bytes.</param>
/// <param name="OperatingSystem">Name and version.</param>
/// <param name="Runtime">The .NET version.</param>
/// <param name="HugePages">Whether the system gives large pages to a program: always, madvise (where it asks) or never.</param>
public sealed record MachineDescription(
    string? Processor,
    string Architecture,
    int Cores,
    int VectorBits,
    IReadOnlyList<string>? Caches,
    long MemoryMegabytes,
    string OperatingSystem,
    string Runtime,
    string? HugePages)
{
    private const string CacheFolder = "/sys/devices/system/cpu/cpu0/cache", HugePageFile = "/sys/kernel/mm/transparent_hugepage/enabled";

    /// <summary>This machine.</summary>
    public static MachineDescription Read() => new(
        ProcessorName(),
        RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        MachineLimits.WidestVector * 8,
        CachesOfFirstCore(),
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        Chosen(HugePageFile));

    /// <summary>Memory of this process that lies in large pages now, in MB of 2²⁰ bytes; null where the system does not say.</summary>
    internal static double? MegabytesInHugePages() =>
        Field("/proc/self/smaps_rollup", "AnonHugePages:") is string text && double.TryParse(text.Split(' ')[0], CultureInfo.InvariantCulture, out double kilobytes)
            ? kilobytes / 1024
            : null;

    private static string? ProcessorName() =>
        Field("/proc/cpuinfo", "model name") ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");

    private static string[]? CachesOfFirstCore()
    {
        if (!Directory.Exists(CacheFolder)) return null;
        string[] found = [.. Directory.EnumerateDirectories(CacheFolder, "index*").Order(StringComparer.Ordinal).Select(Cache).OfType<string>()];
        return found.Length == 0 ? null : found;
    }

    private static string? Cache(string folder) =>
        (Line($"{folder}/level"), Line($"{folder}/type"), Line($"{folder}/size")) is (string level, string type, string size)
            ? $"L{level} {(type == "Unified" ? "" : type.ToLowerInvariant() + " ")}{size}"
            : null;

    // "always [madvise] never" → "madvise"
    private static string? Chosen(string file) =>
        Line(file) is string line && line.IndexOf('[', StringComparison.Ordinal) is var start and >= 0 && line.IndexOf(']', start) is var end and > 0
            ? line[(start + 1)..end]
            : null;

    private static string? Line(string file) => Readable(file, () => File.ReadLines(file).FirstOrDefault());

    // What follows the name and a colon, in the first line that begins with the name.
    private static string? Field(string file, string name) => Readable(file, () =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is string line && line.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0
            ? line[(colon + 1)..].Trim()
            : null);

    // A system may keep these files to itself.
    private static string? Readable(string file, Func<string?> read)
    {
        if (!File.Exists(file)) return null;
        try
        {
            return read();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
