using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>
/// Different unordered pairs of different nodes, made for tens of millions of them: one table of 64-bit numbers, 12 bytes for
/// each pair that it has room for. A HashSet of such numbers takes the exclusive or of their halves as its hash, which for
/// nodes is a number about as small as the number of nodes: with fifty pairs a node, fifty of them would share a chain.
/// </summary>
internal sealed class PairSet
{
    // A pair's smaller node above its larger one; 0, which is no pair, where a slot is free.
    private readonly ulong[] slots;
    private readonly int nodes;

    /// <param name="nodes">Number of nodes.</param>
    /// <param name="most">Most pairs that will be added.</param>
    public PairSet(int nodes, int most)
    {
        this.nodes = nodes;
        slots = new ulong[most + most / 2 + 1];
    }

    /// <summary>Number of pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Adds pairs, of which those that are here already and those of a node with itself change nothing.</summary>
    /// <param name="ends">The two nodes of each pair, one after the other; many at a time, so that the processor waits for many slots at once.</param>
    public void Add(ReadOnlySpan<int> ends)
    {
        for (int p = 0; p + 1 < ends.Length; p += 2)
            if (ends[p] != ends[p + 1]) Add((ulong)Math.Min(ends[p], ends[p + 1]) << 32 | (uint)Math.Max(ends[p], ends[p + 1]));
    }

    private void Add(ulong pair)
    {
        for (int slot = Home(pair); ; slot = slot + 1 == slots.Length ? 0 : slot + 1)
        {
            if (slots[slot] == pair) return;
            if (slots[slot] != 0) continue;
            slots[slot] = pair;
            Count++;
            return;
        }
    }

    // Every bit of both nodes reaches the upper half of the product, of which the multiplication by the size takes its share.
    private int Home(ulong pair)
    {
        pair *= 0x9E3779B97F4A7C15;
        pair = (pair ^ pair >> 32) * 0xBF58476D1CE4E5B9;
        return (int)Math.BigMul(pair, (ulong)slots.Length, out _);
    }

    /// <summary>Both directions of every pair, sorted by source, then destination: the same list in whatever order the pairs came.</summary>
    public EdgeList ToEdges()
    {
        var end = new int[nodes];
        foreach (ulong pair in slots)
        {
            if (pair == 0) continue;
            end[pair >> 32]++;
            end[(uint)pair]++;
        }
        // From degrees to first places, each of which moves to its row's end while the row is filled.
        for (int i = 0, first = 0; i < nodes; i++) (end[i], first) = (first, first + end[i]);
        var (source, destination) = (new int[2 * Count], new int[2 * Count]);
        foreach (ulong pair in slots)
        {
            if (pair == 0) continue;
            int smaller = (int)(pair >> 32), larger = (int)pair;
            destination[end[smaller]++] = larger;
            destination[end[larger]++] = smaller;
        }
        Parallel.For(0, nodes, i =>
        {
            var row = (i == 0 ? 0 : end[i - 1])..end[i];
            source.AsSpan(row).Fill(i);
            destination.AsSpan(row).Sort();
        });
        return new EdgeList(nodes, source, destination);
    }
}
