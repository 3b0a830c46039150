using System.Globalization;
using Weft.Communication;
using Weft.Distributed;
using Weft.Distributed.Planning;
using Weft.Distributed.Words;

namespace Weft.DistributedBenchmarks;

/// <summary>
/// Does the planner know which algorithm is the fastest? Measures what messages and arithmetic cost here, lets the planner predict an
/// epoch of every candidate, then runs and times each of them.
/// </summary>
internal sealed class PlannedOrder(Options options, ICommunicator world, string library)
{
    /// <summary>Predictions nearer than this are a tie: whichever is measured faster, the planner was not wrong.</summary>
    private const double Tie = 0.1;
    private const int MostListed = 20;

    /// <summary>A collective call; the first rank writes.</summary>
    public void Run(TextWriter to)
    {
        var calibration = Calibrator.Measure(world, library);
        var problem = new Problem(options with { Ranks = world.Size, EvenParts = true });
        var candidates = Planner.All(Request(problem), calibration);
        var timed = new List<(Candidate Candidate, double Seconds)>();
        foreach (var candidate in candidates)
            timed.Add((candidate, Trial.Run(problem, As(candidate), world).MedianSeconds));
        if (world.Rank == 0) Write(to, problem, calibration, timed);
    }

    private PlanRequest Request(Problem problem) => new()
    {
        Nodes = problem.Nodes,
        Edges = problem.Entries,
        Layers = [.. problem.Widths.Zip(problem.Widths.Skip(1), (a, b) => (a, b)).Select((w, l) => new LayerShape("gcn", w.a, w.b) { Bias = false, ConstantInput = l == 0 })],
        Processes = world.Size,
        RanksPerNode = Machines.Ask(world).MostProcesses,
        Memory = _ => 0,
        Halo = grid => HaloCounts.OfAll(grid, NodeParts.Balanced(grid, problem.Nodes), problem.Edges.Source, problem.Edges.Destination, addLoops: true),
    };

    private Options As(Candidate candidate)
    {
        var on = options with { Ranks = world.Size, EvenParts = true, Halo = candidate.Halo };
        if (candidate.Shape is { } shape) return on with { Algorithm = "grid", Grid = (shape.Rows, shape.Columns, shape.Channels) };
        // "cagnet-1d", "cagnet-1.5d:2", "cagnet-2d 2x2", "cagnet-3d 2x2x2".
        string[] words = candidate.Grid["cagnet-".Length..].Split(':', ' ');
        int[] sizes = words.Length == 1 ? [] : [.. words[1].Split('x').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        return words[0] switch
        {
            "1d" => on with { Algorithm = "1d", Grid = (world.Size, 1, 1) },
            "1.5d" => on with { Algorithm = "1.5d", Copies = sizes[0], Grid = (world.Size, 1, 1) },
            _ => on with { Algorithm = words[0], Grid = (sizes[0], sizes[1], sizes.ElementAtOrDefault(2) is > 0 and int depth ? depth : 1) },
        };
    }

    private void Write(TextWriter to, Problem problem, Calibration calibration, List<(Candidate Candidate, double Seconds)> timed)
    {
        to.WriteLine(FormattableString.Invariant($"{problem.Name}, widths {string.Join(", ", problem.Widths)}, {world.Size} processes, {library}, median of {options.Epochs} epochs."));
        to.WriteLine(FormattableString.Invariant($"Measured before: between machines α {calibration.AlphaBetween * 1e6:F1} µs, β {calibration.BetaBetween * 1e9:F1} ns a word; γ {calibration.GammaSparse * 1e12:F0} and {calibration.GammaDense * 1e12:F0} ps an operation."));
        to.WriteLine();
        to.WriteLine("| by the planner | algorithm | words, most | messages | predicted, s | measured, s | measured / predicted |");
        to.WriteLine("|---|---|---|---|---|---|---|");
        for (int place = 0; place < timed.Count; place++)
        {
            var (candidate, seconds) = timed[place];
            string name = candidate.IsOurs ? $"Weft {candidate.Grid}{(candidate.Halo ? ", halo" : "")}" : candidate.Grid;
            to.WriteLine(FormattableString.Invariant($"| {place + 1} | {name} | {candidate.Words:N0} | {candidate.Messages} | {candidate.Seconds:F3} | {seconds:F3} | {seconds / candidate.Seconds:F2} |"));
        }
        var pairs = (from first in timed from second in timed where second.Candidate.Seconds > first.Candidate.Seconds * (1 + Tie) select (first, second)).ToArray();
        int right = pairs.Count(pair => pair.first.Seconds < pair.second.Seconds);
        to.WriteLine();
        to.WriteLine(FormattableString.Invariant($"Pairs that the planner tells apart (by more than {Tie:P0}): {pairs.Length}; measured in its order: {right}."));
        foreach (var (first, second) in pairs.Where(pair => pair.first.Seconds >= pair.second.Seconds).Take(MostListed))
            to.WriteLine(FormattableString.Invariant($"Other way round: {first.Candidate.Grid}{(first.Candidate.Halo ? ", halo" : "")} ({first.Seconds:F3} s), {second.Candidate.Grid}{(second.Candidate.Halo ? ", halo" : "")} ({second.Seconds:F3} s)."));
    }
}
