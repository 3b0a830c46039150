using Weft.Kernels;
using Weft.MessagePassing;

namespace OwnLayer;

/// <summary>
/// The residual gated graph convolution of Bresson and Laurent (2017): H′_i = σ(H_i·U + Σ_{e: j→i} η_e ⊙ (H_j·V)), with a gate for
/// every edge and feature, η_e = logistic(H_i·A + H_j·B + b).
/// </summary>
/// <remarks>
/// A source shows [B-part ‖ V-part] of one product, X = H·[B ‖ V]; a destination [A-part ‖ U-part] of another, Y = H·[A ‖ U] + [b ‖ b_U].
/// Weft computes both products and their adjoints; what is left to say is one message, one update and what each does backward.
/// </remarks>
internal sealed class GatedConvolution : MessagePassingLayer
{
    private readonly int width;

    public GatedConvolution(long inputs, int outputs, Activation activation = default)
        : base(Aggregation.Sum, messageWidth: outputs, updateWidth: outputs, activation: activation)
    {
        width = outputs;
        ProjectSources(inputs, 2 * outputs);
        ProjectDestinations(inputs, 2 * outputs, bias: true);
    }

    // m = η ⊙ v,   η = logistic(a + b)
    protected override void Message(in MessageEdge edge, Span<Real> message)
    {
        Gate(edge, message);
        RowMath.Multiply(message, edge.Source[width..], message);
    }

    // dv = dm ⊙ η,   da = db = dm ⊙ v ⊙ η ⊙ (1 − η)
    protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient)
    {
        Span<Real> gate = stackalloc Real[width];
        Gate(edge, gate);
        ReadOnlySpan<Real> v = edge.Source[width..];
        Span<Real> da = gradient.Destination[..width], db = gradient.Source[..width], dv = gradient.Source[width..];
        for (int k = 0; k < width; k++)
        {
            Real slope = dMessage[k] * v[k] * gate[k] * (1 - gate[k]);
            da[k] += slope;
            db[k] += slope;
            dv[k] += dMessage[k] * gate[k];
        }
    }

    private void Gate(in MessageEdge edge, Span<Real> gate)
    {
        edge.Destination[..width].CopyTo(gate);
        RowMath.Add(edge.Source[..width], gate);
        RowMath.Logistic(gate, gate);
    }

    // u = A + own
    protected override void Update(in NodeUpdate node, Span<Real> updated)
    {
        node.Aggregate.CopyTo(updated);
        RowMath.Add(node.Destination[width..], updated);
    }

    // dA = du,   down = du
    protected override void UpdateAdjoint(in NodeUpdate node, ReadOnlySpan<Real> dUpdated, in NodeUpdateGradient gradient)
    {
        RowMath.Add(dUpdated, gradient.Aggregate);
        RowMath.Add(dUpdated, gradient.Destination[width..]);
    }
}
