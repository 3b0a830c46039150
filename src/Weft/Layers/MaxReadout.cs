using Weft.Graphs;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>From nodes to graphs: the largest value of each column, H^l_gc = max_{i ∈ g} H_ic. A graph without nodes gets zeros.</summary>
/// <remarks>
/// The gradient goes to the node that was largest. Where several are, a maximum has no derivative; the first of them, in the
/// order of the nodes, gets all of it, which is a subgradient. That node is found again in the adjoint, by its value.
/// </remarks>
public sealed class MaxReadout : ILayer
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
        members.Maximum(rows, result);                                         // H′_gc = max_{i∈g} H_ic
        return result;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        if (!saved.NeedsInputGradient) return default;
        var members = graph.Members;
        var dH_prev = saved.Take("dH_prev", members.OwnedSources, dH.Columns);
        members.MaximumAdjoint(saved.Input.Dense, saved["H"], dH, dH_prev);    // dH_ic = dH′_gc where i = argmax_{i∈g} H_ic, else 0
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("H", "H", "H", "max_{i∈g} H_i, by column"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dH_gc where i = argmax_{i∈g} H_ic, else 0"),
    ];
}
