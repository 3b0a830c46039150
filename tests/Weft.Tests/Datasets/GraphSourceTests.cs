using Weft.Datasets;
using Weft.Distributed.Partitioning;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Tests.Datasets;

/// <summary>A part that is read by slices is that part of the whole.</summary>
public class GraphSourceTests
{
    private static readonly Dataset Set = Made(sparse: false);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_read_by_slices_gives_what_the_set_in_memory_gives(bool sparse)
    {
        var set = Made(sparse);
        using var folder = new TemporaryFolder();
        var partition = Write(set, folder.Path);
        var memory = new DatasetSource(set with { Edges = set.Edges.WithSelfLoops() }, partition.Order, partition.Offsets);
        using var slices = PartitionFolder.Open(folder.Path, selfLoops: true);
        Assert.Equal((memory.Nodes, memory.Classes, memory.Splits, memory.IsWeighted, memory.FeatureEntries, memory.Features),
            (slices.Nodes, slices.Classes, slices.Splits, slices.IsWeighted, slices.FeatureEntries, slices.Features));
        Assert.Equal(memory.Offsets, slices.Offsets);
        Assert.Equal(memory.ReadNumbers(), slices.ReadNumbers());
        foreach (var (first, last) in new[] { (0L, 60L), (0L, 1L), (59L, 60L), (17L, 44L), (30L, 30L) })
        {
            Assert.Equal(Edges(memory, first, last), Edges(slices, first, last));
            var (expected, found) = (memory.ReadRows(first, last - first), slices.ReadRows(first, last - first));
            Assert.Equal(expected.Numbers, found.Numbers);
            Assert.Equal(expected.Labels, found.Labels);
            for (int i = 0; i < last - first; i++) Assert.Equal(Row(expected.Features, i), Row(found.Features, i));
            foreach (int split in new[] { 0, 1, -1 })
            {
                var choice = new SplitChoice(split, 3, 2, Seed: 4);
                var (e, f) = (memory.ReadSplit(choice, first, last - first), slices.ReadSplit(choice, first, last - first));
                foreach (var (whole, part) in new[] { (e.Train, f.Train), (e.Validation, f.Validation), (e.Test, f.Test) }) Assert.Equal(whole, part);
            }
        }
    }

    [Fact]
    public void A_folder_in_parts_read_as_a_whole_is_the_set_that_was_parted()
    {
        using var folder = new TemporaryFolder();
        Write(Set, folder.Path);
        var read = DatasetCatalog.OpenPath(folder.Path);
        Assert.Equal(Set.Edges.Source, read.Edges.Source);
        Assert.Equal(Set.Edges.Destination, read.Edges.Destination);
        Assert.Equal(Set.Edges.Weight, read.Edges.Weight);
        Assert.Equal(Set.Labels, read.Labels);
        for (int i = 0; i < Set.Nodes; i++) Assert.Equal(Row(Set.Features, i), Row(read.Features, i));
        Assert.Equal(Set.Splits[1].Test, read.Splits[1].Test);
    }

    [Theory]
    [InlineData("col", "999", "id 999")]
    [InlineData("node_id", "60", "id 60")]
    [InlineData("edge_id", "100000", "id 100000")]
    [InlineData("part_ptr", "61", "61")]
    [InlineData("row_ptr", "5000", "5000")]
    public void An_index_that_is_none_is_an_error_at_its_place(string array, string value, string found)
    {
        using var folder = new TemporaryFolder();
        Write(Set, folder.Path);
        string file = Path.Combine(folder.Path, array + ".npy");
        var read = NpyArray.Read(file);
        long[] entries = read.AsIntegers();
        entries[1] = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        new NpyArray(entries, entries.Length).Write(file);
        var failure = Assert.Throws<DataFormatException>(() =>
        {
            using var slices = PartitionFolder.Open(folder.Path, selfLoops: true);
            slices.ReadEdges(0, slices.Nodes, (_, _, _, _) => { });
        });
        Assert.Contains(found, failure.Message);
        Assert.Contains($"array {array}", failure.Message);
    }

    [Fact]
    public void A_number_that_two_nodes_have_and_a_node_of_the_split_without_a_label_are_errors()
    {
        using var folder = new TemporaryFolder();
        Write(Set, folder.Path);
        string labels = Path.Combine(folder.Path, "y.npy"), ids = Path.Combine(folder.Path, "node_id.npy");
        long[] y = NpyArray.Read(labels).AsIntegers();
        Array.Fill(y, -1, 10, 20);
        new NpyArray(y, y.Length).Write(labels);
        long[] numbers = NpyArray.Read(ids).AsIntegers();
        numbers[33] = numbers[2];
        new NpyArray(numbers, numbers.Length).Write(ids);
        using var slices = PartitionFolder.Open(folder.Path, selfLoops: false);
        Assert.Contains("array node_id[33]", Assert.Throws<DataFormatException>(() => slices.ReadNumbers()).Message);
        Assert.Contains("is in the split and has no label", Assert.Throws<DataFormatException>(() => slices.ReadSplit(new SplitChoice(0, 3, 2, 0), 5, 40)).Message);
    }

    [Fact]
    public void A_name_of_a_built_in_set_is_no_folder()
    {
        var nowhere = new DatasetFolders(null, Path.Combine(Path.GetTempPath(), "weft-no-such-folder"));
        foreach (string name in new[] { "karate", "citations", "dictionary-lookup-5", "rmat-5-5" }) Assert.Null(DatasetCatalog.PathOf(name, nowhere));
        Assert.Equal("./karate", DatasetCatalog.PathOf("./karate", nowhere));
        Assert.Null(DatasetCatalog.PathOf("no-such-set", nowhere));
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "tu", "SOME"));
        Assert.Equal(Path.Combine(folder.Path, "tu", "SOME"), DatasetCatalog.PathOf("SOME", new DatasetFolders(folder.Path, nowhere.Cache)));
    }

    [Fact]
    public void A_file_that_is_cut_off_or_missing_and_features_that_are_no_numbers_are_errors()
    {
        using var folder = new TemporaryFolder();
        Write(Set, folder.Path);
        var x = NpyArray.Read(Path.Combine(folder.Path, "x.npy"));
        var values = (float[])x.AsReals().Select(v => (float)v).ToArray();
        values[7] = float.NaN;
        new NpyArray(values, x.Shape).Write(Path.Combine(folder.Path, "x.npy"));
        using (var slices = PartitionFolder.Open(folder.Path, selfLoops: false))
            Assert.Contains("value NaN", Assert.Throws<DataFormatException>(() => slices.ReadRows(0, 20)).Message);
        using (var file = File.OpenWrite(Path.Combine(folder.Path, "col.npy"))) file.SetLength(file.Length - 3);
        Assert.Contains("bytes of entries", Assert.Throws<DataFormatException>(() => PartitionFolder.Open(folder.Path, selfLoops: false)).Message);
        File.Delete(Path.Combine(folder.Path, "row_ptr.npy"));
        Assert.Throws<DataFormatException>(() => PartitionFolder.Open(folder.Path, selfLoops: false));
    }

    [Fact]
    public void A_recursive_matrix_is_drawn_in_any_parts()
    {
        var matrix = new RecursiveMatrix(Scale: 9, EdgeFactor: 5);
        var whole = matrix.ToEdges();
        var source = new RmatSource("rmat-9-5", matrix, selfLoops: true);
        var memory = new DatasetSource(new Dataset { Name = "rmat-9-5", Edges = whole.WithSelfLoops() });
        foreach (var (first, last) in new[] { (0L, 512L), (0L, 100L), (100L, 512L) })
            Assert.Equal(Edges(memory, first, last), Edges(source, first, last));
        Assert.Equal(5 << 9, whole.Count);
        // The first quarter has most edges: node 0 is a hub.
        Assert.True(whole.InDegrees()[0] > 20 * whole.Count / 512);
    }

    private static Partition Write(Dataset set, string path)
    {
        var partition = Partition.Of(new GraphStructure(set.Nodes, set.Edges.Source, set.Edges.Destination), 4, Partitioners.Named("ldg"));
        GraphArchive.WriteFolder(path, set, partition.Order, partition.Offsets);
        return partition;
    }

    private static List<(int, int, int, Real)> Edges(IGraphSource source, long first, long last)
    {
        var edges = new List<(int Source, int Destination, int Id, Real Weight)>();
        source.ReadEdges(first, last, (from, to, id, weight) => edges.Add((from, to, id, weight)));
        // Sources differ in the order of destinations, not in the order of the edges into one.
        return [.. edges.OrderBy(e => e.Destination)];
    }

    private static Real[] Row(NodeMatrix matrix, int i)
    {
        if (matrix.Sparse is not { } sparse) return matrix.Dense.Row(i).ToArray();
        var row = new Real[sparse.Columns];
        for (int p = 0; p < sparse.IndicesOfRow(i).Length; p++) row[sparse.IndicesOfRow(i)[p]] = sparse.ValuesOfRow(i)[p];
        return row;
    }

    private static Dataset Made(bool sparse)
    {
        var set = Generated.StochasticBlocks(nodes: 60, classes: 3, degree: 5, homophily: 0.7, features: 6, seed: 5);
        int[] source = [.. set.Edges.Source, 4, 4, 4], destination = [.. set.Edges.Destination, 4, 9, 9];
        var features = set.Features;
        if (sparse)
        {
            var few = Matrix.Allocate(60, 6);
            for (int i = 0; i < 60; i++) few[i, i % 6] = i % 7;
            features = FeatureMatrix.Sparsify(few);
        }
        return set with
        {
            Edges = new EdgeList(60, source, destination, [.. source.Select((s, e) => (Real)((s + e) % 4))]),
            Features = features,
            Splits = [Split.Random(set.Labels, 3, 4, 4, 1), Split.Random(set.Labels, 3, 4, 4, 2)],
        };
    }
}
