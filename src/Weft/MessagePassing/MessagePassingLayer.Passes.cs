using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.MessagePassing;

// The two passes. On a grid of processes sums and means are made of partial sums; a maximum or a softmax needs whole rows.
public abstract partial class MessagePassingLayer
{
    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        Check(graph, H);
        long n = graph.OwnedDestinations;
        var share = graph.Place.Share(1);
        Matrix X = SourceRows(H, saved), Y = DestinationRows(H.Top(n), saved);   // X = H·W_src + b_src, Y = H·W_dst + b_dst
        var messages = Operands(graph, share.Sources.Gather(X, "X"), Gathered(share.Destinations, Y, "Y"));
        var A = TakeAggregate(saved, n);
        var partial = share.Destinations.Partial(A);
        AggregateJob.Run(messages, graph.ByDestination, partial, State(messages, graph, saved)); // A_i = aggregate of message(X_j, Y_i, w_e)
        share.Destinations.ScatterSum(partial, A);
        if (updateWidth == 0 && !KeepsAggregate) return saved.Output(σ, null, A); // H′ = σ(A)
        var Z = saved.TakeArgument(σ, n, Outputs(H.Columns));
        if (updateWidth == 0) return saved.OutputOf(σ, null, A, Z);              // H′ = σ(A), and A is kept
        UpdateJob.Forward(this, A, Y, Z);                                        // Z_i = update(A_i, Y_i)
        return saved.Output(σ, null, Z);                                         // H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        long n = graph.OwnedDestinations;
        var share = graph.Place.Share(1);
        Matrix X = sources is null ? H.Dense : saved["X"], Y = !readsDestinations ? saved.Take("none", n, 0) : destinations is null ? H.Dense.Top(n) : saved["Y"];
        var dZ = saved.OutputAdjoint(graph, σ, null, dH, Argument);              // dZ = dH ⊙ σ′(Z)
        Matrix dA = dZ, dY = saved.Temporary("dY", n, Y.Columns), A = updateWidth > 0 || aggregation == Aggregation.Softmax ? saved["A"] : default;
        if (updateWidth > 0)
        {
            dA = saved.Temporary("dA", n, AggregateWidth);
            var sums = saved.Temporary("update sums", Math.Max(1, UpdateJob.Groups(n)), Spans.Count);
            sums.Clear();
            UpdateJob.Backward(this, A, Y, dZ, dA, dY, sums);                    // dA_i, dY_i from dZ_i
            AddGradients(graph, sums);
        }
        else dY.Clear();
        var messages = Operands(graph, share.Sources.Gather(X, "X"), Gathered(share.Destinations, Y, "Y"));
        var r = Dots(graph, saved, A, dA);
        var dAll = share.Destinations.Gather(dA, "dA");
        var state = messages.StateWidth > 0 ? saved["state"] : default;
        if (Spans.Count > 0 || (readsDestinations && (destinations is not null || saved.NeedsInputGradient)))
        {
            var fromMessages = saved.Temporary("dY of messages", n, Y.Columns);
            var partial = Partial(share.Destinations, fromMessages, "dY");
            var sums = saved.Temporary("message sums", Math.Max(1, AdjointJob.Groups(graph.ByDestination)), Spans.Count);
            sums.Clear();
            AdjointJob.Run(messages, graph.ByDestination, bySource: false, state, dAll, r, partial, Spans, sums); // dY_i = Σ_{e→i} ∂m_e/∂Y_i · dm_e
            if (Y.Columns > 0) share.Destinations.ScatterSum(partial, fromMessages);
            if (Y.Columns > 0) Elementwise.Add(dY, fromMessages, dY);
            AddGradients(graph, sums);
        }
        bool wantsSources = sources is not null || saved.NeedsInputGradient;
        var dX = wantsSources ? saved.Take(sources is null ? "dH_prev" : "dX", X.Rows, X.Columns) : default;
        if (wantsSources)
        {
            var partial = share.Sources.Partial(dX, "dX");
            AdjointJob.Run(messages, graph.BySource, bySource: true, state, dAll, r, partial, Spans, default);    // dX_j = Σ_{e from j} ∂m_e/∂X_j · dm_e
            share.Sources.ScatterSum(partial, dX);
        }
        sources?.Backward(graph, H, dX, saved);                                  // dW_src = Hᵀ·dX
        destinations?.Backward(graph, H.Top(n), dY, saved);                      // dW_dst = Hᵀ·dY
        return saved.NeedsInputGradient ? InputGradient(saved, dX, dY) : default;
    }

    /// <inheritdoc/>
    public virtual IReadOnlyList<TraceName> Names =>
    [
        new("X", "X", "X", "H·W_src + b_src"),
        new("Y", "Y", "Y", "H·W_dst + b_dst"),
        new("A", "A", "A", "aggregate of m_e over e → i"),
        new("Z", "Z", "Z", "update(A, Y)"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("dY", "dY", "∂ℒ/∂Y", "Σ (∂m_e/∂Y_i)ᵀ·dm_e"),
        new("dA", "dA", "∂ℒ/∂A", "(∂Z/∂A)ᵀ·dZ"),
        new("dX", "dX", "∂ℒ/∂X", "Σ (∂m_e/∂X_j)ᵀ·dm_e"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "dX·W_srcᵀ + dY·W_dstᵀ"),
    ];

    /// <summary>True where the adjoint reads A, so that σ must not be written over it.</summary>
    private bool KeepsAggregate => updateWidth > 0 || (aggregation == Aggregation.Softmax && σ.Kind != ActivationKind.Identity);

    private string Argument => KeepsAggregate ? "Z" : "A";

    private Matrix SourceRows(NodeMatrix H, Saved saved) => sources is null ? H.Dense : sources.Forward(H, saved);

    private Matrix DestinationRows(NodeMatrix H, Saved saved) =>
        !readsDestinations ? saved.Take("none", H.Rows, 0) : destinations is null ? H.Dense : destinations.Forward(H, saved);

    // Where nothing reads the aggregate after σ, training keeps σ's value alone, in its place.
    private Matrix TakeAggregate(Saved saved, long n) =>
        KeepsAggregate ? saved.Take("A", n, AggregateWidth) : saved.TakeArgument(σ, n, AggregateWidth, "A");

    private static Matrix State(in Messages messages, Graph graph, Saved saved) =>
        messages.StateWidth > 0 ? saved.Take("state", graph.ByDestination.Rows, messages.StateWidth) : default;

    // A matrix without columns is not sent.
    private static Matrix Gathered(Exchange exchange, Matrix Y, string name) => Y.Columns > 0 ? exchange.Gather(Y, name) : Y;

    private static Matrix Partial(Exchange exchange, Matrix dY, string name) => dY.Columns > 0 ? exchange.Partial(dY, name) : dY;

    private Messages Operands(Graph graph, Matrix X, Matrix Y) => new()
    {
        Layer = this,
        Aggregation = aggregation,
        X = X,
        Y = Y,
        Features = graph.EdgeFeatures,
        Weights = graph.Weights,
        Copies = graph.SumWeights,
        Factors = aggregation switch { Aggregation.Mean => graph.MeanWeights, Aggregation.Sum => graph.SumWeights, _ => default },
        EdgeIds = graph.EdgeIds,
        Width = messageWidth,
        Aggregated = AggregateWidth,
        Heads = Heads,
    };

    // r_i^k = ⟨dA_i^k, A_i^k⟩, which the softmax's adjoint subtracts.
    private Matrix Dots(Graph graph, Saved saved, Matrix A, Matrix dA)
    {
        if (aggregation != Aggregation.Softmax) return default;
        var r = saved.Temporary("r", graph.OwnedDestinations, Heads);
        HeadDot.Rows(A, dA, r);
        return r;
    }

    private void AddGradients(Graph graph, Matrix sums)
    {
        if (Spans.Count > 0) Spans.AddTo(graph.SumOverNodes(ParameterSpans.Combine(sums)));
    }

    private Matrix InputGradient(Saved saved, Matrix dX, Matrix dY)
    {
        var H = saved.Input;
        var dH_prev = dX;
        if (sources is not null)
        {
            dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
            sources.InputGradient(dX, dH_prev, accumulate: false);               // dH = dX·W_srcᵀ
        }
        var own = dH_prev.Top(dY.Rows);
        if (destinations is not null) destinations.InputGradient(dY, own, accumulate: true); //    + dY·W_dstᵀ
        else if (readsDestinations) Elementwise.Add(own, dY, own);
        return dH_prev;
    }

    private void Check(Graph graph, NodeMatrix H)
    {
        string name = GetType().Name;
        if (H.IsSparse && sources is null) throw new ArgumentException($"{name} takes dense rows; call ProjectSources in its constructor, or put a layer with weights before it");
        if (H.IsSparse && readsDestinations && destinations is null) throw new ArgumentException($"{name} reads destinations as they are, and takes dense rows; call ProjectDestinations in its constructor, or put a layer with weights before it");
        if (graph.Place.Channels > 1) throw new NotSupportedException($"{name} needs whole messages, and a grid with {graph.Place.Channels} channels cuts them: use a grid of rows and columns");
        if (graph.IsReproducible) throw new NotSupportedException($"{name} cannot run in reproducible mode, in which no bit depends on the number of processes: leave it out");
        if (aggregation is Aggregation.Max or Aggregation.Softmax && !graph.Place.Rows.IsIdentity)
            throw new NotSupportedException($"{name} takes a {(aggregation == Aggregation.Max ? "maximum" : "softmax")} over a node's edges, which must lie on one process: use a grid of one column");
    }
}
