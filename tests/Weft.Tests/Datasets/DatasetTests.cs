using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Tests.Datasets;

public class DatasetTests
{
    internal static void AssertSame(Dataset expected, Dataset actual)
    {
        Assert.Equal(expected.Edges.Nodes, actual.Edges.Nodes);
        Assert.Equal(expected.Edges.Source, actual.Edges.Source);
        Assert.Equal(expected.Edges.Destination, actual.Edges.Destination);
        Assert.Equal(expected.Edges.Weight, actual.Edges.Weight);
        AssertSame(expected.Features, actual.Features);
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Targets.ToArray(), actual.Targets.ToArray());
        Assert.Equal(expected.Classes, actual.Classes);
        Assert.Equal(expected.ClassNames, actual.ClassNames);
        Assert.Equal(expected.NodeNames, actual.NodeNames);
        Assert.Equal(expected.FeatureNames, actual.FeatureNames);
        Assert.Equal(expected.Graphs?.Offsets, actual.Graphs?.Offsets);
        Assert.Equal(expected.GraphLabels, actual.GraphLabels);
        Assert.Equal(expected.GraphFolds, actual.GraphFolds);
        Assert.Equal(expected.Splits.Select(s => s.Train), actual.Splits.Select(s => s.Train));
        Assert.Equal(expected.Splits.Select(s => s.Validation), actual.Splits.Select(s => s.Validation));
        Assert.Equal(expected.Splits.Select(s => s.Test), actual.Splits.Select(s => s.Test));
    }

    internal static void AssertSame(NodeMatrix expected, NodeMatrix actual)
    {
        Assert.Equal(expected.IsSparse, actual.IsSparse);
        Assert.Equal(expected.Rows, actual.Rows);
        Assert.Equal(expected.Columns, actual.Columns);
        if (expected.Sparse is { } sparse)
        {
            Assert.Equal(sparse.ByRow.Pointers, actual.Sparse!.ByRow.Pointers);
            Assert.Equal(sparse.ByRow.Index, actual.Sparse.ByRow.Index);
            Assert.Equal(sparse.Values.ToArray(), actual.Sparse.Values.ToArray());
        }
        else Assert.Equal(expected.Dense.ToArray(), actual.Dense.ToArray());
    }

    /// <summary>A directed, weighted set with names, a self-loop, parallel edges, sparse features and two splits.</summary>
    internal static Dataset Sample() => new()
    {
        Name = "sample",
        Edges = new EdgeList(5, [0, 0, 2, 3, 1, 2], [1, 1, 2, 1, 3, 1], [1, 2, (Real)0.1, 4, 5, 6]),
        Features = new SparseMatrix([0, 2, 2, 3, 4, 5], [0, 2, 1, 2, 0], [1, 3, -2, (Real)0.25, 7], 3),
        Labels = [0, 1, -1, 1, 0],
        Classes = 2,
        ClassNames = ["cat", "dög"],
        NodeNames = ["a", "b", "c", "d", "e"],
        FeatureNames = ["f", "g", "h"],
        Splits =
        [
            new Split("public 0", [true, false, false, false, false], [false, true, false, false, false], [false, false, false, true, true]),
            new Split("public 1", [false, true, false, false, false], [true, false, false, false, false], [false, false, false, true, true]),
        ],
    };

    [Fact]
    public void Row_normalisation_divides_by_the_absolute_sum_and_leaves_empty_rows()
    {
        var sparse = Sample().WithNormalizedFeatures().Features.Sparse!;
        Assert.Equal([0.25, 0.75, -1, 1, 1], sparse.Values.ToArray());
        var dense = (Sample() with { Features = Matrix.From(2, 2, [1, -3, 0, 0]) }).WithNormalizedFeatures().Features.Dense;
        Assert.Equal([0.25, -0.75, 0, 0], dense.ToArray());
        Assert.Equal([1, 3, -2, 0.25, 7], Sample().Features.Sparse!.Values.ToArray());
    }

    [Fact]
    public void Binary_features_are_one_where_the_value_is_above_zero()
    {
        Assert.Equal([1, 1, 0, 1, 1], Sample().WithBinaryFeatures().Features.Sparse!.Values.ToArray());
        Assert.Equal([1, 0, 0], (Sample() with { Features = Matrix.From(1, 3, [2, -3, 0]) }).WithBinaryFeatures().Features.Dense.ToArray());
    }

    [Fact]
    public void Features_can_be_made_from_the_graph()
    {
        Assert.Equal([1, 1, 1, 1, 1], Sample().WithFeatures(FeatureKind.Constant).Features.Dense.ToArray());
        var degree = Sample().WithFeatures(FeatureKind.Degree).Features.Dense;
        Assert.Equal((Real)Math.Log(5), degree[1, 0]);
        Assert.Equal((Real)Math.Log(2), degree[1, 1]);
        var identity = Sample().WithFeatures(FeatureKind.OneHot);
        Assert.Equal([3], identity.Features.Sparse!.IndicesOfRow(3).ToArray());
        Assert.Equal(0, identity.EmbeddingWidth);
        Assert.Equal(32, Sample().WithFeatures(FeatureKind.Learned, 32).EmbeddingWidth);
    }

    [Fact]
    public void A_random_split_has_the_asked_number_of_each_class_and_depends_on_the_seed_alone()
    {
        int[] labels = [.. Enumerable.Range(0, 300).Select(i => i % 10 == 9 ? -1 : i % 3)];
        var split = Split.Random(labels, 3, 20, 30, 7);
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal(20, Enumerable.Range(0, 300).Count(i => split.Train[i] && labels[i] == c));
            Assert.Equal(30, Enumerable.Range(0, 300).Count(i => split.Validation[i] && labels[i] == c));
        }
        for (int i = 0; i < 300; i++)
            Assert.Equal(labels[i] < 0 ? 0 : 1, (split.Train[i] ? 1 : 0) + (split.Validation[i] ? 1 : 0) + (split.Test[i] ? 1 : 0));
        Assert.Equal(split.Train, Split.Random(labels, 3, 20, 30, 7).Train);
        Assert.NotEqual(split.Train, Split.Random(labels, 3, 20, 30, 8).Train);
        Assert.Contains("class 0", Assert.Throws<ArgumentException>(() => Split.Random(labels, 3, 80, 30, 7)).Message);
    }

    [Fact]
    public void Seeded_random_numbers_are_those_of_the_published_generators()
    {
        // xoshiro256** after SplitMix64 from seed 0 and 42: reference values from the authors' C code.
        var random = new SeededRandom(0);
        Assert.Equal(new ulong[] { 0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0 }, new[] { random.Next(), random.Next(), random.Next() });
        var seen = new int[7];
        for (int n = 0; n < 70_000; n++) seen[random.Below(7)]++;
        Assert.All(seen, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void Chosen_graphs_take_their_rows_labels_and_splits_along()
    {
        var set = new Dataset
        {
            Name = "two",
            Edges = new EdgeList(3, [0, 2], [1, 2]),
            Graphs = new GraphBatch(new EdgeList(3, [0, 2], [1, 2]), [0, 0, 1], 2),
            Features = Matrix.From(3, 1, [1, 2, 3]),
            GraphLabels = [1, 0],
            GraphFolds = [4, 5],
            Classes = 2,
            Splits = [new Split("s", [true, false], [false, false], [false, true])],
        };
        var second = set.SelectGraphs([1]);
        Assert.Equal([3], second.Features.Dense.ToArray());
        Assert.Equal([0], second.Edges.Source);
        Assert.Equal([0], second.GraphLabels!);
        Assert.Equal([5], second.GraphFolds!);
        Assert.Equal([true], second.Splits[0].Test);
        Assert.Throws<InvalidOperationException>(() => Sample().SelectGraphs([0]));
    }
}
