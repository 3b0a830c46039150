using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;

namespace Weft.MessagePassing;

/// <summary>X = H·W + 1 bᵀ: what a node shows to the messages that it sends, or to those that it receives.</summary>
internal sealed class RowProjection(Parameter W, Parameter? b, string value)
{
    private readonly string nameOfW = "d" + W.Name, nameOfB = "d" + b?.Name;

    public long Width => W.Value.Columns;

    public Matrix Forward(NodeMatrix H, Saved saved)
    {
        var X = saved.Take(value, H.Rows, Width);
        NodeProduct.Multiply(H, W.Value, X);                                   // X = H·W
        if (b is not null) Elementwise.AddBias(X, b.Value, X);                 //   + 1 bᵀ
        return X;
    }

    public void Backward(Graph graph, NodeMatrix H, Matrix dX, Saved saved)
    {
        if (b is not null) saved.AddBiasGradient(graph, b, dX, nameOfB);  // db = Σ_i dX_i
        saved.AddProductGradient(graph, W, H, dX, nameOfW);               // dW = Hᵀ·dX
    }

    /// <summary>dH = dX·Wᵀ</summary>
    public void InputGradient(Matrix dX, Matrix dH, bool accumulate) => Gemm.MultiplyTransposedRight(dX, W.Value, dH, accumulate);
}
