using System.Globalization;
using Weft.Distributed.Partitioning;

namespace Weft.DistributedBenchmarks;

/// <summary>What to run: whose algorithm, on which grid, on what graph.</summary>
internal sealed record Options
{
    public const string Usage = """
        usage: [--ranks P] [--algorithm 1d|1.5d|2d|3d [--copies C]] [--grid PRxPC[xD]] [--halo] [--partition block|random|ldg|metis]
               [--graph FILE|NAME | --nodes N --degree D] [--features F] [--hidden F] [--classes F] [--layers L] [--epochs E] [--out FILE]
           or: table [--nodes N --degree D] [--features F] [--out FILE]
           or: order [the same, --epochs E]

        Without --algorithm: the layers of Weft on the grid. Ranks are threads, or the processes that mpirun or mpiexec starts.
        table: words of all algorithms side by side. order: seconds of all, predicted by the planner and measured.
        """;

    /// <summary>"1d", "1.5d", "2d" or "3d" of CAGNET; "grid" for Weft's own.</summary>
    public string Algorithm { get; init; } = "grid";

    public int Ranks { get; init; }

    public (int Rows, int Columns, int Depth) Grid { get; init; }

    public int Copies { get; init; } = 2;

    public bool Halo { get; init; }

    public string Partition { get; init; } = "block";

    public string? Graph { get; init; }

    public int Nodes { get; init; } = 20_000;

    public int Degree { get; init; } = 16;

    public int Features { get; init; } = 128;

    public int Hidden { get; init; } = 128;

    public int Classes { get; init; } = 128;

    public int Layers { get; init; } = 3;

    public int Epochs { get; init; } = 5;

    public string? Out { get; init; }

    public bool Table { get; init; }

    public bool Order { get; init; }

    /// <summary>True to cut the nodes evenly even where a partitioner has put them in order.</summary>
    public bool EvenParts { get; init; }

    /// <summary>Features, hidden widths, classes.</summary>
    public long[] Widths => [Features, .. Enumerable.Repeat((long)Hidden, Layers - 1), Classes];

    /// <summary>The algorithm with its grid, in one word or two.</summary>
    public string Name => Algorithm switch
    {
        "1d" => "1d",
        "1.5d" => $"1.5d c={Copies}",
        "2d" => $"2d {Grid.Rows}x{Grid.Columns}",
        "3d" => $"3d {Grid.Rows}x{Grid.Columns}x{Grid.Depth}",
        _ => $"grid {Grid.Rows}x{Grid.Columns}x{Grid.Depth}{(Halo ? " halo" : "")}",
    };

    /// <summary>The command line; null, with a line on standard error, where it is wrong.</summary>
    public static Options? Parse(string[] args)
    {
        var options = new Options();
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            bool whole = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0;
            switch (args[i])
            {
                case "table" when i == 0: options = options with { Table = true }; continue;
                case "order" when i == 0: options = options with { Order = true, Partition = "ldg" }; continue;
                case "--halo": options = options with { Halo = true }; continue;
                case "--algorithm" when value is "1d" or "1.5d" or "2d" or "3d" or "grid": options = options with { Algorithm = value }; break;
                case "--grid" when ParseGrid(value) is { } grid: options = options with { Grid = grid }; break;
                case "--partition" when Partitioners.Names.Contains(value): options = options with { Partition = value! }; break;
                case "--graph" when value is not null: options = options with { Graph = value }; break;
                case "--out" when value is not null: options = options with { Out = value }; break;
                case "--ranks" when whole: options = options with { Ranks = number }; break;
                case "--copies" when whole: options = options with { Copies = number }; break;
                case "--nodes" when whole: options = options with { Nodes = number }; break;
                case "--degree" when whole: options = options with { Degree = number }; break;
                case "--features" when whole: options = options with { Features = number, Hidden = number, Classes = number }; break;
                case "--hidden" when whole: options = options with { Hidden = number }; break;
                case "--classes" when whole: options = options with { Classes = number }; break;
                case "--layers" when whole: options = options with { Layers = number }; break;
                case "--epochs" when whole: options = options with { Epochs = number }; break;
                default: return Wrong($"{args[i]}{(value is null ? "" : " " + value)} was not understood");
            }
            i++;
        }
        return options;
    }

    /// <summary>The same with the grid that the number of ranks leaves open: P × 1 × 1, or √P × √P, or ∛P × ∛P × ∛P.</summary>
    public Options On(int ranks)
    {
        if (Grid != default) return this with { Ranks = ranks };
        int square = (int)Math.Round(Math.Sqrt(ranks)), cube = (int)Math.Round(Math.Cbrt(ranks));
        return this with
        {
            Ranks = ranks,
            Grid = Algorithm switch
            {
                "2d" when square * square == ranks => (square, square, 1),
                "3d" when cube * cube * cube == ranks => (cube, cube, cube),
                _ => (ranks, 1, 1),
            },
        };
    }

    private static (int, int, int)? ParseGrid(string? text)
    {
        int[] sizes = [.. (text ?? "").Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0)];
        return sizes.Length is 2 or 3 && sizes.All(size => size > 0) ? (sizes[0], sizes[1], sizes.Length == 3 ? sizes[2] : 1) : null;
    }

    private static Options? Wrong(string what)
    {
        Console.Error.WriteLine($"error: {what}; {Usage}");
        return null;
    }
}
