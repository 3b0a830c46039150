using Weft.Graphs;

namespace Weft.Distributed.Planning;

/// <summary>Processes among which the busiest of a grid with even parts is, however many there are.</summary>
internal static class Representatives
{
    /// <summary>
    /// What a process receives depends on the sizes of its pieces, which change at a few places only, and on nothing else but the
    /// share of a reduction, which never grows with the rank: so the first process of each run of equal sizes stands for it.
    /// </summary>
    /// <param name="grid">The grid.</param>
    /// <param name="nodes">N</param>
    /// <param name="heads">Numbers of heads that are shared out among the channels.</param>
    public static IEnumerable<int> Of(ProcessGrid grid, long nodes, IEnumerable<long> heads)
    {
        int longerRows = (int)(nodes % grid.Rows);
        foreach (int i in Starts(grid.Rows, longerRows))
        {
            // Column pieces of both lengths of a row piece meet in every column of the grid.
            long rows = nodes / grid.Rows;
            foreach (int j in Starts(grid.Columns, (int)(rows % grid.Columns), (int)((rows + 1) % grid.Columns)))
            {
                long piece = Placement.Cut(Placement.Cut(nodes, grid.Rows, i).Count, grid.Columns, j).Count;
                foreach (int k in Starts(grid.Channels, [(int)(piece % grid.Channels), .. heads.Select(h => (int)Math.Min(h % grid.Channels, grid.Channels)), .. heads.Where(h => h < grid.Channels).Select(h => (int)h)]))
                    yield return grid.RankOf(i, j, k);
            }
        }
    }

    private static IEnumerable<int> Starts(int pieces, params int[] changes) => changes.Append(0).Where(at => at >= 0 && at < pieces).Distinct().Order();
}
