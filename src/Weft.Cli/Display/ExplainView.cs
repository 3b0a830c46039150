using System.Globalization;
using Spectre.Console;
using Weft.Analysis;
using Weft.Companions;
using Weft.Graphs;

namespace Weft.Cli.Display;

/// <summary>What tells graphs apart, as tables or as one JSON object.</summary>
internal static class ExplainView
{
    public static void Write(Terminal terminal, bool json, IReadOnlyList<AggregatorExample> examples)
    {
        if (json)
        {
            terminal.Output.WriteLine(JsonLine.Of(new
            {
                Examples = examples.Select(e => new
                {
                    e.Name,
                    e.First,
                    e.Second,
                    Aggregates = e.Aggregates.Select(a => new { a.Aggregation, a.First, a.Second, a.TellsApart }),
                    Models = e.Models.Select(m => new { m.Model, m.Accuracy, Loss = JsonLine.Number(m.Loss), m.TellsApart, m.Theory }),
                    WlTellsApart = e.ColorsDiffer,
                }),
            }));
            return;
        }
        terminal.Say("What one aggregation makes of two neighbourhoods; a is (1, 0), b is (0, 1):");
        var table = Table("neighbourhoods", "sum", "mean", "max");
        foreach (var example in examples)
        {
            table.AddRow(Figures.Row([example.First, .. example.Aggregates.Select(a => Row(a.First))]));
            table.AddRow(Figures.Row([example.Second, .. example.Aggregates.Select(a => Row(a.Second))]));
            table.AddRow(Figures.Row(["", .. example.Aggregates.Select(a => Verdict(a.TellsApart))]));
        }
        terminal.Person.Write(table);
        terminal.Say("");
        terminal.Say("Two layers trained to tell the sides apart: accuracy, loss (a coin has 0.693), and by theory:");
        table = Table("sides", "gin", "gcn", "sage (mean)", "max", "1-WL");
        foreach (var example in examples)
        {
            table.AddRow(Figures.Row([example.First, .. example.Models.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Accuracy:P0} {m.Loss:F3}")), Verdict(example.ColorsDiffer)]));
            table.AddRow(Figures.Row([example.Second, .. example.Models.Select(m => m.Theory ? "can" : "cannot"), ""]));
        }
        terminal.Person.Write(table);
        terminal.Say("");
        terminal.Say("A sum counts, a mean knows shares, a maximum knows what is there. GCN divides by the");
        terminal.Say("roots of degrees: among nodes of one degree it is a mean, elsewhere it counts.");
    }

    public static void Write(Terminal terminal, bool json, string a, string b, EdgeList edgesOfA, EdgeList edgesOfB, bool colored, GraphComparison result)
    {
        if (json)
        {
            object Side(string name, EdgeList edges, NodeColors colors) => new
            {
                Graph = name,
                edges.Nodes,
                Edges = edges.Count,
                Colors = colors.Classes,
                Signature = Hex(colors.Signature),
            };
            terminal.Output.WriteLine(JsonLine.Of(new
            {
                result.Distinguished,
                Round = result.Round < 0 ? (int?)null : result.Round,
                FromFeatures = colored,
                First = Side(a, edgesOfA, result.First),
                Second = Side(b, edgesOfB, result.Second),
            }));
            return;
        }
        var table = Table("graph", "nodes", "edges", "colours by round", "signature");
        void Add(string name, EdgeList edges, NodeColors colors) => table.AddRow(Figures.Row(
            name, string.Create(CultureInfo.InvariantCulture, $"{edges.Nodes:N0}"), string.Create(CultureInfo.InvariantCulture, $"{edges.Count:N0}"),
            string.Join(", ", colors.Classes), Hex(colors.Signature)[..16]));
        Add(a, edgesOfA, result.First);
        Add(b, edgesOfB, result.Second);
        terminal.Person.Write(table);
        terminal.Say(colored ? "colours begin with the nodes' features" : "all nodes begin with one colour");
        terminal.Say(!result.Distinguished ? "1-WL cannot tell them apart, so no message-passing network can; they may be isomorphic or not"
            : result.Round == 0 ? "not isomorphic: the colours differ from the start"
            : $"not isomorphic: the colours differ after round {result.Round}; sums over neighbours see it in {result.Round} layer{(result.Round == 1 ? "" : "s")}");
    }

    private static Table Table(string first, params string[] columns)
    {
        var table = new Table { Border = TableBorder.None };
        table.AddColumn(new TableColumn(new Text(first)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        foreach (string column in columns) table.AddColumn(new TableColumn(new Text(column)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        return table;
    }

    private static string Row(double[] values) => values.Length == 1 ? Figures.Short(values[0]) : $"({string.Join(", ", values.Select(v => Figures.Short(v)))})";

    private static string Verdict(bool differ) => differ ? "differ" : "the same";

    private static string Hex(UInt128 color) => color.ToString("x32", CultureInfo.InvariantCulture);
}
