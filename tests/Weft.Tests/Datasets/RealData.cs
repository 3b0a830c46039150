namespace Weft.Tests.Datasets;

/// <summary>The real sets, where the environment variable WEFT_DATA names their folder.</summary>
internal static class RealData
{
    /// <summary>Path of a file or folder of the real data; null, with one printed line, where there is none.</summary>
    public static string? Find(string name)
    {
        string? folder = Environment.GetEnvironmentVariable("WEFT_DATA");
        if (string.IsNullOrEmpty(folder))
        {
            Console.WriteLine($"skipped: WEFT_DATA is not set, so {name} was not tested");
            return null;
        }
        string path = Path.Combine(folder, name);
        if (File.Exists(path) || Directory.Exists(path)) return path;
        Console.WriteLine($"skipped: there is no {name} in WEFT_DATA");
        return null;
    }
}

/// <summary>A folder of its own for one test, removed after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"weft-test-{Guid.NewGuid():N}");

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
