using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>Seconds of messages on machines that each run some neighbouring ranks.</summary>
internal sealed class CostModel(Calibration calibration, int processes, int ranksPerNode)
{
    /// <summary>Seconds of what a process of a grid receives.</summary>
    public double Seconds(ProcessGrid grid, int rank, GroupTraffic traffic)
    {
        var (i, j, _) = grid.PlaceOf(rank);
        int row = grid.Columns * grid.Channels;
        return Seconds(traffic.Row, Outside(rank, row, x => Math.Clamp(x - (long)i * row, 0, row)))
            + Seconds(traffic.Column, Outside(rank, grid.Rows * grid.Channels, x => Below(grid, j, x)))
            + Seconds(traffic.World, Outside(rank, processes, x => Math.Clamp(x, 0, processes)));
    }

    /// <summary>Seconds of what travels among all processes.</summary>
    public double Seconds(long words, long messages, int rank) => Seconds((words, messages), Outside(rank, processes, x => Math.Clamp(x, 0, processes)));

    private double Seconds((long Words, long Messages) traffic, double outside) =>
        traffic.Messages * (outside * calibration.AlphaBetween + (1 - outside) * calibration.AlphaWithin)
        + traffic.Words * (outside * calibration.BetaBetween + (1 - outside) * calibration.BetaWithin);

    /// <summary>Share of a process's partners that run on other machines.</summary>
    /// <param name="rank">The process.</param>
    /// <param name="members">Members of the group, this process included.</param>
    /// <param name="below">How many of them have a rank below a given one.</param>
    private double Outside(int rank, int members, Func<long, long> below)
    {
        if (members == 1) return 0;
        long first = (long)rank / ranksPerNode * ranksPerNode;
        long here = below(first + ranksPerNode) - below(first);
        return (members - here) / (double)(members - 1);
    }

    // Members of a column: Channels neighbours in every row of the grid.
    private static long Below(ProcessGrid grid, int column, long rank)
    {
        long stride = grid.Columns * grid.Channels, after = rank - (long)column * grid.Channels;
        if (after <= 0) return 0;
        long whole = Math.Min(after / stride, grid.Rows);
        return whole * grid.Channels + (whole < grid.Rows ? Math.Min(after % stride, grid.Channels) : 0);
    }
}
