using Weft.Kernels;
using Weft.Layers;

namespace Weft.Models;

/// <summary>Everything that decides a layer; each layer reads what concerns it.</summary>
public sealed record LayerSettings
{
    /// <summary>D, width of the input.</summary>
    public required long Inputs { get; init; }

    /// <summary>d, width of the output, per head.</summary>
    public required long Outputs { get; init; }

    /// <summary>Width between the two products of GIN; 0 stands for the outputs.</summary>
    public long Hidden { get; init; }

    /// <summary>K</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Heads side by side, or their mean.</summary>
    public bool Concatenate { get; init; } = true;

    /// <summary>The sum of GIN alone: ε is a parameter.</summary>
    public bool LearnEpsilon { get; init; }

    /// <summary>True for a bias.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>σ</summary>
    public Activation Activation { get; init; }

    /// <summary>φ between the two products of GIN.</summary>
    public Activation Inner { get; init; } = new(ActivationKind.Relu);

    /// <summary>Slope of the leaky ReLU of attention logits.</summary>
    public double Slope { get; init; } = 0.2;

    /// <summary>Rate of dropout on attention coefficients.</summary>
    public double AttentionDropout { get; init; }

    /// <summary>Attention: form the coefficients of the edges twice in the adjoint instead of keeping them.</summary>
    public bool Recompute { get; init; }

    /// <summary>Rate of a dropout layer.</summary>
    public double Dropout { get; init; }

    /// <summary>GATv2: one matrix for both roles.</summary>
    public bool ShareWeights { get; init; }

    /// <summary>GCN: aggregate over A + I.</summary>
    public bool AddLoops { get; init; } = true;

    /// <summary>Self-attention: τ; 0 stands for 1/√d.</summary>
    public double Scale { get; init; }

    /// <summary>Self-attention: add H·W_skip. A residual connection: a projection even where the widths agree.</summary>
    public bool Residual { get; init; }

    /// <summary>D_e, features of an edge: GAT, GATv2 (0 for none) and GINE.</summary>
    public long EdgeFeatures { get; init; }

    internal AttentionOptions Attention => new(Heads, Concatenate, Bias, Activation, Slope, AttentionDropout, EdgeFeatures, Recompute);
}

/// <summary>Every layer by name. A line here is all that the command, the tests and the benchmarks need to know of a new layer.</summary>
public static class Catalog
{
    /// <summary>Constructors by name.</summary>
    public static IReadOnlyDictionary<string, Func<LayerSettings, ILayer>> Layers { get; } = new Dictionary<string, Func<LayerSettings, ILayer>>
    {
        ["linear"] = s => new Linear(s.Inputs, s.Outputs, s.Bias, s.Activation),
        ["gcn"] = s => new Gcn(s.Inputs, s.Outputs, s.Bias, s.Activation, s.AddLoops),
        ["gat"] = s => new Gat(s.Inputs, s.Outputs, s.Attention),
        ["gatv2"] = s => new GatV2(s.Inputs, s.Outputs, s.Attention, s.ShareWeights),
        ["gin"] = s => new Gin(s.Inputs, s.Hidden == 0 ? s.Outputs : s.Hidden, s.Outputs, s.Inner, s.Activation),
        ["gine"] = s => new Gine(s.Inputs, s.Hidden == 0 ? s.Outputs : s.Hidden, s.Outputs, s.EdgeFeatures, s.Inner, s.Activation),
        ["sage"] = s => new Sage(s.Inputs, s.Outputs, s.Bias, s.Activation),
        ["attention"] = s => new SelfAttention(s.Inputs, s.Outputs, s.Attention, s.Scale, dense: false, s.Residual),
        ["attention-dense"] = s => new SelfAttention(s.Inputs, s.Outputs, s.Attention with { AttentionDropout = 0 }, s.Scale, dense: true, s.Residual),
        ["gin-sum"] = s => new GinSum(s.LearnEpsilon),
        ["readout-sum"] = s => new Readout(mean: false),
        ["readout-mean"] = s => new Readout(mean: true),
        ["readout-max"] = s => new MaxReadout(),
        ["readout-attention"] = s => new AttentionReadout(s.Inputs),
        ["dropout"] = s => new Dropout(s.Dropout),
        ["pointwise"] = s => new Pointwise(s.Activation),
        ["batch-norm"] = s => new BatchNorm(s.Inputs, s.Activation),
        ["layer-norm"] = s => new LayerNorm(s.Inputs, s.Activation),
        ["graph-norm"] = s => new GraphNorm(s.Inputs, s.Activation),
        ["prelu"] = _ => new Prelu(),
        // By themselves these join the features.
        ["residual"] = s => new Residual(s.Inputs, from: -1, s.Inputs, project: s.Residual),
        ["jumping-cat"] = s => new JumpingKnowledge(Jumping.Concatenate, [-1], [s.Inputs]),
        ["jumping-max"] = s => new JumpingKnowledge(Jumping.Max, [-1], [s.Inputs]),
        ["jumping-sum"] = s => new JumpingKnowledge(Jumping.Sum, [-1], [s.Inputs]),
    };
}
