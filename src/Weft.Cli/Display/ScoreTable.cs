using System.Globalization;
using Spectre.Console;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>Scores of the parts of a split, and which class was taken for which.</summary>
internal static class ScoreTable
{
    /// <summary>A confusion table of more classes would not fit 80 columns.</summary>
    public const int MostClasses = 10;

    private const int Width = 80;

    /// <summary>The columns that scores like these have: those of classes, or those that a part has a value for where there are scores of other kinds.</summary>
    public static IReadOnlyList<ScoreColumn> Columns(IReadOnlyCollection<NodeScores> parts)
    {
        ScoreColumn[] usual = [new("loss", "F4", s => s.Loss), new("accuracy", "P1", s => s.Accuracy), new("F1", "F3", s => s.F1), new("ROC-AUC", "F3", s => s.Auc)];
        string[] more = [.. parts.SelectMany(p => p.More ?? []).Select(m => m.Key).Distinct()];
        if (more.Length == 0) return usual;
        return [.. usual.Where(column => parts.Any(p => !double.IsNaN(column.Value(p)))), .. more.Select(name => new ScoreColumn(name, "F3", s => s.Named(name)))];
    }

    /// <summary>The cells of one part.</summary>
    public static string[] Cells(NodeScores scores, IReadOnlyList<ScoreColumn> columns) => [.. columns.Select(column => Cell(column.Value(scores), column.Format))];

    /// <summary>One row a part.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<ScoreColumn> columns, IEnumerable<(string Name, string[] Cells)> parts)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in columns.Select(c => c.Name).Prepend("")) table.AddColumn(new TableColumn(column) { NoWrap = true }.RightAligned());
        foreach (var (name, cells) in parts) table.AddRow(Figures.Row([name, .. cells]));
        console.Write(table);
    }

    /// <summary>Nodes by true class (row) and predicted class (column).</summary>
    public static void Confusion(IAnsiConsole console, string which, long[,] confusion, IReadOnlyList<string>? classNames)
    {
        int classes = confusion.GetLength(0);
        // Every column has a space on each side; names are cut so that all fit.
        int longest = Math.Max(3, Math.Min(12, Math.Min(Width, console.Profile.Width) / (classes + 1) - 3));
        string Name(int c) => (classNames?[c] ?? $"{c}") is var name && name.Length <= longest ? name : name[..(longest - 1)] + "…";
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("") { NoWrap = true });
        for (int c = 0; c < classes; c++) table.AddColumn(new TableColumn(new Text(Name(c))) { NoWrap = true }.RightAligned());
        for (int r = 0; r < classes; r++)
            table.AddRow(Figures.Row([Name(r), .. Enumerable.Range(0, classes).Select(c => confusion[r, c].ToString(CultureInfo.InvariantCulture))]));
        console.WriteLine($"{which}, true class by row, predicted by column:");
        console.Write(table);
    }

    private static string Cell(double value, string format) => double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>A kind of score.</summary>
/// <param name="Name">The column's head.</param>
/// <param name="Format">How a value is written.</param>
/// <param name="Value">The value in a part's scores; not a number where there is none.</param>
internal sealed record ScoreColumn(string Name, string Format, Func<NodeScores, double> Value);
