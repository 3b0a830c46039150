using System.Globalization;
using Weft.Distributed;
using Weft.Distributed.Cagnet;
using Weft.Distributed.Words;

namespace Weft.Tests.Distributed.Cagnet;

/// <summary>The committed table of words holds what the formulas say now, in the rows that no graph decides.</summary>
public class WordsTableTests
{
    private const long Nodes = 20_000, Width = 128;

    [Fact]
    public void The_committed_table_is_what_the_formulas_say()
    {
        int ranks = 0, compared = 0;
        foreach (string line in File.ReadLines(Path.Combine(Root(), "benchmarks", "results", "words.md")))
        {
            if (line.StartsWith("## P = ", StringComparison.Ordinal)) ranks = int.Parse(line.AsSpan(7), CultureInfo.InvariantCulture);
            string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
            if (cells.Length < 10 || Formula(cells[1], cells[2], ranks) is not { } words) continue;
            var traffic = Enumerable.Range(0, ranks).Select(words).ToArray();
            string[] expected =
            [
                Number(traffic.Max(t => t.ForwardWords)), Number(traffic.Average(t => t.ForwardWords)), Number(traffic.Max(t => t.BackwardWords)),
                Number(traffic.Average(t => t.BackwardWords)), Number(traffic.Average(t => t.Words)),
            ];
            Assert.True(expected.AsSpan().SequenceEqual(cells.AsSpan(3, 5)), $"{line} is not {string.Join(", ", expected)}: write benchmarks/results/words.md anew");
            compared++;
        }
        // Three numbers of processes with 1D and two grids of Weft, four times 1.5D, and the grids of three dimensions.
        Assert.Equal(3 * 3 + 4 + 2, compared);
    }

    private static Func<int, LayerTraffic>? Formula(string algorithm, string grid, int ranks)
    {
        int[] sizes = [.. grid.Split(" × ").Select(size => int.TryParse(size, out int number) ? number : 0)];
        if (algorithm.StartsWith("CAGNET 1D", StringComparison.Ordinal)) return rank => CagnetWords.Broadcast1D(ranks, rank, Nodes, Width, Width);
        if (algorithm.StartsWith("CAGNET 1.5D", StringComparison.Ordinal)) return rank => CagnetWords.Replicated15D(ranks, sizes[1], rank, Nodes, Width, Width);
        if (algorithm != "Weft") return null;
        var on = new ProcessGrid(sizes[0], sizes[1], sizes.ElementAtOrDefault(2) is > 0 and int channels ? channels : 1);
        return rank => ExpandFold.Of(new LayerShape("gcn", Width, Width) { Bias = false }, on, NodeParts.Balanced(on, Nodes), rank);
    }

    private static string Number(double words) => words.ToString("N0", CultureInfo.InvariantCulture);

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Weft.slnx; the committed table lies beside it");
    }
}
