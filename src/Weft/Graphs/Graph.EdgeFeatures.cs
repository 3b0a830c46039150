using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// Features of edges: in the scores of attention, and added to what neighbours send.
public sealed partial class Graph
{
    /// <summary>Features of each edge in the order of edge matrices, [Edges, D_e]; missing where edges have none, and on a process of several.</summary>
    public Matrix EdgeFeatures { get; internal init; }

    private static unsafe EdgeScore<TScore> WithEdges<TScore>(in Scoring scoring, TScore score, long d)
        where TScore : struct, IScoreOfSum<TScore> =>
        new(score, scoring.Edges, EdgeScore<TScore>.Padded(scoring.EdgeWeights, score.Heads, d), scoring.EdgeWeights.Columns / score.Heads);

    // As without features; and the gradient of the features' weights, from the sums over edges that the destinations' pass leaves.
    private unsafe void AtBothEnds<TScore>(in AdjointEnds at, EdgeScore<TScore> atDestinations, EdgeScore<TScore> atSources, in Scoring scoring, in ScoringGradient gradient)
        where TScore : struct, IScoreOfSum<TScore>
    {
        var (W, dW, a) = (scoring.EdgeWeights, gradient.EdgeWeights, scoring.Vector);
        bool perHead = scoring.Kind == ScoringKind.AdditiveBeforeNonlinearity;
        long groups = perHead ? at.Heads : 1, width = W.Columns / groups, padded = FusedAttention.Padded(at.X.Columns / at.Heads, width);
        Real* entries = Scratch.Take(ScratchUse.EdgeTotals, W.Rows * groups * padded);
        var sums = new Matrix(entries, 1, W.Rows * groups * padded, W.Rows * groups * padded, null);
        FusedAttentionAdjoint.Destinations(ByDestination, atDestinations, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dDestination, at.dVector, at.Coefficients, sums);
        FusedAttentionAdjoint.Sources(BySource, atSources, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dSource, at.dX, at.dVector, at.Coefficients);
        for (long c = 0; c < W.Rows; c++)
            for (long g = 0; g < groups; g++)
            {
                Real* sum = entries + (c * groups + g) * padded, to = dW.Data + c * dW.Stride + g * width;
                for (long j = 0; j < width; j++)
                {
                    // da = Σ_e dL_e σ_L(P_e), P_e = x_dst + x_src + E_e·W: the ends have added their parts, this is the edges'.
                    if (perHead) at.dVector.Data[g * at.dVector.Stride + j] += W.Data[c * W.Stride + g * width + j] * sum[j];
                    to[j] = perHead ? a.Data[g * a.Stride + j] * sum[j] : sum[j];  // dW = Eᵀ·Δ, Δ = a ⊙ …
                }
            }
    }

    /// <summary>Z_i = Σ_{e→i} ReLU(H_{src(e)} + E_e·W + b) with the graph's edge features E, [Edges, D_e]; on a sampled block each message as often as its edge stands for others.</summary>
    /// <param name="H">[N sources, D]</param>
    /// <param name="W">[D_e, D]</param>
    /// <param name="b">[1, D]</param>
    /// <param name="Z">[N destinations, D]</param>
    internal void AggregateRectified(Matrix H, Matrix W, Matrix b, Matrix Z)
    {
        CheckRows(H, Z, "H", "Z");
        CheckEdgeFeatures(EdgeFeatures);
        RectifiedSum.Multiply(ByDestination, H, EdgeFeatures, W, b, SumWeights, Z);
    }

    /// <summary>The adjoint of <see cref="AggregateRectified"/> in H, W and b; the messages' signs are formed again.</summary>
    /// <param name="H">[N sources, D]</param>
    /// <param name="W">[D_e, D]</param>
    /// <param name="b">[1, D]</param>
    /// <param name="dZ">[N destinations, D]</param>
    /// <param name="dH">Receives the gradient at H, [N sources, D]; missing where nobody wants it.</param>
    /// <param name="dW">[D_e, D]</param>
    /// <param name="db">[1, D]</param>
    internal void AggregateRectifiedAdjoint(Matrix H, Matrix W, Matrix b, Matrix dZ, Matrix dH, Matrix dW, Matrix db)
    {
        CheckRows(H, dZ, "H", "dZ");
        CheckEdgeFeatures(EdgeFeatures);
        RectifiedSum.Adjoint(BySource, H, EdgeFeatures, W, b, SumWeights, dZ, dH, dW, db);
    }

    private void CheckEdgeFeatures(Matrix E)
    {
        if (E.IsMissing) return;
        if (Place.World.Size > 1 || Outgoing is not null)
            throw new NotSupportedException("features of edges are on one process only: a process of a grid has no row of them for its edges");
        CheckEdges(E.Rows, "E");
    }
}
