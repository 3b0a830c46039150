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
        BesideSpmm(bench.Kernels);
        terminal.Say("");
        terminal.Say("thr: shortest run, ms. mid: median. ×1: times as fast as on one thread.");
        terminal.Say($"Rates are of the shortest run on {Threads(settings.Threads)}; %: of the limit measured beside it.");
    }

    private void Table(string title, IReadOnlyList<Measured> rows, bool isLimit)
    {
        if (rows.Count == 0) return;
        bool several = settings.Threads > 1;
        var table = Figures.Table(title);
        table.AddColumn(new TableColumn(new Text("shape")) { NoWrap = true, Padding = new Padding(0, 0, 1, 0) });
        if (several) table.AddColumn(Figures.Right("1 thr"));
        foreach (string column in new[] { $"{settings.Threads} thr", "mid" }) table.AddColumn(Figures.Right(column));
        if (several) table.AddColumn(Figures.Right("×1"));
        foreach (string column in new[] { "GF/s", "GB/s", "ns/edge" }) table.AddColumn(Figures.Right(column));
        if (!isLimit)
        {
            table.AddColumn(Figures.Right("%"));
            table.AddColumn(new TableColumn(new Text("of")) { NoWrap = true });
        }
        foreach (var kernel in rows.GroupBy(row => (row.Name, row.Shape)))
        {
            // An interrupted bench may have one thread alone.
            var one = kernel.FirstOrDefault(row => row.Threads == 1);
            var all = kernel.FirstOrDefault(row => row.Threads == settings.Threads);
            List<string> cells = [kernel.Key.Name, kernel.Key.Shape];
            if (several) cells.Add(Cell(one?.MinimumMilliseconds));
            cells.AddRange([Cell(all?.MinimumMilliseconds), Cell(all?.MedianMilliseconds)]);
            if (several) cells.Add(all?.Scaling?.ToString("F2", CultureInfo.InvariantCulture) ?? "");
            cells.AddRange([Cell(all?.Gigaflops), Cell(all?.GigabytesPerSecond), Cell(all?.NanosecondsPerEdge)]);
            if (!isLimit) cells.AddRange([all?.PercentOfLimit?.ToString("F0", CultureInfo.InvariantCulture) ?? "", all?.Limit?.Split(',')[0] ?? ""]);
            table.AddRow(Figures.Row([.. cells]));
        }
        terminal.Person.Write(table);
    }

    private void BesideSpmm(IReadOnlyList<Measured> kernels)
    {
        var shapes = kernels.Where(row => row.TimesSpmm is not null && row.Threads == settings.Threads).GroupBy(row => row.Shape).ToArray();
        if (shapes.Length == 0) return;
        terminal.Say("");
        terminal.Say($"In times of the weighted spmm of the same width, on {Threads(settings.Threads)}:");
        var table = Figures.Table("heads");
        foreach (string name in shapes.SelectMany(shape => shape).Select(row => row.Name).Distinct()) table.AddColumn(Figures.Right(name));
        foreach (var shape in shapes) table.AddRow(Figures.Row([shape.Key, .. shape.Select(row => row.TimesSpmm!.Value.ToString("F2", CultureInfo.InvariantCulture))]));
        terminal.Person.Write(table);
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : string.Create(CultureInfo.InvariantCulture, $"{count} threads");

    // Columns are narrow: three digits, or all before the point; below 1, two.
    private static string Cell(double? value) => value switch
    {
        null => "",
        < 1 => Figures.Short(value.Value, 2),
        < 99.95 => value.Value.ToString("G3", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("F0", CultureInfo.InvariantCulture),
    };

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
        TimesSpmm = Number(row.TimesSpmm),
    };

    // Six significant digits, of a microsecond on a small graph as of a second on a large one.
    private static double? Number(double? value) =>
        value is double number && double.IsFinite(number) ? double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;
}
