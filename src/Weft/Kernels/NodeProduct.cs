using Weft.Memory;

namespace Weft.Kernels;

/// <summary>Node features times weights, and the adjoint in the weights, whether the features are dense or sparse.</summary>
internal static class NodeProduct
{
    /// <summary>X = H·W, or added to X.</summary>
    public static void Multiply(NodeMatrix H, Matrix W, Matrix X, bool accumulate = false)
    {
        CheckWidth(H, W);
        if (H.Sparse is { } sparse) Spmm.Multiply(sparse.ByRow, sparse.Values, W, X, accumulate);
        else Gemm.Multiply(H.Dense, W, X, accumulate);
    }

    /// <summary>Throws unless H·W is a product.</summary>
    /// <exception cref="ArgumentException">The features are not as wide as the weights are long.</exception>
    public static void CheckWidth(NodeMatrix H, Matrix W)
    {
        if (H.Columns != W.Rows)
            throw new ArgumentException($"rows of {H.Columns} columns meet weights {W}; the features must be as wide as those that the layer was made for");
    }

    /// <summary>dW = Hᵀ·dX</summary>
    public static void MultiplyTransposedLeft(NodeMatrix H, Matrix dX, Matrix dW)
    {
        if (H.Sparse is { } sparse) Spmm.Multiply(sparse.ByColumn, sparse.Values, dX, dW);
        else Gemm.MultiplyTransposedLeft(H.Dense, dX, dW);
    }
}
