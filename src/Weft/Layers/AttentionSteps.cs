using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>The steps that attention layers share: softmax on the edges, dropout of its coefficients, joining the heads.</summary>
internal static class AttentionSteps
{
    /// <summary>S = softmax(L) over each destination's edges.</summary>
    public static Matrix Softmax(this Saved saved, Graph graph, Matrix L, int localHeads)
    {
        var m = saved.Temporary("m", graph.BlockRows, localHeads);
        var s = saved.Temporary("s", graph.BlockRows, localHeads);
        var S = saved.Take("S", graph.Edges, localHeads);
        graph.Softmax(L, m, s, S);
        return S;
    }

    /// <summary>dL = S ⊙ (dS − ⟨S, dS⟩)</summary>
    public static Matrix SoftmaxAdjoint(this Saved saved, Graph graph, Matrix S, Matrix dS, int localHeads)
    {
        var r = saved.Temporary("r", graph.BlockRows, localHeads);
        var dL = saved.Temporary("dL", graph.Edges, localHeads);
        graph.SoftmaxAdjoint(S, dS, r, dL);
        return dL;
    }

    /// <summary>E, the features of the edges, of the width that the layer was built for; missing where it reads none.</summary>
    /// <exception cref="InvalidOperationException">The graph's edges have another number of features.</exception>
    public static Matrix EdgeFeatures(this Graph graph, long width)
    {
        if (width == 0) return default;
        return graph.EdgeFeatures.Columns == width ? graph.EdgeFeatures : throw new InvalidOperationException(
            $"the layer reads {width} features of every edge and the edges of the graph have {(graph.EdgeFeatures.IsMissing ? "none" : $"{graph.EdgeFeatures.Columns}")}{(graph.Place.World.Size > 1 ? ": a grid of processes does not carry them, train on one process or build the model without" : "")}");
    }

    /// <summary>Rate and key by which a fused pass draws B.</summary>
    public static CoefficientDropout EdgeDropout(this Saved saved, AttentionOptions options) =>
        saved.Drops(options) ? new CoefficientDropout(options.AttentionDropout, saved.Key(RandomPurpose.AttentionDropout)) : default;

    /// <summary>B ⊙ S in a training pass with attention dropout, else S.</summary>
    public static Matrix DropAttention(this Saved saved, Graph graph, Matrix S, AttentionOptions options, string name)
    {
        if (!saved.Drops(options)) return S;
        var dropped = saved.Take(name, S.Rows, S.Columns);
        graph.DropEdges(S, options.Heads, options.AttentionDropout, saved.Key(RandomPurpose.AttentionDropout), dropped);
        return dropped;
    }

    /// <summary>What <see cref="DropAttention"/> returned in the forward pass.</summary>
    public static Matrix DroppedAttention(this Saved saved, Matrix S, AttentionOptions options, string name) =>
        saved.Drops(options) ? saved[name] : S;

    /// <summary>dS ← B ⊙ dS with the B of the forward pass, drawn again.</summary>
    public static void DropAttentionAdjoint(this Saved saved, Graph graph, Matrix dS, AttentionOptions options)
    {
        if (saved.Drops(options))
            graph.DropEdges(dS, options.Heads, options.AttentionDropout, saved.Key(RandomPurpose.AttentionDropout), dS);
    }

    /// <summary>H′ = σ(concat_k Z^k + b + H·W_skip), or with mean_k Z^k. Z^k stays as it is: the adjoint of the softmax reads it.</summary>
    public static Matrix JoinHeads(this Saved saved, Matrix Zk, Parameter? b, AttentionOptions options, Parameter? Wskip = null, NodeMatrix H = default)
    {
        var σ = options.Activation;
        bool concatenates = saved.Concatenates(options), plain = Wskip is null && !saved.Tracing;
        if (concatenates && plain && σ.Kind == ActivationKind.Identity && b is null) return Zk;
        var Z = saved.TakeArgument(σ, Zk.Rows, concatenates ? Zk.Columns : Zk.Columns / options.Heads, Argument(options));
        if (!concatenates) HeadMean.Multiply(Zk, options.Heads, Z);            // Zbar = (1/K) Σ_k Z^k
        else if (plain) return saved.OutputOf(σ, b, Zk, Z);                    // H′ = σ(concat_k Z^k + b)
        else Zk.CopyTo(Z);
        return Wskip is null ? saved.Output(σ, b, Z) : saved.ProductOutput(σ, b, H, Wskip.Value, Z, accumulate: true); // H′ = σ(Z + b + H·W_skip)
    }

    /// <summary>dZ^k from dH: through σ, the bias and the mean or the concatenation. dZ itself goes to <paramref name="dZ"/>.</summary>
    public static Matrix JoinHeadsAdjoint(this Saved saved, Graph graph, Matrix dH, Parameter? b, AttentionOptions options, out Matrix dZ, Parameter? Wskip = null, NodeMatrix H = default)
    {
        dZ = saved.OutputAdjoint(graph, options.Activation, b, dH, Argument(options), name: options.Concatenate ? "dZ" : "dZbar"); // dZ = dH ⊙ σ′(Z), db = Σ_i dZ_i
        if (Wskip is not null) saved.AddProductGradient(graph, Wskip, H, dZ, "dWskip"); // dW_skip = Hᵀ·dZ
        if (saved.Concatenates(options))
        {
            if (options.Concatenate) saved.Note("dZk", dZ);
            return dZ;
        }
        var dZk = saved.Temporary("dZk", dZ.Rows, dZ.Columns * options.Heads);
        HeadMean.Adjoint(dZ, options.Heads, dZk);                              // dZ^k = dZbar / K
        return dZk;
    }

    // The mean of one head is that head; a trace shows it as the mean that it is called.
    private static bool Concatenates(this Saved saved, AttentionOptions options) => options.Concatenate || (options.Heads == 1 && !saved.Tracing);

    private static string Argument(AttentionOptions options) => options.Concatenate ? "Z" : "Zbar";

    /// <summary>Where the adjoint keeps the coefficients of the edges from its pass over destinations to that over sources; missing where it forms them again.</summary>
    public static Matrix Coefficients(this Saved saved, Graph graph, AttentionOptions options)
    {
        var (rows, columns) = options.Recompute ? default : graph.Coefficients(options.Heads);
        return columns == 0 ? default : saved.Temporary("coefficients", rows, columns);
    }

    /// <summary>A gradient in the memory of Z^k, which the adjoint has read by then; in one of its own where Z^k is the layer's output.</summary>
    public static Matrix OverZk(this Saved saved, AttentionOptions options, Parameter? b, string name, long rows, Parameter? Wskip = null)
    {
        var Zk = saved["Zk"];
        bool isOutput = saved.Concatenates(options) && options.Activation.Kind == ActivationKind.Identity && b is null && Wskip is null;
        return isOutput ? saved.Temporary(name, rows, Zk.Columns) : saved.Over("Zk", name, rows, Zk.Columns);
    }

    private static bool Drops(this Saved saved, AttentionOptions options) => saved.Pass.Training && options.AttentionDropout > 0;
}

/// <summary>Trace names of the steps that join heads.</summary>
internal static class JoinNames
{
    public static IEnumerable<TraceName> Forward(AttentionOptions options)
    {
        yield return options.Concatenate ? new("Z", "Z", "Z^l", "13") : new("Zbar", "Zbar", "Z^L", "14");
        yield return new("H", "H", "H^l", "13");
    }

    /// <summary>db of a layer with a bias.</summary>
    public static IEnumerable<TraceName> Bias(Parameter? b) => b is null ? [] : [new("db", "db", "∂ℒ/∂b", "Σ dZ", TraceLayout.Vector)];

    public static IEnumerable<TraceName> Backward(AttentionOptions options, Parameter? b, Parameter? Wskip = null)
    {
        yield return options.Concatenate ? new("dZ", "dZ", "δ′^l", "15") : new("dZbar", "dZbar", "δ′^L", "16");
        foreach (var name in Bias(b)) yield return name;
        if (Wskip is not null) yield return new("dWskip", "dW_skip", "∂ℒ/∂W_skip", "Hᵀ·dZ");
        yield return new("dZk", "dZk", "δ′^{k,l}", "15, 18", TraceLayout.Heads);
    }
}
