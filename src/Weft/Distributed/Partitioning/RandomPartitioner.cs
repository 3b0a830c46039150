using Weft.Graphs;
using Weft.Kernels;

namespace Weft.Distributed.Partitioning;

/// <summary>
/// Runs of a random permutation: parts of equal size, and about equal numbers of edges in every block of a grid, whatever the
/// numbering of the nodes. The permutation sorts one counter-based number per node, so it depends on the seed and the number of
/// nodes alone.
/// </summary>
internal sealed class RandomPartitioner(ulong seed) : IPartitioner
{
    /// <summary>Streams of data number 0 and up belong to generated sets; this one is nobody else's.</summary>
    private const int Stream = 1 << 20;

    /// <inheritdoc/>
    public int[] Parts(GraphStructure graph, int parts)
    {
        int[] order = Permutation(checked((int)graph.Nodes));
        var part = new int[order.Length];
        for (int p = 0; p < order.Length; p++) part[order[p]] = Placement.PieceOf(order.Length, parts, p);
        return part;
    }

    private int[] Permutation(int nodes)
    {
        uint stream = RandomStreams.Data(Stream);
        var keys = new ulong[nodes];
        var order = new int[nodes];
        for (int i = 0; i < nodes; i++)
        {
            var (high, low, _, _) = CounterRandom.Philox(0, stream, (uint)i, 0, (uint)seed, (uint)(seed >> 32));
            // 33 random bits, then the number itself: no two keys are equal, so the order is one.
            (keys[i], order[i]) = (((ulong)high << 32 | low) & ~(ulong)int.MaxValue | (uint)i, i);
        }
        Array.Sort(keys, order);
        return order;
    }
}
