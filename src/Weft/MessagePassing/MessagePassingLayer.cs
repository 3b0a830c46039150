using Weft.Kernels;
using Weft.Layers;

namespace Weft.MessagePassing;

/// <summary>
/// A layer of one's own: m_e = message(X_j, Y_i, w_e, f_e), A_i = aggregate of m_e over the edges e from j into i, U_i = update(A_i, Y_i),
/// H^l = σ(U), with X = H·W_src + b_src and Y = H·W_dst + b_dst where the layer asks for them.
/// </summary>
/// <remarks>
/// A derived class says what a message is and, beside it, its adjoint; the products, the aggregation, the order of sums, threads and
/// buffers are given, each with its adjoint. Messages are formed edge by edge and aggregated at once, and formed again in the adjoint:
/// nothing of the size edges × width is kept. The methods are called from several threads at once and must not change the layer.
/// <c>GradientCheck</c> of Weft.Analysis holds the adjoints against central differences.
/// </remarks>
public abstract partial class MessagePassingLayer : ILayer
{
    private readonly List<Parameter> parameters = [];
    private readonly Aggregation aggregation;
    private readonly Activation σ;
    private readonly long messageWidth, updateWidth;
    private RowProjection? sources, destinations;
    private bool readsDestinations;

    /// <summary>A layer that sends messages of <paramref name="messageWidth"/> numbers.</summary>
    /// <param name="aggregation">How a node makes one row of them.</param>
    /// <param name="messageWidth">Numbers in a message; with <see cref="Aggregation.Softmax"/>, <paramref name="heads"/> scores included.</param>
    /// <param name="updateWidth">Numbers of an updated row; 0 for a layer without an update, whose rows are the aggregates.</param>
    /// <param name="heads">K, scores of a message with <see cref="Aggregation.Softmax"/>; others do not read it.</param>
    /// <param name="activation">σ</param>
    /// <exception cref="ArgumentException">A message is not scores and as many equal heads of values, or a width is below 1.</exception>
    protected MessagePassingLayer(Aggregation aggregation, long messageWidth, long updateWidth = 0, int heads = 1, Activation activation = default)
    {
        bool softmax = aggregation == Aggregation.Softmax;
        if (heads < 1) throw new ArgumentException($"heads is {heads}; at least 1 was expected");
        if (messageWidth < (softmax ? 2 * heads : 1) || (softmax && messageWidth % heads != 0))
            throw new ArgumentException(softmax
                ? $"a message of {messageWidth} numbers is not {heads} scores and {heads} heads of values: {heads} + {heads}·d were expected"
                : $"a message of {messageWidth} numbers; at least 1 was expected");
        if (updateWidth < 0) throw new ArgumentException($"an updated row of {updateWidth} numbers; at least 1 was expected, or 0 for no update");
        (this.aggregation, this.messageWidth, this.updateWidth, σ) = (aggregation, messageWidth, updateWidth, activation);
        Heads = softmax ? heads : 1;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <inheritdoc/>
    public int Heads { get; }

    /// <summary>Numbers of A_i.</summary>
    public long AggregateWidth => aggregation == Aggregation.Softmax ? messageWidth - Heads : messageWidth;

    /// <inheritdoc/>
    public long Outputs(long inputs) => updateWidth > 0 ? updateWidth : AggregateWidth;

    internal ParameterSpans Spans { get; } = new();

    /// <summary>Sources show X = H·W_src (+ 1 b_srcᵀ) to messages instead of H. Called in the constructor; needed where H is sparse.</summary>
    /// <param name="inputs">D, width of the layer's input.</param>
    /// <param name="width">Width of X.</param>
    /// <param name="bias">True for b_src.</param>
    protected void ProjectSources(long inputs, long width, bool bias = false) => sources = Project("src", "X", inputs, width, bias);

    /// <summary>Destinations show Y = H·W_dst (+ 1 b_dstᵀ) to messages and updates. Called in the constructor.</summary>
    /// <param name="inputs">D, width of the layer's input.</param>
    /// <param name="width">Width of Y.</param>
    /// <param name="bias">True for b_dst.</param>
    protected void ProjectDestinations(long inputs, long width, bool bias = false)
    {
        destinations = Project("dst", "Y", inputs, width, bias);
        readsDestinations = true;
    }

    /// <summary>Destinations show their rows of H to messages and updates. Called in the constructor.</summary>
    protected void ReadDestinations() => readsDestinations = true;

    /// <summary>A trainable matrix that messages or updates read. Called in the constructor.</summary>
    /// <param name="name">Its symbol; names that start with b are biases and do not decay.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="initializer">How it starts.</param>
    protected Parameter Learn(string name, long rows, long columns, Initializer initializer)
    {
        var parameter = Named(new Parameter(name, rows, columns, initializer));
        Spans.Add(parameter);
        return parameter;
    }

    /// <summary>m_e = message(X_j, Y_i, w_e, f_e).</summary>
    /// <param name="edge">The edge, from j to i.</param>
    /// <param name="message">Receives m_e; its content is undefined until written.</param>
    protected abstract void Message(in MessageEdge edge, Span<Real> message);

    /// <summary>dm_e → dX_j, dY_i and the gradients of parameters, each added to what is there.</summary>
    /// <param name="edge">The edge, from j to i.</param>
    /// <param name="dMessage">∂𝓛/∂m_e.</param>
    /// <param name="gradient">What to add to.</param>
    protected abstract void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient);

    /// <summary>U_i = update(A_i, Y_i); called where the layer was made with an update.</summary>
    /// <param name="node">The node, i.</param>
    /// <param name="updated">Receives U_i; its content is undefined until written.</param>
    protected virtual void Update(in NodeUpdate node, Span<Real> updated) =>
        throw new NotSupportedException($"{GetType().Name} was made with an update of {updateWidth} numbers and does not override Update");

    /// <summary>dU_i → dA_i, dY_i and the gradients of parameters, each added to what is there.</summary>
    /// <param name="node">The node, i.</param>
    /// <param name="dUpdated">∂𝓛/∂U_i.</param>
    /// <param name="gradient">What to add to.</param>
    protected virtual void UpdateAdjoint(in NodeUpdate node, ReadOnlySpan<Real> dUpdated, in NodeUpdateGradient gradient) =>
        throw new NotSupportedException($"{GetType().Name} was made with an update of {updateWidth} numbers and does not override UpdateAdjoint");

    internal void FormMessage(in MessageEdge edge, Span<Real> message) => Message(edge, message);

    internal void AddMessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient) => MessageAdjoint(edge, dMessage, gradient);

    internal void FormUpdate(in NodeUpdate node, Span<Real> updated) => Update(node, updated);

    internal void AddUpdateAdjoint(in NodeUpdate node, ReadOnlySpan<Real> dUpdated, in NodeUpdateGradient gradient) => UpdateAdjoint(node, dUpdated, gradient);

    private RowProjection Project(string role, string value, long inputs, long width, bool bias)
    {
        var W = Named(new Parameter("W_" + role, inputs, width, Initializer.Glorot));
        return new RowProjection(W, bias ? Named(new Parameter("b_" + role, 1, width, Initializer.Zero)) : null, value);
    }

    private Parameter Named(Parameter parameter)
    {
        if (parameters.Exists(p => p.Name == parameter.Name)) throw new ArgumentException($"{GetType().Name} has two parameters {parameter.Name}; names in files would be the same");
        parameters.Add(parameter);
        return parameter;
    }
}
