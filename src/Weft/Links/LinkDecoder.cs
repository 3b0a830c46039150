using Weft.Layers;
using Weft.Memory;

namespace Weft.Links;

/// <summary>A pair's logit from the embeddings of its nodes, and the adjoint of that.</summary>
/// <remarks>It holds parameters and no other state. Every sum over the pairs of a node has a fixed order.</remarks>
internal abstract class LinkDecoder
{
    /// <summary>Owner of the buffers that a decoder takes from a workspace; layers are 0, 1, ….</summary>
    protected const int Owner = -2;

    /// <summary>Names of the decoders.</summary>
    public static IReadOnlyList<string> Names { get; } = ["dot", "bilinear", "mlp"];

    /// <summary>The trainable matrices.</summary>
    public abstract IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The decoder of this name, with zero parameters.</summary>
    /// <param name="name">dot, bilinear or mlp.</param>
    /// <param name="width">Width of the embeddings, d.</param>
    /// <param name="hidden">Hidden width of the MLP, m.</param>
    /// <exception cref="ArgumentException">There is no such decoder.</exception>
    public static LinkDecoder Create(string name, long width, long hidden) => name switch
    {
        "dot" => new DotDecoder(),
        "bilinear" => new BilinearDecoder(width),
        "mlp" => new MlpDecoder(width, hidden),
        _ => throw new ArgumentException($"there is no decoder '{name}'; use one of {string.Join(", ", Names)}"),
    };

    /// <summary>The logit of each pair.</summary>
    /// <param name="H">Embeddings, [N, d].</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="workspace">Where buffers come from.</param>
    /// <param name="z">Receives the logits, [P, 1].</param>
    public abstract void Forward(Matrix H, PairViews pairs, Workspace workspace, Matrix z);

    /// <summary>The adjoint of the last <see cref="Forward"/>, which had the same embeddings, pairs and workspace. Adds to every <see cref="Parameter.Gradient"/>.</summary>
    /// <param name="H">Embeddings, [N, d].</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="dz">∂𝓛/∂z, [P, 1].</param>
    /// <param name="workspace">Where buffers come from.</param>
    /// <param name="dH">Receives ∂𝓛/∂H, [N, d].</param>
    public abstract void Backward(Matrix H, PairViews pairs, Matrix dz, Workspace workspace, Matrix dH);
}
