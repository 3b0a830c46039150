using System.Globalization;
using Spectre.Console;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>The layers of a model: what each puts out, holds and does, with totals. MB are 2²⁰ bytes; M are millions.</summary>
internal static class ModelView
{
    public static void Write(Terminal terminal, IReadOnlyList<LayerSummary> layers)
    {
        var table = Figures.Table("layer");
        foreach (string column in new[] { "output", "parameters", "forward", "backward", "MB" }) table.AddColumn(Figures.Right(column));
        foreach (var layer in layers)
            table.AddRow(Figures.Row($"{layer.Layer + 1} {layer.Kind}", $"{(layer.Rows == 0 ? "graphs" : layer.Rows.ToString("N0", CultureInfo.InvariantCulture))}×{layer.Columns.ToString("N0", CultureInfo.InvariantCulture)}", Count(layer.Parameters), Millions(layer.Forward), Millions(layer.Backward), Mb(layer.Bytes)));
        table.AddRow(Figures.Row("in all", "", Count(layers.Sum(l => l.Parameters)), Millions(layers.Sum(l => l.Forward)), Millions(layers.Sum(l => l.Backward)), Mb(layers.Sum(l => l.Bytes))));
        terminal.Person.Write(table);
        terminal.Say("forward and backward: millions of multiply-adds; MB: buffers that a layer keeps for its adjoint");
    }

    /// <summary>The same for a program.</summary>
    public static object[] Json(IReadOnlyList<LayerSummary> layers) =>
    [
        .. layers.Select(l => (object)new Dictionary<string, object?>
        {
            ["layer"] = l.Layer + 1,
            ["kind"] = l.Kind,
            ["rows"] = l.Rows == 0 ? null : l.Rows,
            ["columns"] = l.Columns,
            ["parameters"] = l.Parameters,
            ["forward_multiply_adds"] = l.Forward,
            ["backward_multiply_adds"] = l.Backward,
            ["kept_mb"] = Math.Round(l.Bytes / (double)(1 << 20), 4),
        }),
    ];

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Millions(double value) => (value / 1e6).ToString("N2", CultureInfo.InvariantCulture);

    private static string Mb(long bytes) => (bytes / (double)(1 << 20)).ToString("N1", CultureInfo.InvariantCulture);
}
