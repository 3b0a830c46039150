using Weft.Memory;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Graphs;

/// <summary>A graph counts each of its arrays once.</summary>
public class GraphMemoryTests
{
    private const int F = 3;

    [Fact]
    public void Weights_laid_out_by_source_count_once()
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Forty);
        var other = Matrix.Allocate(graph.Edges, 1);
        var (dZ, dX) = (Matrix.Allocate(graph.OwnedDestinations, F), Matrix.Allocate(graph.OwnedSources, F));
        graph.AggregateAdjoint(other, dZ, dX); // makes the view by source, which weights of the caller's use as it is
        long before = graph.Bytes;

        graph.AggregateAdjoint(graph.Weights, dZ, dX);
        Assert.Equal(graph.Weights.Bytes, graph.Bytes - before);

        graph.AggregateAdjoint(graph.MeanWeights, dZ, dX);
        Assert.Equal(graph.Weights.Bytes + 2 * graph.MeanWeights.Bytes, graph.Bytes - before);
        GC.KeepAlive(other);
    }
}
