using System.CommandLine;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Links;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft data check-leakage</c>: whether a split of links lets a model see what it is to predict.</summary>
internal static class DataCheckLeakage
{
    public static Command Create()
    {
        var input = new Argument<string>("SPLIT") { Description = "A folder of weft data split-links, or the folder of a run that predicts links" };
        var directed = Ask.Switch("--directed-links", "A link and its reverse are two, whatever split.json says");
        var json = Ask.Switch("--json", "What was found as one JSON object on standard output");
        var verb = new Verb("check-leakage", "Look for held-out edges, or their reverses, among the messages, for edges in two parts, and for negatives that are edges; exit 1 if there are any.",
            "weft data check-leakage cora-links/",
            "weft data check-leakage runs/cora-gcn-1")
        {
            input, directed, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            string path = parsed.GetRequiredValue(input);
            var (split, whole) = Open(path, terminal, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var leaks = LeakageCheck.Find(split.Message, split.Parts, whole, split.Directed || parsed.GetValue(directed));
            if (parsed.GetValue(json)) terminal.Output.WriteLine(JsonLine.Of(Fields(path, split, leaks)));
            else Say(terminal, path, split, leaks);
            return leaks.Count == 0 ? 0 : 1;
        });
        return verb;
    }

    private static (LinkFolder Split, LinkPairs? Whole) Open(string path, Terminal terminal, CancellationToken cancellation)
    {
        if (LinkFolder.Is(path)) return (LinkFolder.Read(path), null);
        if (!File.Exists(Path.Combine(path, "config.json")))
            throw new DataFormatException(path, "", "there is no split in it", "a folder with message.csv and test.csv (weft data split-links), or the folder of a run (weft train --task link)");
        var config = RunFolder.ReadConfig(path);
        if (config.Data.Task != "link") throw new UsageException($"{path} is no run that predicts links (weft train --task link)");
        var dataset = DataFetch.Open(config.Dataset, terminal, cancellation);
        // As the run sees it: what it trains on, beside every edge of the set.
        var data = TrainingData.Prepare(dataset with { Labels = null }, config.Data with { Order = "none" }, config.Model.Model, config.Run);
        var (links, edges) = (data.Links!, data.Links!.Split.Edges);
        var names = Enumerable.Range(0, dataset.Nodes).Select(dataset.NodeName).ToArray();
        return (new LinkFolder(links.Split.Directed, new LinkPairs(data.Dataset.Edges.Source, data.Dataset.Edges.Destination), links.Parts, names), new LinkPairs(edges.Source, edges.Destination));
    }

    private static void Say(Terminal terminal, string path, LinkFolder split, IReadOnlyList<Leak> leaks)
    {
        terminal.Say(FormattableString.Invariant($"{path}: {split.Message.Count:N0} edges for messages; {string.Join("; ", split.Parts.Select(Words))}"));
        foreach (var leak in leaks)
            terminal.Say(FormattableString.Invariant($"leak: {leak.What}: {leak.Count:N0}, the first {split.Names[leak.Source]} → {split.Names[leak.Target]}"));
        if (leaks.Count == 0) terminal.Say("no leak: no held-out edge or reverse of one is among the messages, no edge in two parts, no negative is an edge");

        static string Words(LinkPart part) =>
            FormattableString.Invariant($"{part.Name} {part.Positives.Count:N0} links{(part.Negatives is { } others ? FormattableString.Invariant($", {others.Count:N0} negatives") : "")}");
    }

    private static Dictionary<string, object?> Fields(string path, LinkFolder split, IReadOnlyList<Leak> leaks)
    {
        var fields = new Dictionary<string, object?> { ["split"] = path, ["directed"] = split.Directed, ["message_edges"] = split.Message.Count };
        foreach (var part in split.Parts)
        {
            fields[$"{part.Name}_links"] = part.Positives.Count;
            fields[$"{part.Name}_negatives"] = part.Negatives?.Count;
        }
        fields["leaks"] = leaks.Select(leak => new Dictionary<string, object?>
        {
            ["what"] = leak.What,
            ["count"] = leak.Count,
            ["source"] = split.Names[leak.Source],
            ["target"] = split.Names[leak.Target],
        }).ToArray();
        return fields;
    }
}
