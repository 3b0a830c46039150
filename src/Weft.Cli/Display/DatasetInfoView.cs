using System.Globalization;
using Spectre.Console;
using Weft.Datasets;

namespace Weft.Cli.Display;

/// <summary>What a set holds: a table and a histogram for a person, one JSON object for a program.</summary>
internal static class DatasetInfoView
{
    private const int BarWidth = 24, MostClasses = 20, MostSplits = 3;

    public static void Write(Terminal terminal, DatasetInfo info, Dataset dataset)
    {
        var console = terminal.Person;
        var table = Figures.Table("", info.Name);
        void Row(string name, FormattableString value) => table.AddRow(Figures.Row(name, FormattableString.Invariant(value)));
        string things = dataset.GraphLabels is null ? "nodes" : "graphs";
        if (info.Graphs > 1) Row("graphs", $"{info.Graphs:N0}");
        Row("nodes", $"{info.Nodes:N0}");
        Row("edges", $"{info.Edges:N0}, {(info.Symmetric ? "both directions of each" : "directed")}{(info.Weighted ? ", weighted" : "")}{(info.EdgeFeatures > 0 ? FormattableString.Invariant($", {Count(info.EdgeFeatures, "feature")} each") : "")}");
        Row("features", $"{Features(info)}");
        Row("classes", $"{info.Classes}{(dataset.Targets.IsMissing ? "" : dataset.TargetsAreNumbers ? FormattableString.Invariant($", but {Count(dataset.Targets.Columns, "number")} a node") : ", several a node")}{(info.Unlabelled > 0 ? FormattableString.Invariant($"; {info.Unlabelled:N0} {things} without") : "")}");
        if (info.Nodes > 0)
        {
            Row("in-degree", $"{Degrees(info.InDegree)}");
            if (!info.Symmetric) Row("out-degree", $"{Degrees(info.OutDegree)}");
        }
        Row("isolated nodes", $"{info.IsolatedNodes:N0}");
        Row("self-loops", $"{info.SelfLoops:N0}");
        Row("parallel edges", $"{info.ParallelEdges:N0}");
        if (info.EdgeHomophily is double homophily) Row("homophily", $"{homophily:F3} of the edges join nodes of one class");
        foreach (var split in info.Splits.Take(MostSplits)) Row("split", $"{split.Name}: {split.TrainCount:N0} train, {split.ValidationCount:N0} validation, {split.TestCount:N0} test {things}");
        if (info.Splits.Count > MostSplits) Row("", $"and {info.Splits.Count - MostSplits} more splits");
        console.Write(table);
        if (info.Classes > 0) Histogram(console, $"{things} of each class", [.. info.ClassSizes.Take(MostClasses).Select((size, c) => (dataset.ClassName(c), (long)size))], info.Classes - MostClasses);
        Histogram(console, "nodes by in-degree", [.. info.DegreeHistogram.Select(b => (Range(b), (long)b.InCount))], 0);
        if (!info.Symmetric) Histogram(console, "nodes by out-degree", [.. info.DegreeHistogram.Select(b => (Range(b), (long)b.OutCount))], 0);
    }

    public static string Json(DatasetInfo info, Dataset dataset) => JsonLine.Of(new
    {
        Dataset = info.Name,
        info.Nodes,
        info.Edges,
        info.Graphs,
        info.Features,
        info.FeatureEntries,
        info.SparseFeatures,
        info.Classes,
        info.ClassSizes,
        dataset.ClassNames,
        MultiLabel = !dataset.Targets.IsMissing && !dataset.TargetsAreNumbers,
        Numbers = dataset.TargetsAreNumbers ? dataset.Targets.Columns : 0,
        info.Unlabelled,
        info.Weighted,
        info.EdgeFeatures,
        info.InDegree,
        info.OutDegree,
        info.IsolatedNodes,
        info.SelfLoops,
        info.ParallelEdges,
        info.Symmetric,
        info.EdgeHomophily,
        Splits = info.Splits.Select(s => new { s.Name, Train = s.TrainCount, Val = s.ValidationCount, Test = s.TestCount }),
        info.DegreeHistogram,
    });

    private static string Count(long count, string what) => FormattableString.Invariant($"{count:N0} {what}{(count == 1 ? "" : "s")}");

    private static string Features(DatasetInfo info)
    {
        if (info.Features == 0) return "none";
        double stored = info.FeatureEntries / ((double)info.Features * Math.Max(1, info.Nodes));
        return string.Create(CultureInfo.InvariantCulture, $"{info.Features:N0}{(info.SparseFeatures ? $", sparse: {info.FeatureEntries:N0} entries, {100 * stored:F2} %" : ", dense")}");
    }

    private static string Degrees(DegreeSummary d) => string.Create(CultureInfo.InvariantCulture, $"{d.Min} … {d.Max:N0}, median {d.Median}, mean {d.Mean:F2}");

    private static string Range(DegreeBin bin) => bin.From == bin.To ? $"{bin.From}" : $"{bin.From}–{bin.To}";

    private static void Histogram(IAnsiConsole console, string title, (string Name, long Count)[] bars, int more)
    {
        if (bars.Length == 0) return;
        long most = Math.Max(1, bars.Max(b => b.Count));
        var table = new Table { Border = TableBorder.None };
        table.AddColumn(new TableColumn(new Text(title)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        table.AddColumn(Figures.Right(""));
        table.AddColumn(new TableColumn(new Text("")) { NoWrap = true });
        foreach (var (name, count) in bars)
            table.AddRow(new Text(name.Length <= 30 ? name : name[..29] + "…"), new Text(count.ToString("N0", CultureInfo.InvariantCulture)), new Text(Bar(count / (double)most), new Style(Color.Green)));
        console.WriteLine();
        console.Write(table);
        if (more > 0) console.WriteLine($"and {more} more");
    }

    // In eighths of a character; what is there is at least a sliver.
    private static string Bar(double share)
    {
        int eighths = share > 0 ? Math.Max(1, (int)Math.Round(share * BarWidth * 8)) : 0;
        string part = eighths % 8 == 0 ? "" : "▏▎▍▌▋▊▉"[eighths % 8 - 1].ToString();
        return new string('█', eighths / 8) + part;
    }
}
