using System.Text.RegularExpressions;
using Weft.Graphs;

namespace Weft.Measurement;

/// <summary>
/// Measures the limits of this machine (streamed memory, rows gathered by a graph's edges, multiply-adds) and every kernel against the
/// limit that bounds it. A kernel and its limit are measured in turns, on memory of the same kind.
/// </summary>
public sealed class Bench
{
    private readonly BenchSettings settings;
    private readonly int[] threads;
    private readonly Func<IReadOnlyList<Work>>[] groups;
    private readonly List<Measured> limits = [], kernels = [];

    /// <summary>A bench on a graph.</summary>
    /// <param name="graph">Whose edges graph kernels walk, and whose number of nodes dense kernels work on.</param>
    /// <param name="settings">What to measure, and for how long.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or nothing has <see cref="BenchSettings.Only"/> in its name.</exception>
    public Bench(Graph graph, BenchSettings settings)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Repeat, 1);
        if (graph.Edges == 0) throw new ArgumentException("the graph has no edges: there is nothing to gather");
        if (settings.Features.Count == 0 || settings.Features.Any(f => f is < 1 or > BenchSettings.MostFeatures))
            throw new ArgumentException($"widths {string.Join(", ", settings.Features)}: one or more of 1 … {BenchSettings.MostFeatures} were expected");
        this.settings = settings;
        threads = settings.Threads == 1 ? [1] : [1, settings.Threads];
        groups = [.. Groups(graph)];
        if (groups.All(group => Chosen(group()).Count == 0))
        {
            string names = string.Join(", ", groups.SelectMany(group => group()).Select(work => work.Name).Distinct());
            throw new ArgumentException($"nothing that is measured has '{settings.Only}' in its name: expected a part of one of {names}");
        }
    }

    /// <summary>What the machine can do, as far as it was measured.</summary>
    public IReadOnlyList<Measured> Limits => limits;

    /// <summary>What the kernels do, as far as they were measured.</summary>
    public IReadOnlyList<Measured> Kernels => kernels;

    /// <summary>Most memory that was seen to lie in large pages, in MB of 2²⁰ bytes; null where the system does not say.</summary>
    public double? MegabytesInHugePages { get; private set; }

    /// <summary>Measures. When it is interrupted, what was measured so far is there.</summary>
    /// <param name="progress">Is told what comes next and how much is done, 0 … 1.</param>
    /// <param name="cancellation">Asks to stop; it is looked at between samples.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public void Run(Action<string, double>? progress = null, CancellationToken cancellation = default)
    {
        int all = groups.Sum(group => Chosen(group()).Count), done = 0;
        foreach (var group in groups)
        {
            var works = Chosen(group());
            if (works.Count == 0) continue;
            progress?.Invoke(string.Join(", ", works.Select(work => work.Name).Distinct()), done / (double)all);
            var rounds = Rounds.Of(works, threads, settings, cancellation);
            if (MachineDescription.MegabytesInHugePages() is double megabytes) MegabytesInHugePages = Math.Max(megabytes, MegabytesInHugePages ?? 0);
            foreach (var work in works)
                foreach (int t in threads)
                    if (rounds.Has(work, t)) (work.LimitOf is null ? kernels : limits).Add(Row(work, t, rounds));
            done += works.Count;
            cancellation.ThrowIfCancellationRequested();
            // The matrices of a group are free once its works are.
            works = null;
            rounds = null;
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private IEnumerable<Func<IReadOnlyList<Work>>> Groups(Graph graph)
    {
        long nodes = graph.OwnedSources;
        yield return () => LimitWorks.Streams(settings.BytesPerStream);
        yield return () => DenseWorks.Products(nodes, alsoSquare: !settings.Quick, new Operands(settings.Seed));
        foreach (int features in settings.Features) yield return () => GraphWorks.OfWidth(graph, features, new Operands(settings.Seed));
        yield return () => GraphWorks.OnEdges(graph, heads: 4, new Operands(settings.Seed));
        yield return () => DenseWorks.Elements(nodes, settings.Features.Max(), new Operands(settings.Seed));
        yield return () => DenseWorks.Losses(graph, classes: 40, new Operands(settings.Seed));
        yield return () => DenseWorks.Optimizers(settings.Quick ? 256 : 4096, 1024);
    }

    // What was asked for, the limits that it is held against, and the kernel that its time is told in.
    private List<Work> Chosen(IReadOnlyList<Work> works)
    {
        if (settings.Only is null) return [.. works];
        var pattern = new Regex(Regex.Escape(settings.Only).Replace(@"\*", ".*", StringComparison.Ordinal), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        var wanted = works.Where(work => pattern.IsMatch($"{work.Name} {work.Shape}")).ToHashSet();
        return [.. works.Where(work => wanted.Contains(work) || wanted.Any(kernel => kernel.Limits.Contains(work) || kernel.Beside == work))];
    }

    private static Measured Row(Work work, int threads, Rounds rounds)
    {
        double time = rounds.Minimum(work, threads), nanoseconds = time * 1e6;
        double? Rate(double amount) => amount > 0 ? amount / nanoseconds : null;
        var bound = work.Limits.Where(limit => rounds.Has(limit, threads)).MaxBy(Least);
        return new Measured
        {
            Name = work.Name,
            Shape = work.Shape,
            Threads = threads,
            Samples = rounds.Count(work, threads),
            MedianMilliseconds = rounds.Median(work, threads),
            MinimumMilliseconds = time,
            Gigaflops = Rate(work.Operations),
            GigabytesPerSecond = Rate(work.Bytes),
            NanosecondsPerEdge = work.Edges > 0 ? nanoseconds / work.Edges : null,
            Limit = bound is null ? null : $"{bound.Name}, {bound.Shape}",
            PercentOfLimit = bound is null ? null : 100 * Least(bound) / time,
            Scaling = threads > 1 && rounds.Has(work, 1) ? rounds.Minimum(work, 1) / time : null,
            TimesSpmm = work.Beside is { } spmm && rounds.Has(spmm, threads) ? time / rounds.Minimum(spmm, threads) : null,
        };

        // The least time in which the limit lets this work be done.
        double Least(Work limit)
        {
            var amount = limit.LimitOf!.Value;
            return rounds.Minimum(limit, threads) * work.Of(amount) / limit.Of(amount);
        }
    }
}
