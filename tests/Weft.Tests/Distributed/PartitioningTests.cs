using System.Runtime.InteropServices;
using Weft.Distributed.Partitioning;
using Weft.Tests.Oracles;

namespace Weft.Tests.Distributed;

/// <summary>Every node in one part, no part empty or too full, the same parts in every run, and what they cost.</summary>
public class PartitioningTests
{
    private static readonly bool HasMetis = new MetisPartitioner().Libraries.Any(name => NativeLibrary.TryLoad(name, out _));

    public static TheoryData<string> Installed => [.. Partitioners.Names.Where(name => name != "metis" || HasMetis)];

    [Theory]
    [MemberData(nameof(Installed))]
    public void Every_node_is_in_one_part_and_no_part_is_empty(string name)
    {
        foreach (var graph in TestGraphs.All)
            foreach (int parts in new[] { 1, 2, 3, 4, 7, 40, 300 })
            {
                var structure = Structure(graph);
                if (graph.Nodes < parts)
                {
                    Assert.Throws<ArgumentException>(() => Partition.Of(structure, parts, Partitioners.Named(name)));
                    continue;
                }
                var partition = Partition.Of(structure, parts, Partitioners.Named(name, seed: 5));
                Assert.Equal(Enumerable.Range(0, graph.Nodes), partition.Order.Order());
                Assert.Equal((0, graph.Nodes), (partition.Offsets[0], partition.Offsets[^1]));
                for (int p = 0; p < parts; p++)
                {
                    int[] members = partition.Order[(int)partition.Offsets[p]..(int)partition.Offsets[p + 1]];
                    Assert.NotEmpty(members);
                    Assert.Equal(members.Order(), members);
                    Assert.All(members, node => Assert.Equal(p, partition.Part[node]));
                }
                int[] places = partition.Places();
                Assert.All(partition.Order, node => Assert.Equal(node, partition.Order[places[node]]));
            }
    }

    [Theory]
    [MemberData(nameof(Installed))]
    public void Two_runs_agree_and_compressed_rows_are_the_same_graph(string name)
    {
        var graph = TestGraphs.ThreeHundred;
        int[] first = Partitioners.Named(name, seed: 3).Parts(Structure(graph), 7);
        Assert.Equal(first, Partitioners.Named(name, seed: 3).Parts(Structure(graph), 7));
        var rows = Structure(graph).InEdges;
        Assert.Equal(first, Partitioners.Named(name, seed: 3).Parts(new GraphStructure(rows.Pointers, rows.Index), 7));
    }

    [Fact]
    public void Random_parts_depend_on_the_seed_and_are_of_equal_size()
    {
        var structure = Structure(TestGraphs.ThreeHundred);
        int[] one = new RandomPartitioner(1).Parts(structure, 7), two = new RandomPartitioner(2).Parts(structure, 7);
        Assert.NotEqual(one, two);
        foreach (int[] parts in new[] { one, two })
            Assert.Equal([43, 43, 43, 43, 43, 43, 42], Enumerable.Range(0, 7).Select(p => parts.Count(q => q == p)));
    }

    [Fact]
    public void Greedy_parts_stay_within_their_capacity()
    {
        foreach (var graph in TestGraphs.All)
            foreach (int parts in new[] { 1, 2, 3, 7 })
                foreach (double slack in new[] { 0, 0.05, 0.5 })
                {
                    var greedy = new GreedyPartitioner { Slack = slack };
                    int[] part = greedy.Parts(Structure(graph), parts);
                    long capacity = greedy.Capacity(graph.Nodes, parts);
                    Assert.InRange(capacity, (graph.Nodes + parts - 1) / parts, (1 + slack) * graph.Nodes / parts + 1);
                    Assert.All(Enumerable.Range(0, parts), p => Assert.InRange(part.Count(q => q == p), 0, capacity));
                }
    }

    [Fact]
    public void Empty_parts_take_nodes_of_the_largest()
    {
        int[] given = [2, 2, 2, 2, 0, 0];
        var partition = Partition.From(given, 5);
        Assert.Equal([2, 2, 3, 1, 0, 4], partition.Part);
        Assert.Equal([0, 1, 2, 4, 5, 6], partition.Offsets);
        Assert.Equal([4, 3, 0, 1, 2, 5], partition.Order);
        Assert.Equal([2, 2, 2, 2, 0, 0], given);
        Assert.Throws<ArgumentException>(() => Partition.From([0, 2], 2));
    }

    [Fact]
    public void Quality_counts_rows_edges_and_cuts_as_a_slow_count_does()
    {
        var graph = TestGraphs.Forty;
        var partition = Partition.Of(Structure(graph), 4, new RandomPartitioner(9));
        var quality = PartitionQuality.Of(Structure(graph), partition);
        var edges = Enumerable.Range(0, graph.Edges).Select(e => (From: graph.Source[e], To: graph.Destination[e])).ToArray();
        int Part(int node) => partition.Part[node];
        for (int p = 0; p < 4; p++)
        {
            Assert.Equal(edges.Where(e => Part(e.To) == p && Part(e.From) != p).Select(e => e.From).Distinct().Count(), quality.HaloRows[p]);
            Assert.Equal(edges.Count(e => Part(e.To) == p), quality.Edges[p]);
        }
        Assert.Equal(edges.Count(e => Part(e.From) != Part(e.To)), quality.CutEdges);
        Assert.Equal(quality.HaloRows.Sum(), quality.TotalHaloRows);
        Assert.Equal(quality.HaloRows.Max(), quality.LargestHalo);
        Assert.Equal(quality.Edges.Max() * 4.0 / graph.Edges, quality.EdgeBalance, 12);
    }

    /// <summary>A 40 × 40 grid whose labels say nothing: block parts are as bad as random ones, and a good partitioner finds the squares.</summary>
    [Theory]
    [InlineData(4, 3300)]
    [InlineData(8, 4700)]
    public void On_a_shuffled_grid_greedy_parts_beat_blocks_and_metis_beats_both(int parts, int blockAtMost)
    {
        var grid = ShuffledGrid(40);
        long block = Halo(new BlockPartitioner()), greedy = Halo(new GreedyPartitioner());
        Assert.InRange(block, blockAtMost - 300, blockAtMost);
        Assert.True(greedy * 6 < block, $"greedy {greedy}, block {block}");
        if (!HasMetis)
        {
            Console.WriteLine("METIS is not installed: its figures on the shuffled grid are not checked");
            return;
        }
        var metis = new MetisPartitioner { EdgeWork = 0, Seed = 42 };
        long volume = Halo(metis);
        Assert.Equal(volume, metis.Objective);
        Assert.True(volume < greedy, $"METIS {volume}, greedy {greedy}");
        Assert.InRange(volume, 1, parts == 4 ? 190 : 320);

        long Halo(IPartitioner partitioner) => PartitionQuality.Of(grid, Partition.Of(grid, parts, partitioner)).TotalHaloRows;
    }

    [Fact]
    public void Metis_balances_the_work_that_it_is_told_of()
    {
        if (!HasMetis)
        {
            Console.WriteLine("METIS is not installed: its balance is not checked");
            return;
        }
        // A hundred nodes with forty times the edges of the other nine hundred.
        var random = new Random(4);
        int[] source = [.. Enumerable.Range(0, 12_000).Select(_ => random.Next(1000))];
        int[] destination = [.. Enumerable.Range(0, 12_000).Select(e => e < 10_000 ? random.Next(100) : random.Next(1000))];
        var structure = new GraphStructure(1000, source, destination);
        double Balance(double work) => PartitionQuality.Of(structure, Partition.Of(structure, 4, new MetisPartitioner { EdgeWork = work })).EdgeBalance;
        Assert.InRange(Balance(10), 1, 1.2);
        Assert.True(Balance(10) < Balance(0), $"{Balance(10)} with, {Balance(0)} without the work of edges");
    }

    [Fact]
    public void A_machine_without_metis_is_told_what_to_install()
    {
        var absent = new MetisPartitioner { Libraries = ["libnosuchmetis.so.5"] };
        var failure = Assert.Throws<NotSupportedException>(() => absent.Parts(Structure(TestGraphs.Forty), 4));
        Assert.Contains("libnosuchmetis.so.5", failure.Message);
        Assert.Contains("libmetis5", failure.Message);
        Assert.Contains("ldg", failure.Message);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void A_library_that_is_not_metis_is_refused()
    {
        if (!OperatingSystem.IsLinux()) return;
        var other = new MetisPartitioner { Libraries = ["libc.so.6"] };
        var failure = Assert.Throws<NotSupportedException>(() => other.Parts(Structure(TestGraphs.Forty), 4));
        Assert.Contains("libc.so.6 has no function METIS_SetDefaultOptions", failure.Message);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        Assert.Contains("block, random, ldg, metis", Assert.Throws<ArgumentException>(() => Partitioners.Named("scotch")).Message);
    }

    private static GraphStructure Structure(OracleGraph graph) => new(graph.Nodes, graph.Source, graph.Destination);

    private static GraphStructure ShuffledGrid(int side)
    {
        int[] label = [.. Enumerable.Range(0, side * side)];
        new Random(1).Shuffle(label);
        var (source, destination) = (new List<int>(), new List<int>());
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                foreach (var (dx, dy) in new[] { (1, 0), (0, 1), (-1, 0), (0, -1) })
                {
                    if (x + dx < 0 || x + dx >= side || y + dy < 0 || y + dy >= side) continue;
                    source.Add(label[y * side + x]);
                    destination.Add(label[(y + dy) * side + x + dx]);
                }
        return new GraphStructure(side * side, [.. source], [.. destination]);
    }
}
