using Weft.Communication;
using Weft.Memory;

namespace Weft.Distributed.Cagnet;

/// <summary>
/// Softmax cross-entropy, the mean over all labelled nodes of the whole graph, where a node's logits may lie on several processes:
/// they agree on the largest, then on [Σ_c exp(z_c − m), z_y].
/// </summary>
internal sealed class SplitCrossEntropy
{
    private readonly CagnetScheme scheme;
    private readonly int[] labels;
    private readonly Tile tile;
    private readonly Matrix largest, sums;
    private readonly long labelled;

    /// <param name="scheme">Who owns what.</param>
    /// <param name="labels">Class of every node of the whole graph, −1 for a node that does not count; [N].</param>
    /// <param name="classes">Number of classes.</param>
    public SplitCrossEntropy(CagnetScheme scheme, int[] labels, long classes)
    {
        this.scheme = scheme;
        tile = scheme.Owned(classes);
        labelled = labels.LongCount(y => y >= 0);
        this.labels = labels.AsSpan((int)tile.FirstRow, (int)tile.Rows).ToArray();
        (largest, sums) = (Matrix.Allocate(tile.Rows, 1), Matrix.Allocate(tile.Rows, 2));
    }

    /// <summary>The loss, the same on every process; G becomes its gradient at Z.</summary>
    /// <param name="Z">Own tile of the logits.</param>
    /// <param name="G">Own tile of the gradient.</param>
    public double Evaluate(Matrix Z, Matrix G)
    {
        for (long i = 0; i < tile.Rows; i++)
        {
            largest[i, 0] = Real.NegativeInfinity;
            for (long c = 0; c < tile.Columns; c++) largest[i, 0] = Real.Max(largest[i, 0], Z[i, c]);
        }
        if (scheme.FeatureGroup.Size > 1) scheme.FeatureGroup.AllReduce(largest, Reduction.Max);
        for (long i = 0; i < tile.Rows; i++)
        {
            Real sum = 0;
            for (long c = 0; c < tile.Columns; c++) sum += G[i, c] = Real.Exp(Z[i, c] - largest[i, 0]);
            long y = labels[i] - tile.FirstColumn;
            (sums[i, 0], sums[i, 1]) = (sum, y >= 0 && y < tile.Columns ? Z[i, y] : 0);
        }
        if (scheme.FeatureGroup.Size > 1) scheme.FeatureGroup.AllReduce(sums, Reduction.Sum);
        double loss = 0;
        for (long i = 0; i < tile.Rows; i++)
        {
            long y = labels[i] - tile.FirstColumn;
            double scale = labels[i] < 0 ? 0 : 1.0 / labelled;
            for (long c = 0; c < tile.Columns; c++) G[i, c] = (Real)(scale * (G[i, c] / (double)sums[i, 0] - (c == y ? 1 : 0)));
            loss += scale * (Math.Log(sums[i, 0]) + largest[i, 0] - sums[i, 1]);
        }
        if (scheme.NodeGroup.Size > 1) scheme.NodeGroup.AllReduce(new Span<double>(ref loss), Reduction.Sum);
        return loss;
    }
}
