using Weft.Memory;

namespace Weft.Graphs;

// What a block drawn at random knows of the graph that it was drawn from.
public sealed partial class Graph
{
    /// <summary>What the edges of a sampled block stand for; null where every edge of its destinations is here and stands for itself.</summary>
    internal SampledEdges? Sampled { get; init; }

    /// <summary>Weights of a plain sum over in-edges, [Edges, 1]: how many edges each stands for; missing where that is 1.</summary>
    internal Matrix SumWeights => Sampled?.Copies ?? default;

    /// <summary>A block whose edges lie grouped by destination already.</summary>
    /// <param name="view">The edges, [destinations, sources].</param>
    /// <param name="edgeIds">Number of each edge in the whole graph.</param>
    /// <param name="weights">Weight of each edge, [Edges, 1], times what it stands for; missing where all are 1.</param>
    /// <param name="nodeIds">Number of each source in the whole graph, the destinations first.</param>
    /// <param name="degrees">Sum of the weights of all in-edges of each source in the whole graph; null if no GCN works on the block.</param>
    /// <param name="totalEdges">Edges of the whole graph.</param>
    /// <param name="sampled">What the edges stand for; null where each stands for itself.</param>
    internal static Graph Block(EdgeView view, int[] edgeIds, Matrix weights, int[] nodeIds, double[]? degrees, long totalEdges, SampledEdges? sampled)
    {
        var diagonal = new (int Row, int Column, int Node)[view.Rows];
        for (int i = 0; i < diagonal.Length; i++) diagonal[i] = (i, i, nodeIds[i]);
        var identity = new GraphIdentity(nodeIds, view.Rows, totalEdges, diagonal) { Degrees = degrees };
        return new Graph(view, edgeIds, weights, Placement.Alone(view.Rows, view.Columns), identity) { Sampled = sampled };
    }
}

/// <summary>
/// What the edges of a sampled block stand for. An edge that was drawn stands for so many of the whole graph that a sum over the
/// drawn ones, each taken so many times, is on average the sum over all.
/// </summary>
/// <param name="Copies">How many edges each stands for, [Edges, 1].</param>
/// <param name="InDegrees">Number of in-edges of each destination in the whole graph, by which a mean divides.</param>
internal sealed record SampledEdges(Matrix Copies, int[] InDegrees)
{
    /// <summary>Weights of the mean over all in-edges of the whole graph, as the drawn ones estimate it: copies_e / n_i.</summary>
    public Matrix MeanWeights(EdgeView view)
    {
        var weights = Matrix.Allocate(view.Count, 1);
        for (int i = 0; i < InDegrees.Length; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++) weights[q, 0] = Copies[q, 0] / InDegrees[i];
        GC.KeepAlive(Copies);
        return weights;
    }
}
