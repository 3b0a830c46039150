using Weft.Graphs;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>Which rows a layer's output row depends on.</summary>
public enum LayerReach
{
    /// <summary>The same row of the input; statistics over all of them may enter.</summary>
    Rows,

    /// <summary>The rows of the node's in-neighbours: one hop along the edges.</summary>
    Neighbours,

    /// <summary>The rows of all nodes of a graph: one row per graph comes out.</summary>
    Graphs,
}

/// <summary>A layer: its forward pass and the adjoint of it, each a list of equations in one file.</summary>
/// <remarks>
/// A layer has parameters and no other state: what the adjoint needs, it leaves in <see cref="Saved"/>, so one layer can
/// work on several graphs, and from several threads, at once. It never knows where its graph lives: it only calls the verbs
/// of <see cref="Graph"/>, which mean the same on one process and on many.
/// </remarks>
public interface ILayer
{
    /// <summary>The trainable matrices, in the order of the equations.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>K, by which the columns of an attention layer's matrices are grouped; 1 for layers without heads.</summary>
    int Heads => 1;

    /// <summary>What a row of the output depends on; by default, the in-neighbours of its node.</summary>
    LayerReach Reach => LayerReach.Neighbours;

    /// <summary>
    /// Numbers, in the model's list of layers, of earlier layers whose outputs this one reads beside its input; −1 stands for the
    /// model's input. It finds them in <see cref="Saved.Joined"/>.
    /// </summary>
    IReadOnlyList<int> Joins => [];

    /// <summary>Width of the output rows for inputs of this width.</summary>
    long Outputs(long inputs);

    /// <summary>H^{l−1} → H^l.</summary>
    /// <param name="graph">Where messages flow.</param>
    /// <param name="H">The layer's input, one row per source node, [N, D].</param>
    /// <param name="saved">Receives what <see cref="Backward"/> reads.</param>
    /// <returns>The layer's output, one row per destination node.</returns>
    NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved);

    /// <summary>∂𝓛/∂H^l → ∂𝓛/∂H^{l−1}. Adds to every <see cref="Parameter.Gradient"/>.</summary>
    /// <param name="graph">The graph of the forward pass.</param>
    /// <param name="dH">The gradient at the output, shaped like it; the layer may write over it.</param>
    /// <param name="saved">What the forward pass left.</param>
    /// <returns>The gradient at the input, [N, D]; missing if <see cref="Saved.NeedsInputGradient"/> is false.</returns>
    Matrix Backward(Graph graph, Matrix dH, Saved saved);

    /// <summary>The layer's matrices by name, in data-flow order, forward then backward.</summary>
    IReadOnlyList<TraceName> Names { get; }
}
