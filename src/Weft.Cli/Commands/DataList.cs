using System.CommandLine;
using Spectre.Console;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data list</c>: every set that a name stands for here.</summary>
internal static class DataList
{
    private sealed record Known(string Name, string Source, string? Path);

    public static Command Create()
    {
        var json = Ask.Switch("--json", "One JSON object on standard output");
        var verb = new Verb("list", "Names of the sets that are built in, in $WEFT_DATA, in your cache folder, or can be fetched.",
            "weft data list",
            "weft data list --json")
        {
            json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            Known[] sets = [.. Sets(DatasetFolders.Default).DistinctBy(s => s.Name.Replace('-', '_').ToLowerInvariant())];
            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(JsonLine.Of(new { Datasets = sets }));
                return 0;
            }
            var table = Figures.Table("name", "where");
            foreach (var set in sets) table.AddRow(Figures.Row(set.Name, set.Path ?? set.Source));
            terminal.Person.Write(table);
            return 0;
        });
        return verb;
    }

    private static IEnumerable<Known> Sets(DatasetFolders folders)
    {
        foreach (string name in DatasetCatalog.BuiltIn) yield return new(name, "built in", null);
        foreach (string root in folders.Roots.Where(Directory.Exists))
        {
            foreach (string file in Directory.EnumerateFiles(root, "*.npz").Order(StringComparer.Ordinal))
                yield return new(Path.GetFileNameWithoutExtension(file), "file", file);
            foreach (string part in new[] { "tu", "raw" }.Select(p => Path.Combine(root, p)).Where(Directory.Exists))
                foreach (string folder in Directory.EnumerateDirectories(part).Order(StringComparer.Ordinal))
                    if (DatasetCatalog.Find(Path.GetFileName(folder), folders) == folder) yield return new(Path.GetFileName(folder), "folder", folder);
        }
        foreach (var set in Downloads.Sets) yield return new(set.Name, $"weft data fetch {set.Name}", null);
    }
}
