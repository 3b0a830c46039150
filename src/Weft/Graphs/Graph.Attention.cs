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
        // Rows whose edges lie on several processes: [s·Z ‖ m ‖ s] of each head, which their owner merges.
        var packed = whole ? default : share.Destinations.Scratch("attended", BlockRows, share.Count * (d + 2));
        var z = whole ? new HeadColumns(Z, 0, d) : new HeadColumns(packed, 0, d + 2);
        var rowState = whole ? new HeadColumns(state, 0, 2) : new HeadColumns(packed, d, d + 2);
        fixed (int* ids = EdgeIds)
        {
            var drop = dropout.Of(share.First, ids);
            var parameter = (Real)scoring.Parameter;
            if (share.Count > 0)
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive:
                        FusedAttention.Forward(ByDestination, new SumScore(own, other, parameter), values, share.Count, drop, whole, z, rowState);
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity:
                        FusedAttention.Forward(ByDestination, new LeakySumScore(own, other, share.Count, Padded(scoring.Vector, share), parameter), values, share.Count, drop, whole, z, rowState);
                        break;
                    default:
                        FusedAttention.Forward(ByDestination, new DotScore(own, other, share.Count, parameter), values, share.Count, drop, whole, z, rowState);
                        break;
                }
        }
        if (!whole) share.Destinations.ScatterMerge(packed, Z, state);
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
        {
            var at = new Ends(values, upstream, rowTerms, share.Count, dropout.Of(share.First, ids), partialDestination, partialSource, partialX,
                gradient.Vector.IsMissing ? default : gradient.Vector.RowRange(share.First, share.Count));
            var parameter = (Real)scoring.Parameter;
            if (share.Count > 0)
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive:
                        AtBothEnds(at, new SumScore(own, other, parameter), new SumScore(other, own, parameter));
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity:
                        Real* a = Padded(scoring.Vector, share);
                        AtBothEnds(at, new LeakySumScore(own, other, share.Count, a, parameter), new LeakySumScore(other, own, share.Count, a, parameter));
                        break;
                    default:
                        AtBothEnds(at, new DotScore(own, other, share.Count, parameter), new DotScore(other, own, share.Count, parameter));
                        break;
                }
        }
        share.Sources.ScatterSum(partialX, dX);
        if (!gradient.Source.IsMissing) share.Sources.ScatterSum(partialSource, gradient.Source);
        share.Destinations.ScatterSum(partialDestination, gradient.Destination);
    }

    // The sources first: the destinations' gradient may take the place of what the destinations offered.
    private void AtBothEnds<TScore>(in Ends at, TScore atDestinations, TScore atSources)
        where TScore : struct, IAttentionScore
    {
        FusedAttentionAdjoint.Sources(BySource, atSources, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dSource, at.dX, at.dVector);
        FusedAttentionAdjoint.Destinations(ByDestination, atDestinations, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dDestination, at.dVector);
    }

    private static (Matrix Own, Matrix Other, Matrix Values) Gathered(in Scoring scoring, Matrix X, HeadShare share)
    {
        var values = share.Sources.Gather(X, "X");
        var other = scoring.Source == X ? values : share.Sources.Gather(scoring.Source, "score");
        return (share.Destinations.Gather(scoring.Destination, "score"), other, values);
    }

    /// <summary>This process's heads of a, each padded with zeros to whole vectors of the width that the kernels will choose.</summary>
    private static unsafe Real* Padded(Matrix a, HeadShare share)
    {
        long padded = FusedAttention.Padded(a.Columns);
        Real* vector = Scratch.Take(ScratchUse.AttentionVector, share.Count * padded);
        for (int k = 0; k < share.Count; k++)
            for (long j = 0; j < padded; j++) vector[k * padded + j] = j < a.Columns ? a.Data[(share.First + k) * a.Stride + j] : 0;
        return vector;
    }

    private readonly record struct Ends(Matrix X, Matrix dZ, Matrix Terms, int Heads, EdgeDropout Dropout, Matrix dDestination, Matrix dSource, Matrix dX, Matrix dVector);
}

/// <summary>Dropout of attention coefficients in one pass; nothing is dropped at rate 0.</summary>
internal readonly record struct CoefficientDropout(double Rate, RandomKey Key)
{
    public unsafe EdgeDropout Of(int head, int* edgeIds) => Rate > 0 ? new EdgeDropout(Key, head, Rate, edgeIds) : default;
}
