using System.Numerics;
using Weft.Sampling;

namespace Weft.Datasets;

/// <summary>
/// In-edges read from mapped files. A loop that is given to a node comes after the node's other in-edges, as it does in memory;
/// which nodes have one is a bit each, with a running count for every 64, and for every 256 positions the node that is there.
/// </summary>
internal sealed class MappedEdges : IAdjacency, IDisposable
{
    private const int Word = 64, WordsAtOnce = 64, Stride = 256;
    private readonly MappedArray pointers, col;
    private readonly MappedArray? weights;
    private readonly ulong[]? looped;
    private readonly int[]? loopsBefore, nodeAt;

    /// <summary>The edges of a folder that is open.</summary>
    /// <exception cref="DataFormatException">Row pointers fall or leave col; with loops also: an id is no node.</exception>
    public MappedEdges(PartitionFolder folder, bool selfLoops)
    {
        Nodes = (int)folder.Nodes;
        Given = folder.Edges;
        var (rows, ids, values) = (Integers(folder, "row_ptr"), Integers(folder, "col"), folder.Find("edge_weight"));
        if (values is not null && values.Header.Type is not (NpyType.F32 or NpyType.F64)) throw values.Error($"entries of type {NpyTypes.Descr(values.Header.Type)}", "floating-point numbers (<f4 or <f8)");
        try
        {
            // Small beside the features and soon wanted everywhere: reading ahead brings all of them in before long.
            pointers = rows.Map(atRandom: false);
            col = ids.Map(atRandom: false);
            weights = values?.Map(atRandom: false);
            CheckPointers();
            if (selfLoops) (looped, loopsBefore) = FindLoops();
            if (selfLoops) nodeAt = FindNodes();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Nodes { get; }

    public long Edges => Given + (loopsBefore is null ? 0 : loopsBefore[^1]);

    public bool IsWeighted => weights is not null;

    // Edges of the file.
    private long Given { get; }

    public long First(int node) => Pointer(node) + LoopsBefore(node);

    public int Degree(int node) => checked((int)(Pointer(node + 1) - Pointer(node))) + (HasLoop(node) ? 1 : 0);

    public void Sources(int node, Span<int> into)
    {
        long first = Pointer(node), last = Pointer(node + 1);
        for (long q = first; q < last; q++) into[(int)(q - first)] = Stored(q);
        if (HasLoop(node)) into[(int)(last - first)] = node;
    }

    public int Source(long position)
    {
        var (q, node) = Find(position);
        return node < 0 ? Stored(q) : node;
    }

    public int EdgeId(long position)
    {
        var (q, node) = Find(position);
        return checked((int)(node < 0 ? q : Given + node));
    }

    public Real Weight(long position)
    {
        if (weights is null) return 1;
        var (q, node) = Find(position);
        return node < 0 ? StoredWeight(q) : 1;
    }

    public double WeightedDegree(int node)
    {
        if (weights is null) return Degree(node);
        double sum = 0;
        for (long q = Pointer(node), last = Pointer(node + 1); q < last; q++) sum += StoredWeight(q);
        return HasLoop(node) ? sum + 1 : sum;
    }

    public void CheckLengths()
    {
        pointers.CheckLength();
        col.CheckLength();
        weights?.CheckLength();
    }

    public void Dispose()
    {
        pointers?.Dispose();
        col?.Dispose();
        weights?.Dispose();
    }

    private static NpySlices Integers(PartitionFolder folder, string name)
    {
        var array = folder.Find(name)!.WithShape(-1);
        return array.Header.Type is NpyType.I32 or NpyType.I64 ? array : throw array.Error($"entries of type {NpyTypes.Descr(array.Header.Type)}", "integers (<i8 or <i4)");
    }

    private long Pointer(int node) => pointers.Integer(node);

    private int Stored(long q)
    {
        long source = col.Integer(q);
        return (ulong)source < (ulong)Nodes ? (int)source : throw col.Error($"id {source}", $"a node, 0 … {Nodes - 1}", q);
    }

    private Real StoredWeight(long q)
    {
        var weight = (Real)weights!.Number(q);
        return Real.IsFinite(weight) ? weight : throw weights.Error($"value {weight}", "a finite number", q);
    }

    private bool HasLoop(int node) => looped is not null && (looped[node / Word] >> (node % Word) & 1) != 0;

    private int LoopsBefore(int node) => looped is null || node == Nodes ? loopsBefore?[^1] ?? 0
        : loopsBefore![node / Word] + BitOperations.PopCount(looped[node / Word] & ((1UL << (node % Word)) - 1));

    // The edge of the file at a position, or the node whose loop is there; −1 for the other.
    private (long Stored, int LoopOf) Find(long position)
    {
        if ((ulong)position >= (ulong)Edges) throw new ArgumentOutOfRangeException(nameof(position), position, $"there are {Edges} edges");
        if (looped is null) return (position, -1);
        // The last node whose first in-edge is not beyond the position; nodes without in-edges begin where the next one does.
        int low = nodeAt![position / Stride], high = nodeAt[position / Stride + 1];
        while (low < high)
        {
            int middle = low + (high - low + 1) / 2;
            if (First(middle) <= position) low = middle;
            else high = middle - 1;
        }
        long q = position - LoopsBefore(low);
        return q == Pointer(low + 1) && HasLoop(low) ? (-1, low) : (q, -1);
    }

    private void CheckPointers()
    {
        long before = 0;
        for (int i = 0; i <= Nodes; i++)
        {
            long pointer = pointers.Integer(i);
            if (pointer < before || i == 0 && pointer != 0) throw pointers.Error($"{pointer}", i == 0 ? "0 at the start" : $"no less than {before}, the one before", i);
            before = pointer;
        }
        if (before != Given) throw pointers.Error($"{before}", $"{Given} at the end, the number of entries of col", Nodes);
    }

    // A pass over all sources, on every thread: which nodes lack a loop.
    private (ulong[] Looped, int[] Before) FindLoops()
    {
        int words = (Nodes + Word - 1) / Word;
        var bits = new ulong[words];
        DataFormatException? wrong = null;
        Parallel.For(0, (words + WordsAtOnce - 1) / WordsAtOnce, (piece, state) =>
        {
            try
            {
                int last = Math.Min(Nodes, (piece + 1) * WordsAtOnce * Word);
                for (int i = piece * WordsAtOnce * Word; i < last; i++)
                    if (!HasOwnLoop(i)) bits[i / Word] |= 1UL << (i % Word);
            }
            catch (DataFormatException problem)
            {
                Interlocked.CompareExchange(ref wrong, problem, null);
                state.Stop();
            }
        });
        if (wrong is not null) throw wrong;
        var before = new int[words + 1];
        for (int w = 0; w < words; w++) before[w + 1] = before[w] + BitOperations.PopCount(bits[w]);
        return (bits, before);
    }

    // The last node whose first in-edge is not beyond each 256th position.
    private int[] FindNodes()
    {
        var nodes = new int[Edges / Stride + 2];
        for (int node = 0, p = 0; p < nodes.Length; p++)
        {
            while (node + 1 < Nodes && First(node + 1) <= (long)p * Stride) node++;
            nodes[p] = node;
        }
        return nodes;
    }

    private bool HasOwnLoop(int node)
    {
        bool found = false;
        for (long q = Pointer(node), last = Pointer(node + 1); q < last; q++) found |= Stored(q) == node;
        return found;
    }
}
