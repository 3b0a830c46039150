using Weft.Communication;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// Sums over all nodes whose bits do not depend on the number of processes: the dyadic tree over leaves of 256 rows of the whole
/// graph, cut where the processes' parts meet.
/// </summary>
/// <remarks>
/// A process sums each of its <see cref="Runs"/>, the largest whole subtrees of the tree in its part, with the kernels that sum
/// a run of rows in that very tree. The sums of all runs meet at the owners of segments, who finish the tree, and everyone gets
/// the segments: Σ_{p≠q} k_p·m_q + (m − m_q) words for m entries, k_p being the runs of process p.
/// </remarks>
internal sealed unsafe class NodeTree
{
    private readonly ICommunicator world;
    private readonly int[] runsOf;
    // The tree above the runs: the sum number Into takes in the sum number From, in this order; sum 0 is the whole.
    private readonly (int Into, int From)[] additions;
    private readonly long[] sendCounts, receiveCounts;

    /// <param name="world">All processes.</param>
    /// <param name="offsets">First row of each process, and N at the end: multiples of 256 but the last.</param>
    public NodeTree(ICommunicator world, ReadOnlySpan<long> offsets)
    {
        this.world = world;
        long leaves = Leaves(offsets[^1]);
        var all = new List<(long First, long Last)>();
        runsOf = new int[world.Size];
        Runs = [];
        for (int rank = 0; rank < world.Size; rank++)
        {
            long first = Leaves(offsets[rank]), last = Leaves(offsets[rank + 1]);
            var runs = Subtrees(first, last, leaves);
            runsOf[rank] = runs.Count;
            all.AddRange(runs);
            long start = offsets[rank], end = offsets[rank + 1];
            if (rank == world.Rank)
                Runs = [.. runs.Select(r => (r.First * RowVector.RowsPerLeaf - start, Math.Min(r.Last * RowVector.RowsPerLeaf, end) - r.First * RowVector.RowsPerLeaf))];
        }
        var numbers = new Dictionary<(long, long), int>();
        for (int run = 0; run < all.Count; run++) numbers.Add(all[run], run);
        var order = new List<(int, int)>();
        Add(0, leaves, numbers, order);
        additions = [.. order];
        (sendCounts, receiveCounts) = (new long[world.Size], new long[world.Size]);
    }

    /// <summary>The rows of this process's subtrees: first row among its own, number of rows.</summary>
    public (long First, long Rows)[] Runs { get; }

    /// <summary>Words that process <paramref name="rank"/> receives in the sum of <paramref name="entries"/> entries.</summary>
    public long Words(long entries, int rank)
    {
        var (_, mine) = Placement.Cut(entries, world.Size, rank);
        long runs = 0;
        for (int p = 0; p < world.Size; p++)
            if (p != rank) runs += runsOf[p];
        return runs * mine + entries - mine;
    }

    /// <summary>Words that process <paramref name="rank"/> receives in the sum of one number in double precision.</summary>
    public long WordsOfNumbers(int rank)
    {
        long runs = -runsOf[rank];
        foreach (int count in runsOf) runs += count;
        return typeof(Real) == typeof(double) ? runs : 2 * runs;
    }

    /// <summary>The sums of this process's runs, one after another, [runs · r, c] → the sum over all processes in the first of them.</summary>
    /// <returns>The first r rows, which hold the sum.</returns>
    public Matrix Sum(Matrix parts, Workspace buffers)
    {
        var sum = parts.RowRange(0, parts.Rows / Runs.Length);
        if (world.Size == 1) return sum; // one run, which is the whole tree
        long entries = sum.Count, mine = Placement.Cut(entries, world.Size, world.Rank).Count;
        var send = buffers.Take(2, "runs", 1, parts.Count);
        Real* to = send.Data;
        long all = 0;
        for (int q = 0; q < world.Size; q++)
        {
            var (first, count) = Placement.Cut(entries, world.Size, q);
            for (int run = 0; run < Runs.Length; run++, to += count)
                for (long p = 0; p < count; p++) to[p] = parts.Data[run * entries + first + p];
            sendCounts[q] = Runs.Length * count;
            receiveCounts[q] = runsOf[q] * mine;
            all += runsOf[q];
        }
        var segments = buffers.Take(2, "segments", all, mine);
        world.AllToAll(send, sendCounts, segments, receiveCounts);
        foreach (var (into, from) in additions) RowVector.Add(segments.Data + from * mine, segments.Data + into * mine, mine);
        for (int q = 0; q < world.Size; q++) receiveCounts[q] = Placement.Cut(entries, world.Size, q).Count;
        world.AllGather(segments.RowRange(0, 1), sum, receiveCounts);
        return sum;
    }

    /// <summary>The same for one number a run.</summary>
    public double Sum(ReadOnlySpan<double> parts)
    {
        if (world.Size == 1) return parts[0];
        Span<double> sums = stackalloc double[additions.Length + 1];
        world.AllGather(parts, sums, runsOf);
        foreach (var (into, from) in additions) sums[into] += sums[from];
        return sums[0];
    }

    // Leaves first … last − 1 as the fewest subtrees: each starts at a multiple of its size, and one that reaches the end of the
    // whole tree may be as large as its place there.
    private static List<(long First, long Last)> Subtrees(long first, long last, long leaves)
    {
        var found = new List<(long, long)>();
        while (first < last)
        {
            long size = 1;
            while (first % (2 * size) == 0 && (first + 2 * size <= last || last == leaves && first + size < last)) size *= 2;
            found.Add((first, Math.Min(first + size, last)));
            first += size;
        }
        return found;
    }

    private static int Add(long first, long last, Dictionary<(long, long), int> runs, List<(int, int)> order)
    {
        if (runs.TryGetValue((first, last), out int run)) return run;
        long half = 1;
        while (2 * half < last - first) half *= 2;
        int left = Add(first, first + half, runs, order), right = Add(first + half, last, runs, order);
        order.Add((left, right));
        return left;
    }

    private static long Leaves(long rows) => (rows + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;
}
