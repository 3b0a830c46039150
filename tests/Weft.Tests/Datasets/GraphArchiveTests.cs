using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Tests.Datasets;

public class GraphArchiveTests
{
    [Fact]
    public void A_set_comes_back_from_an_archive_with_names_weights_and_splits()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.Write(folder["sample.npz"], DatasetTests.Sample());
        var read = GraphArchive.Read(folder["sample.npz"]);
        Assert.Equal("sample", read.Name);
        DatasetTests.AssertSame(DatasetTests.Sample(), read);
    }

    [Fact]
    public void A_set_comes_back_from_a_folder_with_its_edges_grouped_by_destination()
    {
        using var folder = new TemporaryFolder();
        GraphArchive.WriteFolder(folder["sample"], DatasetTests.Sample());
        var expected = DatasetTests.Sample() with { Edges = new EdgeList(5, [0, 0, 3, 2, 2, 1], [1, 1, 1, 1, 2, 3], [1, 2, 4, 6, (Real)0.1, 5]) };
        DatasetTests.AssertSame(expected, GraphArchive.ReadFolder(folder["sample"]));
        GraphArchive.WriteFolder(folder["sample"], expected with { Labels = null, Classes = 0, ClassNames = null, Splits = [] });
        Assert.Null(GraphArchive.ReadFolder(folder["sample"]).Labels);
    }

    [Fact]
    public void Dense_features_targets_of_many_labels_and_graphs_come_back()
    {
        using var folder = new TemporaryFolder();
        var edges = new EdgeList(3, [0, 2], [1, 2]);
        var many = new Dataset { Name = "m", Edges = edges, Features = Matrix.From(3, 2, [1, 2, 3, 4, 5, 6]), Targets = Matrix.From(3, 2, [0, 1, 1, 1, 0, 0]), Classes = 2 };
        GraphArchive.Write(folder["m.npz"], many);
        DatasetTests.AssertSame(many, GraphArchive.Read(folder["m.npz"]));
        var graphs = new Dataset { Name = "g", Edges = edges, Graphs = new GraphBatch(edges, [0, 0, 1], 2), GraphLabels = [1, 0], GraphFolds = [1, 0], Classes = 2 };
        GraphArchive.Write(folder["g.npz"], graphs);
        DatasetTests.AssertSame(graphs, GraphArchive.Read(folder["g.npz"]));
        var bare = new Dataset { Name = "b", Edges = edges };
        GraphArchive.Write(folder["b.npz"], bare);
        DatasetTests.AssertSame(bare, GraphArchive.Read(folder["b.npz"]));
    }

    private static OrderedDictionary<string, NpyArray> Whole() => ArraySchemaWriter.Archive(DatasetTests.Sample());

    private static void AssertRefused(Action<OrderedDictionary<string, NpyArray>> damage, params string[] said)
    {
        using var folder = new TemporaryFolder();
        var arrays = Whole();
        damage(arrays);
        Npz.Write(folder["damaged.npz"], arrays);
        var problem = Assert.Throws<DataFormatException>(() => GraphArchive.Read(folder["damaged.npz"]));
        Assert.Contains("damaged.npz", problem.Message);
        Assert.DoesNotContain('\n', problem.Message);
        Assert.All(said, word => Assert.Contains(word, problem.Message));
    }

    [Fact]
    public void An_edge_that_ends_outside_the_nodes_is_refused_by_place_and_value() =>
        AssertRefused(a => a["edge_index"].AsIntegers()[8] = 5, "edge_index[1, 2]", "id 5", "0 … 4");

    [Fact]
    public void A_negative_edge_end_is_refused() => AssertRefused(a => a["edge_index"].AsIntegers()[0] = -1, "edge_index[0, 0]", "id -1");

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_sparse_feature_that_is_not_finite_is_refused_by_place(float value) =>
        AssertRefused(a => a["x_data"].Data.SetValue(value, 3), "x_data[3]", "finite");

    [Fact]
    public void A_dense_feature_that_is_not_finite_is_refused_by_row_and_column() => AssertRefused(a =>
    {
        foreach (string name in new[] { "x_data", "x_indices", "x_indptr", "x_shape" }) a.Remove(name);
        a["x"] = new NpyArray(new float[] { 1, 2, 3, 4, 5, 6, 7, float.NaN, 9, 10, 11, 12, 13, 14, 15 }, 5, 3);
    }, "array x[2, 1]", "NaN");

    [Theory]
    [InlineData(99, 0)]
    [InlineData(-2, 4)]
    [InlineData(4, 0)]
    public void A_label_out_of_range_is_refused_by_place_and_value(long label, int node) => AssertRefused(a =>
    {
        a.Remove("class_names");
        a["y"].AsIntegers()[node] = label;
    }, $"y[{node}]", $"label {label}");

    [Fact]
    public void A_node_in_a_split_without_a_label_is_refused() => AssertRefused(a => a["y"].AsIntegers()[3] = -1, "test_masks", "node 3");

    [Fact]
    public void A_mask_of_the_wrong_length_is_refused() => AssertRefused(a =>
    {
        foreach (string part in new[] { "train", "val", "test" }) a.Remove($"{part}_masks");
        a["val_mask"] = new NpyArray(new bool[4], 4);
    }, "val_mask", "(4)", "(5)");

    [Fact]
    public void A_missing_mask_is_refused() => AssertRefused(a => a.Remove("test_masks"), "test_masks", "missing");

    [Fact]
    public void A_mask_of_another_type_is_refused() => AssertRefused(a => a["train_masks"] = new NpyArray(new long[10], 2, 5), "train_masks", "<i8");

    [Fact]
    public void Edges_as_floating_point_are_refused() => AssertRefused(a => a["edge_index"] = new NpyArray(new float[12], 2, 6), "edge_index", "<f4");

    [Fact]
    public void Row_pointers_that_fall_or_leave_the_entries_are_refused()
    {
        AssertRefused(a => a["x_indptr"].AsIntegers()[2] = 1, "x_indptr[2]");
        AssertRefused(a => a["x_indptr"].AsIntegers()[5] = 9, "x_indptr[5]");
        AssertRefused(a => a["x_indices"].Data.SetValue(3, 1), "x_indices[1]", "id 3");
        AssertRefused(a => a["x_shape"].AsIntegers()[0] = 6, "array y", "(6)");
    }

    [Fact]
    public void Missing_edges_and_a_missing_number_of_nodes_are_refused()
    {
        AssertRefused(a => a.Remove("edge_index"), "edge_index");
        using var folder = new TemporaryFolder();
        Npz.Write(folder["e.npz"], new OrderedDictionary<string, NpyArray> { ["edge_index"] = new(new long[] { 0, 1 }, 2, 1) });
        Assert.Contains("num_nodes", Assert.Throws<DataFormatException>(() => GraphArchive.Read(folder["e.npz"])).Message);
    }

    [Theory]
    [InlineData("cora", 2708, 10556, 1433, 7, 1, 140, 500, 1000)]
    [InlineData("pubmed", 19717, 88648, 500, 3, 1, 60, 500, 1000)]
    [InlineData("amazon_photo", 7650, 238162, 745, 8, 0, 0, 0, 0)]
    [InlineData("coauthor_physics", 34493, 495924, 8415, 5, 0, 0, 0, 0)]
    [InlineData("minesweeper", 10000, 78804, 7, 2, 10, 5000, 2500, 2500)]
    [InlineData("squirrel_filtered", 2223, 93996, 2089, 5, 10, 1053, 718, 452)]
    [InlineData("karate", 34, 156, 34, 2, 1, 2, 0, 32)]
    [InlineData("cnr_2000", 325557, 3216152, 0, 0, 0, 0, 0, 0)]
    public void Every_real_set_is_read_as_its_table_says(string name, int nodes, int edges, int features, int classes, int splits, int train, int validation, int test)
    {
        if (RealData.Find($"{name}.npz") is not { } path) return;
        var set = GraphArchive.Read(path);
        Assert.Equal((nodes, edges, features, classes, splits), (set.Nodes, set.Edges.Count, (int)set.Features.Columns, set.Classes, set.Splits.Count));
        if (splits == 0) return;
        Assert.Equal((train, validation, test), (set.Splits[0].TrainCount, set.Splits[0].ValidationCount, set.Splits[0].TestCount));
    }

    [Theory]
    [InlineData("minesweeper")]
    [InlineData("squirrel_filtered")]
    public void The_published_heterophilous_files_are_the_same_sets(string name)
    {
        if (RealData.Find($"{name}.npz") is not { } path || RealData.Find($"raw/{name}/{name}.npz") is not { } raw) return;
        DatasetTests.AssertSame(GraphArchive.Read(path), GraphArchive.Read(raw));
    }

    [Fact]
    public void Archives_of_pickled_objects_are_refused_by_name()
    {
        if (RealData.Find("raw/amazon_photo/amazon_photo.npz") is not { } path) return;
        var problem = Assert.Throws<DataFormatException>(() => GraphArchive.Read(path));
        Assert.Contains("adj_matrix", problem.Message);
        Assert.Contains("pickled", problem.Message);
    }
}
