using System.Globalization;
using System.Text;
using System.Text.Json;
using Weft.Datasets;
using Weft.Links;
using Weft.Memory;

namespace Weft.Training;

/// <summary>
/// A split of links as files: message.csv (source, target and perhaps weight) with the edges that messages flow along; train.csv, validation.csv and
/// test.csv (source, target, and label: 1 for a link, 0 for a pair that is none; without the column all are links); split.json, which says
/// whether links have a direction. message.csv and test.csv must be there.
/// </summary>
/// <param name="Directed">True where i → j and j → i are two links.</param>
/// <param name="Message">Edges that messages flow along.</param>
/// <param name="Parts">The parts that there are.</param>
/// <param name="Names">Name of each node.</param>
internal sealed record LinkFolder(bool Directed, LinkPairs Message, IReadOnlyList<LinkPart> Parts, IReadOnlyList<string> Names)
{
    private const string MessageFile = "message.csv", SplitFile = "split.json";

    private static readonly string[] PartNames = ["train", "validation", "test"];

    /// <summary>True if the folder holds a split.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, MessageFile));

    /// <summary>Writes a split; files of an earlier one are written over.</summary>
    /// <param name="folder">Where to; it is made.</param>
    /// <param name="dataset">The set, for the names of its nodes.</param>
    /// <param name="links">The split with its negatives. Of training only the links are written: its negatives are drawn anew in each epoch.</param>
    public static void Write(string folder, Dataset dataset, LinkData links)
    {
        Directory.CreateDirectory(folder);
        var message = links.Split.Message;
        WriteTable(MessageFile, message.Weight is null ? "source,target" : "source,target,weight", message.Count,
            e => (message.Source[e], message.Destination[e], message.Weight is null ? "" : "," + message.Weight[e].ToString("R", CultureInfo.InvariantCulture)));
        foreach (var part in links.Parts)
        {
            var pairs = part.Name == "train" ? part.Positives : part.Positives.Then(part.Negatives!);
            WriteTable(part.Name + ".csv", "source,target,label", pairs.Count, p => (pairs.Source[p], pairs.Target[p], p < part.Positives.Count ? ",1" : ",0"));
        }
        var about = new { directed = links.Split.Directed, shares = links.Split.Shares.ToString(), seed = links.Split.Seed, negative = links.Settings.Negative };
        AtomicFile.Write(Path.Combine(folder, SplitFile), stream => stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(about) + "\n")));

        void WriteTable(string file, string header, int rows, Func<int, (int Source, int Target, string More)> row) => AtomicFile.Write(Path.Combine(folder, file), stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine(header);
            for (int r = 0; r < rows; r++)
            {
                var (source, target, more) = row(r);
                writer.WriteLine($"{CsvTable.Quoted(dataset.NodeName(source))},{CsvTable.Quoted(dataset.NodeName(target))}{more}");
            }
        });
    }

    /// <summary>Reads a split.</summary>
    /// <exception cref="DataFormatException">A file is missing or a line of it is wrong.</exception>
    public static LinkFolder Read(string folder)
    {
        var nodes = new Dictionary<string, int>(StringComparer.Ordinal);
        int Number(string name)
        {
            if (nodes.TryGetValue(name, out int known)) return known;
            nodes.Add(name, nodes.Count);
            return nodes.Count - 1;
        }

        var message = ReadPairs(Path.Combine(folder, MessageFile), Number).Pairs;
        var parts = new List<LinkPart>();
        foreach (string part in PartNames)
        {
            string file = Path.Combine(folder, part + ".csv");
            if (part != "test" && !File.Exists(file)) continue;
            var (pairs, areLinks) = ReadPairs(file, Number);
            parts.Add(areLinks is null || areLinks.All(isLink => isLink) ? new LinkPart(part, pairs, null) : new LinkPart(part, Where(pairs, p => areLinks[p]), Where(pairs, p => !areLinks[p])));
        }
        return new LinkFolder(ReadDirected(Path.Combine(folder, SplitFile)), message, parts, [.. nodes.OrderBy(n => n.Value).Select(n => n.Key)]);
    }

    /// <summary>Reads pairs of nodes from a table with columns source and target.</summary>
    /// <param name="path">The table.</param>
    /// <param name="number">Number of the node of a name; −1 for a name that is not known.</param>
    /// <returns>The pairs, and of each whether the column label says that it is a link; null without that column.</returns>
    /// <exception cref="DataFormatException">A line is wrong, or a node is not known.</exception>
    public static (LinkPairs Pairs, bool[]? AreLinks) ReadPairs(string path, Func<string, int> number)
    {
        using var table = new CsvTable(path);
        int from = table.Required("source"), to = table.Required("target"), label = table.Column("label");
        var (source, target, links) = (new List<int>(), new List<int>(), new List<bool>());
        while (table.Next())
        {
            source.Add(Node(from));
            target.Add(Node(to));
            if (label >= 0) links.Add(table[label].Trim() switch { "0" => false, "1" => true, var other => throw table.Bad($"label '{other}'", "1 for a link, 0 for a pair that is none") });
        }
        return (new LinkPairs([.. source], [.. target]), label < 0 ? null : [.. links]);

        int Node(int column)
        {
            string name = table[column].Trim();
            if (name.Length == 0) throw table.Bad($"an empty {table.Header[column]}", "the name of a node");
            return number(name) is >= 0 and int node ? node : throw table.Bad($"{table.Header[column]} '{name}'", "the name of a node of the graph");
        }
    }

    private static LinkPairs Where(LinkPairs pairs, Func<int, bool> keep)
    {
        int[] kept = [.. Enumerable.Range(0, pairs.Count).Where(keep)];
        return new LinkPairs(Array.ConvertAll(kept, p => pairs.Source[p]), Array.ConvertAll(kept, p => pairs.Target[p]));
    }

    private static bool ReadDirected(string path)
    {
        if (!File.Exists(path)) return false;
        const string Wanted = "an object with \"directed\": true or false";
        try
        {
            using var about = JsonDocument.Parse(File.ReadAllText(path));
            if (about.RootElement.ValueKind == JsonValueKind.Object && about.RootElement.TryGetProperty("directed", out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
                return value.GetBoolean();
            throw new DataFormatException(path, "", "there is no such value in it", Wanted);
        }
        catch (JsonException problem)
        {
            throw new DataFormatException(path, $"line {problem.LineNumber + 1}", "this is no JSON", Wanted, problem);
        }
    }
}
