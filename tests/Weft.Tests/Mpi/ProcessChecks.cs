using System.Diagnostics;
using System.Runtime.CompilerServices;
using Weft.Communication;
using Weft.Communication.Mpi;
using Weft.Memory;

namespace Weft.Tests.Mpi;

/// <summary>What MPI must not do to a process: swallow its errors, take its signals, allocate, or hold its processor.</summary>
internal static class ProcessChecks
{
    public static unsafe void Errors(MpiCommunicator world)
    {
        var part = (MpiCommunicator)world.Split(0, 0);
        foreach (var communicator in new[] { world, part })
        {
            var failure = Assert.Throws<MpiException>(() =>
            {
                nint request = 0;
                int data = 0;
                MpiProcess.Check(MpiImports.MPI_Ibcast(&data, 1, communicator.Process.Abi.Byte, communicator.Size + 5, communicator.Handle, &request));
            });
            Assert.Equal("MPI_Ibcast", failure.Call);
            Assert.NotEqual(0, failure.Code);
            Assert.StartsWith("MPI_Ibcast failed: ", failure.Message);
            Assert.True(failure.Message.Length > 30 && !failure.Message.Contains('\n'), failure.Message);
        }
        part.Dispose();
        CollectiveChecks.Refused<ArgumentException>("counts for a group of", () => world.AllGather<int>([1], new int[1], []));
        CollectiveChecks.Refused<ArgumentException>("add up to", () => world.AllToAll<int>([], new int[world.Size], new int[1], new int[world.Size]));
        CollectiveChecks.Refused<ArgumentException>("some columns", () => world.AllReduce(Matrix.Allocate(2, 3).ColumnRange(0, 2), Reduction.Sum));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Broadcast(new int[1], world.Size));
    }

    /// <summary>The runtime makes exceptions of the signals for memory faults and divisions; libraries of MPI would like them too.</summary>
    public static void ManagedFaults(MpiCommunicator world)
    {
        Assert.Throws<NullReferenceException>(() => Length(null!));
        Assert.Throws<DivideByZeroException>(() => Divide(world.Size, world.Size - world.Size));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Length(string text) => text.Length;
        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Divide(int a, int b) => a / b;
    }

    public static void Threads(MpiCommunicator world)
    {
        Exception? found = null;
        var thread = new Thread(() => found = Record.Exception(world.Barrier));
        thread.Start();
        thread.Join();
        Assert.Contains("communicate from that thread only", Assert.IsType<InvalidOperationException>(found).Message);
    }

    public static void Allocation(MpiCommunicator world)
    {
        var part = world.Split(0, 0);
        var meter = new Metered(part);
        var (data, received, piece) = (Matrix.Allocate(world.Size, 500), Matrix.Allocate(world.Size, 500), Matrix.Allocate(1, 500));
        long[] counts = [.. Enumerable.Repeat(500L, world.Size)];
        int[] few = [.. Enumerable.Repeat(1, world.Size)], gathered = new int[world.Size], one = [world.Rank];
        long least = long.MaxValue;
        for (int repeat = 0; repeat < 10; repeat++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            meter.Enter(1, Direction.Forward);
            meter.AllReduce(data, Reduction.Sum);
            meter.AllReduce(gathered, Reduction.Max);
            meter.ReduceScatter(data, counts, piece);
            meter.AllGather(piece, data, counts);
            meter.AllGather<int>(one, gathered, few);
            meter.AllToAll(data, counts, received, counts);
            var pending = meter.StartAllToAll(data, counts, received, counts);
            pending.Poll();
            pending.Wait();
            meter.Broadcast(data, 0);
            meter.Barrier();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
        ((IDisposable)part).Dispose();
    }

    /// <summary>More ranks than cores: a wait gives the processor away, where a library's own waiting takes tens of milliseconds.</summary>
    public static void Waiting(MpiCommunicator world)
    {
        const int calls = 100;
        var milliseconds = new double[calls];
        var data = new Real[32];
        for (int call = 0; call < calls; call++)
        {
            long start = Stopwatch.GetTimestamp();
            world.AllReduce(data, Reduction.Sum);
            milliseconds[call] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(milliseconds);
        // The quickest tenth, because others may want the processors too.
        Assert.True(milliseconds[calls / 10] < 8, $"nine tenths of the sums took more than {milliseconds[calls / 10]:F1} ms");
    }
}
