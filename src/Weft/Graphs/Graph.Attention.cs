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
    /// <param name="kept">Receives what is gathered from other processes, for the adjoint.</param>
    /// <param name="Z">[N destinations, K·d]</param>
    /// <param name="state">Each head's largest logit m and sum s = Σ exp(L − m), [N destinations, K·2].</param>
    internal unsafe void Attend(in Scoring scoring, Matrix X, int heads, CoefficientDropout dropout, GatheredRows kept, Matrix Z, Matrix state)
    {
        CheckRows(X, Z, "X", "Z");
        CheckEdgeFeatures(scoring.Edges);
        var share = Place.Share(heads);
        var (own, other, values) = Ends(scoring, X, share, heads, kept, gather: true);
        bool whole = share.Destinations.IsIdentity;
        long d = X.Columns / heads;
        // Rows whose edges lie on several processes: [s·Z ‖ m ‖ s] of each head, which their owner merges.
        var packed = whole ? default : share.Destinations.Buffer("attended", d + 2);
        var z = whole ? new HeadColumns(Z, 0, d) : new HeadColumns(packed, 0, d + 2);
        var rowState = whole ? new HeadColumns(state, 0, 2) : new HeadColumns(packed, d, d + 2);
        fixed (int* ids = EdgeIds)
        {
            var drop = dropout.Of(share.First, ids);
            var parameter = (Real)scoring.Parameter;
            if (share.Count > 0)
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive when !scoring.Edges.IsMissing:
                        FusedAttention.Forward(ByDestination, WithEdges(scoring, new SumScore(own, other, parameter), d), values, share.Count, drop, whole, z, rowState);
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity when !scoring.Edges.IsMissing:
                        FusedAttention.Forward(ByDestination, WithEdges(scoring, new LeakySumScore(own, other, share.Count, Padded(scoring.Vector, share), parameter), d), values, share.Count, drop, whole, z, rowState);
                        break;
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
    /// <param name="kept">What the forward pass gathered.</param>
    /// <param name="Z">What <see cref="Attend"/> returned; it is read before anything is written.</param>
    /// <param name="state">What <see cref="Attend"/> returned.</param>
    /// <param name="dZ">[N destinations, K·d]</param>
    /// <param name="terms">Receives m, 1/s and r = ⟨dZ, Z⟩ of each row and head, [N destinations, K·4].</param>
    /// <param name="coefficients">Memory for what both passes need of each edge, <see cref="Coefficients"/>; missing to form it twice. The bits are the same, unless edges have features.</param>
    /// <param name="gradient">Receives the gradients of the scoring's operands: at the destinations, where nothing but Z may lie; at the sources, also where the operand lies.</param>
    /// <param name="dX">[N sources, K·d]; may be X, or Z if no other gradient is.</param>
    internal unsafe void AttendAdjoint(in Scoring scoring, Matrix X, int heads, CoefficientDropout dropout, GatheredRows kept, Matrix Z, Matrix state, Matrix dZ, Matrix terms, Matrix coefficients, in ScoringGradient gradient, Matrix dX)
    {
        CheckRows(dX, dZ, "dX", "dZ");
        CheckEdgeFeatures(scoring.Edges);
        var share = Place.Share(heads);
        RowTerms.Fill(Z, dZ, state, heads, terms);
        var (own, other, values) = Ends(scoring, X, share, heads, kept, gather: false);
        if (Outgoing is not null)
        {
            AttendAdjointWhole(scoring, X, heads, dropout, other, values, dZ, terms, gradient, dX);
            return;
        }
        var (upstream, rowTerms) = GatherTerms(share, dZ, terms, heads);
        var back = share.Sources;
        // What goes back to the sources lies side by side where it travels: [D ‖ Σ_src].
        long d = X.Columns / heads, w = gradient.Source.IsMissing ? 0 : gradient.Source.Columns / heads;
        var packed = back.IsIdentity ? default : back.Buffer("partial", d + w);
        var partialX = back.IsIdentity ? dX : packed.ColumnRange(0, share.Count * d);
        var partialSource = w == 0 ? default : back.IsIdentity ? gradient.Source : packed.ColumnRange(share.Count * d, share.Count * w);
        var partialDestination = share.Destinations.Partial(gradient.Destination);
        if (!gradient.Vector.IsMissing) gradient.Vector.Clear();
        fixed (int* ids = EdgeIds)
        {
            var at = new AdjointEnds(values, upstream, rowTerms, coefficients, share.Count, dropout.Of(share.First, ids), partialDestination, partialSource, partialX,
                gradient.Vector.IsMissing ? default : gradient.Vector.RowRange(share.First, share.Count));
            var parameter = (Real)scoring.Parameter;
            if (share.Count > 0)
                switch (scoring.Kind)
                {
                    case ScoringKind.Additive when !scoring.Edges.IsMissing:
                        AtBothEnds(at, WithEdges(scoring, new SumScore(own, other, parameter), d), WithEdges(scoring, new SumScore(other, own, parameter), d), scoring, gradient);
                        break;
                    case ScoringKind.AdditiveBeforeNonlinearity when !scoring.Edges.IsMissing:
                        Real* vector = Padded(scoring.Vector, share);
                        AtBothEnds(at, WithEdges(scoring, new LeakySumScore(own, other, share.Count, vector, parameter), d),
                            WithEdges(scoring, new LeakySumScore(other, own, share.Count, vector, parameter), d), scoring, gradient);
                        break;
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
        share.Destinations.ScatterSum(partialDestination, gradient.Destination);
        if (!back.IsIdentity) back.ScatterSum(packed, HeadPart.Of(dX, heads), w == 0 ? default : HeadPart.Of(gradient.Source, heads));
    }

    /// <summary>The shape of what the two passes of the adjoint share of each edge, [Edges, 2·K] with this process's heads; no rows where the passes work on other edges, or share out heads.</summary>
    internal (long Rows, long Columns) Coefficients(int heads) =>
        Outgoing is null && Place.Channels == 1 ? (Edges, 2L * heads) : (0, 0);

    // The destinations first: they leave the coefficients, and the sources' gradients may take the place of what the sources offered.
    private void AtBothEnds<TScore>(in AdjointEnds at, TScore atDestinations, TScore atSources)
        where TScore : struct, IAttentionScore
    {
        FusedAttentionAdjoint.Destinations(ByDestination, atDestinations, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dDestination, at.dVector, at.Coefficients);
        FusedAttentionAdjoint.Sources(BySource, atSources, at.X, at.dZ, at.Heads, at.Terms, at.Dropout, at.dSource, at.dX, at.dVector, at.Coefficients);
    }

    /// <summary>What the block's destinations and sources offer, and the rows that are summed up: gathered in the forward pass, found again in its adjoint.</summary>
    private static (Matrix Own, Matrix Other, Matrix Values) Ends(in Scoring scoring, Matrix X, HeadShare share, int heads, GatheredRows kept, bool gather)
    {
        var (own, other, values) = (scoring.Destination, scoring.Source, X);
        if (!share.Sources.IsIdentity)
        {
            // One message for both: [X ‖ c_src], or X alone where the scores read it too.
            long d = X.Columns / heads, w = scoring.Source == X ? 0 : scoring.Source.Columns / heads;
            var both = gather ? kept.Take("gathered sources", share.Sources.Rows, share.Count * (d + w)) : kept["gathered sources"];
            if (gather) share.Sources.Gather(HeadPart.Of(X, heads), w == 0 ? default : HeadPart.Of(scoring.Source, heads), both);
            values = both.ColumnRange(0, share.Count * d);
            other = w == 0 ? values : both.ColumnRange(share.Count * d, share.Count * w);
        }
        if (!share.Destinations.IsIdentity)
        {
            own = gather ? kept.Take("gathered destinations", share.Destinations.Rows, share.Count * (scoring.Destination.Columns / heads)) : kept["gathered destinations"];
            if (gather) share.Destinations.Gather(HeadPart.Of(scoring.Destination, heads), default, own);
        }
        return (own, other, values);
    }

    /// <summary>[δ′ ‖ m ‖ 1/s ‖ r] of the block's destinations. Three of the four columns of a head's terms travel.</summary>
    private static (Matrix dZ, Matrix Terms) GatherTerms(HeadShare share, Matrix dZ, Matrix terms, int heads)
    {
        var destinations = share.Destinations;
        if (destinations.IsIdentity) return (dZ, terms);
        long d = dZ.Columns / heads;
        var both = destinations.Buffer("dZ", d + RowTerms.Used);
        destinations.Gather(HeadPart.Of(dZ, heads), new HeadPart(terms, RowTerms.Count, RowTerms.Used), both);
        var spread = destinations.Buffer("terms", RowTerms.Count);
        RowTerms.Spread(both.ColumnRange(share.Count * d, share.Count * RowTerms.Used), spread);
        return (both.ColumnRange(0, share.Count * d), spread);
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

    private readonly record struct AdjointEnds(Matrix X, Matrix dZ, Matrix Terms, Matrix Coefficients, int Heads, EdgeDropout Dropout, Matrix dDestination, Matrix dSource, Matrix dX, Matrix dVector);
}

/// <summary>Dropout of attention coefficients in one pass; nothing is dropped at rate 0.</summary>
internal readonly record struct CoefficientDropout(double Rate, RandomKey Key)
{
    public unsafe EdgeDropout Of(int head, int* edgeIds) => Rate > 0 ? new EdgeDropout(Key, head, Rate, edgeIds) : default;
}
