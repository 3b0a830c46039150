using Weft.Graphs;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>From nodes to graphs: H^l_g = Σ_{i ∈ g} H_i, or that divided by the number of g's nodes. A graph without nodes gets zeros.</summary>
/// <remarks>The rows of the output are graphs: of a batch, each of its graphs; of any other graph, one.</remarks>
/// <param name="mean">True for the mean, false for the sum.</param>
public sealed class Readout(bool mean) : ILayer
{
    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Graphs;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        var members = graph.Members;
        var rows = ReadoutRows.Dense(H);
        var result = saved.Take("H", members.OwnedDestinations, H.Columns);
        members.Aggregate(Weights(members), rows, result);                     // H′_g = Σ_{i∈g} w_i H_i
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        if (!saved.NeedsInputGradient) return default;
        var members = graph.Members;
        var dH_prev = saved.Take("dH_prev", members.OwnedSources, dH.Columns);
        members.AggregateAdjoint(Weights(members), dH, dH_prev);               // dH_i = w_i dH′_g
        return dH_prev;
    }

    private Matrix Weights(Graph members) => mean ? members.MeanWeights : default;

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("H", "H", "H", mean ? "(1/n_g)·Σ_{i∈g} H_i" : "Σ_{i∈g} H_i"),
        new("dH_prev", "dH_prev", "δ^{l−1}", mean ? "dH_g / n_g" : "dH_g, for each node of g"),
    ];
}

internal static class ReadoutRows
{
    /// <summary>Rows that are dense, which readouts need.</summary>
    /// <exception cref="ArgumentException">They are sparse.</exception>
    public static Matrix Dense(NodeMatrix H) =>
        H.IsSparse ? throw new ArgumentException("a readout takes dense rows; put a layer with weights before it") : H.Dense;
}
