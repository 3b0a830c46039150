using Weft.Communication;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed;

/// <summary>
/// Collects one process's edges and makes its part of the graph of them. Edges come in the order of the edge list, by the places of
/// their ends; those that belong to other blocks may come too, or be left out. Nobody ever holds the whole list.
/// </summary>
internal sealed class BlockBuilder
{
    private readonly ProcessGrid grid;
    private readonly NodeParts parts;
    private readonly int rank;
    private readonly long firstRow, rows, columns;
    // The block's columns are the j-th column pieces of all row pieces, one after another.
    private readonly long[] rowPiece, pieceStart, pieceEnd, firstColumn;
    private readonly EdgeBuffer edges;
    private readonly EdgeBuffer? leaving;
    private readonly long[] pointers;
    private readonly bool weighted;

    /// <param name="grid">The grid.</param>
    /// <param name="parts">Who owns which places.</param>
    /// <param name="rank">The process.</param>
    /// <param name="weighted">True if edges have weights; else every weight is 1.</param>
    /// <param name="outgoing">True to keep the edges that leave the process's nodes too, as a reproducible run needs them.</param>
    /// <exception cref="ArgumentException">The parts are not those of the grid's processes, or their nodes are too many for one process's rows.</exception>
    public BlockBuilder(ProcessGrid grid, NodeParts parts, int rank, bool weighted, bool outgoing = false)
    {
        if (parts.Count != grid.Size) throw new ArgumentException($"{parts.Count} parts for a grid of {grid}, which has {grid.Size} processes", nameof(parts));
        if (parts.Nodes > int.MaxValue) throw new ArgumentException($"{parts.Nodes} nodes: at most {int.MaxValue} are possible", nameof(parts));
        (this.grid, this.parts, this.rank, this.weighted) = (grid, parts, rank, weighted);
        var (i, j, _) = grid.PlaceOf(rank);
        (rowPiece, pieceStart, pieceEnd, firstColumn) = (new long[grid.Rows], new long[grid.Rows], new long[grid.Rows], new long[grid.Rows]);
        for (int r = 0; r < grid.Rows; r++)
        {
            rowPiece[r] = grid.RowPiece(parts, r).First;
            var (first, count) = grid.Piece(parts, r, j);
            (pieceStart[r], pieceEnd[r], firstColumn[r]) = (first, first + count, columns);
            columns += count;
        }
        (firstRow, rows) = grid.RowPiece(parts, i);
        edges = new EdgeBuffer(weighted);
        leaving = outgoing ? new EdgeBuffer(weighted) : null;
        pointers = new long[rows + 1];
    }

    /// <summary>Edges of the block so far.</summary>
    public long Edges => edges.Count;

    /// <summary>Bytes that the builder holds.</summary>
    public long Bytes => edges.Bytes + (leaving?.Bytes ?? 0) + pointers.LongLength * sizeof(long);

    /// <summary>Keeps edge number <paramref name="id"/> if it belongs to the block.</summary>
    /// <param name="id">Its number in the edge list, by which random numbers know it.</param>
    /// <param name="source">Place of its source.</param>
    /// <param name="destination">Place of its destination.</param>
    /// <param name="weight">Its weight; ignored where edges have none.</param>
    public void Add(int id, int source, int destination, Real weight = 1)
    {
        long row = destination - firstRow, from = source - firstRow;
        if (leaving is not null && (ulong)from < (ulong)rows) leaving.Add((int)from, destination, id, weight);
        if ((ulong)row >= (ulong)rows) return;
        int at = ColumnOf(source);
        if (at < 0) return;
        pointers[row + 1]++;
        edges.Add((int)row, at, id, weight);
    }

    /// <summary>This process's part of the graph. A collective call; the builder is empty afterwards.</summary>
    /// <param name="world">All processes of the grid.</param>
    /// <param name="totalEdges">Edges of the whole graph; the loop that a GCN adds at node i is edge totalEdges + i.</param>
    /// <param name="nodeIds">Number of the node at each place that this process owns; kept.</param>
    /// <param name="options">How the processes work together.</param>
    /// <returns>A graph on which any layer computes this process's rows of what it computes on the whole graph.</returns>
    /// <exception cref="ArgumentException">The grid does not fit the processes, or the numbers do not fit the part.</exception>
    public Graph Build(ICommunicator world, long totalEdges, int[] nodeIds, DistributionOptions options)
    {
        if (world.Size != grid.Size)
            throw new ArgumentException($"a grid of {grid} needs {grid.Size} processes, and there are {world.Size}: start {grid.Size}, or choose another grid");
        if (nodeIds.Length != parts.Of(rank).Count) throw new ArgumentException($"{nodeIds.Length} node numbers for the {parts.Of(rank).Count} places of process {rank}", nameof(nodeIds));
        var (i, j, k) = grid.PlaceOf(rank);
        int channels = grid.Channels;
        int[] rowMembers = [.. Enumerable.Range(0, grid.Columns * channels).Select(q => grid.RankOf(i, q / channels, q % channels))];
        int[] columnMembers = [.. Enumerable.Range(0, grid.Rows * channels).Select(q => grid.RankOf(q / channels, j, q % channels))];
        var rowGroup = world.Split(i, j * channels + k);
        var columnGroup = world.Split(j, i * channels + k);
        var rowPeers = world.Split(i * channels + k, j);
        var diagonal = Diagonal(world, nodeIds);

        if (options.Reproducible) CheckReproducible();
        var view = Group(out int[] edgeIds, out Matrix weights);
        var outgoing = options.Reproducible ? GroupLeaving() : null;
        SharedRows Shared(ICommunicator group, int[] members, long all, Action<bool[]> mark)
        {
            long[] owned = Array.ConvertAll(members, r => parts.Of(r).Count);
            int[] channelOf = Array.ConvertAll(members, r => grid.PlaceOf(r).Channel);
            if (options.Exchange == ExchangeKind.Dense || group.Size == 1) return SharedRows.Whole(group, owned, channelOf);
            var used = new bool[all];
            mark(used);
            return SharedRows.Only(group, owned, channelOf, used);
        }
        var place = new Placement
        {
            World = world,
            RowPeers = rowPeers,
            Rows = Shared(rowGroup, rowMembers, rows, used =>
            {
                for (long row = 0; row < rows; row++) used[row] = view.Pointers[row + 1] > view.Pointers[row];
            }),
            Columns = Shared(columnGroup, columnMembers, columns, used =>
            {
                foreach (int column in view.Index) used[column] = true;
            }),
            Outgoing = outgoing is null ? null : Shared(columnGroup, columnMembers, columns, used =>
            {
                foreach (int column in outgoing.View.Index) used[column] = true;
            }),
            Tree = options.Reproducible ? new NodeTree(world, parts.Offsets) : null,
            Channels = channels,
            Channel = k,
            Kind = options.Exchange,
            Overlap = options.Overlap,
        };
        if (outgoing is not null) outgoing = new OutgoingEdges(RenumberColumns(outgoing.View, place.Outgoing!), outgoing.EdgeIds, outgoing.Weights);
        return new Graph(Renumber(view, place), edgeIds, weights, place, new GraphIdentity(nodeIds, nodeIds.Length, totalEdges, diagonal), outgoing);
    }

    /// <summary>The edges by destination, with their numbers and weights in that order; edges into a node keep the order in which they came.</summary>
    private EdgeView Group(out int[] edgeIds, out Matrix weights)
    {
        for (long row = 0; row < rows; row++) pointers[row + 1] += pointers[row];
        var next = pointers.AsSpan(0, checked((int)rows)).ToArray();
        var index = GC.AllocateUninitializedArray<int>(checked((int)edges.Count), pinned: true);
        edgeIds = GC.AllocateUninitializedArray<int>(index.Length, pinned: true);
        weights = weighted ? Matrix.Allocate(index.Length, 1) : default;
        for (int number = 0; number < edges.Pieces; number++)
        {
            var (piece, count) = edges.Read(number);
            for (int e = 0; e < count; e++)
            {
                long at = next[piece.Row[e]]++;
                (index[at], edgeIds[at]) = (piece.Column[e], piece.Id[e]);
                if (weighted) weights[at, 0] = piece.Weight[e];
            }
            edges.Release(number);
        }
        return new EdgeView(pointers, index, null, columns, byLeaf: leaving is not null);
    }

    /// <summary>The edges that leave this process's nodes, by source; those of a source in the order of their destinations, as in the transpose of a whole graph.</summary>
    private OutgoingEdges GroupLeaving()
    {
        var (row, column, id, weight) = leaving!.ToArrays();
        // A stable sort by destination, then one by source.
        EdgeView.Group(column, row, columns, rows, out int[] byDestination);
        var view = EdgeView.Group(Array.ConvertAll(byDestination, e => row[e]), Array.ConvertAll(byDestination, e => column[e]), rows, columns, out int[] order);
        int[] from = Array.ConvertAll(order, q => byDestination[q]);
        return new OutgoingEdges(new EdgeView(view.Pointers, view.Index, null, columns, byLeaf: true), PinnedCopy(from, id), weighted ? Graph.InOrder(weight, from) : default);
    }

    private static int[] PinnedCopy(int[] order, int[] values)
    {
        int[] copy = GC.AllocateUninitializedArray<int>(order.Length, pinned: true);
        for (int e = 0; e < copy.Length; e++) copy[e] = values[order[e]];
        return copy;
    }

    private void CheckReproducible()
    {
        if (leaving is null) throw new InvalidOperationException("a reproducible run needs the edges that leave the process's nodes: build the block with outgoing");
        var expected = NodeParts.AtLeaves(grid, parts.Nodes);
        for (int r = 0; r < grid.Size; r++)
            if (parts.Offsets[r] % Kernels.RowVector.RowsPerLeaf != 0)
                throw new ArgumentException($"a reproducible run gives every process whole runs of {Kernels.RowVector.RowsPerLeaf} nodes, and process {r} begins at place {parts.Offsets[r]}: cut at {string.Join(", ", expected.Offsets.ToArray())}");
    }

    /// <summary>The edges with rows and columns numbered among those that the block needs. Index is written over.</summary>
    private static EdgeView Renumber(EdgeView view, Placement place)
    {
        var kept = view.Pointers;
        if (place.Rows.NeededAt is { } at)
        {
            kept = new long[at.Length + 1];
            for (int p = 0; p < at.Length; p++) kept[p + 1] = view.Pointers[at[p] + 1];
        }
        return RenumberColumns(new EdgeView(kept, view.Index, null, view.Columns, view.ByLeaf), place.Columns);
    }

    private static EdgeView RenumberColumns(EdgeView view, SharedRows rows)
    {
        if (rows.Numbers() is not { } numbers) return view;
        for (int e = 0; e < view.Index.Length; e++) view.Index[e] = numbers[view.Index[e]];
        return new EdgeView(view.Pointers, view.Index, null, rows.Count, view.ByLeaf);
    }

    /// <summary>Nodes that are a row and a column of the block: column piece j of row piece i, which its channels own together.</summary>
    private (int Row, int Column, int Node)[] Diagonal(ICommunicator world, int[] nodeIds)
    {
        var (i, j, k) = grid.PlaceOf(rank);
        var (first, count) = grid.Piece(parts, i, j);
        int[] nodes = nodeIds;
        if (grid.Channels > 1)
        {
            nodes = new int[count];
            int[] counts = [.. Enumerable.Range(0, grid.Channels).Select(c => (int)parts.Of(grid.RankOf(i, j, c)).Count)];
            world.Split(i * grid.Columns + j, k).AllGather<int>(nodeIds, nodes, counts);
        }
        var diagonal = new (int, int, int)[count];
        for (int p = 0; p < diagonal.Length; p++) diagonal[p] = ((int)(first - firstRow) + p, (int)firstColumn[i] + p, nodes[p]);
        return diagonal;
    }

    private int ColumnOf(int place)
    {
        int found = Array.BinarySearch(rowPiece, place), i = found >= 0 ? found : ~found - 1;
        return place < pieceStart[i] || place >= pieceEnd[i] ? -1 : (int)(firstColumn[i] + place - pieceStart[i]);
    }
}
