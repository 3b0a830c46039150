using System.Globalization;

namespace Weft.Peers;

/// <summary>One side of a comparison: its name, and a run that tells how many milliseconds it took.</summary>
internal sealed record Contestant(string Name, Func<double> Run);

/// <summary>The same work on Weft and on its peers, in turns, so that a machine busy with other things disturbs them alike.</summary>
internal sealed class Contest(int rounds)
{
    private readonly List<(string Work, string Name, double Shortest, double Median, double Ratio)> rows = [];

    /// <summary>Runs the work on each side once to warm up, then in turns. The first one is Weft.</summary>
    public void Compare(string work, params Contestant?[] sides)
    {
        Contestant[] present = [.. sides.OfType<Contestant>()];
        if (present.Length < 2) return;
        var times = present.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
            for (int side = 0; side < present.Length; side++)
            {
                double time = present[side].Run();
                if (round >= 0) times[side].Add(time);
            }
        double ours = times[0].Min();
        for (int side = 0; side < present.Length; side++)
        {
            double[] sorted = [.. times[side].Order()];
            rows.Add((work, present[side].Name, sorted[0], (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0] / ours));
        }
        Console.Error.WriteLine($"{work}: {string.Join(", ", rows.TakeLast(present.Length).Select(row => $"{row.Name} {Milliseconds(row.Shortest)}"))}");
    }

    /// <summary>Every comparison as a Markdown table.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine("| work | by | shortest, ms | median, ms | times Weft's |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (var (work, name, shortest, median, ratio) in rows)
            output.WriteLine($"| {work} | {name} | {Milliseconds(shortest)} | {Milliseconds(median)} | {(ratio == 1 ? "" : ratio.ToString("F2", CultureInfo.InvariantCulture))} |");
    }

    private static string Milliseconds(double time) => time.ToString(time < 10 ? "F3" : time < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
