using Weft.Graphs;
using Weft.Memory;

namespace Weft.Sampling;

/// <summary>The edges of a block while it is being drawn, destination after destination. The arrays serve one block after another.</summary>
/// <param name="adjacency">The graph that is drawn from.</param>
internal sealed class BlockEdges(IAdjacency adjacency)
{
    private int[] sources = new int[4096], ids = new int[4096];
    private Real[] weights = new Real[4096], copies = new Real[4096];
    private long[] pointers = new long[1025], positions = adjacency.EdgeFeatures.IsMissing ? [] : new long[4096];
    private double[] degrees = new double[1024];
    private int rows, count;
    private bool weighs, stands;

    /// <summary>Begins the next block.</summary>
    public void Begin() => (rows, count, weighs, stands) = (0, 0, adjacency.IsWeighted, false);

    /// <summary>An edge into the destination that is under way.</summary>
    /// <param name="source">Place of its source.</param>
    /// <param name="position">Its position in the adjacency.</param>
    /// <param name="standsFor">How many edges of the whole graph it stands for.</param>
    public void Add(int source, long position, double standsFor = 1)
    {
        if (count == sources.Length) Grow();
        (sources[count], ids[count]) = (source, adjacency.EdgeId(position));
        copies[count] = (Real)standsFor;
        weights[count] = adjacency.IsWeighted ? (Real)(adjacency.Weight(position) * standsFor) : (Real)standsFor;
        stands |= standsFor != 1;
        if (positions.Length > 0) positions[count] = position;
        count++;
    }

    /// <summary>Ends the destination that is under way, a node of the graph.</summary>
    public void EndRow(int node)
    {
        if (rows == degrees.Length)
        {
            Array.Resize(ref degrees, 2 * rows);
            Array.Resize(ref pointers, 2 * rows + 1);
        }
        degrees[rows++] = adjacency.Degree(node);
        pointers[rows] = count;
    }

    /// <summary>Edges so far.</summary>
    public int Count => count;

    /// <summary>The block, in memory of its own.</summary>
    /// <param name="nodes">Number of each source, the destinations first.</param>
    public Graph ToGraph(ReadOnlySpan<int> nodes)
    {
        var view = new EdgeView(pointers.AsSpan(0, rows + 1).ToArray(), Pinned(sources.AsSpan(0, count)), null, nodes.Length);
        var whole = new double[nodes.Length];
        for (int j = 0; j < whole.Length; j++) whole[j] = adjacency.WeightedDegree(nodes[j]);
        var sampled = stands ? new SampledEdges(Column(copies), degrees.AsSpan(0, rows).ToArray()) : null;
        return Graph.Block(view, Pinned(ids.AsSpan(0, count)), weighs || stands ? Column(weights) : default, Pinned(nodes), adjacency.Edges, whole, sampled, Features());
    }

    private Matrix Features()
    {
        var all = adjacency.EdgeFeatures;
        if (all.IsMissing) return default;
        var rows = Matrix.Allocate(count, all.Columns);
        for (int e = 0; e < count; e++) all.Row(positions[e]).CopyTo(rows.Row(e));
        all.KeepAlive();
        return rows;
    }

    private Matrix Column(Real[] values)
    {
        var column = Matrix.Allocate(count, 1);
        for (int e = 0; e < count; e++) column[e, 0] = values[e];
        return column;
    }

    private static int[] Pinned(ReadOnlySpan<int> values)
    {
        int[] copy = GC.AllocateUninitializedArray<int>(values.Length, pinned: true);
        values.CopyTo(copy);
        return copy;
    }

    private void Grow()
    {
        int size = checked(2 * count);
        Array.Resize(ref sources, size);
        Array.Resize(ref ids, size);
        Array.Resize(ref weights, size);
        Array.Resize(ref copies, size);
        if (positions.Length > 0) Array.Resize(ref positions, size);
    }
}
