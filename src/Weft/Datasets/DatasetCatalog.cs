using System.Globalization;

namespace Weft.Datasets;

/// <summary>Finds sets by name or path: the generated ones, files and folders, and the sets in the user's folders.</summary>
public static class DatasetCatalog
{
    private const string Dictionary = "dictionary-lookup";

    /// <summary>The names of the sets that come with the library.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = ["karate", "citations", Dictionary];

    /// <summary>
    /// Opens a set. A name with a folder or an ending in it is a path. Otherwise names of built-in sets come first
    /// (<c>dictionary-lookup-7</c> gives the size; 7 if there is none; <c>rmat-20-16</c> is a recursive matrix of 2^20 nodes and 16 edges a node), then NAME.npz, tu/NAME and raw/NAME in each of the
    /// folders, where - and _ are the same, then a file or folder of that name here, then the sets that can be downloaded.
    /// </summary>
    /// <param name="nameOrPath">Name of a set, or path of a file or folder.</param>
    /// <param name="folders">Where to look; <see cref="DatasetFolders.Default"/> if null.</param>
    /// <param name="fetch">True to download a known set that is not there.</param>
    /// <param name="report">Called while downloading.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="DataFormatException">There is no such set, its file is broken, or it cannot be downloaded.</exception>
    public static Dataset Open(string nameOrPath, DatasetFolders? folders = null, bool fetch = true, Action<FetchProgress>? report = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrPath);
        if (IsPath(nameOrPath)) return OpenPath(nameOrPath);
        if (OpenBuiltIn(nameOrPath) is { } builtIn) return builtIn;
        folders ??= DatasetFolders.Default;
        if (Find(nameOrPath, folders) is { } found) return OpenPath(found) with { Name = nameOrPath };
        if (File.Exists(nameOrPath) || Directory.Exists(nameOrPath)) return OpenPath(nameOrPath);
        if (!fetch || Downloads.Find(nameOrPath) is not { } set) throw Missing(nameOrPath, folders);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        string folder = Task.Run(() => new DatasetFetch(client, folders).FetchAsync(set, report, cancellation), cancellation).GetAwaiter().GetResult();
        return OpenPath(folder) with { Name = nameOrPath };
    }

    /// <summary>Opens a file (.npz, .mtx, .csv) or folder (.npy files, Planetoid's, TUDataset's, edges.csv) by what it holds.</summary>
    /// <exception cref="DataFormatException">There is nothing there, it is of no known kind, or it is broken.</exception>
    public static Dataset OpenPath(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (Directory.Exists(path)) return OpenFolder(path);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".npz" => GraphArchive.Read(path),
            ".mtx" => MatrixMarket.Read(path),
            ".csv" => EdgeListCsv.Read(path),
            _ when !File.Exists(path) => throw new DataFormatException(path, "", "there is no such file or folder", "an existing one, or the name of a set (weft data list)"),
            var ending => throw new DataFormatException(path, "", ending.Length > 0 ? $"files ending in {ending} are not known" : "a file without an ending", ".npz, .mtx, .csv, or a folder"),
        };
    }

    /// <summary>The file or folder that a name stands for in the folders; null where there is none.</summary>
    public static string? Find(string name, DatasetFolders folders)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(folders);
        foreach (string root in folders.Roots.Where(Directory.Exists))
        {
            if (Match(Directory.EnumerateFiles(root), name + ".npz") is { } archive) return archive;
            foreach (string part in new[] { "tu", "raw" })
            {
                string folder = Path.Combine(root, part);
                if (Directory.Exists(folder) && Match(Directory.EnumerateDirectories(folder), name) is { } found && !IsBroken(found, root == folders.Cache)) return found;
            }
        }
        return null;
    }

    // A download that was interrupted leaves a folder that is no set yet: it goes on from there.
    private static bool IsBroken(string folder, bool fetched) =>
        fetched && Downloads.Find(Path.GetFileName(folder)) is { } set && !set.Files.All(file => File.Exists(Path.Combine(folder, file.Name)));

    private static bool IsPath(string name) =>
        name.Contains('/', StringComparison.Ordinal) || name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) || Path.HasExtension(name) || name is "." or "..";

    /// <summary>The file or folder that <see cref="Open"/> would read for a name; null for a built-in set and for one that is not here.</summary>
    internal static string? PathOf(string nameOrPath, DatasetFolders? folders = null)
    {
        if (IsPath(nameOrPath)) return nameOrPath;
        if (IsBuiltIn(nameOrPath)) return null;
        return Find(nameOrPath, folders ?? DatasetFolders.Default) ?? (File.Exists(nameOrPath) || Directory.Exists(nameOrPath) ? nameOrPath : null);
    }

    /// <summary>True for the names of sets that come with the library.</summary>
    internal static bool IsBuiltIn(string name)
    {
        string plain = Plain(name), dictionary = Plain(Dictionary);
        return plain is "karate" or "citations" || plain == dictionary || plain.StartsWith(dictionary + "_", StringComparison.Ordinal) || FindRmat(name) is not null;
    }

    private static Dataset? OpenBuiltIn(string name)
    {
        string plain = Plain(name);
        if (plain == "karate") return Karate.Create();
        if (plain == "citations") return Citations.Create();
        if (plain == Plain(Dictionary)) return DictionaryLookup.Create(7);
        if (FindRmat(name) is { } matrix) return new Dataset { Name = name, Edges = matrix.ToEdges() };
        if (!plain.StartsWith(Plain(Dictionary) + "_", StringComparison.Ordinal)) return null;
        return int.TryParse(plain[(Dictionary.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int k) && k is >= 2 and <= 100
            ? DictionaryLookup.Create(k)
            : throw new DataFormatException(name, "", "the size of this dictionary is not known", "dictionary-lookup-K with K = 2 … 100");
    }

    /// <summary>The recursive matrix that a name such as <c>rmat-20-16</c> stands for: its scale and its edges a node; null for another name.</summary>
    /// <exception cref="DataFormatException">The name begins so, and the sizes are impossible.</exception>
    internal static RecursiveMatrix? FindRmat(string name)
    {
        string[] parts = Plain(name).Split('_');
        if (parts.Length != 3 || parts[0] != "rmat") return null;
        try
        {
            return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int scale) && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int factor)
                ? new RecursiveMatrix(scale, factor).Checked()
                : null;
        }
        catch (ArgumentException problem)
        {
            throw new DataFormatException(name, "", problem.Message, "rmat-SCALE-EDGES_A_NODE", problem);
        }
    }

    private static Dataset OpenFolder(string path)
    {
        string[] files = Directory.GetFiles(path);
        bool Any(Func<string, bool> test) => files.Any(f => test(Path.GetFileName(f)));
        if (Any(f => f is "row_ptr.npy" or "edge_index.npy")) return GraphArchive.ReadFolder(path);
        if (Any(f => f.StartsWith("ind.", StringComparison.Ordinal) && f.EndsWith(".graph", StringComparison.Ordinal))) return Planetoid.Read(path);
        if (Any(f => f.EndsWith("_A.txt", StringComparison.Ordinal))) return TuDataset.Read(path);
        if (Any(f => f == "edges.csv")) return EdgeListCsv.Read(Path.Combine(path, "edges.csv"));
        string[] archives = [.. files.Where(f => f.EndsWith(".npz", StringComparison.Ordinal))];
        if (archives.Length == 1) return GraphArchive.Read(archives[0]);
        throw new DataFormatException(path, "", "this folder holds no set of a known kind",
            "row_ptr.npy and col.npy, Planetoid's ind.NAME.* files, TUDataset's NAME_A.txt, edges.csv, or one .npz file");
    }

    private static DataFormatException Missing(string name, DatasetFolders folders)
    {
        string file = Path.Combine(folders.Data ?? folders.Cache, name.Replace('-', '_') + ".npz");
        if (Downloads.WhereElse(name) is { } where) return new DataFormatException(file, "", $"there is no set {name} here", $"this file, or {where}");
        if (Downloads.Find(name) is not null) return new DataFormatException(file, "", $"there is no set {name} here", $"this file, or weft data fetch {name}");
        return new DataFormatException(file, "", $"there is no set {name}", $"this file (put it there), or another name (weft data list){(folders.Data is null ? "; WEFT_DATA may name a folder of sets" : "")}");
    }

    private static string? Match(IEnumerable<string> paths, string name) =>
        paths.Where(p => string.Equals(Plain(Path.GetFileName(p)), Plain(name), StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).FirstOrDefault();

    private static string Plain(string name) => name.Replace('-', '_');
}
