using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// Attention in one pass over the edges: nothing is kept of an edge. The composed verbs say what these two must equal.
public sealed partial class Graph
{
    /// <summary>Z^k = softmax(L^k)·X^k, with m and s of each row to form the coefficients again.</summary>
    /// <param name="scoring">The logits L.</param>
    /// <param name="X">[N sources, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="dropout">Rate and key of attention dropout.</param>
    /// <param name="Z">[N destinations, K·d]</param>
    /// <param name="state">Each head's largest logit m and sum s = Σ exp(L − m), [N destinations, K·2].</param>
    internal unsafe void Attend(in Scoring scoring, Matrix X, int heads, CoefficientDropout dropout, Matrix Z, Matrix state)
    {
        CheckRows(X, Z, "X", "Z");
        var share = Place.Share(heads);
        var (own, other, values) = Gathered(scoring, X, share);
        bool whole = share.Destinations.IsIdentity;
        long d = X.Columns / heads;
        // Rows whose edges lie on several processes: [s·Z ‖ m ‖ s] of each, which their owner merges.
        var rows = whole ? default : share.Destinations.Scratch("attended", BlockRows, share.Count * (d + 2));
        fixed (int* ids = EdgeIds)
            for (int k = 0; k < share.Count; k++)
            {
                var z = whole ? Head(Z, k, heads) : rows.ColumnRange(k * (d + 2), d);
                var rowState = whole ? state.ColumnRange(2 * k, 2) : rows.ColumnRange(k * (d + 2) + d, 2);
                var drop = dropout.Of(share.First + k, ids);
                Matrix mine = Head(own, k, share.Count), theirs = Head(other, k, share.Count), x = Head(values, k, share.Count);
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive:
                        FusedAttention.Forward(ByDestination, new SumScore(mine, theirs, (Real)scoring.Parameter), x, drop, whole, z, rowState);
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity:
                        FusedAttention.Forward(ByDestination, new LeakySumScore(mine, theirs, Padded(scoring.Vector, share.First + k), (Real)scoring.Parameter), x, drop, whole, z, rowState);
                        break;
                    default:
                        FusedAttention.Forward(ByDestination, new DotScore(mine, theirs, (Real)scoring.Parameter), x, drop, whole, z, rowState);
                        break;
                }
            }
        if (!whole) share.Destinations.ScatterMerge(rows, Z, state);
    }

    /// <summary>The adjoint of <see cref="Attend"/>: gradients at X and at the operands of the scoring.</summary>
    /// <param name="scoring">The logits, as in the forward pass.</param>
    /// <param name="X">[N sources, K·d]</param>
    /// <param name="heads">K</param>
    /// <param name="dropout">As in the forward pass.</param>
    /// <param name="Z">What <see cref="Attend"/> returned; it is read before anything is written.</param>
    /// <param name="state">What <see cref="Attend"/> returned.</param>
    /// <param name="dZ">[N destinations, K·d]</param>
    /// <param name="terms">Receives m, 1/s and r = ⟨dZ, Z⟩ of each row and head, [N destinations, K·4].</param>
    /// <param name="gradient">Receives the gradients of the scoring's operands.</param>
    /// <param name="dX">[N sources, K·d]; may be Z, but not X.</param>
    internal unsafe void AttendAdjoint(in Scoring scoring, Matrix X, int heads, CoefficientDropout dropout, Matrix Z, Matrix state, Matrix dZ, Matrix terms, in ScoringGradient gradient, Matrix dX)
    {
        CheckRows(dX, dZ, "dX", "dZ");
        var share = Place.Share(heads);
        RowTerms.Fill(Z, dZ, state, heads, terms);
        var (own, other, values) = Gathered(scoring, X, share);
        var upstream = share.Destinations.Gather(dZ, "dZ");
        var rowTerms = share.Destinations.Gather(terms, "terms");
        var partialX = share.Sources.Partial(dX);
        var partialSource = gradient.Source.IsMissing ? default : share.Sources.Partial(gradient.Source, "partial score");
        var partialDestination = share.Destinations.Partial(gradient.Destination);
        if (!gradient.Vector.IsMissing) gradient.Vector.Clear();
        fixed (int* ids = EdgeIds)
            for (int k = 0; k < share.Count; k++)
            {
                var of = new HeadOperands(Head(own, k, share.Count), Head(other, k, share.Count), Head(values, k, share.Count), Head(upstream, k, share.Count), Head(rowTerms, k, share.Count),
                    Head(partialDestination, k, share.Count), Head(partialSource, k, share.Count), Head(partialX, k, share.Count),
                    gradient.Vector.IsMissing ? default : gradient.Vector.RowRange(share.First + k, 1), dropout.Of(share.First + k, ids));
                var parameter = (Real)scoring.Parameter;
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive:
                        AtBothEnds(of, new SumScore(of.Own, of.Other, parameter), new SumScore(of.Other, of.Own, parameter));
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity:
                        Real* a = Padded(scoring.Vector, share.First + k);
                        AtBothEnds(of, new LeakySumScore(of.Own, of.Other, a, parameter), new LeakySumScore(of.Other, of.Own, a, parameter));
                        break;
                    default:
                        AtBothEnds(of, new DotScore(of.Own, of.Other, parameter), new DotScore(of.Other, of.Own, parameter));
                        break;
                }
            }
        share.Sources.ScatterSum(partialX, dX);
        if (!gradient.Source.IsMissing) share.Sources.ScatterSum(partialSource, gradient.Source);
        share.Destinations.ScatterSum(partialDestination, gradient.Destination);
    }

    // The sources first: the destinations' gradient may take the place of what the destinations offered.
    private void AtBothEnds<TScore>(in HeadOperands of, TScore atDestinations, TScore atSources)
        where TScore : struct, IAttentionScore
    {
        FusedAttentionAdjoint.Sources(BySource, atSources, of.X, of.dZ, of.Terms, of.Dropout, of.dOther, of.dX);
        FusedAttentionAdjoint.Destinations(ByDestination, atDestinations, of.X, of.dZ, of.Terms, of.Dropout, of.dOwn, of.dVector);
    }

    private static (Matrix Own, Matrix Other, Matrix Values) Gathered(in Scoring scoring, Matrix X, HeadShare share)
    {
        var values = share.Sources.Gather(X, "X");
        var other = scoring.Source == X ? values : share.Sources.Gather(scoring.Source, "score");
        return (share.Destinations.Gather(scoring.Destination, "score"), other, values);
    }

    private static Matrix Head(Matrix X, int k, int heads) => X.IsMissing ? X : X.ColumnRange(k * (X.Columns / heads), X.Columns / heads);

    private static unsafe Real* Padded(Matrix a, int head)
    {
        Real* padded = Scratch.Take(ScratchUse.AttentionVector, a.Columns + MostLanes);
        EdgeRows.CopyPadded(a.Data + head * a.Stride, a.Columns, a.Columns + MostLanes, padded);
        return padded;
    }

    private const int MostLanes = 64 / sizeof(Real);

    private readonly record struct HeadOperands(Matrix Own, Matrix Other, Matrix X, Matrix dZ, Matrix Terms, Matrix dOwn, Matrix dOther, Matrix dX, Matrix dVector, EdgeDropout Dropout);
}

/// <summary>Dropout of attention coefficients in one pass; nothing is dropped at rate 0.</summary>
internal readonly record struct CoefficientDropout(double Rate, RandomKey Key)
{
    public unsafe EdgeDropout Of(int head, int* edgeIds) => Rate > 0 ? new EdgeDropout(Key, head, Rate, edgeIds) : default;
}
