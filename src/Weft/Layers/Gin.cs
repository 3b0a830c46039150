using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Layers;

/// <summary>Graph isomorphism network: U = (1 + ε)·H + A·H, H^l = σ(φ(U·W1 + b1)·W2 + b2).</summary>
/// <remarks>
/// A counts edges with multiplicity and ignores weights. The product with W1 is taken before the sum over neighbours, which gives
/// the same U·W1, keeps sparse features sparse and aggregates the hidden width; where the input is constant and dense, U is
/// aggregated once for the whole run.
/// </remarks>
public sealed class Gin : ILayer
{
    private readonly Parameter eps, W1, b1, W2, b2;
    private readonly Activation φ, σ;

    /// <summary>A layer with zero parameters.</summary>
    /// <param name="inputs">D</param>
    /// <param name="hidden">D_h, width between the two products</param>
    /// <param name="outputs">d</param>
    /// <param name="inner">φ</param>
    /// <param name="activation">σ</param>
    public Gin(long inputs, long hidden, long outputs, Activation inner, Activation activation = default)
    {
        (φ, σ) = (inner, activation);
        eps = new Parameter("eps", 1, 1, Initializer.Zero);
        W1 = new Parameter("W1", inputs, hidden, Initializer.Glorot);
        b1 = new Parameter("b1", 1, hidden, Initializer.Zero);
        W2 = new Parameter("W2", hidden, outputs, Initializer.Glorot);
        b2 = new Parameter("b2", 1, outputs, Initializer.Zero);
        Parameters = [eps, W1, b1, W2, b2];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <inheritdoc/>
    public long Outputs(long inputs) => W2.Value.Columns;

    /// <inheritdoc/>
    public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
    {
        long n = graph.OwnedDestinations;
        Real one = 1 + eps.Value[0, 0];
        Matrix Z1, T;
        if (AggregatesFirst(saved))
        {
            var AH = saved.Constant("AH", n, H.Columns, out bool stale);
            if (stale) graph.Aggregate(graph.SumWeights, H.Dense, AH);         // AH = A·H
            var U = saved.Take("U", n, H.Columns);
            Elementwise.AddScaled(AH, one, H.Dense.Top(n), U);                 // U = (1 + ε)·H + AH
            Z1 = saved.TakeArgument(φ, n, W1.Value.Columns, "Z1", "T");
            T = saved.ProductOutput(φ, b1, U, W1.Value, Z1, value: "T");       // Z1 = U·W1 + b1, T = φ(Z1)
        }
        else
        {
            if (saved.Tracing) TraceSums(graph, H, one, saved);
            Z1 = saved.TakeArgument(φ, n, W1.Value.Columns, "Z1", "T");
            var Y = saved.Take("Y", H.Rows, W1.Value.Columns);
            NodeProduct.Multiply(H, W1.Value, Y);                              // Y = H·W1
            graph.Aggregate(graph.SumWeights, Y, Z1);                          // Z1 = A·Y
            Elementwise.AddScaled(Z1, one, Y.Top(n), Z1);                      //      + (1 + ε)·Y
            T = saved.Output(φ, b1, Z1, "T");                                  //      + b1, T = φ(Z1)
        }
        var Z = saved.TakeArgument(σ, n, W2.Value.Columns);
        return saved.ProductOutput(σ, b2, T, W2.Value, Z);                     // Z = T·W2 + b2, H′ = σ(Z)
    }

    /// <inheritdoc/>
    public Matrix Backward(Graph graph, Matrix dH, Saved saved)
    {
        var H = saved.Input;
        var T = saved.ValueOf(φ, "Z1", "T");
        long n = graph.OwnedDestinations;
        Real one = 1 + eps.Value[0, 0];

        var dZ = saved.OutputAdjoint(graph, σ, b2, dH, nameOfBias: "db2");     // dZ = dH ⊙ σ′(Z), db2 = Σ_i dZ_i
        saved.AddProductGradient(graph, W2, T, dZ, "dW2");                     // dW2 = Tᵀ·dZ
        var dT = saved.Temporary("dT", n, T.Columns);
        Gemm.MultiplyTransposedRight(dZ, W2.Value, dT);                        // dT = dZ·W2ᵀ
        var dZ1 = saved.OutputAdjoint(graph, φ, b1, dT, "Z1", "T", "dZ1", "db1"); // dZ1 = dT ⊙ φ′(Z1), db1 = Σ_i dZ1_i

        if (saved.Tracing) Gemm.MultiplyTransposedRight(dZ1, W1.Value, saved.Take("dU", n, H.Columns)); // dU = dZ1·W1ᵀ
        if (AggregatesFirst(saved))
        {
            saved.AddProductGradient(graph, W1, saved["U"], dZ1, "dW1");       // dW1 = Uᵀ·dZ1
            var dU = saved.Temporary("dU", n, H.Columns);
            Gemm.MultiplyTransposedRight(dZ1, W1.Value, dU);                   // dU = dZ1·W1ᵀ
            saved.AddDotGradient(graph, eps, dU, H.Dense.Top(n), "deps");      // dε = ⟨dU, H⟩
            if (!saved.NeedsInputGradient) return default;
            var dInput = saved.Take("dH_prev", H.Rows, H.Columns);
            graph.AggregateAdjoint(graph.SumWeights, dU, dInput);              // dH = Aᵀ·dU
            Elementwise.AddScaled(dInput.Top(n), one, dU, dInput.Top(n));      //      + (1 + ε)·dU
            return dInput;
        }
        var Y = saved["Y"];
        saved.AddDotGradient(graph, eps, dZ1, Y.Top(n), "deps");               // dε = ⟨dU, H⟩ = ⟨dZ1, H·W1⟩
        var dY = saved.Temporary("dY", H.Rows, dZ1.Columns);
        graph.AggregateAdjoint(graph.SumWeights, dZ1, dY);                     // dY = Aᵀ·dZ1
        Elementwise.AddScaled(dY.Top(n), one, dZ1, dY.Top(n));                 //      + (1 + ε)·dZ1
        saved.AddProductGradient(graph, W1, H, dY, "dW1");                     // dW1 = Hᵀ·dY
        if (!saved.NeedsInputGradient) return default;
        var dH_prev = saved.Take("dH_prev", H.Rows, H.Columns);
        Gemm.MultiplyTransposedRight(dY, W1.Value, dH_prev);                   // dH = dY·W1ᵀ
        return dH_prev;
    }

    private static bool AggregatesFirst(Saved saved) => !saved.Tracing && !saved.Input.IsSparse && saved.InputIsConstant;

    // What the transform-first form passes by: the sums at the input's width.
    private static void TraceSums(Graph graph, NodeMatrix H, Real one, Saved saved)
    {
        if (H.IsSparse) return;
        long n = graph.OwnedDestinations;
        var AH = saved.Take("AH", n, H.Columns);
        graph.Aggregate(graph.SumWeights, H.Dense, AH);
        Elementwise.AddScaled(AH, one, H.Dense.Top(n), saved.Take("U", n, H.Columns));
    }

    /// <inheritdoc/>
    public IReadOnlyList<TraceName> Names =>
    [
        new("AH", "AH", "A·H", "sum over in-edges"),
        new("U", "U", "U", "(1 + ε)·H + A·H"),
        new("Z1", "Z1", "Z1", "U·W1 + b1"),
        new("T", "T", "T", "φ(Z1)"),
        new("Z", "Z", "Z", "T·W2 + b2"),
        new("H", "H", "H", "σ(Z)"),
        new("dZ", "dZ", "δ′", "dH ⊙ σ′(Z)"),
        new("db2", "db2", "∂ℒ/∂b2", "Σ dZ", TraceLayout.Vector),
        new("dW2", "dW2", "∂ℒ/∂W2", "Tᵀ·dZ"),
        new("dT", "dT", "∂ℒ/∂T", "dZ·W2ᵀ"),
        new("dZ1", "dZ1", "∂ℒ/∂Z1", "dT ⊙ φ′(Z1)"),
        new("db1", "db1", "∂ℒ/∂b1", "Σ dZ1", TraceLayout.Vector),
        new("dU", "dU", "∂ℒ/∂U", "dZ1·W1ᵀ"),
        new("deps", "deps", "∂ℒ/∂ε", "⟨dU, H⟩", TraceLayout.Vector),
        new("dW1", "dW1", "∂ℒ/∂W1", "Uᵀ·dZ1"),
        new("dH_prev", "dH_prev", "δ^{l−1}", "(1 + ε)·dU + Aᵀ·dU"),
    ];
}
