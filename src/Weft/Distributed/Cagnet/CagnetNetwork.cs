using Weft.Kernels;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>A GCN of some layers without biases on a scheme, trained by plain gradient descent: enough for whole epochs to be measured.</summary>
internal sealed class CagnetNetwork
{
    private readonly CagnetScheme scheme;
    private readonly Activation σ;
    private readonly Matrix[] W, dW, Z, G, H;
    private readonly SplitCrossEntropy loss;

    /// <param name="scheme">Who owns what.</param>
    /// <param name="features">Own tile of the input, [N, widths[0]].</param>
    /// <param name="labels">Class of every node of the whole graph, −1 for a node that is not trained on; [N].</param>
    /// <param name="widths">Features, hidden widths, classes.</param>
    /// <param name="activation">σ between layers; the last layer gives logits.</param>
    /// <param name="seed">Seed of Glorot's weights, the same on every process.</param>
    public CagnetNetwork(CagnetScheme scheme, Matrix features, int[] labels, long[] widths, Activation activation, ulong seed)
    {
        (this.scheme, σ) = (scheme, activation);
        loss = new SplitCrossEntropy(scheme, labels, widths[^1]);
        int layers = widths.Length - 1;
        (W, dW, Z, G, H) = (new Matrix[layers], new Matrix[layers], new Matrix[layers], new Matrix[layers], new Matrix[layers]);
        for (int l = 0; l < layers; l++)
        {
            var tile = scheme.Owned(widths[l + 1]);
            (W[l], dW[l]) = (Matrix.Allocate(widths[l], widths[l + 1]), Matrix.Allocate(widths[l], widths[l + 1]));
            (Z[l], G[l]) = (Matrix.Allocate(tile.Rows, tile.Columns), Matrix.Allocate(tile.Rows, tile.Columns));
            H[l] = l == 0 ? features : Matrix.Allocate(Z[l - 1].Rows, Z[l - 1].Columns);
            double limit = Math.Sqrt(6.0 / (widths[l] + widths[l + 1]));
            CounterRandom.UniformRange(W[l], -limit, limit, new RandomKey(seed, 0, RandomStreams.Parameter(l)));
        }
    }

    /// <summary>W of each layer, the same on every process.</summary>
    public IReadOnlyList<Matrix> Weights => W;

    /// <summary>Own tile of the logits of the last step.</summary>
    public Matrix Logits => Z[^1];

    /// <summary>One epoch: forward, backward, W −= rate·dW. Returns the loss before it, the same on every process.</summary>
    public double Step(double rate)
    {
        for (int l = 0; l < W.Length; l++)
        {
            scheme.Forward(l + 1, H[l], W[l], Z[l]);                    // Z^l = M·H^{l−1}·W^l
            if (l + 1 < W.Length) Elementwise.Forward(σ, Z[l], H[l + 1]); // H^l = σ(Z^l)
        }
        double value = loss.Evaluate(Z[^1], G[^1]);
        for (int l = W.Length - 1; l >= 0; l--)
        {
            scheme.Backward(l + 1, H[l], G[l], W[l], l == 0 ? default : G[l - 1], dW[l]);
            if (l > 0) Elementwise.Backward(σ, Z[l - 1], G[l - 1], G[l - 1]); // G^{l−1} = dH^{l−1} ⊙ σ′(Z^{l−1})
        }
        for (int l = 0; l < W.Length; l++) Elementwise.AddScaled(W[l], -rate, dW[l], W[l]);
        return value;
    }
}
