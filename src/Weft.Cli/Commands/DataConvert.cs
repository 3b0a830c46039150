using System.CommandLine;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data convert</c>: any set as named arrays.</summary>
internal static class DataConvert
{
    public static Command Create()
    {
        var input = new Argument<string>("IN") { Description = "A name (weft data list), a file or a folder" };
        var output = new Argument<string>("OUT") { Description = "NAME.npz, or a folder for plain .npy files" };
        var undirected = Ask.Switch("--undirected", "Add the missing reverse of each edge");
        var transpose = Ask.Switch("--transpose", "Turn all edges round");
        var verb = new Verb("convert", "Write a set as one .npz file, or as a folder of .npy files.",
            "weft data convert edges.csv graph.npz",
            "weft data convert web.mtx web.npz --undirected",
            "weft data convert cora cora/             a folder: row_ptr.npy, col.npy, …")
        {
            input, output, undirected, transpose,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed);
            string target = parsed.GetRequiredValue(output);
            CheckTarget(target, "OUT");
            var dataset = DataFetch.Open(parsed.GetRequiredValue(input), terminal, cancellation);
            cancellation.ThrowIfCancellationRequested();
            if (parsed.GetValue(transpose)) dataset = dataset with { Edges = dataset.Edges.Transpose() };
            if (parsed.GetValue(undirected)) dataset = dataset with { Edges = dataset.Edges.Undirected() };
            Write(dataset, target, terminal, cancellation);
            return 0;
        });
        return verb;
    }

    /// <summary>Refuses an output that is neither an .npz file nor a folder that a set may be put into.</summary>
    public static void CheckTarget(string target, string name)
    {
        if (IsArchive(target))
        {
            OutputFile.Check(target, name);
            return;
        }
        if (Path.HasExtension(Path.TrimEndingDirectorySeparator(target)) && !Path.EndsInDirectorySeparator(target) && !Directory.Exists(target))
            throw new UsageException($"{name} is '{target}': expected a name ending in .npz, or a folder (ending in {Path.DirectorySeparatorChar})");
        if (File.Exists(target)) throw new UsageException($"{name} is '{target}', a file: expected a name ending in .npz, or a folder");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !File.Exists(Path.Combine(target, "row_ptr.npy")))
            throw new UsageException($"{name} is '{target}', a folder with other files in it: expected a new or an empty one");
    }

    /// <summary>Writes a set and says so, unless asked to stop before.</summary>
    public static void Write(Dataset dataset, string target, Terminal terminal, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (IsArchive(target)) OutputFile.WriteArchive(target, ArraySchemaWriter.Archive(dataset), cancellation);
        else GraphArchive.WriteFolder(target, dataset);
        terminal.Say(FormattableString.Invariant($"{dataset.Name}: {dataset.Nodes:N0} nodes, {dataset.Edges.Count:N0} edges, {dataset.Features.Columns:N0} features, {dataset.Classes} classes"));
        terminal.Say($"written to {target}");
    }

    /// <summary>True for the name of an .npz file.</summary>
    public static bool IsArchive(string target) => Path.GetExtension(target).Equals(".npz", StringComparison.OrdinalIgnoreCase);
}
