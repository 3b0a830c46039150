namespace Weft.Distributed.Partitioning;

/// <summary>
/// Linear deterministic greedy streaming: nodes come one after another, and each goes where most of its neighbours are, less the
/// more that part is filled: most |N(v) ∩ S_p| · (1 − |S_p| / C) wins, then the smaller part, then the lower number. The first pass
/// has the nodes breadth first, so that few come before all of their neighbours; later passes see where the pass before put the rest.
/// Each pass reads the edges once; no package is needed.
/// </summary>
/// <remarks>
/// I. Stanton, G. Kliot, "Streaming graph partitioning for large distributed graphs", KDD 2012; passes: J. Nishimura, J. Ugander,
/// "Restreaming graph partitioning", KDD 2013. Directions do not count.
/// </remarks>
internal sealed class GreedyPartitioner : IPartitioner
{
    /// <summary>Passes over the nodes.</summary>
    public int Passes { get; init; } = 10;

    /// <summary>How far a part may exceed its even share.</summary>
    public double Slack { get; init; } = 0.05;

    /// <summary>The most nodes in a part, C = ⌈(1 + Slack)·N/P⌉.</summary>
    public long Capacity(long nodes, int parts) => (long)Math.Ceiling((1 + Slack) * nodes / parts);

    /// <inheritdoc/>
    public int[] Parts(GraphStructure graph, int parts)
    {
        int nodes = checked((int)graph.Nodes);
        var (pointers, index) = graph.Neighbours;
        long capacity = Capacity(nodes, parts);
        var part = new int[nodes];
        Array.Fill(part, -1);
        int[] stream = BreadthFirst(pointers, index);
        var (size, neighbours) = (new long[parts], new long[parts]);
        for (int pass = 0; pass < Passes; pass++)
        {
            Array.Clear(size);
            foreach (int i in stream)
            {
                for (long q = pointers[i]; q < pointers[i + 1]; q++)
                    if (part[index[q]] is >= 0 and int near) neighbours[near]++;
                part[i] = Best(neighbours, size, capacity);
                size[part[i]]++;
                Array.Clear(neighbours);
            }
        }
        return part;
    }

    // In whole numbers, |N| · (C − |S|), so that no rounding decides. Capacities add up to at least N: some part always has room.
    private static int Best(long[] neighbours, long[] size, long capacity)
    {
        int best = -1;
        Int128 most = -1;
        for (int p = 0; p < size.Length; p++)
        {
            if (size[p] >= capacity) continue;
            var score = (Int128)neighbours[p] * (capacity - size[p]);
            if (score > most || score == most && size[p] < size[best]) (best, most) = (p, score);
        }
        return best;
    }

    // Each component from its rim: from the node that a search from anywhere reaches last.
    private static int[] BreadthFirst(long[] pointers, int[] index)
    {
        var (order, seen) = (new int[pointers.Length - 1], new bool[pointers.Length - 1]);
        int done = 0;
        for (int root = 0; root < order.Length; root++)
        {
            if (seen[root]) continue;
            int end = Search(root), rim = order[end - 1];
            for (int p = done; p < end; p++) seen[order[p]] = false;
            done = Search(rim);
        }
        return order;

        int Search(int start)
        {
            int end = done;
            (order[end++], seen[start]) = (start, true);
            for (int p = done; p < end; p++)
                for (long q = pointers[order[p]]; q < pointers[order[p] + 1]; q++)
                {
                    if (seen[index[q]]) continue;
                    seen[index[q]] = true;
                    order[end++] = index[q];
                }
            return end;
        }
    }
}
