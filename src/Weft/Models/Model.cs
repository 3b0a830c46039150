using Weft.Graphs;
using Weft.Layers;
using Weft.Links;
using Weft.Memory;

namespace Weft.Models;

/// <summary>A list of layers. Its parameters are all it holds, so one model may work on several graphs from several threads.</summary>
public sealed class Model
{
    /// <summary>A model of these layers, with the parameters they have.</summary>
    public Model(IEnumerable<ILayer> layers)
    {
        Layers = [.. layers];
        int number = 0;
        var named = new List<(string, Parameter)>();
        foreach (var layer in Layers)
        {
            if (layer.Parameters.Count > 0) number++;
            foreach (var parameter in layer.Parameters) named.Add(($"l{number}.{parameter.Name}", parameter));
        }
        Parameters = named;
    }

    /// <summary>A model of these layers whose output is for a decoder of links.</summary>
    internal Model(IEnumerable<ILayer> layers, LinkDecoder? decoder)
        : this(layers)
    {
        Decoder = decoder;
        if (decoder is not null) Parameters = [.. Parameters, .. decoder.Parameters.Select(p => ($"decoder.{p.Name}", p))];
    }

    /// <summary>What makes logits of pairs of nodes from the model's output; null where the output is the result.</summary>
    internal LinkDecoder? Decoder { get; }

    /// <summary>The layers in the order in which data flow.</summary>
    public IReadOnlyList<ILayer> Layers { get; }

    /// <summary>Every parameter with its name in files: "l1.W" is the W of the first layer that has parameters.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> Parameters { get; }

    /// <summary>What the model was built from; null if it was put together by hand.</summary>
    public ModelSettings? Settings { get; init; }

    /// <summary>Share of the edges that a training pass leaves out.</summary>
    internal double DropEdge => Settings?.DropEdge ?? 0;

    /// <summary>Features of a node; 0 if the model was put together by hand.</summary>
    public long Inputs { get; init; }

    /// <summary>Columns of the output; 0 if the model was put together by hand.</summary>
    public long Outputs { get; init; }

    /// <summary>Number of trainable values.</summary>
    public long ParameterCount => Parameters.Where(p => p.Parameter.IsLearned).Sum(p => p.Parameter.Value.Count);

    /// <summary>Gives every parameter its start values, which depend on the seed alone.</summary>
    public void Initialize(ulong seed)
    {
        for (int number = 0; number < Parameters.Count; number++) Parameters[number].Parameter.Initialize(seed, number);
    }

    /// <summary>Sets every gradient to zero.</summary>
    public void ClearGradients()
    {
        // By index: an enumerator behind an interface would be allocated, and a warm step allocates nothing.
        for (int number = 0; number < Parameters.Count; number++) Parameters[number].Parameter.Gradient.Clear();
    }

    /// <summary>The model's output on a graph, without dropout: one row per node. May be called from several threads at once.</summary>
    /// <param name="graph">Any graph, seen before or not.</param>
    /// <param name="features">One row per node, [N, D].</param>
    /// <returns>Logits, [N, classes], in memory of their own.</returns>
    public Matrix Predict(Graph graph, NodeMatrix features)
    {
        var session = new Session(this, graph, features);
        return session.Forward(new Pass(0, 0, Training: false));
    }
}
