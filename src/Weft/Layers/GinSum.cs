using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>
/// What a graph isomorphism network gathers, U = (1 + ε)·H + A·H, without the perceptron that follows it: for models that put
/// norms inside that. <see cref="Gin"/> is both in one.
/// </summary>
/// <remarks>A counts edges with multiplicity and ignores weights. ε is fixed (0 in GIN-0) or learned (GIN-ε).</remarks>
public sealed class GinSum : ILayer
{
    private readonly Parameter? eps;

    /// <summary>A layer with ε = 0.</summary>
    /// <param name="learned">True if ε is a parameter, false if it stays 0.</param>
    public GinSum(bool learned = false)
    {
        eps = learned ? new Parameter("eps", 1, 1, Initializer.Zero) : null;
        Parameters = eps is null ? [] : [eps];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public long Outputs(long inputs) => inputs;

    private Real One => eps is null ? 1 : 1 + eps.Value[0, 0];

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        if (H.IsSparse) throw new ArgumentException("the sum over neighbours alone takes dense rows; put a layer with weights before it");
        long n = graph.OwnedDestinations;
        var AH = saved.Constant("AH", n, H.Columns, out bool stale);
        if (stale) graph.Aggregate(graph.SumWeights, H.Dense, AH);             // AH = A·H
        var U = saved.Take("U", n, H.Columns);
        Elementwise.AddScaled(AH, One, H.Dense.Top(n), U);                     // U = (1 + ε)·H + AH
        return U;
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var (H, dU) = (saved.Input.Dense, dH);
        long n = graph.OwnedDestinations;
        if (eps is not null) saved.AddDotGradient(graph, eps, dU, H.Top(n), "deps"); // dε = ⟨dU, H⟩
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        graph.AggregateAdjoint(graph.SumWeights, dU, dH_prev);                 // dH = Aᵀ·dU
        Elementwise.AddScaled(dH_prev.Top(n), One, dU, dH_prev.Top(n));        //      + (1 + ε)·dU
        return dH_prev;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("AH", "AH", "A·H", "sum over in-edges"),
        new("U", "U", "U", "(1 + ε)·H + A·H"),
        .. eps is null ? Array.Empty<TraceName>() : [new("deps", "deps", "∂ℒ/∂ε", "⟨dU, H⟩", TraceLayout.Vector)],
        new("dH_prev", "dH_prev", "δ^{l−1}", "(1 + ε)·dU + Aᵀ·dU"),
    ];
}
