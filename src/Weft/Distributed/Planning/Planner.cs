using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>Compares every way in which processes can share a training step, before anything runs.</summary>
/// <remarks>
/// Words and messages are exact, the most that any process receives; seconds are those of <see cref="Calibration"/>. Everything
/// follows from sizes, so n = 10⁹ on 10⁶ processes takes no longer than a small graph, and every process that asks the same gets the
/// same answer; only where more than 4,096 processes share machines do seconds stand for processes of every size, not of every place. Rows are exchanged whole or as halos; they are not cut into chunks of features, so what has no room for its exchange
/// buffers is not made to fit.
/// </remarks>
internal static class Planner
{
    // Counting a halo looks at every edge and every process.
    private const int MostProcessesWithHalo = 1024;

    // Where several machines run several processes each, who has partners on its own machine depends on every rank.
    private const int MostProcessesOneByOne = 4096;

    /// <summary>The grid that a run should use: the least time that fits, then the fewest messages.</summary>
    /// <exception cref="ArgumentException">There are more processes than nodes, or nothing fits; the message says what would.</exception>
    public static ProcessGrid Choose(PlanRequest request, Calibration calibration) => Best(All(request, calibration), request).Shape!;

    /// <summary>The candidate that a run should use.</summary>
    /// <inheritdoc cref="Choose" path="/exception"/>
    public static Candidate Best(IReadOnlyList<Candidate> candidates, PlanRequest request) =>
        candidates.FirstOrDefault(c => c.IsOurs && c.Fits) ?? throw new ArgumentException(FormattableString.Invariant(
            $"no grid of {request.Processes} processes fits in {request.MemoryLimit / 1e9:0.##} GB a process: the leanest takes {candidates.Where(c => c.IsOurs).Min(c => c.Bytes) / 1e9:0.##} GB; give more memory or more processes"));

    /// <summary>Every candidate, those that fit first, each group from the least time to the most; ties to fewer messages, then to fewer words.</summary>
    public static IReadOnlyList<Candidate> All(PlanRequest request, Calibration calibration)
    {
        if (request.Processes > request.Nodes)
            throw new ArgumentException($"{request.Processes} processes for {request.Nodes} nodes: every process owns at least one; use {request.Nodes} processes or fewer");
        var cost = new CostModel(calibration, request.Processes, request.RanksPerNode);
        var candidates = new List<Candidate>();
        foreach (var grid in Grids(request))
        {
            candidates.Add(Dense(request, grid, calibration, cost));
            if (request.Halo is not null && request.Processes is > 1 and <= MostProcessesWithHalo && request.Halo(grid) is { } halo)
                candidates.Add(WithHalo(request, grid, halo, calibration, cost));
        }
        candidates.AddRange(CagnetCandidates.Of(request, calibration, cost));
        // The sort is stable: what ties in everything stays in the order in which it was thought of.
        return [.. candidates.OrderBy(c => c.Fits ? 0 : 1).ThenBy(c => c.Seconds).ThenBy(c => c.Messages).ThenBy(c => c.Words)];
    }

    /// <summary>Every grid with P processes whose channels all find something to do.</summary>
    public static IEnumerable<ProcessGrid> Grids(PlanRequest request)
    {
        long mostChannels = Math.Max(1, request.Layers.Max(LayerWork.Shared));
        foreach (int channels in Divisors(request.Processes).Where(k => k <= mostChannels))
            foreach (int columns in Divisors(request.Processes / channels))
                yield return new ProcessGrid(request.Processes / channels / columns, columns, channels);
    }

    public static IEnumerable<int> Divisors(int number)
    {
        for (int d = 1; d <= number / d; d++)
            if (number % d == 0) yield return d;
        for (int d = (int)Math.Sqrt(number) + 1; d >= 1; d--)
            if (d <= number / d && number % d == 0 && d != number / d) yield return number / d;
    }

    private static Candidate Dense(PlanRequest request, ProcessGrid grid, Calibration calibration, CostModel cost)
    {
        var most = new Most();
        bool even = request.RanksPerNode == 1 || request.RanksPerNode >= request.Processes;
        foreach (int rank in even || request.Processes > MostProcessesOneByOne
            ? Representatives.Of(grid, request.Nodes, request.Layers.Select(LayerWork.Shared).Where(h => h > 0).Distinct())
            : Enumerable.Range(0, request.Processes))
        {
            var traffic = default(GroupTraffic);
            foreach (var layer in request.Layers)
            {
                ExpandFold.OfEven(layer, grid, request.Nodes, rank, out var groups);
                traffic += groups;
            }
            most.Take(traffic, cost.Seconds(grid, rank, traffic));
        }
        var (row, column) = (GroupRows.EvenRow(grid, request.Nodes, 0), GroupRows.EvenColumn(grid, request.Nodes, 0));
        return Finish(request, grid, false, most, row.All, column.All, calibration);
    }

    private static Candidate WithHalo(PlanRequest request, ProcessGrid grid, HaloCounts[] halo, Calibration calibration, CostModel cost)
    {
        var most = new Most();
        long rows = 0, columns = 0;
        for (int rank = 0; rank < grid.Size; rank++)
        {
            var traffic = default(GroupTraffic);
            foreach (var layer in request.Layers)
            {
                ExpandFold.OfHalo(layer, grid, request.Nodes, rank, halo[rank], out var groups);
                traffic += groups;
            }
            most.Take(traffic, cost.Seconds(grid, rank, traffic));
            rows = Math.Max(rows, halo[rank].DestinationsNeeded.Sum());
            columns = Math.Max(columns, halo[rank].SourcesNeeded.Sum());
        }
        return Finish(request, grid, true, most, rows, columns, calibration);
    }

    private static Candidate Finish(PlanRequest request, ProcessGrid grid, bool halo, Most most, long blockRows, long blockColumns, Calibration calibration)
    {
        long own = grid.Owned(request.Nodes, 0).Count, blocks = (long)grid.Rows * grid.Columns;
        long edges = request.FullestBlock?.Invoke(grid) ?? (request.Edges + blocks - 1) / blocks;
        double sparse = 0, dense = 0;
        foreach (var layer in request.Layers)
        {
            // The first channel has the most heads.
            long shared = LayerWork.Shared(layer);
            double share = shared == 0 ? 0 : Math.Ceiling(shared / (double)grid.Channels) / shared;
            sparse += edges * share * LayerWork.PerEdge(layer);
            dense += own * LayerWork.PerNode(layer, request.EntriesPerNode);
        }
        string family = grid.Channels > 1 ? "3D" : grid.Columns == 1 || grid.Rows == 1 ? "1D" : grid.Rows == grid.Columns ? "2D" : "1.5D";
        double bytes = request.Memory(new ProcessShare(grid, own, blockRows, blockColumns, edges, halo));
        return new Candidate("weft", $"{grid.Rows}x{grid.Columns}x{grid.Channels}", family)
        {
            Shape = grid,
            Halo = halo,
            Words = most.Words,
            Messages = most.Messages,
            Bytes = bytes,
            Operations = sparse + dense,
            CommunicationSeconds = most.Seconds,
            ComputeSeconds = calibration.GammaSparse * sparse + calibration.GammaDense * dense,
            SurveyWords = request.Processes == 1 ? 0 : Survey.Words(request.Layers, family, request.Nodes, request.Edges, request.Processes, Math.Min(grid.Rows, grid.Columns)),
            Fits = bytes <= request.MemoryLimit,
        };
    }

    /// <summary>The most of each over some processes.</summary>
    private sealed class Most
    {
        public long Words { get; private set; }

        public long Messages { get; private set; }

        public double Seconds { get; private set; }

        public void Take(GroupTraffic traffic, double seconds) =>
            (Words, Messages, Seconds) = (Math.Max(Words, traffic.Words), Math.Max(Messages, traffic.Messages), Math.Max(Seconds, seconds));
    }
}
