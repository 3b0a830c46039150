using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// DropEdge: the graph of a training step without a share of its edges, drawn for each edge from the step and the edge's own number.
/// An edge from a node to itself stays.
/// </summary>
/// <remarks>
/// Rong et al. 2020. All layers of a step see the same graph; normalisation, means and softmaxes are those of the edges that are left,
/// but a sampled block keeps the degrees of the whole graph. Both views are filtered in one pass each, without sorting anything anew.
/// It keeps buffers, so one thinning serves one thread at a time, and the graph of a step is gone with the next.
/// </remarks>
internal sealed class EdgeThinning
{
    private readonly Graph graph;
    private readonly double rate;
    private readonly int[] loopColumn, outgoingLoopColumn;
    private readonly bool[] kept;
    private readonly int[] number;

    /// <param name="graph">The whole graph.</param>
    /// <param name="rate">Probability that an edge is left out.</param>
    public EdgeThinning(Graph graph, double rate)
    {
        (this.graph, this.rate) = (graph, rate);
        (kept, number) = (new bool[graph.Edges], new int[graph.Edges]);
        (loopColumn, outgoingLoopColumn) = LoopColumns(graph);
    }

    /// <summary>About what a thinning and the graph of a step take: kept or not and the new number of each edge; the edges that are left, both ways.</summary>
    public static long Bytes(long nodes, long edges, double rate, bool weighted) =>
        edges * (sizeof(bool) + sizeof(int)) + (long)((1 - rate) * edges) * (5 * sizeof(int) + (weighted ? 2 * Matrix.BytesPerEntry : 0)) + nodes * (2 * sizeof(long) + sizeof(int));

    /// <summary>The graph of one step.</summary>
    public Graph Draw(RandomKey key)
    {
        var view = graph.ByDestination;
        var thin = Filtered(view, graph.EdgeIds, loopColumn, key, out int[] ids, out int[] from);
        for (int q = 0, next = 0; q < number.Length; q++) number[q] = kept[q] ? next++ : -1;
        var outgoing = graph.Outgoing is null ? null : Outgoing(graph.Outgoing, key);
        return new Graph(thin, ids, Rows(graph.Weights, from), graph.Place, graph.Identity, outgoing, BySource)
        {
            Membership = graph.Membership,
            EdgeFeatures = Rows(graph.EdgeFeatures, from),
            Sampled = graph.Sampled?.Only(thin, from),
        };
    }

    private OutgoingEdges Outgoing(OutgoingEdges whole, RandomKey key)
    {
        var view = Filtered(whole.View, whole.EdgeIds, outgoingLoopColumn, key, out int[] ids, out int[] from, keep: new bool[whole.View.Count]);
        return new OutgoingEdges(view, ids, Rows(whole.Weights, from));
    }

    private EdgeView Filtered(EdgeView view, int[] edgeIds, int[] loops, RandomKey key, out int[] ids, out int[] from, bool[]? keep = null)
    {
        keep ??= kept;
        CounterRandom.KeepEdges(view, edgeIds, loops, rate, key, keep);
        var pointers = new long[view.Pointers.Length];
        int count = 0;
        for (long i = 0; i < view.Rows; i++)
        {
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++)
                if (keep[q]) count++;
            pointers[i + 1] = count;
        }
        var index = GC.AllocateUninitializedArray<int>(count, pinned: true);
        ids = GC.AllocateUninitializedArray<int>(count, pinned: true);
        from = new int[count];
        int at = 0;
        for (int q = 0; q < keep.Length; q++)
            if (keep[q]) (index[at], ids[at], from[at++]) = (view.Index[q], edgeIds[q], q);
        return new EdgeView(pointers, index, null, view.Columns, view.ByLeaf);
    }

    // The whole graph's edges by source, without those that are left out.
    private EdgeView BySource()
    {
        var whole = graph.BySource;
        var pointers = new long[whole.Pointers.Length];
        int count = 0;
        foreach (bool keep in kept)
            if (keep) count++;
        var index = GC.AllocateUninitializedArray<int>(count, pinned: true);
        var values = GC.AllocateUninitializedArray<int>(count, pinned: true);
        int at = 0;
        for (long j = 0; j < whole.Rows; j++)
        {
            for (long q = whole.Pointers[j]; q < whole.Pointers[j + 1]; q++)
                if (number[whole.Value(q)] is >= 0 and var value) (index[at], values[at++]) = (whole.Index[q], value);
            pointers[j + 1] = at;
        }
        return new EdgeView(pointers, index, values, whole.Columns, whole.ByLeaf);
    }

    private static Matrix Rows(Matrix whole, int[] from)
    {
        if (whole.IsMissing) return default;
        var rows = Matrix.Allocate(from.Length, whole.Columns);
        for (int e = 0; e < from.Length; e++) whole.Row(from[e]).CopyTo(rows.Row(e));
        whole.KeepAlive();
        return rows;
    }

    // The column of each row's own node in the block, −1 where the block has none.
    private static (int[] Block, int[] Outgoing) LoopColumns(Graph graph)
    {
        var place = graph.Place;
        var ofRow = new int[place.Rows.All];
        Array.Fill(ofRow, -1);
        foreach (var (row, column, _) in graph.Identity.Diagonal) ofRow[row] = column;
        var columns = place.Columns.Numbers();
        var block = new int[graph.ByDestination.Rows];
        for (int i = 0; i < block.Length; i++)
        {
            int column = ofRow[place.Rows.PlaceOf(i)];
            block[i] = column < 0 || columns is null ? column : columns[column];
        }
        if (graph.Outgoing is null) return (block, []);
        // Its rows are the own nodes, in the order of the diagonal.
        var outgoing = new int[graph.Outgoing.View.Rows];
        var numbers = place.Outgoing!.Numbers();
        for (int j = 0; j < outgoing.Length; j++)
        {
            int column = graph.Identity.Diagonal[j].Column;
            outgoing[j] = numbers is null ? column : numbers[column];
        }
        return (block, outgoing);
    }
}
