using System.Globalization;
using Spectre.Console;
using Weft.Analysis;
using Weft.Datasets;

namespace Weft.Cli.Display;

/// <summary>A trace as a table in data-flow order.</summary>
internal static class TraceView
{
    public static void Write(Terminal terminal, IEnumerable<TraceEntry> entries)
    {
        var table = Figures.Table("name", "symbol", "equation", "shape");
        foreach (string column in new[] { "bytes", "norm", "smallest", "largest" }) table.AddColumn(Figures.Right(column));
        foreach (var entry in entries)
        {
            var (norm, smallest, largest) = Extent(entry.Array);
            table.AddRow(Figures.Row(entry.Name, entry.Symbol, Figures.Equation(entry.Equation), Figures.Shape(entry.Array.Shape), Bytes(entry.Array),
                Figures.Short(norm), Figures.Short(smallest), Figures.Short(largest)));
        }
        terminal.Person.Write(table);
    }

    private static string Bytes(NpyArray array) =>
        (array.Count * (array.Data is int[] or float[]? 4 : array.Data is byte[] or bool[]? 1 : 8)).ToString(CultureInfo.InvariantCulture);

    private static (double Norm, double Smallest, double Largest) Extent(NpyArray array)
    {
        double squares = 0, smallest = double.PositiveInfinity, largest = double.NegativeInfinity;
        foreach (object entry in array.Data)
        {
            double value = Convert.ToDouble(entry, CultureInfo.InvariantCulture);
            squares += value * value;
            smallest = Math.Min(smallest, value);
            largest = Math.Max(largest, value);
        }
        return array.Count == 0 ? (0, 0, 0) : (Math.Sqrt(squares), smallest, largest);
    }
}
