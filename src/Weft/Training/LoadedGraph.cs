using Weft.Distributed;
using Weft.Distributed.Planning;
using Weft.Distributed.Words;
using Weft.Graphs;

namespace Weft.Training;

/// <summary>What a graph that is there tells a planner beyond its sizes: the edges of each block, and the rows of a halo. Nodes lie in the order of the list.</summary>
internal sealed class LoadedGraph(EdgeList edges, bool addsLoops)
{
    // Marks of the rows and columns of every block, one byte each.
    private const long MostMarks = 1L << 28;

    /// <summary>The request with everything counted that can be.</summary>
    public PlanRequest Counted(PlanRequest request) => request with { FullestBlock = FullestBlock, Halo = Halo };

    /// <summary>Edges of the block that has most.</summary>
    public long FullestBlock(ProcessGrid grid)
    {
        var parts = NodeParts.Balanced(grid, edges.Nodes);
        var blocks = new long[grid.Rows * grid.Columns];
        var (row, column) = (new int[edges.Nodes], new int[edges.Nodes]);
        for (int i = 0; i < grid.Rows; i++)
            for (int j = 0; j < grid.Columns; j++)
            {
                var (first, count) = grid.Piece(parts, i, j);
                row.AsSpan((int)first, (int)count).Fill(i);
                column.AsSpan((int)first, (int)count).Fill(j);
            }
        for (int e = 0; e < edges.Count; e++) blocks[row[edges.Destination[e]] * grid.Columns + column[edges.Source[e]]]++;
        return blocks.Max();
    }

    /// <summary>The rows that each process exchanges in halos; null where counting them would take too much memory.</summary>
    public HaloCounts[]? Halo(ProcessGrid grid) => 2L * grid.Rows * grid.Columns * edges.Nodes > MostMarks ? null
        : HaloCounts.OfAll(grid, NodeParts.Balanced(grid, edges.Nodes), edges.Source, edges.Destination, addsLoops);
}
