using Weft.Graphs;

namespace Weft.Links;

/// <summary>
/// Which pairs of nodes an edge list joins. Parallel edges are one; without a direction an edge and its reverse are one too.
/// Self-loops are pairs like any other.
/// </summary>
/// <remarks>Reads are safe from many threads.</remarks>
internal sealed class EdgeSet
{
    // Neighbours of node i, each once, in ascending order: neighbours[first[i]] … neighbours[first[i + 1] − 1].
    private readonly long[] first;
    private readonly int[] neighbours;

    /// <summary>The pairs of a list.</summary>
    /// <param name="edges">The edges.</param>
    /// <param name="directed">True where an edge and its reverse are two pairs.</param>
    public EdgeSet(EdgeList edges, bool directed)
    {
        ArgumentNullException.ThrowIfNull(edges);
        (Nodes, Directed) = (edges.Nodes, directed);
        var keys = new long[edges.Count];
        for (int e = 0; e < keys.Length; e++) keys[e] = Key(edges.Source[e], edges.Destination[e]);
        Array.Sort(keys);
        first = new long[Nodes + 1];
        neighbours = new int[keys.Length];
        int count = 0;
        for (int p = 0; p < keys.Length; p++)
        {
            if (p > 0 && keys[p] == keys[p - 1]) continue;
            int source = (int)(keys[p] >> 32), target = (int)keys[p];
            if (source == target) Loops++;
            neighbours[count++] = target;
            first[source + 1]++;
        }
        for (long i = 0; i < Nodes; i++) first[i + 1] += first[i];
        Array.Resize(ref neighbours, count);
    }

    /// <summary>Number of nodes, N.</summary>
    public long Nodes { get; }

    /// <summary>True where an edge and its reverse are two pairs.</summary>
    public bool Directed { get; }

    /// <summary>Number of pairs, loops included.</summary>
    public long Count => neighbours.Length;

    /// <summary>Number of nodes with a loop.</summary>
    public long Loops { get; }

    /// <summary>Pairs of two nodes that no edge joins; with loops, also nodes without one.</summary>
    public long Absent(bool loops)
    {
        long others = Directed ? Nodes * (Nodes - 1) : Nodes * (Nodes - 1) / 2;
        return others - (Count - Loops) + (loops ? Nodes - Loops : 0);
    }

    /// <summary>True if there is an edge from <paramref name="source"/> to <paramref name="target"/>, or back where direction does not count.</summary>
    public bool Contains(int source, int target)
    {
        if (!Directed && source > target) (source, target) = (target, source);
        return neighbours.AsSpan((int)first[source], (int)(first[source + 1] - first[source])).BinarySearch(target) >= 0;
    }

    /// <summary>Every pair once, but for loops: in ascending order of source, then target; the smaller node first where direction does not count.</summary>
    public LinkPairs Pairs()
    {
        var (source, target) = (new int[Count - Loops], new int[Count - Loops]);
        int p = 0;
        for (int i = 0; i < Nodes; i++)
            for (long q = first[i]; q < first[i + 1]; q++)
                if (neighbours[q] != i) (source[p], target[p++]) = (i, neighbours[q]);
        return new LinkPairs(source, target);
    }

    /// <summary>One number for a pair, the same for its reverse where direction does not count.</summary>
    public long Key(int source, int target)
    {
        if (!Directed && source > target) (source, target) = (target, source);
        return (long)source << 32 | (uint)target;
    }
}
