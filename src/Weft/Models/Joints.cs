using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.Models;

/// <summary>
/// The outputs of layers that later layers read beside their own input, and the way of their gradients back: residual connections and
/// jumping knowledge in a model that stays a list.
/// </summary>
internal sealed class Joints
{
    // Of each layer: what it reads, and who reads its output. Place 0 is the model's input, layer l's output is at place l + 1.
    private readonly int[][] reads;
    private readonly (int Layer, int K)[][] readers;
    private readonly NodeMatrix[] outputs;
    private readonly bool[] needGradient;
    private readonly (NodeMatrix[] Joined, bool[] NeedGradient)[] given;

    /// <summary>The joints of a model.</summary>
    /// <exception cref="ArgumentException">A layer reads the output of one that is not before it.</exception>
    public Joints(Model model)
    {
        int count = model.Layers.Count;
        reads = [.. model.Layers.Select(layer => layer.Joins.ToArray())];
        for (int layer = 0; layer < count; layer++)
            foreach (int from in reads[layer])
                if (from < -1 || from >= layer)
                    throw new ArgumentException($"layer {layer} ({model.Layers[layer].GetType().Name}) reads the output of layer {from}; layers -1 (the features) … {layer - 1} are before it");
        readers = [.. Enumerable.Range(0, count + 1).Select(place => Enumerable.Range(0, count)
            .SelectMany(layer => reads[layer].Select((from, k) => (From: from, Reader: (layer, k)))).Where(r => r.From + 1 == place).Select(r => r.Reader).ToArray())];
        outputs = new NodeMatrix[count + 1];
        needGradient = new bool[count + 1];
        given = [.. reads.Select(r => (new NodeMatrix[r.Length], new bool[r.Length]))];
    }

    /// <summary>A pass begins with these features.</summary>
    public void Begin(NodeMatrix features, bool needsGradient) => (outputs[0], needGradient[0]) = (features, needsGradient);

    /// <summary>Layer <paramref name="layer"/> has put out <paramref name="H"/>.</summary>
    public void Output(int layer, NodeMatrix H, bool needsGradient) => (outputs[layer + 1], needGradient[layer + 1]) = (H, needsGradient);

    /// <summary>Hands a layer what it joins.</summary>
    public void Give(int layer, Saved keep)
    {
        if (reads[layer].Length == 0) return;
        var (joined, need) = given[layer];
        for (int k = 0; k < joined.Length; k++) (joined[k], need[k]) = (outputs[reads[layer][k] + 1], needGradient[reads[layer][k] + 1]);
        keep.Join(joined, need);
    }

    /// <summary>Adds to the gradient at a layer's output what the layers that joined it have left; −1 stands for the model's input.</summary>
    public void AddGradients(int layer, Matrix dH, Saved[] saved)
    {
        foreach (var (reader, k) in readers[layer + 1])
            if (saved[reader].NeedsJoinedGradient(k)) Elementwise.Add(dH, saved[reader].JoinedGradient(k), dH);
    }
}
