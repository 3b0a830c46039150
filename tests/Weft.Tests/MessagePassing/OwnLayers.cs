using Weft.Kernels;
using Weft.Layers;
using Weft.MessagePassing;

namespace Weft.Tests.MessagePassing;

/// <summary>
/// m_e = w_e · tanh(X_j + Y_i) ⊙ g with a learned row g, and, where asked for, U_i = A_i ⊙ u + c ⊙ Y_i: every place in which a layer of
/// one's own can have a gradient.
/// </summary>
internal sealed class Toy : MessagePassingLayer
{
    private readonly Parameter g, u, c;
    private readonly bool updates;

    public Toy(Aggregation aggregation, long inputs, int width, bool projected = true, bool updates = true, Activation activation = default)
        : base(aggregation, width, updates ? width : 0, activation: activation)
    {
        this.updates = updates;
        if (projected)
        {
            ProjectSources(inputs, width, bias: true);
            ProjectDestinations(inputs, width, bias: true);
        }
        else ReadDestinations();
        g = Learn("g", 1, width, Initializer.Uniform);
        u = Learn("u", 1, width, Initializer.Uniform);
        c = Learn("c", 1, width, Initializer.Uniform);
    }

    /// <summary>Plants an error in the adjoint: a factor that is left out.</summary>
    public bool ForgetsTheWeight { get; init; }

    protected override void Message(in MessageEdge edge, Span<Real> message)
    {
        var gain = g.Value.Row(0);
        for (int j = 0; j < message.Length; j++) message[j] = edge.Weight * Real.Tanh(edge.Source[j] + edge.Destination[j]) * gain[j];
    }

    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient)
    {
        Span<Real> gain = g.Value.Row(0), dg = gradient.Of(g);
        Real weight = ForgetsTheWeight ? 1 : edge.Weight;
        for (int j = 0; j < dMessage.Length; j++)
        {
            Real t = Real.Tanh(edge.Source[j] + edge.Destination[j]), d = dMessage[j] * weight * gain[j] * (1 - t * t);
            gradient.Source[j] += d;
            gradient.Destination[j] += d;
            dg[j] += dMessage[j] * edge.Weight * t;
        }
    }

    protected override void Update(in NodeUpdate node, Span<Real> updated)
    {
        for (int j = 0; j < updated.Length; j++) updated[j] = node.Aggregate[j] * u.Value[0, j] + c.Value[0, j] * node.Destination[j];
    }

    protected override void UpdateAdjoint(in NodeUpdate node, ReadOnlySpan<Real> dUpdated, in NodeUpdateGradient gradient)
    {
        Span<Real> du = gradient.Of(u), dc = gradient.Of(c);
        for (int j = 0; j < dUpdated.Length; j++)
        {
            gradient.Aggregate[j] += dUpdated[j] * u.Value[0, j];
            gradient.Destination[j] += dUpdated[j] * c.Value[0, j];
            du[j] += dUpdated[j] * node.Aggregate[j];
            dc[j] += dUpdated[j] * node.Destination[j];
        }
    }
}

/// <summary>GAT as a layer of one's own: scores a·[X_j ‖ Y_i] through a leaky ReLU, values X_j.</summary>
internal sealed class OwnAttention : MessagePassingLayer
{
    private readonly Parameter aSrc, aDst;
    private readonly int heads, width;

    public OwnAttention(long inputs, int heads, int width, Activation activation = default)
        : base(Aggregation.Softmax, heads + heads * width, heads: heads, activation: activation)
    {
        (this.heads, this.width) = (heads, width);
        ProjectSources(inputs, heads * width);
        ProjectDestinations(inputs, heads * width);
        aSrc = Learn("a_src", heads, width, Initializer.Uniform);
        aDst = Learn("a_dst", heads, width, Initializer.Uniform);
    }

    protected override void Message(in MessageEdge edge, Span<Real> message)
    {
        for (int k = 0; k < heads; k++) message[k] = Leaky(Argument(edge, k));
        edge.Source.CopyTo(message[heads..]);
    }

    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient)
    {
        RowMath.Add(dMessage[heads..], gradient.Source);
        for (int k = 0; k < heads; k++)
        {
            Real d = dMessage[k] * (Argument(edge, k) > 0 ? 1 : (Real)0.2);
            RowMath.AddScaled(d, aSrc.Value.Row(k), Head(gradient.Source, k));
            RowMath.AddScaled(d, aDst.Value.Row(k), Head(gradient.Destination, k));
            RowMath.AddScaled(d, Head(edge.Source, k), Head(gradient.Of(aSrc), k));
            RowMath.AddScaled(d, Head(edge.Destination, k), Head(gradient.Of(aDst), k));
        }
    }

    private Real Argument(in MessageEdge edge, int k) => RowMath.Dot(aSrc.Value.Row(k), Head(edge.Source, k)) + RowMath.Dot(aDst.Value.Row(k), Head(edge.Destination, k));

    private static Real Leaky(Real x) => x > 0 ? x : (Real)0.2 * x;

    private Span<Real> Head(Span<Real> row, int k) => row.Slice(k * width, width);

    private ReadOnlySpan<Real> Head(ReadOnlySpan<Real> row, int k) => row.Slice(k * width, width);
}

/// <summary>The library's own sums as messages: m_e = w_e · X_j, with any aggregation.</summary>
internal sealed class Copy(Aggregation aggregation, long width) : MessagePassingLayer(aggregation, width)
{
    protected override void Message(in MessageEdge edge, Span<Real> message)
    {
        message.Clear();
        RowMath.AddScaled(edge.Weight, edge.Source, message);
    }

    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient) =>
        RowMath.AddScaled(edge.Weight, dMessage, gradient.Source);
}

/// <summary>m_e = w_e · (X_j + f_e·V): features of edges, through learned weights.</summary>
internal sealed class EdgeSum : MessagePassingLayer
{
    private readonly Parameter V;

    public EdgeSum(Aggregation aggregation, long inputs, int edgeFeatures, int width) : base(aggregation, width)
    {
        ProjectSources(inputs, width);
        V = Learn("V", edgeFeatures, width, Initializer.Glorot);
    }

    protected override void Message(in MessageEdge edge, Span<Real> message)
    {
        edge.Source.CopyTo(message);
        for (int c = 0; c < edge.Features.Length; c++) RowMath.AddScaled(edge.Features[c], V.Value.Row(c), message);
        for (int j = 0; j < message.Length; j++) message[j] *= edge.Weight;
    }

    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient)
    {
        RowMath.AddScaled(edge.Weight, dMessage, gradient.Source);
        if (!gradient.WantsDestination) return;
        for (int c = 0; c < edge.Features.Length; c++) RowMath.AddScaled(edge.Weight * edge.Features[c], dMessage, gradient.Of(V).Slice(c * dMessage.Length, dMessage.Length));
    }
}

/// <summary>A message that throws.</summary>
internal sealed class Thrower(long width) : MessagePassingLayer(Aggregation.Sum, width)
{
    protected override void Message(in MessageEdge edge, Span<Real> message) => throw new InvalidDataException($"edge {edge.Number} is not to my taste");

    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient) => throw new InvalidDataException();
}
