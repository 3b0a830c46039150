using Weft.Kernels;
using Weft.Layers;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A layer of the catalog in one setting, with the oracle it is held to.</summary>
/// <param name="Layer">The layer's name in the catalog.</param>
/// <param name="Variation">What is special about the setting.</param>
/// <param name="Settings">The setting.</param>
/// <param name="Large">Whether the setting is worth its oracle's time on the graphs of 300 nodes.</param>
internal sealed record LayerCase(string Layer, string Variation, LayerSettings Settings, bool Large)
{
    public string Name => $"{Layer}, {Variation}";

    public int Inputs => (int)Settings.Inputs;

    /// <summary>Whether the layer can be the first one, on sparse features, and has rows to show for it.</summary>
    public bool TakesSparse => !IsDenseOnly(Layer) && !IsReadout;

    /// <summary>Whether the layer's output has a row for the graph instead of one for each node.</summary>
    public bool IsReadout => Layer.StartsWith("readout-", StringComparison.Ordinal);

    /// <summary>Whether a layer takes dense rows alone.</summary>
    public static bool IsDenseOnly(string layer) => layer is "pointwise" or "dropout" or "gin-sum" or "prelu" || layer.EndsWith("-norm", StringComparison.Ordinal) || IsJoining(layer);

    /// <summary>Whether a layer reads the features beside its input.</summary>
    public static bool IsJoining(string layer) => layer == "residual" || layer.StartsWith("jumping-", StringComparison.Ordinal);

    public IEnumerable<OracleGraph> Graphs => Large ? TestGraphs.All : TestGraphs.All.Where(g => g.Nodes <= 40);

    public ILayer Create() => Catalog.Layers[Layer](Settings);

    /// <summary>The oracle of this setting.</summary>
    /// <param name="attention">Factors of attention dropout, [E, K], in the order of the edge list.</param>
    /// <param name="features">Factors of dropout on features, [N, D].</param>
    public IOracle Oracle(double[,] attention, double[,] features)
    {
        var s = Settings;
        var σ = LayerCases.Oracle(s.Activation);
        double scale = s.Scale == 0 ? 1 / Math.Sqrt(s.Outputs) : s.Scale;
        return Layer switch
        {
            "linear" => new LinearOracle(σ),
            "gcn" => new GcnOracle(s.AddLoops, σ),
            "gat" => new GatOracle(s.Slope, !s.Concatenate, σ, attention),
            "gatv2" => new GatV2Oracle(s.Slope, !s.Concatenate, σ, attention),
            "gin" => new GinOracle(LayerCases.Oracle(s.Inner), σ),
            "gine" => new GineOracle(LayerCases.Oracle(s.Inner), σ),
            "sage" => new SageOracle(σ),
            "attention" => new SelfAttentionOracle(s.Heads, scale, Masked: true, σ, attention, !s.Concatenate),
            "attention-dense" => new SelfAttentionOracle(s.Heads, scale, Masked: false, σ, null, !s.Concatenate),
            "gin-sum" => new GinSumOracle(),
            "readout-sum" or "readout-mean" or "readout-max" => new ReadoutOracle(Layer["readout-".Length..]),
            "readout-attention" => new AttentionReadoutOracle(),
            "dropout" => new DropoutOracle(features),
            "pointwise" => new ActivationOracle(σ),
            "batch-norm" => new BatchNormOracle(σ),
            "layer-norm" => new LayerNormOracle(σ),
            "graph-norm" => new GraphNormOracle(σ),
            "prelu" => new PreluOracle(),
            "residual" => new ResidualOracle(),
            "jumping-cat" or "jumping-max" or "jumping-sum" => new JumpingOracle(Layer["jumping-".Length..]),
            _ => throw new ArgumentException($"no oracle holds the layer {Layer}: write Oracles/{Layer}.cs and name it here"),
        };
    }

    public override string ToString() => Name;
}

/// <summary>Every layer of the catalog in every setting: a new layer is held to the laws by being in the catalog.</summary>
internal static class LayerCases
{
    private static readonly LayerSettings Usual = new()
    {
        Inputs = 5,
        Outputs = 3,
        Hidden = 4,
        Heads = 2,
        Activation = new(ActivationKind.Elu),
        Dropout = 0.5,
    };

    public static IReadOnlyList<LayerCase> All { get; } = [.. Catalog.Layers.Keys.SelectMany(Settings)];

    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    public static LayerCase Named(string name) => All.Single(c => c.Name == name);

    /// <summary>The oracles' σ for a library's.</summary>
    public static OracleActivation Oracle(Activation σ) => new(σ.Kind switch
    {
        ActivationKind.Identity => "identity",
        ActivationKind.Relu => "relu",
        ActivationKind.LeakyRelu => "leaky_relu",
        ActivationKind.Elu => "elu",
        ActivationKind.Tanh => "tanh",
        ActivationKind.Logistic => "logistic",
        ActivationKind.Gelu => "gelu",
        _ => throw new ArgumentException($"no oracle holds the activation {σ.Kind}: add it to OracleActivation"),
    }, σ.Parameter);

    private static IEnumerable<LayerCase> Settings(string layer)
    {
        // A layer that cannot be without them has edge features in every setting.
        var usual = layer == "gine" ? Usual with { EdgeFeatures = OracleGraph.EdgeFeatures } : Usual;
        LayerCase With(string variation, LayerSettings settings, bool large = false) => new(layer, variation, settings, large);

        yield return With("as usual", usual, large: true);
        yield return With("attention dropout", usual with { AttentionDropout = 0.5 }, large: true);
        yield return With("averaged", usual with { Concatenate = false }, large: true);
        yield return With("averaged, no bias, attention dropout", usual with { Concatenate = false, Bias = false, AttentionDropout = 0.5 });
        yield return With("one head, no bias", usual with { Heads = 1, Outputs = 4, Bias = false });
        yield return With("slope 0", usual with { Slope = 0 });
        yield return With("slope 1", usual with { Slope = 1 });
        yield return With("shared weights", usual with { ShareWeights = true }, large: true);
        yield return With("shared weights, attention dropout", usual with { ShareWeights = true, AttentionDropout = 0.5 });
        yield return With("no added loops", usual with { AddLoops = false });
        yield return With("scale 1", usual with { Scale = 1 });
        yield return With("learned ε", usual with { LearnEpsilon = true }, large: true);
        yield return With("residual", usual with { Residual = true });
        yield return With("residual, averaged", usual with { Residual = true, Concatenate = false });
        yield return With("widening", usual with { Inputs = 2, Outputs = 7, Hidden = 9 }, large: true);
        yield return With("wide heads", usual with { Inputs = 19, Outputs = 67, Hidden = 35 });
        yield return With("many heads", usual with { Inputs = 17, Outputs = 5, Heads = 9 });
        if (layer is "gat" or "gatv2")
        {
            var edges = usual with { EdgeFeatures = OracleGraph.EdgeFeatures };
            yield return With("edge features", edges, large: true);
            yield return With("edge features, averaged, attention dropout", edges with { Concatenate = false, AttentionDropout = 0.5 }, large: true);
            yield return With("edge features, one head, no bias", edges with { Heads = 1, Outputs = 4, Bias = false });
            yield return With("edge features, slope 0", edges with { Slope = 0 });
            yield return With("edge features, slope 1", edges with { Slope = 1 });
            yield return With("edge features, steep", edges with { Slope = 1.5 });
            yield return With("edge features, shared weights", edges with { ShareWeights = true });
            yield return With("edge features, wide heads", edges with { Inputs = 19, Outputs = 67 });
            yield return With("edge features, many heads", edges with { Inputs = 17, Outputs = 5, Heads = 9 });
        }
        foreach (var kind in Enum.GetValues<ActivationKind>())
        {
            double[] parameters = kind switch { ActivationKind.LeakyRelu => [0.2, 0, 1], ActivationKind.Elu => [0.5], _ => [1] };
            foreach (double parameter in parameters)
            {
                var σ = new Activation(kind, parameter);
                yield return With($"{kind}({parameter})", usual with { Activation = σ, Inner = σ });
            }
        }
    }
}
