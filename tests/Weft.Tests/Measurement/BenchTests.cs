using Weft.Graphs;
using Weft.Measurement;

namespace Weft.Tests.Measurement;

public class BenchTests
{
    private static readonly BenchSettings Brief = new() { Quick = true, Repeat = 1, Features = [5], Threads = 2 };

    private static Graph Karate()
    {
        var edges = Weft.Datasets.Karate.Create().Edges.WithSelfLoops();
        return Graph.FromEdges(edges.Nodes, edges.Source, edges.Destination);
    }

    [Fact]
    public void A_kernel_brings_the_limit_it_is_held_against()
    {
        var bench = new Bench(Karate(), Brief with { Only = "SpMM*F 5" });
        bench.Run();
        Assert.Equal(["spmm", "spmm weighted", "spmm dX"], bench.Kernels.Select(row => row.Name).Distinct());
        Assert.All(bench.Kernels, row => Assert.Equal("gather, F 5", row.Limit));
        Assert.Equal(["gather"], bench.Limits.Select(row => row.Name).Distinct());
        Assert.Equal([1, 2], bench.Limits.Select(row => row.Threads));
        Assert.All(bench.Limits, row => Assert.Null(row.PercentOfLimit));
    }

    [Fact]
    public void Figures_of_a_row_fit_together()
    {
        var bench = new Bench(Karate(), Brief with { Only = "spmm weighted", Repeat = 3 });
        bench.Run();
        const int edges = 156 + 34, width = 5;
        foreach (var row in bench.Kernels)
        {
            var limit = bench.Limits.Single(l => l.Threads == row.Threads);
            double nanoseconds = row.MinimumMilliseconds * 1e6;
            Assert.True(row.MinimumMilliseconds <= row.MedianMilliseconds);
            Assert.Equal(3, row.Samples);
            Assert.Equal(2.0 * edges * width / nanoseconds, row.Gigaflops!.Value, 1e-9);
            Assert.Equal(nanoseconds / edges, row.NanosecondsPerEdge!.Value, 1e-9);
            Assert.Equal(100 * limit.MinimumMilliseconds / row.MinimumMilliseconds, row.PercentOfLimit!.Value, 1e-9);
        }
        Assert.Equal(bench.Kernels[0].MinimumMilliseconds / bench.Kernels[1].MinimumMilliseconds, bench.Kernels[1].Scaling!.Value, 1e-9);
        Assert.Null(bench.Kernels[0].Scaling);
    }

    [Fact]
    public void An_interrupted_bench_keeps_what_it_measured()
    {
        using var signal = new CancellationTokenSource();
        var bench = new Bench(Karate(), Brief);
        Assert.ThrowsAny<OperationCanceledException>(() => bench.Run((_, share) =>
        {
            if (share > 0.1) signal.Cancel();
        }, signal.Token));
        Assert.Contains(bench.Limits, row => row.Name == "stream triad");
        Assert.DoesNotContain(bench.Kernels, row => row.Name == "adam");
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        Assert.Contains("gather, spmm", Assert.Throws<ArgumentException>(() => new Bench(Karate(), Brief with { Only = "nothing like it" })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Bench(Karate(), Brief with { Features = [] }));
        Assert.Throws<ArgumentException>(() => new Bench(Karate(), Brief with { Features = [1025] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Bench(Karate(), Brief with { Threads = 0 }));
        Assert.Throws<ArgumentException>(() => new Bench(Graph.FromEdges(3, [], []), Brief));
    }
}
