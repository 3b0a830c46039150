using Weft.Graphs;

namespace Weft.Distributed.Partitioning;

/// <summary>
/// Which nodes a graph's edges join, for cutting it into parts: no weights, no features. What a partitioner does not ask for is
/// never built.
/// </summary>
internal sealed class GraphStructure
{
    private readonly Lazy<EdgeView> inEdges;
    private readonly Lazy<(long[] Pointers, int[] Index)> neighbours;

    private GraphStructure(long nodes, Func<EdgeView> group)
    {
        Nodes = nodes;
        inEdges = new(group);
        neighbours = new(Symmetric);
    }

    /// <summary>Edge e runs from <paramref name="source"/>[e] to <paramref name="destination"/>[e]; the arrays are kept.</summary>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="source">Source of each edge, [E].</param>
    /// <param name="destination">Destination of each edge, [E].</param>
    /// <exception cref="ArgumentException">The arrays differ in length.</exception>
    public GraphStructure(long nodes, int[] source, int[] destination)
        : this(nodes, () => EdgeView.Group(destination, source, nodes, nodes, out _))
    {
        if (source.Length != destination.Length)
            throw new ArgumentException($"{source.Length} sources and {destination.Length} destinations: every edge needs one of each");
    }

    /// <summary>Compressed rows: the sources of the edges into node i are index[pointers[i]] … index[pointers[i + 1] − 1]; the arrays are kept.</summary>
    /// <param name="pointers">[N + 1]</param>
    /// <param name="index">[E]</param>
    public GraphStructure(long[] pointers, int[] index)
        : this(pointers.LongLength - 1, () => new EdgeView(pointers, index, null, pointers.LongLength - 1))
    {
    }

    /// <summary>Number of nodes, N.</summary>
    public long Nodes { get; }

    /// <summary>Sources of the edges into each node, a parallel edge as often as it is there.</summary>
    public EdgeView InEdges => inEdges.Value;

    /// <summary>Directions, loops and repetitions left out: each node's neighbours in ascending order.</summary>
    public (long[] Pointers, int[] Index) Neighbours => neighbours.Value;

    /// <summary>Number of edges into node i.</summary>
    public long InDegree(long i) => InEdges.Pointers[i + 1] - InEdges.Pointers[i];

    private (long[] Pointers, int[] Index) Symmetric()
    {
        var view = InEdges;
        var pointers = new long[Nodes + 1];
        for (int i = 0; i < Nodes; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++)
            {
                if (view.Index[q] == i) continue;
                pointers[i + 1]++;
                pointers[view.Index[q] + 1]++;
            }
        for (long i = 0; i < Nodes; i++) pointers[i + 1] += pointers[i];
        if (pointers[Nodes] > Array.MaxLength)
            throw new ArgumentException($"{pointers[Nodes]} ends of edges are more than one process can cut into parts ({Array.MaxLength}): use block or random parts");
        var next = pointers.AsSpan(0, (int)Nodes).ToArray();
        var index = GC.AllocateUninitializedArray<int>((int)pointers[Nodes]);
        for (int i = 0; i < Nodes; i++)
            for (long q = view.Pointers[i]; q < view.Pointers[i + 1]; q++)
            {
                int j = view.Index[q];
                if (j == i) continue;
                index[next[i]++] = j;
                index[next[j]++] = i;
            }
        return Distinct(pointers, index);
    }

    private (long[] Pointers, int[] Index) Distinct(long[] pointers, int[] index)
    {
        long end = 0, from = 0;
        for (long i = 0; i < Nodes; i++)
        {
            var row = index.AsSpan((int)from, (int)(pointers[i + 1] - from));
            from = pointers[i + 1];
            row.Sort();
            int last = -1;
            foreach (int j in row)
            {
                if (j == last) continue;
                index[end++] = last = j;
            }
            pointers[i + 1] = end;
        }
        return (pointers, end == index.LongLength ? index : index.AsSpan(0, (int)end).ToArray());
    }
}
