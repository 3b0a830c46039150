using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// One more node for each graph of a set, joined with all of the graph's nodes both ways, so that any two are two hops apart. It
/// is the last node of its graph; its features are zeros but for one more column, which is 1 there and 0 elsewhere.
/// </summary>
internal static class VirtualNode
{
    /// <summary>The set, whose graphs are what has labels, with virtual nodes. Their edges, weight 1 where edges have weights, zeros where they have features, come after all others.</summary>
    public static Dataset AddTo(Dataset dataset)
    {
        var (batch, edges) = (dataset.Graphs!, dataset.Edges);
        int graphs = batch.Count, nodes = dataset.Nodes, count = edges.Count;
        // Graph g's nodes move by g places, because g virtual nodes are before them.
        int Moved(int node) => node + batch.Membership[node];
        var (source, destination) = (new int[count + 2 * nodes], new int[count + 2 * nodes]);
        for (int e = 0; e < count; e++) (source[e], destination[e]) = (Moved(edges.Source[e]), Moved(edges.Destination[e]));
        for (int i = 0; i < nodes; i++)
        {
            int own = batch.Offsets[batch.Membership[i] + 1] + batch.Membership[i], e = count + 2 * i;
            (source[e], destination[e], source[e + 1], destination[e + 1]) = (Moved(i), own, own, Moved(i));
        }
        Real[]? weight = edges.Weight is null ? null : [.. edges.Weight, .. Enumerable.Repeat((Real)1, 2 * nodes)];
        var membership = new int[nodes + graphs];
        var real = new int[nodes + graphs];
        for (int g = 0; g < graphs; g++)
        {
            int first = batch.Offsets[g] + g, last = batch.Offsets[g + 1] + g;
            membership.AsSpan(first, last - first + 1).Fill(g);
            for (int i = first; i < last; i++) real[i] = i - g;
            real[last] = -1;
        }
        var all = new EdgeList(nodes + graphs, source, destination, weight, EdgeFeatures(edges, 2 * nodes));
        return dataset with
        {
            Edges = all,
            Graphs = new GraphBatch(all, membership, graphs),
            Features = dataset.HasFeatures ? Features(dataset.Features, real) : default,
            FeatureNames = dataset.FeatureNames is { } names ? [.. names, "virtual"] : null,
            NodeNames = null,
            NodeKinds = null,
            Labels = null,
            Targets = default,
        };
    }

    // Those of an edge of a virtual node are zeros.
    private static Matrix EdgeFeatures(EdgeList edges, int added)
    {
        if (edges.FeatureWidth == 0) return default;
        var features = Matrix.Allocate(edges.Count + added, edges.FeatureWidth);
        edges.Features.CopyTo(features.Top(edges.Count));
        return features;
    }

    private static NodeMatrix Features(NodeMatrix features, int[] real)
    {
        long columns = features.Columns;
        if (features.Sparse is not { } sparse)
        {
            var rows = Matrix.Allocate(real.Length, columns + 1);
            for (int i = 0; i < real.Length; i++)
                if (real[i] < 0) rows[i, columns] = 1;
                else features.Dense.Row(real[i]).CopyTo(rows.Row(i));
            return rows;
        }
        var pointers = new long[real.Length + 1];
        var (index, values) = (new List<int>(), new List<Real>());
        for (int i = 0; i < real.Length; i++)
        {
            index.AddRange(real[i] < 0 ? [(int)columns] : sparse.IndicesOfRow(real[i]));
            values.AddRange(real[i] < 0 ? [1] : sparse.ValuesOfRow(real[i]));
            pointers[i + 1] = index.Count;
        }
        return new SparseMatrix(pointers, [.. index], [.. values], columns + 1);
    }
}
