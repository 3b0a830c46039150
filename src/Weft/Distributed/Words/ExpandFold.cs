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
        if (IsAllPairs(shape)) halo = null;
        var counts = halo ?? HaloCounts.Dense(grid, parts, rank);
        var (i, j, k) = grid.PlaceOf(rank);
        var destinations = GroupRows.Counted(counts.DestinationsNeeded, counts.DestinationsSent, j * grid.Channels + k);
        var sources = GroupRows.Counted(counts.SourcesNeeded, counts.SourcesSent, i * grid.Channels + k);
        return Count(shape, grid, rank, destinations, sources, dense: halo is null, out _);
    }

    /// <summary>The same with even parts and dense exchanges, from sizes alone: at no cost for any number of processes.</summary>
    /// <param name="shape">The layer.</param>
    /// <param name="grid">The grid.</param>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="rank">The process.</param>
    /// <param name="groups">Receives the traffic by groups.</param>
    public static LayerTraffic OfEven(LayerShape shape, ProcessGrid grid, long nodes, int rank, out GroupTraffic groups) =>
        Count(shape, grid, rank, GroupRows.EvenRow(grid, nodes, rank), GroupRows.EvenColumn(grid, nodes, rank), dense: true, out groups);

    /// <summary>The traffic of a halo exchange by groups.</summary>
    public static LayerTraffic OfHalo(LayerShape shape, ProcessGrid grid, long nodes, int rank, HaloCounts halo, out GroupTraffic groups)
    {
        if (IsAllPairs(shape)) return OfEven(shape, grid, nodes, rank, out groups);
        var (i, j, k) = grid.PlaceOf(rank);
        return Count(shape, grid, rank,
            GroupRows.Counted(halo.DestinationsNeeded, halo.DestinationsSent, j * grid.Channels + k),
            GroupRows.Counted(halo.SourcesNeeded, halo.SourcesSent, i * grid.Channels + k), dense: false, out groups);
    }

    private static LayerTraffic Count(LayerShape shape, ProcessGrid grid, int rank, GroupRows destinations, GroupRows sources, bool dense, out GroupTraffic groups)
    {
        var forward = new Counter(grid, rank, destinations, sources, dense);
        var backward = new Counter(grid, rank, destinations, sources, dense);
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
            case "linear" or "dropout" or "pointwise" or "prelu" or "residual" or "batch-norm" or "layer-norm" or "graph-norm": break;
            default: throw new ArgumentException($"no formula is known for the words of the layer {shape.Layer}; the layers are gcn, gat, gatv2, gin, sage, attention, attention-dense, linear, dropout, pointwise, prelu, residual, batch-norm, layer-norm and graph-norm");
        }
        foreach (long sums in Statistics(shape)) forward.Reduce(sums, grid.Size, rank);
        foreach (long parameters in Gradients(shape)) backward.Reduce(parameters, grid.Size, rank);
        groups = forward.Groups + backward.Groups;
        return new LayerTraffic(forward.Groups.Words, backward.Groups.Words, forward.Groups.Messages, backward.Groups.Messages);
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
            // A shared W has one gradient, of both its roles.
            "gatv2" => [D * all, .. shape.ShareWeights ? Array.Empty<long>() : [D * all], all, .. Bias(joined)],
            "attention" or "attention-dense" => [D * all, D * all, D * all, .. Bias(joined), .. shape.Residual ? [D * joined] : Array.Empty<long>()],
            "residual" => shape.Residual ? [D * d] : [],
            "prelu" => [1],
            // Of scale and shift together; that of a graph norm's α comes from the same sums.
            "batch-norm" or "layer-norm" or "graph-norm" => [2 * D],
            _ => [],
        };

        long[] Bias(long width) => shape.Bias ? [width] : [];
    }

    /// <summary>Entries of each sum over all nodes that a layer makes in its forward pass: the mean with the number of nodes, then the variance.</summary>
    public static IEnumerable<long> Statistics(LayerShape shape) => shape.Layer is "batch-norm" or "graph-norm" ? [shape.Inputs + 1, shape.Inputs] : [];

    // Every node attends to every node: no edges, and nothing that a halo could leave out.
    private static bool IsAllPairs(LayerShape shape) => shape.Layer == "attention-dense";

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
    private sealed class Counter(ProcessGrid grid, int rank, GroupRows destinations, GroupRows sources, bool dense)
    {
        private readonly int channel = grid.PlaceOf(rank).Channel, column = grid.PlaceOf(rank).Column;

        public GroupRows Destinations => destinations;

        public GroupRows Sources => sources;

        public GroupTraffic Groups { get; private set; }

        // One channel, and everyone needs everything: collectives of the library do it.
        private bool Collective => dense && grid.Channels == 1;

        /// <summary>Rows of the other members of a group that this block needs, in this process's heads.</summary>
        public void Expand(GroupRows side, long heads, long width)
        {
            if (side.Members == 1) return;
            long here = Placement.Cut(heads, grid.Channels, channel).Count;
            var (rows, peers) = side.Needed;
            Add(side, rows * here * width, Collective ? Depth(side.Members) : here * width > 0 ? peers : 0);
        }

        /// <summary>Partial sums of this process's rows, from each other member in that member's heads.</summary>
        public void Fold(GroupRows side, long heads, long width, bool merges = false)
        {
            if (side.Members == 1) return;
            var (rows, peers) = side.Returned(heads, grid.Channels);
            Add(side, rows * width, Collective && !merges ? Depth(side.Members) : width > 0 ? peers : 0);
        }

        /// <summary>One number for each row of the block and local head, reduced over the processes with the same rows and heads.</summary>
        public void ReduceRows(long heads)
        {
            var (words, messages) = Reduction(destinations.All * Placement.Cut(heads, grid.Channels, channel).Count, grid.Columns, column);
            Add(destinations, words, messages);
        }

        /// <summary>A reduction over all processes.</summary>
        public void Reduce(long entries, int members, int member)
        {
            var (words, messages) = Reduction(entries, members, member);
            Groups += new GroupTraffic(default, default, (words, messages));
        }

        private static (long Words, long Messages) Reduction(long entries, int members, int member)
        {
            long mine = Placement.Cut(entries, members, member).Count;
            return ((members - 1) * mine + entries - mine, 2 * Depth(members));
        }

        private void Add(GroupRows side, long words, long messages) =>
            Groups += side == destinations ? new GroupTraffic((words, messages), default, default) : new GroupTraffic(default, (words, messages), default);

        private static long Depth(int members) => members == 1 ? 0 : 1 + long.Log2(members - 1);
    }
}
