using System.Security.Cryptography;
using Weft.Datasets;
using Weft.Memory;

namespace Weft.Tests.Datasets;

public class BlockModelTests
{
    private static readonly BlockModel Model = new(30_000, 12, 70, 5) { Train = 0.05, Validation = 0.02, Seed = 3 };

    [Fact]
    public void A_folder_has_the_degrees_homophily_and_shares_that_were_asked_for()
    {
        using var folder = new TemporaryFolder();
        var writer = new BlockModelFolder(Model, folder.Path, null, default);
        writer.Write();
        var set = GraphArchive.ReadFolder(folder.Path);
        Assert.Equal((30_000, 5, 70L, writer.Edges), (set.Nodes, set.Classes, set.Features.Columns, (long)set.Edges.Count));
        var (source, destination, labels) = (set.Edges.Source, set.Edges.Destination, set.Labels!);
        Assert.InRange(set.Edges.Count / 30_000.0, 11.4, 12.6);
        int[] degrees = set.Edges.InDegrees();
        Assert.InRange(degrees.Max(), 500, 15_000);
        Assert.InRange(degrees.Order().ElementAt(15_000), 4, 9);
        Assert.InRange(set.Edges.OutDegrees().Max(), 12, 60);
        double inside = Enumerable.Range(0, source.Length).Count(e => labels[source[e]] == labels[destination[e]]);
        Assert.InRange(inside / source.Length, 0.59, 0.61);
        Assert.DoesNotContain(Enumerable.Range(0, source.Length), e => source[e] == destination[e]);
        var split = set.Splits.Single();
        Assert.InRange(split.TrainCount, 1350, 1650);
        Assert.InRange(split.ValidationCount, 480, 720);
        Assert.InRange(split.TestCount, 480, 720);
        Assert.DoesNotContain(Enumerable.Range(0, set.Nodes), i => (split.Train[i] ? 1 : 0) + (split.Validation[i] ? 1 : 0) + (split.Test[i] ? 1 : 0) > 1);
    }

    [Fact]
    public void Features_are_the_centre_of_the_class_and_noise()
    {
        var (sums, row) = (new double[5, 70], new float[70]);
        for (int i = 0; i < 10_000; i++)
        {
            Model.Row(i, row);
            for (int j = 0; j < 70; j++)
            {
                Assert.InRange(row[j], -1.1f, 1.1f);
                sums[i % 5, j] += row[j];
            }
        }
        // The noise of a mean of 2,000 has a deviation of 0.013.
        foreach (double sum in sums) Assert.InRange(Math.Abs(sum / 2000), 0.04, 0.16);
    }

    [Fact]
    public void Any_piece_of_the_graph_is_made_alone_as_it_is_in_the_folder()
    {
        using var folder = new TemporaryFolder();
        new BlockModelFolder(Model, folder.Path, null, default).Write();
        using var mapped = MappedDataset.Open(folder.Path, selfLoops: false);
        foreach (int i in new[] { 29_999, 8191, 8192, 0, 16_000 })
        {
            var (sources, read, row) = (new int[Model.InDegree(i)], new int[Model.InDegree(i)], new float[70]);
            Model.Sources(i, sources);
            Assert.Equal(sources.Length, mapped.Edges.Degree(i));
            mapped.Edges.Sources(i, read);
            Assert.Equal(sources, read);
            Model.Row(i, row);
            var gathered = Matrix.Allocate(1, 70);
            mapped.Features.Gather([i], gathered);
            Assert.Equal(Array.ConvertAll(row, v => (double)v), gathered.ToArray());
        }
    }

    // The figures that were printed when the generator was written: on another platform, vector width or runtime they must be the same.
    [Theory]
    [InlineData("row_ptr", "D2FC798CA13932AE")]
    [InlineData("col", "FEBA43D744053D85")]
    [InlineData("x", "441E0516F19EF100")]
    [InlineData("train_mask", "30EFA116F139C318")]
    public void A_seed_means_the_same_folder_everywhere(string name, string sha256)
    {
        using var folder = new TemporaryFolder();
        new BlockModelFolder(new BlockModel(9000, 4, 67, 3), folder.Path, null, default).Write();
        Assert.Equal(sha256, Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(folder[name + ".npy"])))[..16]);
    }

    [Fact]
    public void An_impossible_size_or_chance_is_refused_by_name()
    {
        foreach (var (model, word) in new[]
        {
            (new BlockModel(3, 1, 1, 2), "nodes"),
            (new BlockModel(100, 0, 1, 2), "in-degree"),
            (new BlockModel(1 << 30, 20, 1, 2), "in-degree"),
            (new BlockModel(100, 1, 0, 2), "features"),
            (new BlockModel(100, 1, 1, 2) { Exponent = 2 }, "exponent"),
            (new BlockModel(100, 1, 1, 2) { Homophily = 1.5 }, "homophily"),
            (new BlockModel(100, 1, 1, 2) { Train = 0.9, Validation = 0.1 }, "training"),
            (new BlockModel(100, 1, 1, 2) { Signal = double.NaN }, "signal"),
        })
            Assert.Contains(word, Assert.Throws<ArgumentException>(() => model.Checked()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_writer_that_is_asked_to_stop_leaves_no_set()
    {
        using var folder = new TemporaryFolder();
        using var cancel = new CancellationTokenSource();
        int calls = 0;
        var writer = new BlockModelFolder(Model, folder.Path, _ =>
        {
            if (Interlocked.Increment(ref calls) == 6) cancel.Cancel();
        }, cancel.Token);
        Assert.ThrowsAny<OperationCanceledException>(writer.Write);
        Assert.False(File.Exists(folder["col.npy"]));
        Assert.Throws<DataFormatException>(() => MappedDataset.Open(folder.Path, selfLoops: false));
    }
}
