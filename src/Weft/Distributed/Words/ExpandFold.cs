using Weft.Graphs;

namespace Weft.Distributed.Words;

/// <summary>
/// The words that one process receives in a layer on a grid, in closed form: what its block needs of the rows of others (expand),
/// what others have summed up for its own rows (fold), and the reduction of the weights' gradients.
/// </summary>
/// <remarks>
/// With one channel and dense exchanges, over n_ij own rows, n_i rows and m_j columns of the block, a gather of width w is
/// (m_j − n_ij)·w or (n_i − n_ij)·w, a fold (Pr − 1)·n_ij·w or (Pc − 1)·n_ij·w. A halo has the lengths of its lists in their place.
/// A reduction of m values is (P − 1)·m_q + (m − m_q), cut evenly: 2·m·(1 − 1/P) on average.
/// </remarks>
internal static class ExpandFold
{
    /// <summary>The traffic of one warm training step.</summary>
    /// <param name="shape">The layer.</param>
    /// <param name="grid">The grid.</param>
    /// <param name="parts">Who owns which nodes.</param>
    /// <param name="rank">The process.</param>
    /// <param name="halo">Rows that a halo exchange moves; null for dense exchanges. A GCN that adds loops counts them.</param>
    /// <exception cref="ArgumentException">No formula is known for the layer.</exception>
    public static LayerTraffic Of(LayerShape shape, ProcessGrid grid, NodeParts parts, int rank, HaloCounts? halo = null)
    {
        var forward = new Counter(grid, parts, rank, shape.Layer == "attention-dense" ? null : halo);
        var backward = new Counter(grid, parts, rank, shape.Layer == "attention-dense" ? null : halo);
        switch (shape.Layer)
        {
            case "gcn": Gcn(shape, forward, backward); break;
            case "gin": Sums(shape.Hidden == 0 ? shape.Outputs : shape.Hidden, shape.Inputs, shape, forward, backward); break;
            case "sage": Sums(shape.Outputs, shape.Outputs, shape, forward, backward); break;
            // [X ‖ c_src] out and [D ‖ Σ_src] back; c_dst out and Σ_dst back.
            case "gat": Attention(shape, source: shape.Outputs + 1, destination: 1, forward, backward); break;
            case "gatv2": Attention(shape, source: shape.Outputs, destination: shape.Outputs, forward, backward); break;
            // [K ‖ V] out and [dK ‖ dV] back; Q out and dQ back.
            case "attention": Attention(shape, source: 2 * shape.Outputs, destination: shape.Outputs, forward, backward); break;
            case "attention-dense": AllPairs(shape, forward, backward); break;
            case "linear" or "dropout" or "pointwise": break;
            default: throw new ArgumentException($"no formula is known for the words of the layer {shape.Layer}; the layers are gcn, gat, gatv2, gin, sage, attention, attention-dense, linear, dropout and pointwise");
        }
        foreach (long parameters in Gradients(shape)) backward.Reduce(parameters, grid.Size, rank);
        return new LayerTraffic(forward.Words, backward.Words, forward.Messages, backward.Messages);
    }

    /// <summary>Entries of each gradient that a layer reduces over all processes, in a collective of its own.</summary>
    public static IEnumerable<long> Gradients(LayerShape shape)
    {
        long D = shape.Inputs, d = shape.Outputs, all = shape.Heads * d, joined = shape.Concatenate ? all : d;
        long hidden = shape.Hidden == 0 ? d : shape.Hidden;
        return shape.Layer switch
        {
            "linear" or "gcn" => [D * d, .. Bias(d)],
            "sage" => [D * d, D * d, .. Bias(d)],
            "gin" => [1, D * hidden, hidden, hidden * d, d],
            "gat" => [D * all, all, all, .. Bias(joined)],
            // A shared W has two gradients, which are added up after they were reduced.
            "gatv2" => [D * all, D * all, all, .. Bias(joined)],
            "attention" or "attention-dense" => [D * all, D * all, D * all, .. Bias(joined), .. shape.Residual ? [D * joined] : Array.Empty<long>()],
            _ => [],
        };

        long[] Bias(long width) => shape.Bias ? [width] : [];
    }

    // The narrower side travels; A′·H of constant features is there already.
    private static void Gcn(LayerShape shape, Counter forward, Counter backward)
    {
        bool aggregatesFirst = !shape.SparseInput && (shape.ConstantInput || shape.Inputs < shape.Outputs);
        long width = aggregatesFirst ? shape.Inputs : shape.Outputs;
        if (!aggregatesFirst || !shape.ConstantInput) Aggregate(width, forward);
        if (!aggregatesFirst || shape.InputGradient) AggregateAdjoint(width, backward);
    }

    // GIN and GraphSAGE multiply first, but for constant features, whose sums are there already.
    private static void Sums(long width, long widthOfConstant, LayerShape shape, Counter forward, Counter backward)
    {
        bool aggregatesFirst = shape.ConstantInput && !shape.SparseInput;
        if (!aggregatesFirst) Aggregate(width, forward);
        if (!aggregatesFirst || shape.InputGradient) AggregateAdjoint(aggregatesFirst ? widthOfConstant : width, backward);
    }

    private static void Aggregate(long width, Counter forward)
    {
        forward.Expand(forward.Sources, width, 1);
        forward.Fold(forward.Destinations, width, 1);
    }

    private static void AggregateAdjoint(long width, Counter backward)
    {
        backward.Expand(backward.Destinations, width, 1);
        backward.Fold(backward.Sources, width, 1);
    }

    /// <param name="shape">The layer.</param>
    /// <param name="source">Entries a head that a source offers.</param>
    /// <param name="destination">Entries a head that a destination offers.</param>
    /// <param name="forward">Counts the forward pass.</param>
    /// <param name="backward">Counts the backward pass.</param>
    private static void Attention(LayerShape shape, long source, long destination, Counter forward, Counter backward)
    {
        forward.Expand(forward.Sources, shape.Heads, source);
        forward.Expand(forward.Destinations, shape.Heads, destination);
        forward.Fold(forward.Destinations, shape.Heads, shape.Outputs + 2, merges: true); // [s·Z ‖ m ‖ s]
        backward.Expand(backward.Destinations, shape.Heads, shape.Outputs + 3); // [δ′ ‖ r ‖ m ‖ s]; what was gathered forward is still there
        backward.Fold(backward.Destinations, shape.Heads, destination);
        backward.Fold(backward.Sources, shape.Heads, source);
    }

    private static void AllPairs(LayerShape shape, Counter forward, Counter backward)
    {
        forward.Expand(forward.Sources, shape.Heads, 2 * shape.Outputs); // [K ‖ V]
        forward.Expand(forward.Destinations, shape.Heads, shape.Outputs);
        forward.ReduceRows(shape.Heads); // m
        forward.ReduceRows(shape.Heads); // s
        forward.Fold(forward.Destinations, shape.Heads, shape.Outputs);
        backward.Expand(backward.Destinations, shape.Heads, shape.Outputs + 1); // [dZ ‖ r]
        backward.Fold(backward.Destinations, shape.Heads, shape.Outputs);
        backward.Fold(backward.Sources, shape.Heads, 2 * shape.Outputs);
    }

    /// <summary>Adds up what one process receives.</summary>
    private sealed class Counter
    {
        private readonly ProcessGrid grid;
        private readonly int row, column, channel;
        private readonly bool dense;

        public Counter(ProcessGrid grid, NodeParts parts, int rank, HaloCounts? halo)
        {
            (this.grid, dense) = (grid, halo is null);
            (row, column, channel) = grid.PlaceOf(rank);
            var counts = halo ?? HaloCounts.Dense(grid, parts, rank);
            Destinations = new Side(counts.DestinationsNeeded, counts.DestinationsSent, column * grid.Channels + channel);
            Sources = new Side(counts.SourcesNeeded, counts.SourcesSent, row * grid.Channels + channel);
        }

        public Side Destinations { get; }

        public Side Sources { get; }

        public long Words { get; private set; }

        public long Messages { get; private set; }

        /// <summary>Rows of the other members of a group that this block needs, in this process's heads.</summary>
        public void Expand(Side side, long heads, long width)
        {
            if (side.Members == 1) return;
            long here = Placement.Cut(heads, grid.Channels, channel).Count;
            for (int q = 0; q < side.Members; q++)
                if (q != side.Mine) Receive(side.Needed[q] * here * width);
            if (dense && grid.Channels == 1) Messages += Depth(side.Members);
        }

        /// <summary>Partial sums of this process's rows, from each other member in that member's heads.</summary>
        public void Fold(Side side, long heads, long width, bool merges = false)
        {
            if (side.Members == 1) return;
            for (int q = 0; q < side.Members; q++)
                if (q != side.Mine) Receive(side.Sent[q] * Placement.Cut(heads, grid.Channels, q % grid.Channels).Count * width, alwaysPairwise: merges);
            if (dense && grid.Channels == 1 && !merges) Messages += Depth(side.Members);
        }

        /// <summary>One number for each row of the block and local head, reduced over the processes with the same rows and heads.</summary>
        public void ReduceRows(long heads) =>
            Reduce(Destinations.Needed.Sum() * Placement.Cut(heads, grid.Channels, channel).Count, grid.Columns, column);

        public void Reduce(long entries, int members, int rank)
        {
            long mine = Placement.Cut(entries, members, rank).Count;
            Words += (members - 1) * mine + entries - mine;
            Messages += 2 * Depth(members);
        }

        private void Receive(long words, bool alwaysPairwise = false)
        {
            Words += words;
            if (words > 0 && (alwaysPairwise || !dense || grid.Channels > 1)) Messages++;
        }

        private static long Depth(int members) => members == 1 ? 0 : 1 + long.Log2(members - 1);
    }

    private sealed record Side(long[] Needed, long[] Sent, int Mine)
    {
        public int Members => Needed.Length;
    }
}
