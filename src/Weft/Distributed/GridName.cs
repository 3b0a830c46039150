using System.Globalization;

namespace Weft.Distributed;

/// <summary>The words by which a user names a grid of processes.</summary>
public static class GridName
{
    /// <summary>What is possible, for a help text.</summary>
    public const string Forms = "auto, ROWSxCOLUMNSxCHANNELS, 1d, 1.5d:C, 2d or 3d";

    /// <summary>
    /// The grid that a name stands for: "2x3x1" itself; "1d" P × 1 × 1; "1.5d:C" P/C × C × 1; "2d" the most square, and "3d" the most
    /// cubic grid of P processes.
    /// </summary>
    /// <param name="name">The name; not "auto", which needs a plan.</param>
    /// <param name="processes">Number of processes, P.</param>
    /// <exception cref="ArgumentException">There is no such name, or it does not fit the number of processes.</exception>
    public static ProcessGrid Parse(string name, int processes)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(processes, 1);
        string plain = name.ToLowerInvariant().Replace('×', 'x');
        if (plain.StartsWith("cagnet-", StringComparison.Ordinal))
            throw new ArgumentException($"grid '{name}': CAGNET's schemes are there to be compared with, by benchmarks/distributed and weft plan --explain, and train no model; use {Forms}");
        if (plain == "1d") return new ProcessGrid(processes, 1, 1);
        if (plain == "2d") return Even(processes, depths: 1);
        if (plain == "3d") return Even(processes, processes);
        if (plain.StartsWith("1.5d:", StringComparison.Ordinal))
        {
            if (!Whole(plain["1.5d:".Length..], out int copies) || processes % copies != 0)
                throw new ArgumentException($"grid '{name}': C must divide the {processes} processes");
            return new ProcessGrid(processes / copies, copies, 1);
        }
        string[] sizes = plain.Split('x');
        if (sizes.Length is not (2 or 3) || !Whole(sizes[0], out int rows) || !Whole(sizes[1], out int columns) || !Whole(sizes.Length == 3 ? sizes[2] : "1", out int channels))
            throw new ArgumentException($"there is no grid '{name}'; use {Forms}");
        if ((long)rows * columns * channels != processes)
            throw new ArgumentException($"a grid of {rows} × {columns} × {channels} needs {(long)rows * columns * channels} processes, and there are {processes}: start as many, or choose another grid");
        return new ProcessGrid(rows, columns, channels);
    }

    /// <summary>The shortest form that <see cref="Parse"/> reads: "2x3x1".</summary>
    public static string Of(ProcessGrid grid)
    {
        ArgumentNullException.ThrowIfNull(grid);
        return string.Create(CultureInfo.InvariantCulture, $"{grid.Rows}x{grid.Columns}x{grid.Channels}");
    }

    // Sides as equal as the divisors of P allow, the longest first: rows, which need no merging, take the larger side.
    private static ProcessGrid Even(int processes, int depths)
    {
        ProcessGrid? best = null;
        for (int channels = 1; channels <= depths; channels++)
        {
            if (processes % channels != 0) continue;
            int plane = processes / channels;
            for (int columns = 1; columns * columns <= plane; columns++)
            {
                if (plane % columns != 0 || (depths > 1 && channels > columns)) continue;
                var grid = new ProcessGrid(plane / columns, columns, channels);
                if (best is null || Spread(grid) < Spread(best)) best = grid;
            }
        }
        return best!;
    }

    private static long Spread(ProcessGrid grid) => (long)grid.Rows + grid.Columns + grid.Channels;

    private static bool Whole(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1;
}
