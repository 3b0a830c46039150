using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Many graphs side by side, of which any are put together to a batch: a block-diagonal graph with its membership. The edges
/// were grouped by destination once, for all graphs; a batch copies their runs.
/// </summary>
/// <remarks>Nodes and edges keep their numbers among all, by which random numbers know them: a node draws the same in any batch.</remarks>
internal sealed class GraphPieces
{
    private readonly Graph whole;
    private readonly int[] offsets;

    /// <summary>The graphs of a set.</summary>
    /// <param name="whole">All of them as one graph.</param>
    /// <param name="offsets">First node of each graph, and N at the end.</param>
    public GraphPieces(Graph whole, int[] offsets) => (this.whole, this.offsets) = (whole, offsets);

    /// <summary>Nodes of graph <paramref name="g"/>: the first and how many.</summary>
    public (int First, int Count) Nodes(int g) => (offsets[g], offsets[g + 1] - offsets[g]);

    /// <summary>Some of the graphs in the given order, each as it is alone.</summary>
    public Graph Batch(ReadOnlySpan<int> graphs)
    {
        var view = whole.ByDestination;
        int nodes = 0, edges = 0;
        foreach (int g in graphs)
        {
            nodes += Nodes(g).Count;
            edges += (int)(view.Pointers[offsets[g + 1]] - view.Pointers[offsets[g]]);
        }
        var (pointers, index, ids) = (new long[nodes + 1], new int[edges], new int[edges]);
        var (nodeIds, membership) = (new int[nodes], new int[nodes]);
        var weights = whole.Weights.IsMissing ? default : Matrix.Allocate(edges, 1);
        var features = whole.EdgeFeatures.IsMissing ? default : Matrix.Allocate(edges, whole.EdgeFeatures.Columns);
        int row = 0, entry = 0;
        for (int number = 0; number < graphs.Length; number++)
        {
            var (first, count) = Nodes(graphs[number]);
            int from = (int)view.Pointers[first], size = (int)view.Pointers[first + count] - from, moved = row - first;
            for (int i = 0; i < count; i++)
            {
                pointers[row + i + 1] = view.Pointers[first + i + 1] - from + entry;
                nodeIds[row + i] = whole.Identity.NodeIds[first + i];
            }
            for (int q = 0; q < size; q++) index[entry + q] = view.Index[from + q] + moved;
            Array.Copy(whole.EdgeIds, from, ids, entry, size);
            if (!weights.IsMissing) whole.Weights.RowRange(from, size).CopyTo(weights.RowRange(entry, size));
            if (!features.IsMissing) whole.EdgeFeatures.RowRange(from, size).CopyTo(features.RowRange(entry, size));
            membership.AsSpan(row, count).Fill(number);
            row += count;
            entry += size;
        }
        return Graph.Block(new EdgeView(pointers, index, null, nodes), ids, weights, nodeIds, whole.Identity.TotalEdges, null, features: features)
            .WithMembership(Graph.OfMembership(membership, graphs.Length));
    }

    /// <summary>Rows of the nodes of some graphs, in the order of <see cref="Batch"/>.</summary>
    /// <param name="graphs">The graphs.</param>
    /// <param name="all">A row for each node of all graphs, [N, F].</param>
    /// <param name="rows">Receives the rows; [n, F].</param>
    public void Gather(ReadOnlySpan<int> graphs, Matrix all, Matrix rows)
    {
        long row = 0;
        foreach (int g in graphs)
        {
            var (first, count) = Nodes(g);
            if (count > 0) all.RowRange(first, count).CopyTo(rows.RowRange(row, count));
            row += count;
        }
    }
}
