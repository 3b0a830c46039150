using Weft.Graphs;
using Weft.Kernels;

namespace Weft.Distributed;

/// <summary>
/// Which nodes each process of a grid owns: process r owns the places <see cref="Offsets"/>[r] … <see cref="Offsets"/>[r + 1] − 1.
/// Nodes that a partitioner has put in another order are called by their places here.
/// </summary>
/// <remarks>
/// The ranks of a grid are nested, rank = (i·Columns + j)·Channels + k, so the row pieces of the matrix, and the column pieces
/// of each of them, are runs of places too: all follow from the one array.
/// </remarks>
internal sealed class NodeParts
{
    private readonly long[] offsets;

    /// <summary>Parts of any sizes.</summary>
    /// <param name="offsets">First place of each process, from 0 on, and N at the end; [P + 1].</param>
    /// <exception cref="ArgumentException">The offsets do not start at 0, or a process would own nothing.</exception>
    public NodeParts(long[] offsets)
    {
        if (offsets.Length < 2 || offsets[0] != 0)
            throw new ArgumentException($"offsets of parts start at 0 and end at the number of nodes; {offsets.Length} were given{(offsets.Length == 0 ? "" : $", the first is {offsets[0]}")}", nameof(offsets));
        for (int rank = 0; rank + 1 < offsets.Length; rank++)
            if (offsets[rank + 1] <= offsets[rank])
                throw new ArgumentException($"process {rank} would own places {offsets[rank]} … {offsets[rank + 1] - 1}: every process owns at least one node; use fewer processes or another partition", nameof(offsets));
        this.offsets = offsets;
    }

    /// <summary>First place of each process, and N at the end; [P + 1].</summary>
    public ReadOnlySpan<long> Offsets => offsets;

    /// <summary>Number of processes, P.</summary>
    public int Count => offsets.Length - 1;

    /// <summary>Number of nodes, N.</summary>
    public long Nodes => offsets[^1];

    /// <summary>The places that a process owns.</summary>
    public (long First, long Count) Of(int rank) => (offsets[rank], offsets[rank + 1] - offsets[rank]);

    /// <summary>The process that owns a place.</summary>
    public int RankOf(long place)
    {
        int found = Array.BinarySearch(offsets, place);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Parts of equal size, the remainder to the first pieces at every level of the grid.</summary>
    /// <exception cref="ArgumentException">There are fewer nodes than processes.</exception>
    public static NodeParts Balanced(ProcessGrid grid, long nodes)
    {
        var offsets = new long[grid.Size + 1];
        for (int rank = 0; rank < grid.Size; rank++) offsets[rank] = grid.Owned(nodes, rank).First;
        offsets[^1] = nodes;
        return new NodeParts(offsets);
    }

    /// <summary>Parts as the options ask for: balanced, or, for reproducible bits, of whole leaves of 256 nodes.</summary>
    /// <exception cref="ArgumentException">There are too few nodes, or the grid cannot give reproducible bits.</exception>
    public static NodeParts For(ProcessGrid grid, long nodes, DistributionOptions options) => options.Reproducible ? AtLeaves(grid, nodes) : Balanced(grid, nodes);

    /// <summary>Parts that begin at multiples of 256 nodes, the leaves of every sum over nodes; as even as that allows.</summary>
    /// <exception cref="ArgumentException">The grid cuts more than the rows, or there are fewer leaves than processes.</exception>
    public static NodeParts AtLeaves(ProcessGrid grid, long nodes)
    {
        if (grid.Columns != 1 || grid.Channels != 1)
            throw new ArgumentException($"a reproducible run cuts the rows of A alone, and the grid is {grid}: use {grid.Size} × 1 × 1");
        long leaves = (nodes + RowVector.RowsPerLeaf - 1) / RowVector.RowsPerLeaf;
        if (leaves < grid.Size)
            throw new ArgumentException($"a reproducible run gives every process whole runs of {RowVector.RowsPerLeaf} nodes: {nodes} nodes are enough for {leaves} {(leaves == 1 ? "process" : "processes")}, not for {grid.Size}");
        var offsets = new long[grid.Size + 1];
        for (int rank = 0; rank < grid.Size; rank++) offsets[rank] = Placement.Cut(leaves, grid.Size, rank).First * RowVector.RowsPerLeaf;
        offsets[^1] = nodes;
        return new NodeParts(offsets);
    }

    /// <summary>Parts of the given sizes.</summary>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public static NodeParts OfSizes(ReadOnlySpan<long> sizes)
    {
        var offsets = new long[sizes.Length + 1];
        for (int rank = 0; rank < sizes.Length; rank++) offsets[rank + 1] = offsets[rank] + sizes[rank];
        return new NodeParts(offsets);
    }
}
