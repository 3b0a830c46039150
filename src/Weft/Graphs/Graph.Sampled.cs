using Weft.Memory;

namespace Weft.Graphs;

// What a block drawn at random knows of the graph that it was drawn from.
public sealed partial class Graph
{
    /// <summary>What the edges of a sampled block stand for; null where every edge of its destinations is here and stands for itself.</summary>
    internal SampledEdges? Sampled { get; init; }

    /// <summary>Weights of a plain sum over in-edges, [Edges, 1]: how many edges each stands for; missing where that is 1.</summary>
    internal Matrix SumWeights => Sampled?.Copies ?? default;
}

/// <summary>
/// What the edges of a sampled block stand for. An edge that was drawn stands for so many of the whole graph that a sum over the
/// drawn ones, each taken so many times, is on average the sum over all.
/// </summary>
/// <param name="Copies">How many edges each stands for, [Edges, 1].</param>
/// <param name="InDegrees">Number of in-edges of each destination in the whole graph, by which a mean divides.</param>
internal sealed record SampledEdges(Matrix Copies, double[] InDegrees)
{
    /// <summary>The same of some of the edges, where the others do not exist any more: a mean divides by what is left.</summary>
    /// <param name="view">The edges that are left, by destination.</param>
    /// <param name="from">Place of each among all edges.</param>
    public SampledEdges Only(EdgeView view, int[] from)
    {
        var (copies, degrees) = (Matrix.Allocate(from.Length, 1), new double[InDegrees.Length]);
        for (int i = 0; i < degrees.Length; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++) degrees[i] += copies[q, 0] = Copies[from[q], 0];
        GC.KeepAlive(Copies);
        return new SampledEdges(copies, degrees);
    }

    /// <summary>Weights of the mean over all in-edges of the whole graph, as the drawn ones estimate it: copies_e / n_i.</summary>
    public Matrix MeanWeights(EdgeView view)
    {
        var weights = Matrix.Allocate(view.Count, 1);
        for (int i = 0; i < InDegrees.Length; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++) weights[q, 0] = (Real)(Copies[q, 0] / InDegrees[i]);
        GC.KeepAlive(Copies);
        return weights;
    }
}
