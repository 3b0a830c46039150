using Weft.Distributed;
using Weft.Distributed.Planning;
using Weft.Distributed.Words;

namespace Weft.Tests.Distributed.Planning;

public class PlannerTests
{
    private static readonly LayerShape[] Gcn = [new("gcn", 40, 16), new("gcn", 16, 7)];

    private static readonly LayerShape[] GatV2 = [new("gatv2", 40, 8) { Heads = 4 }, new("gatv2", 32, 7) { Heads = 1, Concatenate = false }];

    private static readonly LayerShape[][] Models =
    [
        Gcn,
        GatV2,
        [new("gcn", 5, 9) { ConstantInput = true, InputGradient = false }, new("gcn", 9, 3)],
        [new("gcn", 5, 9) { InputGradient = false }, new("gcn", 9, 3)],
        [new("gat", 12, 4) { Heads = 3 }, new("gat", 12, 5) { Heads = 2, Concatenate = false }],
        [new("gin", 10, 6) { Hidden = 8 }, new("sage", 6, 5), new("attention", 5, 4) { Heads = 5, Residual = true }],
        [new("attention-dense", 10, 6) { Heads = 2 }],
    ];

    [Fact]
    public void Sizes_alone_give_the_traffic_that_the_lists_of_all_parts_give()
    {
        foreach (var grid in AllGrids(12).Concat(AllGrids(7)))
            foreach (long nodes in new long[] { 23, 24, 100, 101 })
            {
                var parts = NodeParts.Balanced(grid, nodes);
                foreach (var layer in Models.SelectMany(m => m))
                    for (int rank = 0; rank < grid.Size; rank++)
                    {
                        var traffic = ExpandFold.OfEven(layer, grid, nodes, rank, out var groups);
                        Assert.Equal(ExpandFold.Of(layer, grid, parts, rank), traffic);
                        Assert.Equal((traffic.Words, traffic.Messages), (groups.Words, groups.Messages));
                    }
            }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(30)]
    public void The_choice_is_the_least_of_all_grids_gone_through_process_by_process(int processes)
    {
        foreach (var layers in Models)
            foreach (long nodes in new long[] { 31, 97, 1000 })
                foreach (int perNode in new[] { 1, 4, 100 })
                    foreach (double beta in new[] { 1e-10, 1e-8, 1e-6 })
                    {
                        var request = Request(layers, nodes, 7 * nodes, processes) with { RanksPerNode = perNode, MemoryLimit = nodes * 600.0 / Math.Sqrt(processes) };
                        var calibration = Calibration.Default with { BetaBetween = beta };
                        var (least, grid) = (double.PositiveInfinity, default(ProcessGrid));
                        foreach (var candidate in AllGrids(processes).Where(g => g.Channels <= layers.Max(LayerWork.Shared)))
                        {
                            double seconds = BruteForce(request, candidate, calibration);
                            if (seconds < least && BytesOf(candidate, nodes) <= request.MemoryLimit) (least, grid) = (seconds, candidate);
                        }
                        if (grid is null)
                        {
                            Assert.Contains("the leanest takes", Assert.Throws<ArgumentException>(() => Planner.Choose(request, calibration)).Message);
                            continue;
                        }
                        var best = Planner.Best(Planner.All(request, calibration), request);
                        Assert.Equal(least, best.Seconds, 1e-12 * least);
                        Assert.Equal(least, BruteForce(request, Planner.Choose(request, calibration), calibration), 1e-12 * least);
                    }
    }

    [Fact]
    public void The_busiest_process_is_found_among_the_representatives()
    {
        foreach (int processes in new[] { 6, 12, 24, 36 })
            foreach (var grid in AllGrids(processes))
                foreach (long nodes in new long[] { processes, processes + 1, 53, 211 })
                    foreach (var layers in Models)
                    {
                        long Words(int rank) => layers.Sum(l => ExpandFold.OfEven(l, grid, nodes, rank, out _).Words);
                        var heads = layers.Select(LayerWork.Shared).Where(h => h > 0).Distinct();
                        Assert.Equal(Enumerable.Range(0, processes).Max(Words), Representatives.Of(grid, nodes, heads).Max(Words));
                    }
    }

    [Fact]
    public void Dear_words_move_the_choice_from_few_messages_to_few_words()
    {
        var request = Request(GatV2, 20_000, 100_000, 64);
        var cheap = Calibration.Default with { AlphaBetween = 1e-3, BetaBetween = 1e-9 };
        var (few, less) = (Planner.Choose(request, cheap), Planner.Choose(request, cheap with { BetaBetween = 1e-7 }));
        Assert.NotEqual(few, less);
        var candidates = Planner.All(request, cheap);
        Candidate Of(ProcessGrid grid) => candidates.Single(c => c.Shape == grid);
        Assert.True(Of(few).Messages < Of(less).Messages);
        Assert.True(Of(few).Words > Of(less).Words);
    }

    [Fact]
    public void Little_memory_excludes_the_grid_that_gathers_everything()
    {
        var fast = Calibration.Default with { AlphaBetween = 1e-2 };
        var request = Request(GatV2, 100_000, 1_000_000, 16);
        var free = Planner.Choose(request, fast);
        Assert.True(free.Columns == 1 || free.Rows == 1);
        var limited = Planner.Choose(request with { MemoryLimit = BytesOf(free, request.Nodes) * 0.6 }, fast);
        Assert.True(limited.Rows > 1 && limited.Columns > 1, $"{limited}");
    }

    [Fact]
    public void A_tie_goes_to_fewer_messages_and_every_process_chooses_alike()
    {
        var request = Request(Gcn, 1000, 5000, 12);
        var alike = Enumerable.Range(0, 3).Select(_ => Planner.Choose(request, Calibration.Default)).Distinct();
        Assert.Single(alike);
        var free = Calibration.Default with { AlphaBetween = 1e-300, BetaBetween = 1e-300, GammaSparse = 1e-300 };
        var best = Planner.Best(Planner.All(request, free), request);
        Assert.Equal(Planner.All(request, free).Where(c => c.IsOurs && c.Seconds == best.Seconds).Min(c => c.Messages), best.Messages);
    }

    [Fact]
    public void Processes_of_one_machine_pay_what_messages_cost_within_it()
    {
        var within = Calibration.Default with { AlphaWithin = 1, BetaWithin = 0.5, AlphaBetween = 100, BetaBetween = 50, GammaSparse = 1e-300, GammaDense = 1e-300 };
        foreach (var candidate in Planner.All(Request(Gcn, 997, 5000, 12) with { RanksPerNode = 12 }, within).Where(c => c.IsOurs))
            Assert.InRange(candidate.Seconds, candidate.Words * 0.5, candidate.Words * 0.5 + candidate.Messages);
        // One of three partners in the column lives on this machine, none of those in the row.
        var cost = new CostModel(within, 12, 4);
        var grid = new ProcessGrid(3, 4, 1);
        Assert.Equal((10 * 0.5) + (2 * 1), cost.Seconds(grid, 0, new GroupTraffic((10, 2), default, default)), 1e-9);
        Assert.Equal((10 * 50) + (2 * 100), cost.Seconds(grid, 0, new GroupTraffic(default, (10, 2), default)), 1e-9);
        Assert.Equal(10 * ((8 * 50) + (3 * 0.5)) / 11, cost.Seconds(grid, 5, new GroupTraffic(default, default, (10, 0))), 1e-9);
    }

    [Fact]
    public void Partners_on_the_same_machine_are_counted_as_one_would_count_them()
    {
        var unit = Calibration.Default with { AlphaWithin = 0, BetaWithin = 0, AlphaBetween = 1, BetaBetween = 0 };
        foreach (var grid in AllGrids(24))
            foreach (int perNode in new[] { 1, 2, 3, 5, 8, 24 })
                for (int rank = 0; rank < 24; rank++)
                {
                    var (i, j, _) = grid.PlaceOf(rank);
                    double Outside(Func<(int Row, int Column, int Channel), bool> isMember)
                    {
                        int[] members = [.. Enumerable.Range(0, 24).Where(r => isMember(grid.PlaceOf(r)))];
                        return members.Length == 1 ? 0 : members.Count(r => r / perNode != rank / perNode) / (double)(members.Length - 1);
                    }
                    var cost = new CostModel(unit, 24, perNode);
                    Assert.Equal(Outside(p => p.Row == i), cost.Seconds(grid, rank, new GroupTraffic((0, 1), default, default)), 1e-12);
                    Assert.Equal(Outside(p => p.Column == j), cost.Seconds(grid, rank, new GroupTraffic(default, (0, 1), default)), 1e-12);
                }
    }

    [Fact]
    public void More_processes_than_nodes_are_refused() =>
        Assert.Contains("9 processes for 8 nodes", Assert.Throws<ArgumentException>(() => Planner.Choose(Request(Gcn, 8, 20, 9), Calibration.Default)).Message);

    [Fact]
    public void Divisors_are_all_of_them()
    {
        for (int n = 1; n <= 200; n++)
            Assert.Equal(Enumerable.Range(1, n).Where(d => n % d == 0), Planner.Divisors(n).Order());
        Assert.Equal(49, Planner.Divisors(1_000_000).Distinct().Count());
    }

    private static double BruteForce(PlanRequest request, ProcessGrid grid, Calibration calibration)
    {
        var cost = new CostModel(calibration, request.Processes, request.RanksPerNode);
        double messages = Enumerable.Range(0, grid.Size).Max(rank =>
        {
            var traffic = default(GroupTraffic);
            foreach (var layer in request.Layers)
            {
                ExpandFold.OfEven(layer, grid, request.Nodes, rank, out var groups);
                traffic += groups;
            }
            return cost.Seconds(grid, rank, traffic);
        });
        double edges = Math.Ceiling(request.Edges / (double)(grid.Rows * grid.Columns)), own = Enumerable.Range(0, grid.Size).Max(r => grid.Owned(request.Nodes, r).Count);
        double arithmetic = request.Layers.Sum(l => (calibration.GammaDense * own * LayerWork.PerNode(l, 0))
            + (calibration.GammaSparse * edges * LayerWork.PerEdge(l) * Math.Ceiling(LayerWork.Shared(l) / (double)grid.Channels) / LayerWork.Shared(l)));
        return messages + arithmetic;
    }

    private static IEnumerable<ProcessGrid> AllGrids(int processes) =>
        from channels in Enumerable.Range(1, processes)
        where processes % channels == 0
        from columns in Enumerable.Range(1, processes / channels)
        where processes / channels % columns == 0
        select new ProcessGrid(processes / channels / columns, columns, channels);

    private static PlanRequest Request(LayerShape[] layers, long nodes, long edges, int processes) => new()
    {
        Nodes = nodes,
        Edges = edges,
        Layers = layers,
        Processes = processes,
        RanksPerNode = 1,
        Memory = share => BytesOf(share.Grid, nodes),
    };

    // What gathers everything takes most.
    private static double BytesOf(ProcessGrid grid, long nodes) => 64.0 * nodes * ((1.0 / grid.Rows) + (1.0 / grid.Columns) + (2.0 / grid.Size));
}
