using System.Globalization;
using Spectre.Console;
using Weft.Distributed.Planning;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>A plan for several processes: the grid to use, and all candidates as a table or as JSON. GB are 10⁹ bytes, words 4 or 8 of them.</summary>
internal sealed class PlanGridView(RunConfig config, PlanRequest request, Calibration calibration, IReadOnlyList<Candidate> candidates, Candidate best, bool explain)
{
    public void Write(Terminal terminal)
    {
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{config.Model.Model}, {request.Layers.Count} layers, on {request.Nodes:N0} nodes and {request.Edges:N0} edges, {request.Processes:N0} processes, {Math.Min(request.RanksPerNode, request.Processes)} a machine"));
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"grid {best.Grid} ({best.Family}, {Exchange(best)} exchange): --grid {best.Grid}"));
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"  memory   {Size(best.Bytes)} a process, {Size(best.Bytes * request.Processes)} in all{(double.IsInfinity(request.MemoryLimit) ? "" : $"; {Size(request.MemoryLimit)} allowed")}"));
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  words    {best.Words:N0} received by the busiest process in a step, in {best.Messages:N0} messages"));
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"  a step   {Time(best.Seconds)}: messages {Time(best.CommunicationSeconds)}, arithmetic {Time(best.ComputeSeconds)} ({Count(best.Operations)} operations)"));
        terminal.Say($"  costs    {Costs(calibration)}");
        terminal.Say($"           {calibration.Source}");
        if (!explain)
        {
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{candidates.Count} candidates were compared: --explain lists them"));
            return;
        }
        terminal.Say("");
        Table(terminal);
        terminal.Say("");
        terminal.Say("words, msgs: received by the busiest process in one training step; survey: its asymptotic formula for the family.");
        terminal.Say("cagnet-…: CAGNET's own schemes, to compare with. Rows after a line of dashes do not fit the memory.");
        terminal.Say("Rows are exchanged whole: Weft does not cut features into chunks to save memory.");
    }

    /// <summary>What was measured, and where it is kept.</summary>
    public static void WriteCosts(Terminal terminal, Calibration calibration, string path)
    {
        terminal.Say(calibration.Source);
        terminal.Say(Costs(calibration));
        terminal.Say($"kept for later plans in {path}");
    }

    private static string Costs(Calibration costs) =>
        $"between machines {Time(costs.AlphaBetween)} a message and {Time(costs.BetaBetween)} a word, within one {Time(costs.AlphaWithin)} and {Time(costs.BetaWithin)}; {Time(costs.GammaSparse)} and {Time(costs.GammaDense)} an operation, sparse and dense";

    private void Table(Terminal terminal)
    {
        // A graph of numbers alone has no halo to count, and nothing to say about it.
        bool halos = candidates.Any(c => c.Halo);
        var table = Figures.Table("grid");
        if (halos) table.AddColumn(new TableColumn(new Text("rows")) { NoWrap = true, Padding = new Padding(0, 0, 1, 0) });
        string[] columns = ["words", "msgs", "memory", "comm", "arith", "step", "survey"];
        foreach (string column in columns) table.AddColumn(Figures.Right(column));
        bool fits = true;
        foreach (var c in candidates)
        {
            if (fits && !c.Fits) table.AddRow(Figures.Row([.. Enumerable.Repeat("---", columns.Length + (halos ? 2 : 1))]));
            fits = c.Fits;
            table.AddRow(Figures.Row([(c == best ? "* " : "  ") + c.Grid, .. halos ? [Exchange(c)] : Array.Empty<string>(), Count(c.Words), Count(c.Messages), Size(c.Bytes),
                Time(c.CommunicationSeconds), Time(c.ComputeSeconds), Time(c.Seconds), double.IsNaN(c.SurveyWords) ? "" : Count(c.SurveyWords)]));
        }
        terminal.Person.Write(table);
    }

    public string Json()
    {
        var figures = new Dictionary<string, object?>
        {
            ["dataset"] = config.Dataset.Length > 0 ? config.Dataset : null,
            ["model"] = config.Model.Model,
            ["nodes"] = request.Nodes,
            ["edges"] = request.Edges,
            ["processes"] = request.Processes,
            ["ranks_per_node"] = request.RanksPerNode,
            ["precision"] = sizeof(Real) * 8,
            ["memory_limit_mb"] = double.IsInfinity(request.MemoryLimit) ? null : Megabytes(request.MemoryLimit),
            ["calibration"] = calibration,
        };
        foreach (var (key, value) in FiguresOf(best)) figures[key] = value;
        if (explain) figures["candidates"] = candidates.Select(FiguresOf);
        return JsonLine.Of(figures);
    }

    private static Dictionary<string, object?> FiguresOf(Candidate c) => new()
    {
        ["grid"] = c.Grid,
        ["scheme"] = c.Scheme,
        ["family"] = c.Family,
        ["exchange"] = Exchange(c),
        ["words_received"] = c.Words,
        ["messages"] = c.Messages,
        ["memory_mb"] = Megabytes(c.Bytes),
        ["operations"] = c.Operations,
        ["communication_ms"] = Milliseconds(c.CommunicationSeconds),
        ["compute_ms"] = Milliseconds(c.ComputeSeconds),
        ["step_ms"] = Milliseconds(c.Seconds),
        ["survey_words"] = double.IsNaN(c.SurveyWords) ? null : Math.Round(c.SurveyWords),
        ["fits"] = c.Fits,
    };

    private static string Exchange(Candidate c) => !c.IsOurs ? "" : c.Halo ? "halo" : "dense";

    private static double Megabytes(double bytes) => Math.Round(bytes / (1 << 20), 3);

    private static double Milliseconds(double seconds) => Math.Round(seconds * 1e3, 6);

    private static string Count(double value) => value < 1e5 ? value.ToString("F0", CultureInfo.InvariantCulture) : value.ToString("0.00e0", CultureInfo.InvariantCulture);

    private static string Size(double bytes) => Unit(bytes, "B", "kB", "MB", "GB", "TB");

    private static string Time(double seconds) => seconds >= 1 ? $"{Three(seconds)} s" : Unit(seconds * 1e12, "ps", "ns", "µs", "ms", "s");

    private static string Unit(double value, params string[] units)
    {
        int unit = 0;
        for (; value >= 999.5 && unit < units.Length - 1; unit++) value /= 1000;
        return $"{Three(value)} {units[unit]}";
    }

    private static string Three(double value) => value >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G3", CultureInfo.InvariantCulture);
}
