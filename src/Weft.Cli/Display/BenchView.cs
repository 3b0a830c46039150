using System.Globalization;
using Spectre.Console;
using Weft.Cli.Commands;
using Weft.Graphs;
using Weft.Measurement;

namespace Weft.Cli.Display;

/// <summary>A bench as two tables, the machine's limits and the kernels, or as one JSON object.</summary>
internal sealed class BenchView(Terminal terminal, bool json, MachineDescription machine, string dataset, Graph graph, BenchSettings settings)
{
    /// <summary>Writes what was measured.</summary>
    public void Write(Measurement.Bench bench, bool interrupted)
    {
        if (json) terminal.Output.WriteLine(Json(bench, interrupted));
        else Tables(bench);
        if (interrupted) terminal.Say("interrupted: the rest was not measured");
    }

    private void Tables(Measurement.Bench bench)
    {
        terminal.Say($"weft {Root.Version}, {machine.Runtime}, {machine.OperatingSystem}");
        terminal.Say(FormattableString.Invariant($"{machine.Processor ?? machine.Architecture}, {machine.Cores} cores, {machine.VectorBits}-bit vectors{(machine.Caches is null ? "" : ", " + string.Join(", ", machine.Caches))}"));
        if (machine.HugePages is not null) terminal.Say(FormattableString.Invariant($"huge pages: {machine.HugePages}{(bench.MegabytesInHugePages is double mb ? $", {mb:N0} MB in them at most" : "")}"));
        terminal.Say(FormattableString.Invariant($"{dataset}, a loop at each node: {graph.OwnedSources:N0} nodes, {graph.Edges:N0} edges"));
        terminal.Say("");
        Table("limit", bench.Limits, isLimit: true);
        terminal.Say("");
        Table("kernel", bench.Kernels, isLimit: false);
        if (bench.Kernels.Count == 0) return;
        terminal.Say("");
        terminal.Say("ms: median, and shortest; the columns after them are of the shortest run.");
        terminal.Say("×1: times as fast as on one thread. %: of the limit named, at the same sizes.");
    }

    private void Table(string title, IReadOnlyList<Measured> rows, bool isLimit)
    {
        if (rows.Count == 0) return;
        var table = Figures.Table(title, "shape");
        foreach (string column in new[] { "thr", "ms", "min", "GF/s", "GB/s", "ns/edge", "×1" }) table.AddColumn(Figures.Right(column));
        if (!isLimit)
        {
            table.AddColumn(Figures.Right("%"));
            table.AddColumn(new TableColumn(new Text("of")) { NoWrap = true });
        }
        foreach (var row in rows)
        {
            string[] cells =
            [
                row.Name, row.Shape, row.Threads.ToString(CultureInfo.InvariantCulture),
                Figures.Short(row.MedianMilliseconds, 3), Figures.Short(row.MinimumMilliseconds, 3),
                Cell(row.Gigaflops), Cell(row.GigabytesPerSecond), Cell(row.NanosecondsPerEdge), Cell(row.Scaling),
            ];
            table.AddRow(Figures.Row(isLimit ? cells : [.. cells, row.PercentOfLimit?.ToString("F0", CultureInfo.InvariantCulture) ?? "", row.Limit?.Split(',')[0].Split(' ')[^1] ?? ""]));
        }
        terminal.Person.Write(table);
    }

    private static string Cell(double? value) => value is double number ? Figures.Short(number, 3) : "";

    private string Json(Measurement.Bench bench, bool interrupted) => JsonLine.Of(new
    {
        Weft = Root.Version,
        Precision = sizeof(Real) * 8,
        Machine = new
        {
            machine.Processor,
            machine.Architecture,
            machine.Cores,
            machine.VectorBits,
            machine.Caches,
            MemoryMb = machine.MemoryMegabytes,
            machine.OperatingSystem,
            machine.Runtime,
            machine.HugePages,
            HugePagesMb = bench.MegabytesInHugePages,
        },
        Dataset = dataset,
        Nodes = graph.OwnedSources,
        graph.Edges,
        settings.Threads,
        settings.Features,
        settings.Repeat,
        settings.Quick,
        settings.Seed,
        Interrupted = interrupted,
        Limits = bench.Limits.Select(Row),
        Kernels = bench.Kernels.Select(Row),
    });

    private static object Row(Measured row) => new
    {
        row.Name,
        row.Shape,
        row.Threads,
        row.Samples,
        MsMedian = Number(row.MedianMilliseconds),
        MsMin = Number(row.MinimumMilliseconds),
        Gflops = Number(row.Gigaflops),
        GbPerS = Number(row.GigabytesPerSecond),
        NsPerEdge = Number(row.NanosecondsPerEdge),
        row.Limit,
        PercentOfLimit = Number(row.PercentOfLimit),
        Scaling = Number(row.Scaling),
    };

    // Six significant digits, of a microsecond on a small graph as of a second on a large one.
    private static double? Number(double? value) =>
        value is double number && double.IsFinite(number) ? double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;
}
