namespace Weft.MessagePassing;

/// <summary>One edge as its message sees it. The spans are read-only views of the node rows; they are valid during the call only.</summary>
public readonly ref struct MessageEdge
{
    internal MessageEdge(ReadOnlySpan<Real> source, ReadOnlySpan<Real> destination, ReadOnlySpan<Real> features, Real weight, int number)
    {
        Source = source;
        Destination = destination;
        Features = features;
        Weight = weight;
        Number = number;
    }

    /// <summary>X_j, the row of the node that the edge leaves: its projection, or its input row where sources are not projected.</summary>
    public ReadOnlySpan<Real> Source { get; }

    /// <summary>Y_i, the row of the node that the edge enters; empty unless the layer projects or reads destinations.</summary>
    public ReadOnlySpan<Real> Destination { get; }

    /// <summary>f_e, the features of the edge; empty in a graph whose edges have none.</summary>
    public ReadOnlySpan<Real> Features { get; }

    /// <summary>w_e; 1 in a graph without weights.</summary>
    public Real Weight { get; }

    /// <summary>Number of the edge in the edge list.</summary>
    public int Number { get; }
}

/// <summary>Where the adjoint of a message leaves its gradients: it adds to every span, and never overwrites.</summary>
/// <remarks>
/// Gradients at sources and at destinations are collected in two passes over the edges, each in the order that gives the same bits on
/// any number of threads. What a pass does not collect goes to memory that nobody reads, so an adjoint may always add to all of
/// them; the flags let it leave work out.
/// </remarks>
public readonly ref struct MessageGradient
{
    private readonly ParameterSpans spans;
    private readonly Span<Real> parameters;

    internal MessageGradient(Span<Real> source, Span<Real> destination, ParameterSpans spans, Span<Real> parameters, bool wantsSource)
    {
        Source = source;
        Destination = destination;
        this.spans = spans;
        this.parameters = parameters;
        WantsSource = wantsSource;
    }

    /// <summary>dX_j, to be added to; as long as <see cref="MessageEdge.Source"/>.</summary>
    public Span<Real> Source { get; }

    /// <summary>dY_i, to be added to; as long as <see cref="MessageEdge.Destination"/>.</summary>
    public Span<Real> Destination { get; }

    /// <summary>True in the pass that collects <see cref="Source"/>.</summary>
    public bool WantsSource { get; }

    /// <summary>True in the pass that collects <see cref="Destination"/> and the gradients of parameters.</summary>
    public bool WantsDestination => !WantsSource;

    /// <summary>The gradient of a parameter that the layer learns, row after row, to be added to.</summary>
    /// <exception cref="ArgumentException">The layer did not get the parameter from <see cref="MessagePassingLayer.Learn"/>.</exception>
    public Span<Real> Of(Layers.Parameter parameter) => spans.Of(parameter, parameters);
}
