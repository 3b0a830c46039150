namespace Weft.MessagePassing;

/// <summary>One destination node as its update sees it. The spans are valid during the call only.</summary>
public readonly ref struct NodeUpdate
{
    internal NodeUpdate(ReadOnlySpan<Real> aggregate, ReadOnlySpan<Real> destination)
    {
        Aggregate = aggregate;
        Destination = destination;
    }

    /// <summary>A_i, the aggregated messages.</summary>
    public ReadOnlySpan<Real> Aggregate { get; }

    /// <summary>Y_i, the node's own row; empty unless the layer projects or reads destinations.</summary>
    public ReadOnlySpan<Real> Destination { get; }
}

/// <summary>Where the adjoint of an update leaves its gradients: it adds to every span.</summary>
public readonly ref struct NodeUpdateGradient
{
    private readonly ParameterSpans spans;
    private readonly Span<Real> parameters;

    internal NodeUpdateGradient(Span<Real> aggregate, Span<Real> destination, ParameterSpans spans, Span<Real> parameters)
    {
        Aggregate = aggregate;
        Destination = destination;
        this.spans = spans;
        this.parameters = parameters;
    }

    /// <summary>dA_i, to be added to.</summary>
    public Span<Real> Aggregate { get; }

    /// <summary>dY_i, to be added to; as long as <see cref="NodeUpdate.Destination"/>.</summary>
    public Span<Real> Destination { get; }

    /// <summary>The gradient of a parameter that the layer learns, row after row, to be added to.</summary>
    /// <exception cref="ArgumentException">The layer did not get the parameter from <see cref="MessagePassingLayer.Learn"/>.</exception>
    public Span<Real> Of(Layers.Parameter parameter) => spans.Of(parameter, parameters);
}
