using Weft.Kernels;
using Weft.Layers;
using Weft.Links;

namespace Weft.Models;

/// <summary>A whole model in words that fit a command line and a file. Null stands for the model's own default.</summary>
public sealed record ModelSettings
{
    /// <summary>gcn, gat, gatv2, gin, gine, sage, transformer or mlp.</summary>
    public string Model { get; init; } = "gatv2";

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Width of a hidden layer, per head: 8 for attention, 16 for gcn, 64 for the others.</summary>
    public int? Hidden { get; init; }

    /// <summary>Heads of hidden attention layers.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>Heads of the last attention layer, which are averaged.</summary>
    public int OutputHeads { get; init; } = 1;

    /// <summary>Rate of dropout on each layer's input; where there is a readout, on that one's output alone.</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>Rate of dropout on attention coefficients.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>
    /// Attention: true to form the coefficients of the edges twice in the adjoint instead of keeping two numbers an edge and head from one pass to the other:
    /// slower, smaller, the same bits (with edge features, but for rounding). Null keeps them; the command decides by the size of the graph.
    /// </summary>
    public bool? Recompute { get; init; }

    /// <summary>Activation of hidden layers: elu for attention, relu for the others. "none" for none, "prelu" for a leaky ReLU with a learned slope.</summary>
    public string? Activation { get; init; }

    /// <summary>Slope of the leaky ReLU of attention logits.</summary>
    public double Slope { get; init; } = 0.2;

    /// <summary>True for biases.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>GATv2: one matrix for sources and destinations.</summary>
    public bool ShareWeights { get; init; }

    /// <summary>D_e, features of an edge that gat, gatv2 and gine read; 0 for none. Training takes it from the data.</summary>
    public int EdgeFeatures { get; init; }

    /// <summary>Where numbers are learned, the mean of each over the training rows; null for classes. The model puts out (t − mean) / deviation.</summary>
    public IReadOnlyList<double>? TargetMeans { get; init; }

    /// <summary>The deviation of each number over the training rows.</summary>
    public IReadOnlyList<double>? TargetDeviations { get; init; }

    /// <summary>Width of a learned embedding (a linear layer without bias) before the first layer; 0 for none.</summary>
    public int EmbeddingWidth { get; init; }

    /// <summary>Activation of the embedding.</summary>
    public string? EmbeddingActivation { get; init; }

    /// <summary>Normalisation between a hidden layer and its activation: batch, layer or graph; null or "none" for none.</summary>
    public string? Norm { get; init; }

    /// <summary>True to add each hidden layer's input to its output, through a learned matrix where the widths differ.</summary>
    public bool Residual { get; init; }

    /// <summary>What a last linear layer reads of all hidden layers: cat, max or sum; null or "none" for a model that ends in its last layer.</summary>
    public string? JumpingKnowledge { get; init; }

    /// <summary>Share of the edges that a training step leaves out.</summary>
    public double DropEdge { get; init; }

    /// <summary>
    /// How rows of nodes become rows of graphs: sum, mean, max or attention. All layers are then hidden ones, and a linear layer
    /// follows the readout. Null where rows are nodes.
    /// </summary>
    public string? Readout { get; init; }

    /// <summary>Jumping knowledge reads the features too.</summary>
    public bool JumpFromFeatures { get; init; }

    /// <summary>GIN: a batch norm inside each layer's perceptron, before its activation.</summary>
    public bool NormInside { get; init; }

    /// <summary>GIN with a norm inside: ε is learned (GIN-ε); else it is 0 (GIN-0).</summary>
    public bool LearnEpsilon { get; init; }

    /// <summary>True to end in a linear layer without bias, every attention layer before it joining its heads side by side.</summary>
    public bool LinearOutput { get; init; }

    /// <summary>Links: dot, bilinear or mlp, what makes a link's logit from the embeddings of its nodes; null for models of nodes and graphs.</summary>
    public string? Decoder { get; init; }

    /// <summary>Links: width of the hidden layer of the mlp decoder; null for 64.</summary>
    public int? DecoderHidden { get; init; }

    /// <summary>Links: width of the embeddings that the model puts out; null for the width of a hidden layer.</summary>
    public int? Outputs { get; init; }
}

/// <summary>The models that a name stands for.</summary>
public static class Architecture
{
    /// <summary>Names that <see cref="Build"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["gcn", "gat", "gatv2", "gin", "gine", "sage", "transformer", "mlp"];

    /// <summary>Normalisations.</summary>
    internal static readonly string[] NormNames = ["batch", "layer", "graph"];

    /// <summary>Ways of jumping knowledge.</summary>
    internal static readonly string[] JumpingNames = ["cat", "max", "sum"];

    /// <summary>True for models whose layers have heads.</summary>
    public static bool HasHeads(string model) => model is "gat" or "gatv2" or "transformer";

    /// <summary>True for models that read features of the edges.</summary>
    public static bool ReadsEdgeFeatures(string model) => model is "gat" or "gatv2" or "gine";

    /// <summary>What the command chooses for <see cref="ModelSettings.Recompute"/>: coefficients are kept unless they take more than 256 MB and more than a hidden layer's output.</summary>
    /// <param name="settings">The settled model.</param>
    /// <param name="nodes">N</param>
    /// <param name="edges">E, loops included.</param>
    internal static bool Recomputes(ModelSettings settings, long nodes, long edges)
    {
        const double few = 256 << 20;
        double coefficients = 2.0 * sizeof(Real) * edges * Math.Max(settings.Heads, settings.OutputHeads), output = (double)sizeof(Real) * nodes * settings.Heads * (settings.Hidden ?? 8);
        return HasHeads(settings.Model) && coefficients > Math.Max(few, output);
    }

    /// <summary>The settings with every default filled in that the model's name decides.</summary>
    public static ModelSettings Settle(ModelSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        bool attention = HasHeads(settings.Model);
        int hidden = settings.Hidden ?? (attention ? 8 : settings.Model == "gcn" ? 16 : 64);
        return settings with
        {
            Hidden = hidden,
            Activation = settings.Activation ?? (attention ? "elu" : "relu"),
            Outputs = settings.Decoder is null ? settings.Outputs : settings.Outputs ?? hidden,
            DecoderHidden = settings.Decoder == "mlp" ? settings.DecoderHidden ?? 64 : settings.DecoderHidden,
        };
    }

    /// <summary>
    /// A model with zero parameters, in which a hidden layer is dropout of its input, the layer, the norm, the activation, and then the residual
    /// connection from its input, in this order.
    /// <see cref="Models.Model.Initialize"/> gives the start values.
    /// </summary>
    /// <param name="settings">What to build.</param>
    /// <param name="inputs">Features of a node, D.</param>
    /// <param name="outputs">Columns of the output: classes, or targets. A model with a decoder takes them from its settings.</param>
    /// <exception cref="ArgumentException">A setting is impossible; the message names it.</exception>
    public static Model Build(ModelSettings settings, long inputs, long outputs)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var settled = Settle(settings);
        if (settings.Decoder is not null) outputs = settled.Outputs!.Value;
        Check(settings, inputs, outputs);
        int hidden = settled.Hidden!.Value;
        // A learned slope is a layer of its own.
        bool prelu = settled.Activation == "prelu";
        var activation = Activate(prelu ? "none" : settled.Activation!);
        bool jumps = Given(settings.JumpingKnowledge), norms = Given(settings.Norm);
        var hiddenOutputs = new List<(int Layer, long Width)>();
        var layers = new List<ILayer>();
        long width = inputs;
        if (settings.EmbeddingWidth > 0)
        {
            layers.Add(new Linear(width, settings.EmbeddingWidth, bias: false, Activate(settings.EmbeddingActivation ?? "none")));
            width = settings.EmbeddingWidth;
        }
        for (int number = 1; number <= settings.Layers; number++)
        {
            bool last = number == settings.Layers && !settings.LinearOutput && !jumps && settings.Readout is null;
            var (from, fromWidth) = (layers.Count - 1, width);
            if (settings.Dropout > 0 && settings.Readout is null) layers.Add(new Dropout(settings.Dropout));
            if (settings.NormInside) layers.AddRange(GinInside(settings, width, hidden));
            var layer = settings.NormInside ? new Linear(hidden, last ? outputs : hidden, settings.Bias && (last || !TakesConstantsAway(settings)), last || norms ? default : activation)
                : Layer(settings, width, last ? outputs : hidden, last, last || norms ? default : activation);
            layers.Add(layer);
            width = layer.Outputs(width);
            if (last) break;
            if (norms) layers.Add(Catalog.Layers[settings.Norm + "-norm"](new LayerSettings { Inputs = width, Outputs = width, Activation = activation }));
            if (prelu) layers.Add(new Prelu());
            if (settings.Residual) layers.Add(new Residual(width, from, fromWidth, project: from < 0));
            hiddenOutputs.Add((layers.Count - 1, width));
        }
        if (jumps)
        {
            var mode = settings.JumpingKnowledge switch { "cat" => Jumping.Concatenate, "max" => Jumping.Max, _ => Jumping.Sum };
            (int Layer, long Width)[] earlier = [.. settings.JumpFromFeatures ? [(-1, inputs)] : Array.Empty<(int, long)>(), .. hiddenOutputs[..^1]];
            var jumping = new JumpingKnowledge(mode, [.. earlier.Select(h => h.Layer)], [.. earlier.Select(h => h.Width)]);
            layers.Add(jumping);
            width = jumping.Outputs(width);
        }
        if (settings.Readout is { } readout)
        {
            layers.Add(Catalog.Layers["readout-" + readout](new LayerSettings { Inputs = width, Outputs = width }));
            if (settings.Dropout > 0) layers.Add(new Dropout(settings.Dropout));
        }
        if (jumps || settings.Readout is not null) layers.Add(new Linear(width, outputs, settings.Bias));
        else if (settings.LinearOutput) layers.Add(new Linear(width, outputs, bias: false));
        var decoder = settings.Decoder is null ? null : LinkDecoder.Create(settings.Decoder, outputs, settled.DecoderHidden ?? 0);
        return new Model(layers, decoder) { Settings = settings, Inputs = inputs, Outputs = outputs };
    }

    // The sum over neighbours and the first half of the perceptron, with a norm before its activation.
    private static ILayer[] GinInside(ModelSettings settings, long inputs, long width) =>
        [new GinSum(settings.LearnEpsilon), new Linear(inputs, width, bias: false), new BatchNorm(width, new(ActivationKind.Relu))];

    private static ILayer Layer(ModelSettings settings, long inputs, long outputs, bool last, Activation activation) =>
        Catalog.Layers[settings.Model switch { "mlp" => "linear", "transformer" => "attention", var name => name }](new LayerSettings
        {
            Inputs = inputs,
            Outputs = outputs,
            Heads = last ? settings.OutputHeads : settings.Heads,
            Concatenate = !last,
            Bias = settings.Bias && (last || !TakesConstantsAway(settings)),
            Activation = activation,
            Slope = settings.Slope,
            EdgeFeatures = ReadsEdgeFeatures(settings.Model) ? settings.EdgeFeatures : 0,
            AttentionDropout = settings.AttentionDropout,
            Recompute = settings.Recompute ?? false,
            ShareWeights = settings.ShareWeights,
            Hidden = settings.Hidden ?? 64,
            Residual = settings.Model == "transformer",
        });

    /// <summary>
    /// True where hidden layers have no bias because a batch norm follows: its gradient would be rounding alone, and the steps that an
    /// optimiser makes of that would reach evaluation through the running mean.
    /// </summary>
    internal static bool TakesConstantsAway(ModelSettings settings) => settings.Norm == "batch";

    private static Activation Activate(string name) =>
        name == "none" ? default : Activation.Parse(name);

    /// <summary>True for a choice that is not none.</summary>
    internal static bool Given(string? choice) => choice is not (null or "none");

    private static void OneOf(string? choice, string name, params string[] choices)
    {
        if (Given(choice) && !choices.Contains(choice)) throw new ArgumentException($"{name} is '{choice}'; none, {string.Join(", ", choices)} were expected");
    }

    private static void Check(ModelSettings settings, long inputs, long outputs)
    {
        if (!Names.Contains(settings.Model)) throw new ArgumentException($"there is no model '{settings.Model}'; use one of {string.Join(", ", Names)}");
        if (settings.Readout is not (null or "sum" or "mean" or "max" or "attention")) throw new ArgumentException($"there is no readout '{settings.Readout}'; use sum, mean, max or attention");
        if (settings.NormInside && settings.Model != "gin") throw new ArgumentException($"a norm inside the layers' perceptrons is for gin; {settings.Model} has none");
        if (settings.JumpFromFeatures && !Given(settings.JumpingKnowledge)) throw new ArgumentException("jump-from-features is on, and there is no jumping knowledge: choose one");
        AtLeastOne(settings.Layers, "layers");
        AtLeastOne(settings.Hidden ?? 1, "hidden");
        AtLeastOne(settings.Heads, "heads");
        AtLeastOne(settings.OutputHeads, "output-heads");
        AtLeastOne(settings.Outputs ?? 1, "outputs");
        AtLeastOne(settings.DecoderHidden ?? 1, "decoder-hidden");
        Rate(settings.Dropout, "dropout");
        Rate(settings.AttentionDropout, "attention-dropout");
        Rate(settings.DropEdge, "drop-edge");
        OneOf(settings.Norm, "norm", NormNames);
        OneOf(settings.JumpingKnowledge, "jumping-knowledge", JumpingNames);
        if (!double.IsFinite(settings.Slope)) throw new ArgumentException($"slope is {settings.Slope}; a finite number was expected");
        if (inputs < 1) throw new ArgumentException("the nodes have no features; make some with --features degree, onehot, constant or learned");
        if (outputs < 1) throw new ArgumentException("the data have no classes and no targets to learn");
    }

    private static void AtLeastOne(int value, string name)
    {
        if (value < 1) throw new ArgumentException($"{name} is {value}; at least 1 was expected");
    }

    private static void Rate(double value, string name)
    {
        if (!(value >= 0 && value < 1)) throw new ArgumentException($"{name} is {value}; a rate from 0 up to, not including, 1 was expected");
    }
}
