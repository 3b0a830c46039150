using Weft.Datasets;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>One case in the golden format: its inputs and settings. Outputs that the file may hold are never looked at.</summary>
public sealed class TraceCase
{
    private readonly OrderedDictionary<string, NpyArray> arrays;

    private TraceCase(string file, CaseSettings settings, OrderedDictionary<string, NpyArray> arrays) =>
        (File, Settings, this.arrays) = (file, settings, arrays);

    /// <summary>Path of the archive.</summary>
    public string File { get; }

    /// <summary>What the manifest says.</summary>
    public CaseSettings Settings { get; }

    /// <summary>Reads a case.</summary>
    /// <param name="path">Path of the archive; its name without the ending is the key in the manifest.</param>
    /// <param name="manifest">Path of the manifest; the one beside the archive if nothing is given.</param>
    /// <exception cref="DataFormatException">A file is missing or broken, or the manifest has no such key.</exception>
    public static TraceCase Read(string path, string? manifest = null)
    {
        var arrays = Npz.Read(path);
        var settings = CaseSettings.Read(manifest ?? CaseSettings.Beside(path), Path.GetFileNameWithoutExtension(path));
        foreach (string name in arrays.Keys.ToArray())
            if (!settings.Inputs.Contains(name)) arrays.Remove(name);
        return new TraceCase(path, settings, arrays);
    }

    /// <summary>True if the case has this input.</summary>
    public bool Has(string name) => arrays.ContainsKey(name);

    /// <summary>An input.</summary>
    /// <exception cref="DataFormatException">The case has none of this name.</exception>
    public NpyArray this[string name] => arrays.TryGetValue(name, out var array) ? array
        : throw new DataFormatException(File, $"array {name}", "there is no such input", "every input of the layer, listed in the manifest and held by the file");

    /// <summary>An input as a matrix; heads that lead in the file lie side by side in it.</summary>
    internal Matrix Matrix(string name) => TraceArrays.ToMatrix(this[name]);

    /// <summary>An input that is one number.</summary>
    internal double Number(string name) => this[name].WithShape(1).AsDoubles()[0];

    /// <summary>How many layers: 1, or those of a network.</summary>
    internal int LayerCount
    {
        get
        {
            if (!Settings.IsNetwork) return 1;
            int count = 0;
            while (arrays.Keys.Any(name => name.StartsWith($"l{count + 1}_", StringComparison.Ordinal))) count++;
            return count > 0 ? count : throw new DataFormatException(File, "array l1_W", "there is no such input", "the parameters of a network, l1_… and on");
        }
    }

    /// <summary>True where the last layer averages its heads and a softmax follows.</summary>
    internal bool EndsInSoftmax => Settings.Layer is "gatv1" or "gatv2" && (Settings.IsNetwork || Settings.Text("mode") == "mean_softmax");

    /// <summary>The graph; without edges for dense attention.</summary>
    internal Graph Graph()
    {
        long nodes = this["num_nodes"].WithShape(1).AsIntegers()[0];
        if (nodes is < 0 or > int.MaxValue) throw this["num_nodes"].Error($"{nodes} nodes", $"0 … {int.MaxValue}", "[0]");
        if (!Has("edge_src")) return Graphs.Graph.FromEdges(nodes, [], []);
        int[] source = Ends("edge_src", nodes), destination = Ends("edge_dst", nodes);
        this["edge_dst"].WithShape(source.Length);
        Real[] weight = Has("edge_weight") ? this["edge_weight"].WithShape(source.Length).AsReals() : [];
        return Graphs.Graph.FromEdges(nodes, source, destination, weight);
    }

    private int[] Ends(string name, long nodes)
    {
        var array = this[name].WithShape(-1);
        long[] ends = array.AsIntegers();
        for (int e = 0; e < ends.Length; e++)
            if ((ulong)ends[e] >= (ulong)nodes) throw array.Error($"node {ends[e]}", $"0 … {nodes - 1}", $"[{e}]");
        return Array.ConvertAll(ends, e => (int)e);
    }

    /// <summary>The model, with the parameters of the case.</summary>
    internal Model Model()
    {
        int count = LayerCount;
        var layers = new ILayer[count];
        for (int number = 1; number <= count; number++)
        {
            string prefix = Settings.IsNetwork ? $"l{number}_" : "";
            layers[number - 1] = Layer(prefix, isLast: number == count);
            foreach (var parameter in layers[number - 1].Parameters) Load(parameter, this[prefix + parameter.Name]);
        }
        return new Model(layers);
    }

    private static void Load(Parameter parameter, NpyArray array)
    {
        var value = TraceArrays.ToMatrix(array);
        if (value.Rows != parameter.Value.Rows || value.Columns != parameter.Value.Columns)
            throw array.Error($"shape ({string.Join(", ", array.Shape)})", $"{parameter.Value} with the heads side by side, to fit the other parameters");
        value.CopyTo(parameter.Value);
    }

    private ILayer Layer(string prefix, bool isLast)
    {
        bool softmax = isLast && EndsInSoftmax;
        bool bias = Has(prefix + "b");
        switch (Settings.Layer)
        {
            case "gcn":
                long[] W = Shape(prefix + "W", 2);
                return Catalog.Layers["gcn"](new LayerSettings
                {
                    Inputs = W[0],
                    Outputs = W[1],
                    Bias = bias,
                    Activation = Settings.IsNetwork && isLast ? default : Activation("activation"),
                    AddLoops = Settings.Flag("add_self_loops"),
                });
            case "gatv1":
            case "gatv2":
                long[] heads = Shape(prefix + (Settings.Layer == "gatv1" ? "W" : "W_src"), 3);
                return Catalog.Layers[Settings.Layer == "gatv1" ? "gat" : "gatv2"](new LayerSettings
                {
                    Inputs = heads[1],
                    Outputs = heads[2],
                    Heads = (int)heads[0],
                    Bias = bias,
                    Concatenate = !softmax,
                    Activation = softmax ? default : Settings.IsNetwork ? Weft.Kernels.Activation.Elu : Activation("activation"),
                    Slope = Number("slope"),
                });
            case "self_attention":
                long[] query = Shape(prefix + "W_Q", 3);
                return Catalog.Layers[Settings.Flag("masked") ? "attention" : "attention-dense"](new LayerSettings
                {
                    Inputs = query[1],
                    Outputs = query[2],
                    Heads = (int)query[0],
                    Bias = bias,
                    Activation = Activation("activation"),
                    Scale = Number("scale"),
                });
            case "gin":
                long[] W1 = Shape(prefix + "W1", 2);
                return Catalog.Layers["gin"](new LayerSettings
                {
                    Inputs = W1[0],
                    Hidden = W1[1],
                    Outputs = Shape(prefix + "W2", 2)[1],
                    Inner = Activation("mlp_activation"),
                    Activation = Activation("activation"),
                });
            case "sage_mean":
                long[] self = Shape(prefix + "W_self", 2);
                return Catalog.Layers["sage"](new LayerSettings { Inputs = self[0], Outputs = self[1], Bias = bias, Activation = Activation("activation") });
            default:
                throw Settings.Error("layer", $"'{Settings.Layer}'", "gcn, gatv1, gatv2, self_attention, gin, sage_mean, losses or optimisers");
        }
    }

    private long[] Shape(string name, int rank)
    {
        long[] shape = this[name].Shape;
        if (shape.Length != rank || shape.Any(size => size is < 1 or > int.MaxValue))
            throw this[name].Error($"shape ({string.Join(", ", shape)})", $"{rank} dimensions of at least 1");
        return shape;
    }

    private Activation Activation(string key)
    {
        string text = Settings.Text(key);
        try
        {
            return Kernels.Activation.Parse(text);
        }
        catch (FormatException problem)
        {
            throw new DataFormatException(Settings.File, $"key {Settings.Name}.{key}", $"'{text}'", "identity, relu, leaky_relu:SLOPE, elu, tanh or logistic", problem);
        }
    }
}
