using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Sampling;
using Weft.Tests.Datasets;
using Weft.Training;

namespace Weft.Tests.Sampling;

/// <summary>A folder that is mapped is, to the bit, the same set in memory.</summary>
public class MappedDatasetTests
{
    private const int Nodes = 700;

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void In_edges_are_those_of_the_graph_in_memory(bool weighted, bool selfLoops)
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, Made(weighted, sparse: false));
        var edges = GraphArchive.ReadFolder(folder.Path).Edges;
        var memory = new GraphAdjacency(Graph.FromEdges(selfLoops ? edges.WithSelfLoops() : edges));
        using var set = MappedDataset.Open(folder.Path, selfLoops);
        var mapped = set.Edges;
        Assert.Equal((memory.Nodes, memory.Edges, memory.IsWeighted), (mapped.Nodes, mapped.Edges, mapped.IsWeighted));
        var (expected, found) = (new int[Nodes], new int[Nodes]);
        for (int i = 0; i < Nodes; i++)
        {
            Assert.Equal((memory.First(i), memory.Degree(i), memory.WeightedDegree(i)), (mapped.First(i), mapped.Degree(i), mapped.WeightedDegree(i)));
            memory.Sources(i, expected);
            mapped.Sources(i, found);
            Assert.Equal(expected.AsSpan(0, memory.Degree(i)), found.AsSpan(0, memory.Degree(i)));
        }
        for (long p = 0; p < memory.Edges; p++)
            Assert.Equal((memory.Source(p), memory.EdgeId(p), memory.Weight(p)), (mapped.Source(p), mapped.EdgeId(p), mapped.Weight(p)));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapped.EdgeId(memory.Edges));
    }

    [Theory]
    [InlineData(false, "None")]
    [InlineData(false, "Binarize, Normalize")]
    [InlineData(true, "None")]
    [InlineData(true, "Normalize")]
    [InlineData(true, "Binarize")]
    public void Features_labels_and_splits_are_those_of_the_set_in_memory(bool sparse, string changes)
    {
        var change = Enum.Parse<FeatureChange>(changes);
        using var folder = new TemporaryFolder();
        var set = Made(weighted: false, sparse);
        GraphArchive.WriteFolder(folder.Path, set);
        if (change.HasFlag(FeatureChange.Binarize)) set = set.WithBinaryFeatures();
        if (change.HasFlag(FeatureChange.Normalize)) set = set.WithNormalizedFeatures();
        using var mapped = MappedDataset.Open(folder.Path, selfLoops: false, change);
        int[] nodes = [3, 0, Nodes - 1, 3, 411, .. Enumerable.Range(0, 5000).Select(k => k * 13 % Nodes)];
        var memory = new MatrixFeatures(set.Features);
        Assert.Equal((memory.Columns, memory.IsSparse), (mapped.Features.Columns, mapped.Features.IsSparse));
        Assert.Equal(Rows(memory, nodes), Rows(mapped.Features, nodes));
        Assert.Equal(set.Labels, mapped.ReadLabels().Labels);
        Assert.Equal(set.Splits[1].Test, mapped.ReadSplit(new SplitChoice(1, 0, 0, 0)).Test);
    }

    [Fact]
    public void Features_in_double_are_read_in_this_precision()
    {
        using var folder = new TemporaryFolder();
        var set = Made(weighted: false, sparse: false);
        GraphArchive.WriteFolder(folder.Path, set);
        double[] values = [.. set.Features.Dense.ToArray().Select(v => v / 3)];
        new NpyArray(values, Nodes, set.Features.Columns).Write(folder["x.npy"]);
        using var mapped = MappedDataset.Open(folder.Path, selfLoops: false);
        var row = Matrix.Allocate(1, mapped.Features.Columns);
        mapped.Features.Gather([17], row);
        for (int j = 0; j < row.Columns; j++) Assert.Equal((Real)values[17 * row.Columns + j], row[0, j]);
    }

    [Fact]
    public void Data_of_a_mapped_set_have_the_digest_of_the_set_in_memory_and_hold_no_features()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, Made(weighted: true, sparse: true));
        var settings = new DataSettings { Split = "public" };
        var memory = TrainingData.Prepare(GraphArchive.ReadFolder(folder.Path), settings, "gatv2", run: 1);
        using var set = MappedData.Open(folder.Path, settings, "gatv2");
        var mapped = MappedData.Prepare(set, settings, run: 1);
        Assert.Equal((memory.Nodes, memory.Edges, memory.Inputs, memory.Outputs, memory.Split.Name), (mapped.Nodes, mapped.Edges, mapped.Inputs, mapped.Outputs, mapped.Split.Name));
        Assert.Equal(memory.Digest(), mapped.Digest());
        Assert.Empty(mapped.Batches);
        Assert.False(mapped.Dataset.HasFeatures);
    }

    [Fact]
    public void Many_threads_read_at_once_what_one_reads()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder.Path, Made(weighted: true, sparse: false));
        using var set = MappedDataset.Open(folder.Path, selfLoops: true);
        var alone = Enumerable.Range(0, 64).Select(k => Look(set, k)).ToArray();
        var together = new double[64];
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 4 }, k => together[k] = Look(set, k));
        Assert.Equal(alone, together);

        static double Look(MappedDataset set, int k)
        {
            var rows = Matrix.Allocate(50, set.Features.Columns);
            int[] nodes = [.. Enumerable.Range(0, 50).Select(t => (t * 31 + k * 7) % Nodes)];
            set.Features.Gather(nodes, rows);
            return rows.ToArray().Sum() + nodes.Sum(i => set.Edges.WeightedDegree(i)) + set.Edges.Source(k * 11);
        }
    }

    [Fact]
    public void Opening_a_set_and_gathering_some_rows_allocates_nothing_of_its_features_size()
    {
        using var folder = new TemporaryFolder();
        new BlockModelFolder(new BlockModel(20_000, 5, 512, 4), folder.Path, null, default).Write();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var set = MappedDataset.Open(folder.Path, selfLoops: true);
        var rows = Matrix.Allocate(8, 512);
        set.Features.Gather([0, 19_999, 7, 7, 8000, 1, 2, 3], rows);
        var data = MappedData.Prepare(set, new DataSettings(), run: 0);
        // N·F entries are 40 MB; labels and masks, a few words a node, may be held.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000 * 512 / 4);
        Assert.Equal(512, data.Inputs);
    }

    private static double[] Rows(IFeatureStore store, int[] nodes)
    {
        var rows = Matrix.Allocate(nodes.Length, store.Columns);
        if (!store.IsSparse) store.Gather(nodes, rows);
        else
        {
            var sparse = store.GatherSparse(nodes);
            for (int i = 0; i < nodes.Length; i++)
            {
                var columns = sparse.IndicesOfRow(i);
                var values = sparse.ValuesOfRow(i);
                for (int p = 0; p < columns.Length; p++) rows[i, columns[p]] = values[p];
            }
        }
        return rows.ToArray();
    }

    // Directed, with nodes without in-edges (more than 64 in a row among them), loops, repeats and a hub.
    internal static Dataset Made(bool weighted, bool sparse)
    {
        var random = new SeededRandom(11);
        var (source, destination, weight) = (new List<int>(), new List<int>(), new List<Real>());
        void Add(int i, int j)
        {
            source.Add(i);
            destination.Add(j);
            weight.Add((Real)(1 + random.Below(64) / 32.0));
        }
        for (int e = 0; e < 2500; e++)
        {
            int to = random.Below(Nodes);
            if (to is < 100 or > 250) Add(random.Below(Nodes), to);
        }
        for (int e = 0; e < 600; e++) Add(random.Below(Nodes), 5);
        foreach (int i in new[] { 0, 5, 64, 300, 300, Nodes - 1 }) Add(i, i);
        Add(7, 9);
        Add(7, 9);
        var x = Matrix.Allocate(Nodes, 13);
        for (int i = 0; i < Nodes; i++)
            for (int j = 0; j < 13; j++) x[i, j] = random.Below(4) > 0 ? 0 : (Real)(random.Below(65) / 32.0 - 1);
        bool[] Mask(int r, int part) => [.. Enumerable.Range(0, Nodes).Select(i => (i * 7 + r) % 4 == part)];
        return new Dataset
        {
            Name = "made",
            Edges = new EdgeList(Nodes, [.. source], [.. destination], weighted ? [.. weight] : null),
            Features = sparse ? FeatureMatrix.Sparsify(x) : x,
            Labels = [.. Enumerable.Range(0, Nodes).Select(i => i % 3)],
            Classes = 3,
            Splits = [.. Enumerable.Range(0, 2).Select(r => new Split($"public {r}", Mask(r, 0), Mask(r, 1), Mask(r, 2)))],
        };
    }
}
