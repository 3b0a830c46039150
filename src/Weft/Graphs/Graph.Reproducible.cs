using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// The adjoint of attention where no partial sum ever travels: the sources' sums are made by the processes that own the sources,
// from what they gather of the destinations of their out-edges. Every row is summed in one order, whatever the number of processes.
public sealed partial class Graph
{
    /// <param name="scoring">The logits.</param>
    /// <param name="X">[N sources, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="dropout">As in the forward pass.</param>
    /// <param name="other">What the block's sources offer to the scores, gathered.</param>
    /// <param name="values">X of the block's sources, gathered.</param>
    /// <param name="dZ">[N destinations, K·d]</param>
    /// <param name="terms"><see cref="RowTerms"/> of the own rows.</param>
    /// <param name="gradient">Receives the gradients; that of the vector as sums of runs, [Runs · K, d].</param>
    /// <param name="dX">[N sources, K·d]</param>
    private unsafe void AttendAdjointWhole(in Scoring scoring, Matrix X, int heads, CoefficientDropout dropout, Matrix other, Matrix values, Matrix dZ, Matrix terms, in ScoringGradient gradient, Matrix dX)
    {
        var share = Place.Share(heads);
        var outgoing = Outgoing!;
        var (upstream, theirs, rowTerms) = GatherOutgoing(share.Outgoing!, dZ, scoring.Destination, terms, heads);
        var leaves = gradient.Vector.IsMissing ? default : Place.Buffers.Take(2, "leaves", (dZ.Rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf, ColumnTree.PaddedWidth(scoring.Vector.Count));
        if (!leaves.IsMissing) leaves.Clear();
        fixed (int* ids = EdgeIds, outgoingIds = outgoing.EdgeIds)
        {
            var atSources = new AdjointEnds(X, upstream, rowTerms, default, heads, dropout.Of(0, outgoingIds), default, gradient.Source, dX, leaves);
            var atDestinations = new AdjointEnds(values, dZ, terms, default, heads, dropout.Of(0, ids), gradient.Destination, default, default, leaves);
            var (own, mine) = (scoring.Destination, scoring.Source);
            var parameter = (Real)scoring.Parameter;
            switch (scoring.Kind)
            {
                case ScoringKind.Additive:
                    AtBothEndsWhole(atSources, new SumScore(mine, theirs, parameter), atDestinations, new SumScore(own, other, parameter));
                    break;
                case ScoringKind.AdditiveBeforeNonlinearity:
                    Real* a = Padded(scoring.Vector, share);
                    AtBothEndsWhole(atSources, new LeakySumScore(mine, theirs, heads, a, parameter), atDestinations, new LeakySumScore(own, other, heads, a, parameter));
                    break;
                default:
                    AtBothEndsWhole(atSources, new DotScore(mine, theirs, heads, parameter), atDestinations, new DotScore(own, other, heads, parameter));
                    break;
            }
        }
        if (leaves.IsMissing) return;
        for (int run = 0; run < Runs; run++)
        {
            var (first, rows) = RowsOfRun(run, dZ.Rows);
            long count = (rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;
            ColumnTree.Combine(leaves.Data + first / RowVector.RowsPerLeaf * leaves.Stride, count, leaves.Stride,
                gradient.Vector.RowRange(run * scoring.Vector.Rows, scoring.Vector.Rows).Reshape(1, scoring.Vector.Count), accumulate: false);
        }
    }

    private void AtBothEndsWhole<TScore>(in AdjointEnds sources, TScore atSources, in AdjointEnds destinations, TScore atDestinations)
        where TScore : struct, IAttentionScore
    {
        FusedAttentionAdjoint.Destinations(ByDestination, atDestinations, destinations.X, destinations.dZ, destinations.Heads, destinations.Terms, destinations.Dropout, destinations.dDestination, destinations.dVector, default);
        FusedAttentionAdjoint.Sources(Outgoing!.View, atSources, sources.X, sources.dZ, sources.Heads, sources.Terms, sources.Dropout, sources.dSource, sources.dX, sources.dVector, default);
    }

    /// <summary>[δ′ ‖ what the scores read ‖ m ‖ 1/s ‖ r] of the destinations of the outgoing edges.</summary>
    private static (Matrix dZ, Matrix Score, Matrix Terms) GatherOutgoing(Exchange exchange, Matrix dZ, Matrix score, Matrix terms, int heads)
    {
        if (exchange.IsIdentity) return (dZ, score, terms);
        long d = dZ.Columns, w = score.Columns;
        var all = exchange.Buffer("dZ", d / heads + w / heads + RowTerms.Used);
        exchange.Gather(HeadPart.Of(dZ, heads), HeadPart.Of(score, heads), all, new HeadPart(terms, RowTerms.Count, RowTerms.Used));
        var spread = exchange.Buffer("terms", RowTerms.Count);
        RowTerms.Spread(all.ColumnRange(d + w, heads * RowTerms.Used), spread);
        return (all.ColumnRange(0, d), all.ColumnRange(d, w), spread);
    }
}
