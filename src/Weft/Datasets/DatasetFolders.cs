namespace Weft.Datasets;

/// <summary>Where sets are looked for by name.</summary>
/// <param name="Data">The user's folder of sets, or null; by default what the environment variable WEFT_DATA names.</param>
/// <param name="Cache">Where fetched sets are kept; by default a folder of the user's.</param>
public sealed record DatasetFolders(string? Data, string Cache)
{
    /// <summary>$WEFT_DATA and the user's cache folder.</summary>
    public static DatasetFolders Default
    {
        get
        {
            string? data = Environment.GetEnvironmentVariable("WEFT_DATA");
            return new(string.IsNullOrEmpty(data) ? null : data, UserCache());
        }
    }

    /// <summary>The folders in the order in which they are searched.</summary>
    internal IEnumerable<string> Roots => Data is null ? [Cache] : [Data, Cache];

    private static string UserCache()
    {
        string? named = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string root = !string.IsNullOrEmpty(named) ? named
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), OperatingSystem.IsMacOS() ? "Library/Caches" : ".cache");
        return Path.Combine(root, "weft", "data");
    }
}
