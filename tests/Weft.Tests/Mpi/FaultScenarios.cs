using System.Diagnostics;
using Weft.Communication;

namespace Weft.Tests.Mpi;

/// <summary>Programs that end a job in another way than well, and one that measures.</summary>
internal static class FaultScenarios
{
    /// <summary>Rank 1 throws in the middle of a pass, while the others wait for it.</summary>
    public static int Throw()
    {
        using var world = MpiCommunicator.Start();
        world.Barrier();
        world.Enter(2, Direction.Backward);
        if (world.Rank == 1) throw new InvalidDataException("deliberate");
        world.Barrier();
        Console.WriteLine("unreachable");
        return 0;
    }

    public static int ThrowInRun() => MpiCommunicator.Run(world =>
    {
        world.Barrier();
        if (world.Rank == 1) throw new InvalidDataException("deliberate");
        world.Barrier();
        Console.WriteLine("unreachable");
        return 0;
    });

    public static int Kill()
    {
        using var world = MpiCommunicator.Start();
        world.Barrier();
        if (world.Rank == 1) Process.GetCurrentProcess().Kill();
        world.Barrier();
        Console.WriteLine("unreachable");
        return 0;
    }

    /// <summary>Rank 1 does not come: the others' patience ends.</summary>
    public static int Stuck()
    {
        using var world = MpiCommunicator.Start();
        world.Enter(1, Direction.Forward);
        if (world.Rank == 1) Thread.Sleep(TimeSpan.FromMinutes(2));
        world.AllReduce(new Real[1], Reduction.Sum);
        Console.WriteLine("unreachable");
        return 0;
    }

    /// <summary>Sums for a minute; started by hand on an emulated cluster, to pull a cable meanwhile.</summary>
    public static int Loop() => MpiCommunicator.Run(world =>
    {
        var data = new Real[20_000];
        long start = Stopwatch.GetTimestamp();
        int[] goesOn = [1];
        while (goesOn[0] != 0)
        {
            world.AllReduce(data, Reduction.Sum);
            goesOn[0] = Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1) ? 1 : 0;
            world.Broadcast(goesOn, 0);
        }
        return 0;
    }, timeout: TimeSpan.FromSeconds(5));

    public static int Start()
    {
        using var world = MpiCommunicator.Start();
        Console.WriteLine($"{world.Library}: {world.Rank} of {world.Size}, launched: {MpiCommunicator.IsLaunched}");
        return 0;
    }

    public static int StartTwice()
    {
        using (var world = MpiCommunicator.Start()) world.Barrier();
        MpiCommunicator.Start();
        return 0;
    }

    /// <summary>The time of one sum of 1, 1,000 and 1,000,000 numbers, the least of three averages.</summary>
    public static int Latency()
    {
        using var world = MpiCommunicator.Start();
        foreach (var reductions in Enum.GetValues<Reductions>())
            foreach (int words in new[] { 1, 1000, 1_000_000 })
            {
                var communicator = world.With(reductions);
                var data = new float[words];
                int calls = words > 100_000 ? 10 : 200;
                double least = double.MaxValue;
                for (int repeat = 0; repeat < 3; repeat++)
                {
                    world.Barrier();
                    long start = Stopwatch.GetTimestamp();
                    for (int call = 0; call < calls; call++) communicator.AllReduce(data, Reduction.Sum);
                    least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls);
                }
                if (world.Rank == 0) Console.WriteLine($"{world.Library}, {world.Size} ranks, {reductions}: AllReduce of {words} floats {least:F1} µs");
            }
        return 0;
    }
}
