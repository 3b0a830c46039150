using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>In training, H̃ = B ⊙ H with B = 0 at the given rate and 1/(1 − rate) elsewhere; otherwise H̃ = H.</summary>
/// <remarks>
/// B is a function of the seed, the step, the layer, the node's number in the whole graph and the column: it is never stored, and
/// it is the same on any process grid. Of sparse features only stored entries are drawn, with the B that the dense matrix would get.
/// </remarks>
public sealed class Dropout : ILayer
{
    private readonly double rate;

    /// <summary>Dropout at this rate.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not in [0, 1).</exception>
    public Dropout(double rate)
    {
        if (!(rate >= 0 && rate < 1)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "a dropout rate lies in [0, 1)");
        this.rate = rate;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; } = [];

    /// <inheritdoc/>
    public LayerReach Reach => LayerReach.Rows;

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (!Drops(saved)) return H;
        var key = saved.Key(RandomPurpose.FeatureDropout);
        if (H.Sparse is { } sparse)
        {
            var values = saved.Take("values", sparse.Count, 1);
            CounterRandom.DropEntries(sparse.ByRow, sparse.Values, graph.Identity.NodeIds, rate, key, values); // B ⊙ H
            return saved.Sparse(sparse, values);
        }
        var dropped = saved.Take("H", H.Rows, H.Columns);
        CounterRandom.DropRows(H.Dense, graph.Identity.NodeIds, rate, key, dropped); // H̃ = B ⊙ H
        return dropped;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        if (!saved.NeedsInputGradient) return default;
        if (!Drops(saved)) return dH;
        var dH_prev = saved.Take("dH_prev", dH.Rows, dH.Columns);
        CounterRandom.DropRows(dH, graph.Identity.NodeIds, rate, saved.Key(RandomPurpose.FeatureDropout), dH_prev); // dH = B ⊙ dH̃
        return dH_prev;
    }

    private bool Drops(Saved saved) => saved.Pass.Training && rate > 0;

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names => [new("H", "H", "H̃", "B ⊙ H"), new("dH_prev", "dH_prev", "δ^{l−1}", "B ⊙ dH̃")];
}
