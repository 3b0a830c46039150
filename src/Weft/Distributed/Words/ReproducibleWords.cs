using Weft.Graphs;

namespace Weft.Distributed.Words;

/// <summary>
/// The words that one process receives in a layer of a reproducible run: rows of A alone are cut, and no partial sum travels but
/// those of the tree over nodes.
/// </summary>
/// <remarks>
/// Over h rows that the in-edges of a process need from others and h′ that its out-edges need, a sum of width w is h·w forward and
/// h′·w backward. Attention has h·(Kd + K) and h′·(Kd + 4K) as GATv1, [X ‖ c_src] and [δ′ ‖ c_dst ‖ m ‖ s ‖ r]; h·Kd and
/// h′·(2Kd + 3K) as GATv2, [X_src] and [δ′ ‖ X_dst ‖ m ‖ s ‖ r]; h·2Kd and h′·(2Kd + 3K) between queries, keys and values.
/// </remarks>
internal static class ReproducibleWords
{
    /// <summary>The traffic of one warm training step of this process.</summary>
    /// <param name="shape">The layer.</param>
    /// <param name="graph">This process's part of the graph; for a GCN that adds loops, <c>graph.Normalized(true)</c>.</param>
    /// <exception cref="ArgumentException">The graph is no part of a reproducible run, or no formula is known for the layer.</exception>
    public static LayerTraffic Of(LayerShape shape, Graph graph)
    {
        var place = graph.Place;
        if (place.Tree is not { } tree || place.Outgoing is not { } outgoing) throw new ArgumentException("the graph is no part of a reproducible run", nameof(graph));
        int rank = place.World.Rank, size = place.World.Size;
        bool dense = place.Columns.NeededAt is null;
        LayerTraffic Forward(long width) => Gather(place.Columns, width) is var (words, messages) ? new LayerTraffic(words, 0, messages, 0) : default;
        LayerTraffic Backward(long width) => Gather(outgoing, width) is var (words, messages) ? new LayerTraffic(0, words, 0, messages) : default;
        (long Words, long Messages) Gather(SharedRows rows, long width)
        {
            if (size == 1) return default;
            var (count, peers) = GroupRows.Counted(rows.Needed, rows.Sent, rank).Needed;
            return (count * width, dense ? Depth(size) : width > 0 ? peers : 0);
        }

        LayerTraffic Sums(long width, long widthOfConstant, bool aggregatesFirst) =>
            (aggregatesFirst && shape.ConstantInput ? default : Forward(width)) + (aggregatesFirst && !shape.InputGradient ? default : Backward(aggregatesFirst ? widthOfConstant : width));

        long all = shape.Heads * shape.Outputs, heads = shape.Heads, hidden = shape.Hidden == 0 ? shape.Outputs : shape.Hidden;
        bool constant = shape.ConstantInput && !shape.SparseInput, narrow = constant || !shape.SparseInput && shape.Inputs < shape.Outputs;
        var traffic = shape.Layer switch
        {
            "gcn" => Sums(narrow ? shape.Inputs : shape.Outputs, shape.Inputs, narrow),
            "gin" => Sums(hidden, shape.Inputs, constant),
            "sage" => Sums(shape.Outputs, shape.Outputs, constant),
            "gat" => Forward(all + heads) + Backward(all + 4 * heads),
            "gatv2" => Forward(all) + Backward(2 * all + 3 * heads),
            "attention" => Forward(2 * all) + Backward(2 * all + 3 * heads),
            "linear" or "dropout" or "pointwise" or "prelu" or "residual" or "batch-norm" or "layer-norm" or "graph-norm" => default,
            _ => throw new ArgumentException($"a reproducible run has no layer {shape.Layer}"),
        };
        foreach (long sums in ExpandFold.Statistics(shape))
            traffic += new LayerTraffic(tree.Words(sums, rank), 0, size == 1 ? 0 : Depth(size) + (Placement.Cut(sums, size, rank).Count > 0 ? size - 1 : 0), 0);
        bool first = shape.Layer is "gin" or "prelu";
        foreach (long parameters in ExpandFold.Gradients(shape))
        {
            // The gradients of GIN's ε and of a learned slope are summed in double precision, by everyone.
            long words = first ? tree.WordsOfNumbers(rank) : tree.Words(parameters, rank);
            traffic += new LayerTraffic(0, words, 0, size == 1 ? 0 : first ? Depth(size) : Depth(size) + (Placement.Cut(parameters, size, rank).Count > 0 ? size - 1 : 0));
            first = false;
        }
        return traffic;
    }

    private static long Depth(int members) => members == 1 ? 0 : 1 + long.Log2(members - 1);
}
