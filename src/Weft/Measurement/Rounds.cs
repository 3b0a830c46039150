using System.Diagnostics;
using Weft.Kernels;

namespace Weft.Measurement;

/// <summary>
/// Times of some works, taken in turns: each round runs every work once on each number of threads. What disturbs the machine for a while
/// disturbs a kernel and its limit alike.
/// </summary>
internal sealed class Rounds
{
    private const int FewestRounds = 3, MostRunsPerSample = 1 << 20;

    private readonly Dictionary<(Work, int Threads), List<double>> samples = [];

    /// <summary>Measures until every row has its samples or <paramref name="cancellation"/> asks to stop, which leaves the samples so far.</summary>
    /// <param name="works">What to measure.</param>
    /// <param name="threads">Numbers of threads.</param>
    /// <param name="settings">How often and how long.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public static Rounds Of(IReadOnlyList<Work> works, IReadOnlyList<int> threads, BenchSettings settings, CancellationToken cancellation)
    {
        var rounds = new Rounds();
        var rows = works.SelectMany(work => threads.Select(t => (Work: work, Threads: t))).ToArray();
        var runs = new Dictionary<(Work, int), int>();
        var clock = new Stopwatch();
        int before = RowParallel.Threads;
        try
        {
            for (int round = -1; round < settings.Repeat; round++)
            {
                if (round >= FewestRounds && clock.Elapsed.TotalSeconds > settings.SecondsPerRow * rows.Length) break;
                foreach (var row in rows)
                {
                    if (cancellation.IsCancellationRequested) return rounds;
                    RowParallel.Threads = row.Threads;
                    if (round < 0) runs[row] = RunsPerSample(row.Work, settings.MillisecondsPerSample);
                    else rounds.Samples(row).Add(Sample(row.Work, runs[row]));
                }
                if (round < 0) clock.Start();
            }
            return rounds;
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    public bool Has(Work work, int threads) => samples.ContainsKey((work, threads));

    public int Count(Work work, int threads) => samples[(work, threads)].Count;

    public double Minimum(Work work, int threads) => samples[(work, threads)].Min();

    public double Median(Work work, int threads)
    {
        double[] sorted = [.. samples[(work, threads)].Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private List<double> Samples((Work, int) row)
    {
        if (!samples.TryGetValue(row, out var list)) samples[row] = list = [];
        return list;
    }

    // The first run compiles the kernel and touches its memory; runs are doubled until they fill a sample.
    private static int RunsPerSample(Work work, double milliseconds)
    {
        work.Run();
        foreach (var form in work.OtherForms) form();
        for (int runs = 1; ; runs *= 2)
            if (runs >= MostRunsPerSample || Milliseconds(work.Run, runs) * runs >= milliseconds) return runs;
    }

    private static double Sample(Work work, int runs)
    {
        double time = Milliseconds(work.Run, runs);
        foreach (var form in work.OtherForms) time = Math.Min(time, Milliseconds(form, runs));
        return time;
    }

    private static double Milliseconds(Action run, int runs)
    {
        long start = Stopwatch.GetTimestamp();
        for (int r = 0; r < runs; r++) run();
        // A clock that did not move saw less than one of its ticks.
        long ticks = Math.Max(1, Stopwatch.GetTimestamp() - start);
        return ticks * 1e3 / Stopwatch.Frequency / runs;
    }
}
