namespace Weft.Distributed.Words;

/// <summary>What decides how many words a layer sends: its kind, its widths, and what is constant.</summary>
/// <param name="Layer">Its name in the catalog: "gcn", "gat", "gatv2", "gin", "sage", "attention", "attention-dense", "linear", or one without parameters and edges.</param>
/// <param name="Inputs">D, width of the input.</param>
/// <param name="Outputs">d, width of the output; per head, where there are heads.</param>
internal sealed record LayerShape(string Layer, long Inputs, long Outputs)
{
    /// <summary>Width between the two products of GIN; 0 stands for the outputs.</summary>
    public long Hidden { get; init; }

    /// <summary>K</summary>
    public int Heads { get; init; } = 1;

    /// <summary>Heads side by side, or their mean: decides the width of the bias.</summary>
    public bool Concatenate { get; init; } = true;

    /// <summary>True for a bias.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>GATv2: one matrix for both roles.</summary>
    public bool ShareWeights { get; init; }

    /// <summary>Self-attention: H·W_skip is added. A residual connection: it has a W.</summary>
    public bool Residual { get; init; }

    /// <summary>
    /// True where the input is the data itself, the same in every step: what aggregates it first does so once, before the step
    /// that is counted here.
    /// </summary>
    public bool ConstantInput { get; init; }

    /// <summary>False where nobody wants the gradient at the input: the first layer with parameters. Unless it is set, as for constant input.</summary>
    public bool InputGradient { get => inputGradient ?? !ConstantInput; init => inputGradient = value; }

    /// <summary>True where the features are sparse: then nothing is aggregated before the product with the weights.</summary>
    public bool SparseInput { get; init; }

    private readonly bool? inputGradient;
}
