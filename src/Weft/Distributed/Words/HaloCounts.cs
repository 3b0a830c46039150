using Weft.Graphs;

namespace Weft.Distributed.Words;

/// <summary>
/// How many rows one process exchanges with each member of its row group and of its column group. Member c·Channels + k of a row
/// group is process (i, c, k), of a column group process (c, j, k); the entry of the process itself is counted nowhere.
/// </summary>
/// <param name="DestinationsNeeded">Rows of each member of the row group that this block's destinations are.</param>
/// <param name="DestinationsSent">Rows of this process that are destinations of each member's block.</param>
/// <param name="SourcesNeeded">Rows of each member of the column group that this block's sources are.</param>
/// <param name="SourcesSent">Rows of this process that are sources of each member's block.</param>
internal sealed record HaloCounts(long[] DestinationsNeeded, long[] DestinationsSent, long[] SourcesNeeded, long[] SourcesSent)
{
    /// <summary>Everyone needs everything: the counts of a dense exchange, from sizes alone.</summary>
    public static HaloCounts Dense(ProcessGrid grid, NodeParts parts, int rank)
    {
        var (i, j, _) = grid.PlaceOf(rank);
        long mine = parts.Of(rank).Count;
        var row = new long[grid.Columns * grid.Channels];
        for (int q = 0; q < row.Length; q++) row[q] = parts.Of(grid.RankOf(i, q / grid.Channels, q % grid.Channels)).Count;
        var column = new long[grid.Rows * grid.Channels];
        for (int q = 0; q < column.Length; q++) column[q] = parts.Of(grid.RankOf(q / grid.Channels, j, q % grid.Channels)).Count;
        static long[] All(int members, long rows)
        {
            var all = new long[members];
            Array.Fill(all, rows);
            return all;
        }
        return new HaloCounts(row, All(row.Length, mine), column, All(column.Length, mine));
    }

    /// <summary>The counts of this process for its part of a graph, dense or halo; for a GCN that adds loops, of <c>graph.Normalized(true)</c>.</summary>
    public static HaloCounts Of(Graph graph) =>
        new(graph.Place.Rows.Needed, graph.Place.Rows.Sent, graph.Place.Columns.Needed, graph.Place.Columns.Sent);

    /// <summary>The counts of every process for a graph whose edges are at hand, by places.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="parts">Who owns which places.</param>
    /// <param name="source">Source of each edge.</param>
    /// <param name="destination">Destination of each edge.</param>
    /// <param name="addLoops">True for the edges and a loop at every node, as a GCN aggregates them.</param>
    public static HaloCounts[] OfAll(ProcessGrid grid, NodeParts parts, ReadOnlySpan<int> source, ReadOnlySpan<int> destination, bool addLoops)
    {
        int blocks = grid.Rows * grid.Columns;
        var isRow = new bool[blocks][];
        var isColumn = new bool[blocks][];
        for (int b = 0; b < blocks; b++) (isRow[b], isColumn[b]) = (new bool[parts.Nodes], new bool[parts.Nodes]);
        void Mark(int from, int to)
        {
            int block = grid.PlaceOf(parts.RankOf(to)).Row * grid.Columns + grid.PlaceOf(parts.RankOf(from)).Column;
            isRow[block][to] = isColumn[block][from] = true;
        }
        for (int e = 0; e < source.Length; e++) Mark(source[e], destination[e]);
        for (int i = 0; addLoops && i < parts.Nodes; i++) Mark(i, i);

        var counts = new HaloCounts[grid.Size];
        for (int rank = 0; rank < counts.Length; rank++)
        {
            var (i, j, _) = grid.PlaceOf(rank);
            var dense = Dense(grid, parts, rank);
            for (int q = 0; q < dense.DestinationsNeeded.Length; q++)
            {
                int other = grid.RankOf(i, q / grid.Channels, q % grid.Channels);
                // A group of one exchanges nothing and needs no lists.
                if (dense.DestinationsNeeded.Length == 1) break;
                dense.DestinationsNeeded[q] = Marked(isRow[i * grid.Columns + j], parts.Of(other));
                dense.DestinationsSent[q] = Marked(isRow[i * grid.Columns + grid.PlaceOf(other).Column], parts.Of(rank));
            }
            for (int q = 0; q < dense.SourcesNeeded.Length; q++)
            {
                int other = grid.RankOf(q / grid.Channels, j, q % grid.Channels);
                if (dense.SourcesNeeded.Length == 1) break;
                dense.SourcesNeeded[q] = Marked(isColumn[i * grid.Columns + j], parts.Of(other));
                dense.SourcesSent[q] = Marked(isColumn[grid.PlaceOf(other).Row * grid.Columns + j], parts.Of(rank));
            }
            counts[rank] = dense;
        }
        return counts;
    }

    private static long Marked(bool[] marks, (long First, long Count) part) => marks.AsSpan((int)part.First, (int)part.Count).Count(true);
}
