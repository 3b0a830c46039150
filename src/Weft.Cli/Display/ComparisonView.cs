using System.Globalization;
using Spectre.Console;
using Weft.Analysis;

namespace Weft.Cli.Display;

/// <summary>A comparison as a table, then what does not hold, to the last digit.</summary>
internal static class ComparisonView
{
    public static void Write(Terminal terminal, IReadOnlyList<ArrayComparison> results)
    {
        var table = Figures.Table("array", "shape", "");
        foreach (string column in new[] { "|a−ref|", "rel.", "allowed", "worst at", "a", "ref" }) table.AddColumn(Figures.Right(column));
        foreach (var result in results)
        {
            string status = result.Holds ? "ok" : "FAIL", shape = Figures.Shape(result.Shape);
            table.AddRow(result.Problem is not null
                ? Figures.Row(result.Name, shape, status, result.Problem)
                : Figures.Row(result.Name, shape, status, Brief(result.Absolute), Brief(result.Relative), Brief(result.Tolerance),
                    Index(result), Figures.Short(result.Value, 3), Figures.Short(result.Reference, 3)));
        }
        terminal.Person.Write(table);

        var beyond = results.Where(result => !result.Holds).ToArray();
        foreach (var result in beyond)
        {
            terminal.Say(result.Problem is not null ? $"{result.Name}: {result.Problem}" : string.Create(CultureInfo.InvariantCulture,
                $"{result.Name}{Index(result)} is {result.Value:R}, expected {result.Reference:R} ± {result.Tolerance:G3}"));
        }
        terminal.Say(beyond.Length == 0 ? $"all {results.Count} arrays hold" : $"{beyond.Length} of {results.Count} arrays do not hold");
    }

    private static string Index(ArrayComparison result) => $"[{string.Join(',', result.WorstIndex)}]";

    // Two digits tell how far apart values are.
    private static string Brief(double value) => value == 0 ? "0" : value.ToString("0.#e+0", CultureInfo.InvariantCulture);
}
