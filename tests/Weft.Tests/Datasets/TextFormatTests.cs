using Weft.Datasets;

namespace Weft.Tests.Datasets;

public class TextFormatTests
{
    private static Dataset Open(string name, string text)
    {
        using var folder = new TemporaryFolder();
        return DatasetCatalog.Open(folder.Write(name, text));
    }

    private static void AssertRefused(string name, string text, params string[] said)
    {
        using var folder = new TemporaryFolder();
        folder.Write(name, text);
        string message = Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(folder[name])).Message;
        Assert.Contains(Path.GetFileName(name), message);
        Assert.DoesNotContain('\n', message);
        Assert.All(said, word => Assert.Contains(word, message));
    }

    [Fact]
    public void A_matrix_market_entry_is_an_edge_from_its_row_to_its_column()
    {
        var set = Open("g.mtx", "%%MatrixMarket matrix coordinate real general\n% a comment\n3 3 3\n1 2 0.5\n3  1 -2\n2 2 1e3\n");
        Assert.Equal(3, set.Nodes);
        Assert.Equal([0, 2, 1], set.Edges.Source);
        Assert.Equal([1, 0, 1], set.Edges.Destination);
        Assert.Equal([(Real)0.5, -2, 1000], set.Edges.Weight!);
    }

    [Fact]
    public void A_symmetric_matrix_gives_both_directions_and_its_diagonal_once()
    {
        var set = Open("g.mtx", "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 3\n");
        Assert.Equal([1, 0, 2], set.Edges.Source);
        Assert.Equal([0, 1, 2], set.Edges.Destination);
        Assert.Null(set.Edges.Weight);
    }

    [Theory]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 3\n1 2\n2 3\n", "line 4", "2 entries", "3")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 2\n2 3\n", "line 4", "further")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 2000000000\n1 2\n", "2000000000")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 4\n", "line 3", "column '4'", "1 … 3")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n0 1\n", "line 3", "row '0'")]
    [InlineData("%%MatrixMarket matrix coordinate real general\n3 3 1\n1 1\n", "line 3", "value")]
    [InlineData("%%MatrixMarket matrix coordinate real general\n3 3 1\n1 1 nan\n", "line 3", "finite")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 4 0\n", "line 2", "square")]
    [InlineData("%%MatrixMarket matrix array real general\n2 2\n", "line 1", "coordinate")]
    [InlineData("%%MatrixMarket matrix coordinate complex general\n", "line 1")]
    [InlineData("", "empty")]
    public void A_wrong_matrix_market_file_is_refused_by_line(string text, params string[] said) => AssertRefused("g.mtx", text, said);

    [Fact]
    public void Ids_and_classes_of_tables_may_be_text_and_come_back()
    {
        using var folder = new TemporaryFolder();
        folder.Write("nodes.csv", "id,label,split,age,\"height, m\"\nann,red,train,30,1.7\n\"bob \"\"b\"\"\",blue,val,40,1.8\ncid,red,test,50,1.9\ndan,,,60,2\n");
        folder.Write("edges.csv", "source,target,weight,since\nann,\"bob \"\"b\"\"\",2,1999\ncid,ann,0.5,2000\n");
        var set = DatasetCatalog.Open(folder.Path);
        Assert.Equal(["ann", "bob \"b\"", "cid", "dan"], set.NodeNames!);
        Assert.Equal(["blue", "red"], set.ClassNames!);
        Assert.Equal([1, 0, 1, -1], set.Labels!);
        Assert.Equal([0, 2], set.Edges.Source);
        Assert.Equal([1, 0], set.Edges.Destination);
        Assert.Equal([2, (Real)0.5], set.Edges.Weight!);
        Assert.Equal(["age", "height, m"], set.FeatureNames!);
        Assert.Equal((Real)1.9, set.Features.Dense[2, 1]);
        Assert.Equal((1, 1, 1), (set.Splits[0].TrainCount, set.Splits[0].ValidationCount, set.Splits[0].TestCount));
    }

    [Fact]
    public void Ids_without_a_table_are_numbers_if_they_are_all_numbers_and_names_otherwise()
    {
        var numbers = Open("g.csv", "source,target\n2,0\n1,2\n");
        Assert.Null(numbers.NodeNames);
        Assert.Equal([2, 1], numbers.Edges.Source);
        var names = Open("g.csv", "target,source\nx,y\nz,x\n");
        Assert.Equal(["y", "x", "z"], names.NodeNames!);
        Assert.Equal([0, 1], names.Edges.Source);
        Assert.Equal(["7", "0"], Open("g.csv", "source,target\n7,0\n").NodeNames!);
    }

    [Theory]
    [InlineData("source,target\n1,2\n1\n", "line 3", "1 fields", "2")]
    [InlineData("source,target\n1,2,3\n", "line 2", "3 fields")]
    [InlineData("from,to\n1,2\n", "line 1", "source")]
    [InlineData("source,target,weight\n1,2,heavy\n", "line 2", "heavy")]
    [InlineData("source,target,weight\n1,2,inf\n", "line 2", "finite")]
    [InlineData("source,target\n1,\n", "line 2", "empty target")]
    [InlineData("source,target\n\"1,2\n", "line 2", "quote")]
    [InlineData("source,target\n1\"2,3\n", "line 2", "quote")]
    [InlineData("source,target\n\"1\"2,3\n", "line 2", "closing quote")]
    [InlineData("source,target,SOURCE\n1,2,3\n", "line 1", "two columns")]
    [InlineData("source,target\n\n1,2\n", "empty line")]
    [InlineData("", "empty")]
    public void A_wrong_edge_list_is_refused_by_line(string text, params string[] said) => AssertRefused("g.csv", text, said);

    [Theory]
    [InlineData("id,label,split,x\na,1,train,1\na,1,train,1\n", "line 3", "'a'")]
    [InlineData("id,label,split,x\na,1,train,nan\nb,1,train,1\n", "line 2", "x 'nan'")]
    [InlineData("id,label,split,x\na,1,dev,1\nb,1,train,1\n", "line 2", "split 'dev'")]
    [InlineData("id,label,split,x\na,,train,1\nb,1,train,1\n", "line 2", "without a label")]
    public void A_wrong_table_of_nodes_is_refused_by_line(string nodes, params string[] said)
    {
        using var folder = new TemporaryFolder();
        folder.Write("nodes.csv", nodes);
        folder.Write("edges.csv", "source,target\na,b\n");
        string message = Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(folder["edges.csv"])).Message;
        Assert.All([.. said, "nodes.csv"], word => Assert.Contains(word, message));
    }

    [Fact]
    public void An_edge_to_a_node_that_the_table_lacks_is_refused_by_line()
    {
        using var folder = new TemporaryFolder();
        folder.Write("nodes.csv", "id\na\nb\n");
        folder.Write("edges.csv", "source,target\na,b\nb,q\n");
        string message = Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(folder["edges.csv"])).Message;
        Assert.Contains("edges.csv, line 3", message);
        Assert.Contains("'q'", message);
    }

    private static void WriteTu(TemporaryFolder folder)
    {
        folder.Write("T_A.txt", "1, 2\n2, 1\n3, 3\n5, 4\n");
        folder.Write("T_graph_indicator.txt", "1\n1\n2\n4\n4\n");
        folder.Write("T_graph_labels.txt", "1\n-1\n-1\n1\n");
        folder.Write("T_node_labels.txt", "3\n5\n3\n9\n5\n");
        folder.Write("T_folds.txt", "0\n1\n0\n1\n");
    }

    [Fact]
    public void Graphs_of_a_tu_folder_lie_in_blocks_with_their_labels_and_folds()
    {
        using var folder = new TemporaryFolder();
        WriteTu(folder);
        var set = DatasetCatalog.Open(folder.Path);
        Assert.Equal([0, 1, 2, 4], set.Edges.Source);
        Assert.Equal([1, 0, 2, 3], set.Edges.Destination);
        Assert.Equal([0, 2, 3, 3, 5], set.Graphs!.Offsets);
        Assert.Equal([1, 0, 0, 1], set.GraphLabels!);
        Assert.Equal(["-1", "1"], set.ClassNames!);
        Assert.Equal([0, 1, 0, 1], set.GraphFolds!);
        Assert.Equal([0, 1, 0, 2, 1], set.Features.Sparse!.ByRow.Index);
        folder.Write("T_node_attributes.txt", "0.5, 1\n1, 2\n2, 3\n3, 4\n4, 5\n");
        var dense = DatasetCatalog.Open(folder.Path).Features.Dense;
        Assert.Equal([0, 0, 1, 3, 4], dense.Row(3).ToArray());
    }

    [Theory]
    [InlineData("T_A.txt", "1, 2\n2, 3\n", "line 2", "graphs 1 and 2")]
    [InlineData("T_A.txt", "1, 6\n", "line 1", "'6'")]
    [InlineData("T_A.txt", "1 2\n", "line 1", "comma")]
    [InlineData("T_graph_indicator.txt", "1\n2\n1\n4\n4\n", "line 3", "ascending")]
    [InlineData("T_graph_indicator.txt", "1\n1\n2\n4\n5\n", "line 5", "at most 4")]
    [InlineData("T_graph_labels.txt", "1\nx\n", "line 2", "'x'")]
    [InlineData("T_node_labels.txt", "1\n2\n", "2 lines", "5")]
    [InlineData("T_node_attributes.txt", "1\n2, 3\n", "line 2", "2 attributes")]
    [InlineData("T_node_attributes.txt", "1\nNaN\n", "line 2", "finite")]
    [InlineData("T_folds.txt", "0\n1\n", "2 lines", "4")]
    public void A_wrong_tu_file_is_refused_by_line(string name, string text, params string[] said)
    {
        using var folder = new TemporaryFolder();
        WriteTu(folder);
        folder.Write(name, text);
        string message = Assert.Throws<DataFormatException>(() => DatasetCatalog.Open(folder.Path)).Message;
        Assert.All([.. said, name], word => Assert.Contains(word, message));
    }

    [Theory]
    [InlineData("MUTAG", 188, 3371, 7442, 7, 63)]
    [InlineData("PROTEINS", 1113, 43471, 162088, 4, 663)]
    public void The_real_tu_sets_are_read_as_their_table_says(string name, int graphs, int nodes, int edges, int features, int first)
    {
        if (RealData.Find($"tu/{name}") is not { } path) return;
        var set = TuDataset.Read(path);
        Assert.Equal((graphs, nodes, edges, features), (set.Graphs!.Count, set.Nodes, set.Edges.Count, (int)set.Features.Columns));
        Assert.Equal(first, set.GraphLabels!.Count(c => c == 0));
        Assert.Equal(10, set.GraphFolds!.Distinct().Count());
        DatasetTests.AssertSame(set, set.SelectGraphs([.. Enumerable.Range(0, graphs)]));
    }
}
