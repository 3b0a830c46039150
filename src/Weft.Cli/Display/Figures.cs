using System.Globalization;
using Spectre.Console;

namespace Weft.Cli.Display;

/// <summary>Tables of figures that fit 80 columns.</summary>
internal static class Figures
{
    /// <summary>A table without lines, one space between columns, with these columns to the left; the first, of names, is never broken.</summary>
    public static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (string column in columns) table.AddColumn(new TableColumn(new Text(column)) { NoWrap = column == columns[0], Padding = new Padding(0, 0, 1, 0) });
        return table;
    }

    /// <summary>A column of numbers.</summary>
    public static TableColumn Right(string name) => new(new Text(name)) { Alignment = Justify.Right, NoWrap = true, Padding = new Padding(0, 0, 1, 0) };

    /// <summary>Cells of plain text: brackets in them are no markup.</summary>
    public static Text[] Row(params string[] cells) => [.. cells.Select(cell => new Text(cell))];

    /// <summary>2×9×3</summary>
    public static string Shape(IEnumerable<long> shape) => string.Join('×', shape);

    /// <summary>Numbers of equations in brackets, as papers print them; a formula as it is.</summary>
    public static string Equation(string text) => text.All(c => char.IsDigit(c) || c is ',' or ' ') ? $"({text})" : text;

    /// <summary>So many significant digits at most.</summary>
    public static string Short(double value, int digits = 4) =>
        value == 0 ? "0" : Math.Abs(value) is >= 0.001 and < 10000 ? value.ToString($"G{digits}", CultureInfo.InvariantCulture)
        : value.ToString("0.##e+0", CultureInfo.InvariantCulture);
}
