using Weft.Graphs;
using Weft.Memory;

namespace Weft.Distributed;

/// <summary>Collects the edges of block (i, j) of a grid and numbers its rows and columns.</summary>
internal sealed class BlockBuilder
{
    private readonly ProcessGrid grid;
    private readonly long nodes, firstRow, rows, columns;
    private readonly int row, column;
    private readonly long[] firstColumn;
    private readonly List<int> ids = [], rowOf = [], columnOf = [];
    private readonly List<Real> weights = [];

    public BlockBuilder(ProcessGrid grid, long nodes, int row, int column)
    {
        (this.grid, this.nodes, this.row, this.column) = (grid, nodes, row, column);
        (firstRow, rows) = Placement.Cut(nodes, grid.Rows, row);
        firstColumn = new long[grid.Rows];
        for (int i = 0; i < grid.Rows; i++)
        {
            firstColumn[i] = columns;
            columns += grid.Piece(nodes, i, column).Count;
        }
    }

    /// <summary>Keeps edge number <paramref name="id"/> if it belongs to the block.</summary>
    public void Add(int id, int source, int destination, Real weight)
    {
        if (destination < firstRow || destination >= firstRow + rows) return;
        int at = ColumnOf(source);
        if (at < 0) return;
        ids.Add(id);
        rowOf.Add((int)(destination - firstRow));
        columnOf.Add(at);
        weights.Add(weight);
    }

    /// <summary>The edges by destination, with their numbers and weights in that order; edges into a node keep the order of the list.</summary>
    public EdgeView Group(bool unweighted, out int[] edgeIds, out Matrix edgeWeights)
    {
        var view = EdgeView.Group(rowOf.ToArray(), columnOf.ToArray(), rows, columns, out int[] order);
        edgeIds = GC.AllocateUninitializedArray<int>(order.Length, pinned: true);
        edgeWeights = unweighted ? default : Matrix.Allocate(order.Length, 1);
        for (int e = 0; e < order.Length; e++)
        {
            edgeIds[e] = ids[order[e]];
            if (!unweighted) edgeWeights[e, 0] = weights[order[e]];
        }
        return view;
    }

    /// <summary>Nodes that are a row and a column of the block: column piece j of row piece i.</summary>
    public (int Row, int Column, int Node)[] Diagonal()
    {
        var (first, count) = grid.Piece(nodes, row, column);
        return [.. Enumerable.Range((int)first, (int)count).Select(node => ((int)(node - firstRow), ColumnOf(node), node))];
    }

    // The block's columns are the j-th column pieces of all row pieces, one after another.
    private int ColumnOf(int node)
    {
        int i = Placement.PieceOf(nodes, grid.Rows, node);
        var (first, count) = grid.Piece(nodes, i, column);
        return node < first || node >= first + count ? -1 : (int)(firstColumn[i] + node - first);
    }
}
