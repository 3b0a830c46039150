using System.Diagnostics;
using Weft.Communication;
using Weft.Distributed.Words;

namespace Weft.DistributedBenchmarks;

/// <summary>What a run has shown.</summary>
/// <param name="Traffic">By rank, then by layer: one warm epoch.</param>
/// <param name="Seconds">Each timed epoch, of the rank that took longest.</param>
/// <param name="FirstLoss">Loss before the first epoch.</param>
/// <param name="LastLoss">Loss before the last epoch.</param>
internal sealed record Outcome(LayerTraffic[][] Traffic, double[] Seconds, double FirstLoss, double LastLoss)
{
    public double MedianSeconds => Seconds.Order().ElementAt(Seconds.Length / 2);
}

/// <summary>A run on one rank, metered and timed.</summary>
internal static class Trial
{
    /// <summary>A collective call: every rank gives the same problem and options.</summary>
    /// <exception cref="InvalidOperationException">The words that were counted are not those of the closed formula.</exception>
    public static Outcome Run(Problem problem, Options options, ICommunicator world)
    {
        var meter = new Metered(world);
        var work = Work.Start(problem, options, meter);
        double first = work.Epoch(), last = first;
        meter.Reset();
        var seconds = new double[options.Epochs];
        LayerTraffic[] mine = [];
        for (int epoch = 0; epoch < seconds.Length; epoch++)
        {
            world.Barrier();
            long start = Stopwatch.GetTimestamp();
            last = work.Epoch();
            seconds[epoch] = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (epoch > 0) continue;
            mine = [.. Enumerable.Range(1, options.Layers).Select(layer => Of(meter, layer))];
        }
        world.AllReduce(seconds.AsSpan(), Reduction.Max);
        Check(options, world.Rank, mine, work.Formula(world.Rank));
        return new Outcome(Everyones(world, mine), seconds, first, last);
    }

    private static LayerTraffic Of(Metered meter, int layer)
    {
        Traffic forward = meter[null, layer, Direction.Forward], backward = meter[null, layer, Direction.Backward];
        return new LayerTraffic(forward.Words, backward.Words, forward.Messages, backward.Messages);
    }

    private static void Check(Options options, int rank, LayerTraffic[] metered, LayerTraffic[] formula)
    {
        for (int l = 0; l < metered.Length; l++)
            if (metered[l] != formula[l])
                throw new InvalidOperationException($"{options.Name}, rank {rank}, layer {l + 1}: counted {metered[l]}, and the formula says {formula[l]}");
    }

    private static LayerTraffic[][] Everyones(ICommunicator world, LayerTraffic[] mine)
    {
        long[] numbers = [.. mine.SelectMany(t => new[] { t.ForwardWords, t.BackwardWords, t.ForwardMessages, t.BackwardMessages })];
        var all = new long[numbers.Length * world.Size];
        world.AllGather<long>(numbers, all, [.. Enumerable.Repeat(numbers.Length, world.Size)]);
        return [.. all.Chunk(numbers.Length).Select(rank => rank.Chunk(4).Select(t => new LayerTraffic(t[0], t[1], t[2], t[3])).ToArray())];
    }
}
