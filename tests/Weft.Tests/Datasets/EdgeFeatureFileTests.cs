using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Tests.Datasets;

/// <summary>Features of edges in every kind of file.</summary>
public class EdgeFeatureFileTests
{
    private static readonly double[] Numbers = [0.5, -1, 2, 3.25, 4, 5, -6, 7];

    private static Dataset Sample() => new()
    {
        Name = "four",
        Edges = new EdgeList(3, [2, 0, 1, 0], [0, 1, 2, 2], null, Matrix.From(4, 2, Numbers)),
        Features = Matrix.From(3, 1, [1, 2, 3]),
        Labels = [0, 1, 0],
        Classes = 2,
    };

    private static string Refused(string name, Action<TemporaryFolder> write)
    {
        using var folder = new TemporaryFolder();
        write(folder);
        string message = Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(folder[name])).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Fact]
    public void An_archive_and_a_folder_give_back_the_features_that_were_written()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.Write(folder["set.npz"], Sample());
        Assert.Equal(Numbers, GraphArchive.Read(folder["set.npz"]).Edges.Features.ToArray());
        GraphArchive.WriteFolder(folder["set"], Sample());
        var read = GraphArchive.ReadFolder(folder["set"]);
        // Edges come in the order of their destinations there.
        Assert.Equal([0, 1, 2, 2], read.Edges.Destination);
        Assert.Equal([0.5, -1, 2, 3.25, 4, 5, -6, 7], read.Edges.Features.ToArray());
        GraphArchive.WriteFolder(folder["set"], Sample() with { Edges = Sample().Edges.WithoutFeatures() });
        Assert.False(File.Exists(Path.Combine(folder["set"], "edge_attr.npy")));
    }

    [Fact]
    public void Whole_numbers_and_one_column_are_features_too()
    {
        using var folder = new TemporaryFolder();
        var arrays = ArraySchemaWriter.Archive(Sample());
        arrays["edge_attr"] = new NpyArray(new long[] { 3, 1, 4, 1 }, 4);
        Npz.Write(folder["set.npz"], arrays);
        var edges = GraphArchive.Read(folder["set.npz"]).Edges;
        Assert.Equal(1, edges.FeatureWidth);
        Assert.Equal([3, 1, 4, 1], edges.Features.ToArray());
    }

    [Theory]
    [InlineData(new double[] { 1, 2, 3, double.NaN, 5, 6, 7, 8 }, 4, 2, "edge_attr[1, 1]", "NaN")]
    [InlineData(new double[] { 1, 2, 3, 4, double.PositiveInfinity, 6, 7, 8 }, 4, 2, "edge_attr[2, 0]", "finite")]
    [InlineData(new double[] { 1, 2, 3, 4, 5, 6 }, 3, 2, "edge_attr", "(3, 2)", "(4, any)")]
    public void A_wrong_array_is_refused_by_its_entry(double[] values, int rows, int columns, params string[] said)
    {
        string message = Refused("set.npz", folder =>
        {
            var arrays = ArraySchemaWriter.Archive(Sample());
            arrays["edge_attr"] = new NpyArray(values, rows, columns);
            Npz.Write(folder["set.npz"], arrays);
        });
        Assert.All(said, word => Assert.Contains(word, message));
    }

    [Fact]
    public void Further_columns_of_an_edge_table_are_the_features_of_its_edges()
    {
        using var folder = new TemporaryFolder();
        var set = DatasetCatalog.Open(folder.Write("g.csv", "source,target,length,weight,kind\n1,0,0.5,2,1\n0,1,1.5,3,0\n"));
        Assert.Equal([2, 3], set.Edges.Weight!);
        Assert.Equal([0.5, 1, 1.5, 0], set.Edges.Features.ToArray());
        Assert.Equal([1, 0], set.Edges.Source);
        Assert.Contains("line 2", Refused("bad.csv", f => f.Write("bad.csv", "source,target,length\n1,0,nan\n")));
    }

    [Fact]
    public void Labels_and_attributes_of_a_TU_sets_edges_are_features_side_by_side()
    {
        using var folder = new TemporaryFolder();
        void Write(string labels)
        {
            folder.Write("TINY/TINY_A.txt", "1, 2\n2, 1\n3, 3\n");
            folder.Write("TINY/TINY_graph_indicator.txt", "1\n1\n2\n");
            folder.Write("TINY/TINY_graph_labels.txt", "1\n-1\n");
            folder.Write("TINY/TINY_edge_labels.txt", labels);
            folder.Write("TINY/TINY_edge_attributes.txt", "0.5\n0.5\n-2\n");
        }
        Write("7\n7\n9\n");
        var set = TuDataset.Read(folder["TINY"]);
        Assert.Equal([1, 0, 0.5, 1, 0, 0.5, 0, 1, -2], set.Edges.Features.ToArray());
        Assert.Equal(3, DatasetInfo.Of(set).EdgeFeatures);
        Write("7\n7\n");
        Assert.Contains("TINY_edge_labels.txt", Assert.Throws<DataFormatException>(() => TuDataset.Read(folder["TINY"])).Message);
    }
}
