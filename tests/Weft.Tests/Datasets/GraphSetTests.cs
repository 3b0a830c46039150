using Weft.Datasets;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Datasets;

/// <summary>Folds, virtual nodes and numbers of graphs.</summary>
public class GraphSetTests
{
    [Fact]
    public void Folds_share_out_each_class_evenly_and_are_the_same_for_the_same_seed()
    {
        int[] labels = [.. Enumerable.Range(0, 103).Select(g => g % 3 == 0 ? 1 : 0)];
        int[] folds = Folds.Stratified(labels, labels.Length, 10, 5);
        Assert.Equal(folds, Folds.Stratified(labels, labels.Length, 10, 5));
        Assert.NotEqual(folds, Folds.Stratified(labels, labels.Length, 10, 6));
        foreach (int c in new[] { 0, 1 })
        {
            int[] sizes = [.. Enumerable.Range(0, 10).Select(fold => Enumerable.Range(0, labels.Length).Count(g => labels[g] == c && folds[g] == fold))];
            Assert.True(sizes.Max() - sizes.Min() <= 1, string.Join(" ", sizes));
        }
        var honest = Folds.Of(folds, 10, 9, validates: true);
        Assert.Equal([.. folds.Select(f => f == 9)], honest.Test);
        Assert.Equal([.. folds.Select(f => f == 0)], honest.Validation);
        Assert.Equal([.. folds.Select(f => f is not (9 or 0))], honest.Train);
        Assert.Equal(0, Folds.Of(folds, 10, 9, validates: false).ValidationCount);
    }

    [Theory]
    [InlineData("0\n1\n2\n", "3 lines")]
    [InlineData("0\n1\n2\nx\n1\n2\n0\n1\n2\n", "line 4")]
    [InlineData("0\n1\n-2\n0\n1\n2\n0\n1\n2\n", "line 3")]
    [InlineData("0\n1\n3\n0\n1\n3\n0\n1\n3\n", "no graph in fold 2")]
    [InlineData("0\n1\n1\n0\n1\n1\n0\n1\n1\n", "2 folds")]
    [InlineData("0\n1\n2000000000\n0\n1\n1\n0\n1\n1\n", "no graph in fold 2")]
    public void Broken_folds_are_refused_with_the_place(string text, string message)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "folds.txt");
        File.WriteAllText(file, text);
        var problem = Assert.Throws<DataFormatException>(() => TrainingData.Prepare(GraphTrainingTests.Molecules(9), new DataSettings { Folds = file }, "gin"));
        Assert.Contains(message, problem.Message);
        Assert.Contains("folds.txt", problem.Message);
    }

    [Fact]
    public void A_fold_that_there_is_not_and_folds_of_nodes_are_refused()
    {
        var set = GraphTrainingTests.Molecules(30);
        Assert.Contains("the folds of rings and paths are 0 … 9", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(set, new DataSettings { Folds = "auto", Fold = 10 }, "gin")).Message);
        Assert.Contains("no folds are given", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(set, new DataSettings { Fold = 1 }, "gin")).Message);
        Assert.Contains("it is nodes", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(Karate.Create(), new DataSettings { Folds = "auto" }, "gin")).Message);
        Assert.Contains("it is nodes", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(DictionaryLookup.Create(3), new DataSettings { VirtualNode = true }, "gin")).Message);
        Assert.Contains("is one graph", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(Karate.Create(), new DataSettings { Task = "graph" }, "gin")).Message);
    }

    [Fact]
    public void A_virtual_node_is_joined_with_every_node_of_its_graph_and_with_no_other()
    {
        var set = GraphTrainingTests.Molecules(6);
        var with = VirtualNode.AddTo(set);
        Assert.Equal(set.Nodes + 6, with.Nodes);
        Assert.Equal(set.Edges.Count + 2 * set.Nodes, with.Edges.Count);
        Assert.Equal(4, with.Features.Columns);
        var edges = Enumerable.Range(0, with.Edges.Count).Select(e => (with.Edges.Source[e], with.Edges.Destination[e])).ToHashSet();
        for (int g = 0; g < 6; g++)
        {
            int own = with.Graphs!.Offsets[g + 1] - 1, size = set.Graphs!.Offsets[g + 1] - set.Graphs.Offsets[g];
            Assert.Equal(size + 1, with.Graphs.Offsets[g + 1] - with.Graphs.Offsets[g]);
            Assert.Equal([0, 0, 0, 1], [.. with.Features.Dense.Row(own).ToArray().Select(v => (double)v)]);
            for (int i = 0; i < size; i++)
            {
                int node = with.Graphs.Offsets[g] + i;
                Assert.Contains((node, own), edges);
                Assert.Contains((own, node), edges);
                Assert.Equal(set.Features.Dense.Row(set.Graphs.Offsets[g] + i).ToArray(), with.Features.Dense.Row(node)[..3].ToArray());
                Assert.Equal(0, with.Features.Dense[node, 3]);
            }
            // What was there is there still.
            var (before, after) = (set.SelectGraphs([g]).Edges, with.SelectGraphs([g]).Edges);
            Assert.Equal(before.Source, after.Source[..before.Count]);
            Assert.Equal(before.Destination, after.Destination[..before.Count]);
        }
        // Sparse features get the column too.
        var sparse = VirtualNode.AddTo(set with { Features = FeatureMatrix.Sparsify(set.Features.Dense) });
        Assert.Equal(with.Features.Dense.ToArray(), FeatureMatrix.Densify(sparse.Features.Sparse!).ToArray());
    }

    [Fact]
    public void Numbers_of_graphs_are_read_and_survive_a_copy()
    {
        using var folder = new TemporaryFolder();
        void Write(string part, string text) => File.WriteAllText(Path.Combine(folder.Path, $"TINY_{part}.txt"), text);
        Write("A", "1, 2\n2, 1\n3, 4\n4, 3\n");
        Write("graph_indicator", "1\n1\n2\n2\n3\n");
        Write("graph_attributes", "0.5, 1\n-2, 3\n0, 4.25\n");
        var set = TuDataset.Read(folder.Path);
        Assert.Null(set.GraphLabels);
        Assert.Equal([0.5, 1, -2, 3, 0, 4.25], set.GraphTargets.ToArray());
        Assert.Equal([0, 4.25, 0.5, 1], set.SelectGraphs([2, 0]).GraphTargets.ToArray());
        string copy = Path.Combine(folder.Path, "copy.npz");
        GraphArchive.Write(copy, set);
        Assert.Equal(set.GraphTargets.ToArray(), GraphArchive.Read(copy).GraphTargets.ToArray());

        Write("graph_attributes", "0.5, 1\n-2\n0, 4.25\n");
        Assert.Contains("line 2", Assert.Throws<DataFormatException>(() => TuDataset.Read(folder.Path)).Message);
        Write("graph_attributes", "0.5\n-2\n");
        Assert.Contains("graph 3", Assert.Throws<DataFormatException>(() => TuDataset.Read(folder.Path)).Message);
    }
}
