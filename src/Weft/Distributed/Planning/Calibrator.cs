using System.Diagnostics;
using System.Globalization;
using Weft.Communication;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Distributed.Planning;

/// <summary>Measures a <see cref="Calibration"/> with the processes of a job, in about a second.</summary>
/// <remarks>
/// α is the time of a message of one word, β the slope between the two longest messages: one line through all lengths would miss by a
/// factor of two or three, because libraries change their protocol at some thousand bytes. While all rows, then all columns, of
/// the squarest grid gather at once, a word takes longer than between two processes that are alone; the longer counts.
/// </remarks>
internal sealed class Calibrator
{
    private const int LongestMessage = 1 << 20, Repeats = 5, GatheredEach = 1 << 17;

    private readonly ICommunicator world;
    private readonly Machines machines;
    private readonly Real[] buffer = new Real[LongestMessage];

    private Calibrator(ICommunicator world, Machines machines) => (this.world, this.machines) = (world, machines);

    /// <summary>Measures. A collective call; every process gets the same numbers.</summary>
    /// <param name="world">The processes.</param>
    /// <param name="library">What carries their messages, for a person.</param>
    public static Calibration Measure(ICommunicator world, string library) => Measure(world, library, Machines.Ask(world));

    internal static Calibration Measure(ICommunicator world, string library, Machines machines)
    {
        var calibrator = new Calibrator(world, machines);
        Span<double> numbers = calibrator.Numbers();
        // Times differ from process to process: the first one's are everybody's.
        world.Broadcast(numbers, 0);
        string several = machines.Names.Count > 1 ? "" : "; between machines: default, there was one";
        return Calibration.Default with
        {
            Numbers = numbers.ToArray(),
            Hosts = machines.Names,
            Library = library,
            Processes = world.Size,
            Source = string.Create(CultureInfo.InvariantCulture, $"measured with {world.Size} processes on {string.Join(", ", machines.Names)}, {library}{several}"),
        };
    }

    private double[] Numbers()
    {
        var otherwise = Calibration.Default;
        var within = Pair(sameMachine: true) is { } near ? PingPong(near.First, near.Second) : (otherwise.AlphaWithin, otherwise.BetaWithin);
        var between = Pair(sameMachine: false) is { } far ? PingPong(far.First, far.Second) : (otherwise.AlphaBetween, otherwise.BetaBetween);
        double betaWithin = within.Item2, betaBetween = between.Item2;
        int columns = Planner.Divisors(world.Size).Where(d => d <= world.Size / d).Max();
        foreach (var (color, key) in new[] { (world.Rank / columns, world.Rank % columns), (world.Rank % columns, world.Rank / columns) })
        {
            var (perWord, outside) = AllAtOnce(color, key, within.Item1, between.Item1);
            if (perWord <= 0) continue;
            if (outside == 0) betaWithin = Math.Max(betaWithin, perWord);
            else betaBetween = Math.Max(betaBetween, (perWord - ((1 - outside) * betaWithin)) / outside);
        }
        return [within.Item1, betaWithin, between.Item1, betaBetween, SecondsPerSparse(), SecondsPerDense()];
    }

    // The first process and the first that shares its machine; or two machines' first.
    private (int First, int Second)? Pair(bool sameMachine)
    {
        for (int rank = 1; rank < world.Size; rank++)
            if ((machines.Of(rank) == machines.Of(0)) == sameMachine) return (0, rank);
        return null;
    }

    private (double Alpha, double Beta) PingPong(int first, int second)
    {
        double one = HalfRound(first, second, 1, 200), half = HalfRound(first, second, LongestMessage / 2, 1), whole = HalfRound(first, second, LongestMessage, 1);
        return (one, Math.Max((whole - half) / (LongestMessage - (LongestMessage / 2)), 1e-13));
    }

    /// <summary>Seconds of one message there, the least of some tries.</summary>
    private double HalfRound(int first, int second, int words, int times)
    {
        double least = double.PositiveInfinity;
        var message = buffer.AsSpan(0, words);
        for (int repeat = 0; repeat <= Repeats; repeat++)
        {
            world.Barrier();
            long start = Stopwatch.GetTimestamp();
            for (int t = 0; t < times; t++)
                if (world.Rank == first)
                {
                    world.Send<Real>(message, second);
                    world.Receive(message, second);
                }
                else if (world.Rank == second)
                {
                    world.Receive(message, first);
                    world.Send<Real>(message, first);
                }
            // The first try warms buffers and compiled code up.
            if (repeat > 0) least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds / (2.0 * times));
        }
        Span<double> longest = [world.Rank == first ? least : 0];
        world.AllReduce(longest, Reduction.Max);
        return longest[0];
    }

    /// <summary>Seconds of a word while every group gathers, for the slowest, and the share of partners on other machines; nothing for groups of one.</summary>
    private (double PerWord, double Outside) AllAtOnce(int color, int key, double alphaWithin, double alphaBetween)
    {
        var group = world.Split(color, key);
        int[] members = new int[group.Size];
        group.AllGather([machines.Of(world.Rank)], members, [.. members.Select(_ => 1)]);
        double outside = group.Size == 1 ? 0 : members.Count(m => m != machines.Of(world.Rank)) / (double)(group.Size - 1);
        Matrix mine = Matrix.Allocate(1, GatheredEach), all = Matrix.Allocate(1, (long)GatheredEach * group.Size);
        long[] counts = [.. members.Select(_ => (long)GatheredEach)];
        double least = double.PositiveInfinity;
        for (int repeat = 0; repeat <= Repeats; repeat++)
        {
            world.Barrier();
            long start = Stopwatch.GetTimestamp();
            if (group.Size > 1) group.AllGather(mine, all, counts);
            Span<double> slowest = [Stopwatch.GetElapsedTime(start).TotalSeconds];
            world.AllReduce(slowest, Reduction.Max);
            if (repeat > 0) least = Math.Min(least, slowest[0]);
        }
        Span<double> share = [outside];
        world.AllReduce(share, Reduction.Max);
        if (group.Size == 1) return (0, 0);
        double latency = Math.Ceiling(Math.Log2(group.Size)) * (share[0] > 0 ? alphaBetween : alphaWithin);
        return (Math.Max(0, least - latency) / ((group.Size - 1.0) * GatheredEach), share[0]);
    }

    // All processes compute at once, as they do in a step: they share the machine's memory.
    private double SecondsPerSparse()
    {
        const int nodes = 1 << 14, degree = 16, width = 64;
        var random = new Random(world.Rank + 1);
        int[] source = [.. Enumerable.Range(0, nodes * degree).Select(_ => random.Next(nodes))], destination = [.. Enumerable.Range(0, nodes * degree).Select(e => e / degree)];
        var graph = Graph.FromEdges(nodes, source, destination);
        Matrix X = Matrix.Allocate(nodes, width), Z = Matrix.Allocate(nodes, width);
        return Slowest(() => Spmm.Multiply(graph.ByDestination, default, X, Z)) / (2.0 * nodes * degree * width);
    }

    private double SecondsPerDense()
    {
        const int rows = 1 << 12, inputs = 256, outputs = 64;
        Matrix X = Matrix.Allocate(rows, inputs), W = Matrix.Allocate(inputs, outputs), Y = Matrix.Allocate(rows, outputs);
        return Slowest(() => Gemm.Multiply(X, W, Y)) / (2.0 * rows * inputs * outputs);
    }

    private double Slowest(Action work)
    {
        double least = double.PositiveInfinity;
        for (int repeat = 0; repeat <= 2 * Repeats; repeat++)
        {
            world.Barrier();
            long start = Stopwatch.GetTimestamp();
            work();
            if (repeat > 0) least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        Span<double> slowest = [least];
        world.AllReduce(slowest, Reduction.Max);
        return slowest[0];
    }
}
