namespace Weft.Distributed.Partitioning;

/// <summary>
/// The nodes in the order of their parts: what a partitioner's answer means for numbering. Part p owns the places
/// Offsets[p] … Offsets[p + 1] − 1; within a part nodes keep the order of their numbers.
/// </summary>
internal sealed class Partition
{
    private Partition(int[] part, long[] offsets, int[] order) => (Part, Offsets, Order) = (part, offsets, order);

    /// <summary>Part of each node, [N].</summary>
    public int[] Part { get; }

    /// <summary>First place of each part, and N, [P + 1]. Every part has at least one node.</summary>
    public long[] Offsets { get; }

    /// <summary>Number of the node at each place, [N].</summary>
    public int[] Order { get; }

    /// <summary>Number of parts, P.</summary>
    public int Parts => Offsets.Length - 1;

    /// <summary>A graph cut by <paramref name="partitioner"/>.</summary>
    /// <exception cref="ArgumentException">There are fewer nodes than parts.</exception>
    public static Partition Of(GraphStructure graph, int parts, IPartitioner partitioner)
    {
        CheckSize(graph.Nodes, parts);
        return From(partitioner.Parts(graph, parts), parts);
    }

    /// <summary>The numbering of given parts. A part without a node takes the last of the largest part.</summary>
    /// <param name="part">Part of each node, 0 … parts − 1; [N].</param>
    /// <param name="parts">Number of parts, P.</param>
    /// <exception cref="ArgumentException">There are fewer nodes than parts, or a part's number is not one.</exception>
    public static Partition From(int[] part, int parts)
    {
        CheckSize(part.Length, parts);
        for (int i = 0; i < part.Length; i++)
            if ((uint)part[i] >= parts) throw new ArgumentException($"node {i} is in part {part[i]}; parts are 0 … {parts - 1}", nameof(part));
        var size = new long[parts];
        foreach (int p in part) size[p]++;
        if (size.Contains(0)) (part, size) = Filled(part, size);
        var offsets = new long[parts + 1];
        for (int p = 0; p < parts; p++) offsets[p + 1] = offsets[p] + size[p];
        var next = offsets.AsSpan(0, parts).ToArray();
        var order = new int[part.Length];
        for (int i = 0; i < part.Length; i++) order[next[part[i]]++] = i;
        return new Partition(part, offsets, order);
    }

    /// <summary>The place of each node, [N]: the inverse of <see cref="Order"/>.</summary>
    public int[] Places()
    {
        var place = new int[Order.Length];
        for (int p = 0; p < place.Length; p++) place[Order[p]] = p;
        return place;
    }

    private static (int[] Part, long[] Size) Filled(int[] part, long[] size)
    {
        part = [.. part];
        for (int empty = Array.IndexOf(size, 0L); empty >= 0; empty = Array.IndexOf(size, 0L))
        {
            int largest = Array.IndexOf(size, size.Max());
            part[Array.LastIndexOf(part, largest)] = empty;
            size[largest]--;
            size[empty]++;
        }
        return (part, size);
    }

    private static void CheckSize(long nodes, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        if (nodes < parts) throw new ArgumentException($"{nodes} nodes do not make {parts} parts of at least one node: use {nodes} parts or fewer");
    }
}
