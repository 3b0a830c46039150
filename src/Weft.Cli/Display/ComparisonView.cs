using System.Globalization;
using Spectre.Console;
using Weft.Analysis;

namespace Weft.Cli.Display;

/// <summary>A comparison as a table, then a sentence.</summary>
internal static class ComparisonView
{
    public static void Write(Terminal terminal, IReadOnlyList<ArrayComparison> results)
    {
        var table = Figures.Table("array", "shape", "");
        foreach (string column in new[] { "absolute", "relative", "allowed" }) table.AddColumn(Figures.Right(column));
        table.AddColumn(new TableColumn(new Text("worst at: value, reference")));
        foreach (var result in results)
        {
            string worst = result.Problem is not null || result.Absolute == 0 ? ""
                : string.Create(CultureInfo.InvariantCulture, $"[{string.Join(',', result.WorstIndex)}]: {result.Value:G9}, {result.Reference:G9}");
            table.AddRow(Figures.Row(result.Name, Figures.Shape(result.Shape), result.Holds ? "ok" : "FAIL",
                result.Problem ?? Figures.Short(result.Absolute), result.Problem is null ? Figures.Short(result.Relative) : "", Figures.Short(result.Tolerance), worst));
        }
        terminal.Person.Write(table);
        int beyond = results.Count(result => !result.Holds);
        terminal.Person.WriteLine(beyond == 0 ? $"all {results.Count} arrays hold" : $"{beyond} of {results.Count} arrays do not hold");
    }
}
