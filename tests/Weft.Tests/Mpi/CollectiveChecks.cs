using System.Numerics;
using System.Runtime.InteropServices;
using Weft.Communication;
using Weft.Communication.Mpi;
using Weft.Memory;

namespace Weft.Tests.Mpi;

/// <summary>Every collective gives the bits that threads give, whatever the sizes of the pieces.</summary>
internal static class CollectiveChecks
{
    // Nothing, a few, a vector and a rest, more than one small message, and more than is sent without asking first.
    private static readonly int[] Lengths = [0, 1, 2, 7, 67, 1031, 20_011];

    public static void Spans(MpiCommunicator world)
    {
        Of<float>();
        Of<double>();
        Of<int>();
        Of<long>();
        Of<byte>();

        void Of<T>()
            where T : unmanaged, INumber<T> => SameAsThreads(world, typeof(T).Name, SpanOperations<T>);
    }

    public static void Matrices(MpiCommunicator world) => SameAsThreads(world, "matrices", MatrixOperations);

    /// <summary>With a limit that small data exceed, as 2³¹ entries exceed the real one: units of several entries, and many chunks.</summary>
    public static void LargeCounts(MpiCommunicator world)
    {
        var (largest, reduction) = (MpiLayout.Largest, MpiCommunicator.LargestReduction);
        var expected = ThreadCommunicator.Run(world.Size, RowOperations)[world.Rank];
        (MpiLayout.Largest, MpiCommunicator.LargestReduction) = (60, 23);
        try
        {
            CheckSame("rows", expected, RowOperations(world));
            // 61 and 62 entries have no common divisor, and are too many.
            long[] counts = [.. Enumerable.Range(0, world.Size).Select(q => 61L + q % 2)];
            if (world.Size > 1)
                Refused<InvalidOperationException>("common divisor", () => world.AllGather(Matrix.Allocate(1, counts[world.Rank]), Matrix.Allocate(1, counts.Sum()), counts));
        }
        finally
        {
            (MpiLayout.Largest, MpiCommunicator.LargestReduction) = (largest, reduction);
        }
    }

    /// <summary>The library adds in its own order: near the sum in rank order, and the same on every rank.</summary>
    public static void FastReductions(MpiCommunicator world)
    {
        var fast = world.With(Reductions.Fast);
        foreach (int length in Lengths)
        {
            var data = Numbers<double>(length, world.Rank);
            double[] expected = [.. data], size = [.. data.Select(Math.Abs)];
            world.AllReduce(expected, Reduction.Sum);
            world.AllReduce(size, Reduction.Sum);
            fast.AllReduce(data, Reduction.Sum);
            for (int p = 0; p < length; p++) Assert.True(Math.Abs(expected[p] - data[p]) <= 1e-14 * size[p], $"entry {p} of {length}: {data[p]:R}, {expected[p]:R} in rank order");
            double[] all = new double[length * world.Size];
            world.AllGather<double>(data, all, [.. Enumerable.Repeat(length, world.Size)]);
            for (int q = 0; q < world.Size; q++) Assert.Equal(data, all[(q * length)..((q + 1) * length)]);

            foreach (var reduction in Enum.GetValues<Reduction>())
            {
                Same<int>(reduction);
                Same<long>(reduction);
                Same<byte>(reduction);
                if (reduction == Reduction.Sum) continue;
                Same<float>(reduction);
                Same<double>(reduction);
            }

            void Same<T>(Reduction reduction)
                where T : unmanaged, INumber<T>
            {
                T[] data = Numbers<T>(length, world.Rank), inOrder = [.. data];
                fast.AllReduce(data, reduction);
                world.AllReduce(inOrder, reduction);
                Assert.Equal(inOrder, data);
            }

            long[] counts = Unequal(world.Size, length);
            var sums = Filled(counts.Sum(), world.Rank);
            var (mine, mineInOrder) = (Matrix.Allocate(1, counts[world.Rank]), Matrix.Allocate(1, counts[world.Rank]));
            fast.ReduceScatter(sums, counts, mine);
            world.ReduceScatter(sums, counts, mineInOrder);
            // The largest numbers are below a thousand.
            for (long p = 0; p < mine.Count; p++) Assert.Equal(mineInOrder[0, p], mine[0, p], 1000 * world.Size * (sizeof(Real) == 8 ? 1e-15 : 1e-6));
        }
    }

    public static void Split(MpiCommunicator world) => SameAsThreads(world, "split", communicator =>
    {
        var results = new List<byte[]>();
        int rank = communicator.Rank, size = communicator.Size;
        var groups = new[]
        {
            communicator.Split(rank % 2, -rank), communicator.Split(rank / 2, rank), communicator.Split(0, size - rank), communicator.Split(rank, 7),
            communicator.Split(rank == 0 ? 5 : 1000, 0),
        };
        var nested = groups[0].Split(groups[0].Rank == 0 ? 1 : 0, 0);
        foreach (var group in groups.Append(nested))
        {
            results.Add([(byte)group.Rank, (byte)group.Size]);
            var ranks = new int[group.Size];
            group.AllGather<int>([rank], ranks, [.. Enumerable.Repeat(1, group.Size)]);
            results.Add([.. ranks.Select(r => (byte)r)]);
            int[] sum = [1 << rank];
            group.AllReduce(sum, Reduction.Sum);
            results.Add(BitConverter.GetBytes(sum[0]));
            group.Barrier();
        }
        if (groups[1] is MpiCommunicator part)
        {
            part.Dispose();
            Assert.Throws<ObjectDisposedException>(part.Barrier);
        }
        return results;
    });

    public static void Messages(MpiCommunicator world)
    {
        int next = (world.Rank + 1) % world.Size, previous = (world.Rank + world.Size - 1) % world.Size;
        foreach (int length in Lengths)
        {
            // Even ranks send first: a large message waits for its receiver. A ring of odd length has two neighbours that send first.
            double[] sent = Numbers<double>(length, world.Rank), received = new double[length];
            if (world.Size > 1)
            {
                if (world.Rank % 2 == 0) world.Send<double>(sent, next);
                world.Receive(received, previous);
                if (world.Rank % 2 == 1) world.Send<double>(sent, next);
                Assert.Equal(Numbers<double>(length, previous), received);
            }
        }
        if (world.Size > 1 && world.Rank < 2)
        {
            if (world.Rank == 0)
            {
                world.Send<int>([1, 2], 1);
                world.Send<int>([1, 2, 3, 4], 1);
            }
            else
            {
                Refused<InvalidOperationException>("rank 0 sent 2 entries where 3 were expected", () => world.Receive(new int[3], 0));
                Refused<MpiException>("MPI_", () => world.Receive(new int[3], 0));
            }
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Send<int>([1], world.Size));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Receive(new int[1], -1));
    }

    /// <summary>Two exchanges at once, while the process computes, allocates and compacts its memory, and other collectives run.</summary>
    public static void Overlap(MpiCommunicator world)
    {
        foreach (int rows in new[] { 0, 1, 300, 20_000 })
        {
            long[] counts = Unequal(world.Size, rows);
            long[] same = [.. Enumerable.Repeat(counts[world.Rank], world.Size)];
            var (first, second) = (Filled(counts.Sum(), world.Rank), Filled(counts.Sum(), world.Rank + 50));
            var (intoFirst, intoSecond, expected) = (Matrix.Allocate(1, same.Sum()), Matrix.Allocate(1, same.Sum()), Matrix.Allocate(1, same.Sum()));
            for (int repeat = 0; repeat < 2; repeat++)
            {
                intoFirst.Clear();
                intoSecond.Clear();
                var pendings = (world.StartAllToAll(first, counts, intoFirst, same), world.StartAllToAll(second, counts, intoSecond, same));
                Assert.NotSame(pendings.Item1, pendings.Item2);
                var garbage = new List<int[]>();
                for (int work = 0; work < 50; work++)
                {
                    garbage.Add(new int[1000]);
                    pendings.Item1.Poll();
                    pendings.Item2.Poll();
                }
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                int[] sum = [1];
                world.AllReduce(sum, Reduction.Sum);
                Assert.Equal(world.Size, sum[0]);
                pendings.Item1.Wait();
                pendings.Item2.Wait();
                Assert.Throws<InvalidOperationException>(pendings.Item1.Wait);
                world.AllToAll(first, counts, expected, same);
                Assert.Equal(expected.ToArray(), intoFirst.ToArray());
                world.AllToAll(second, counts, expected, same);
                Assert.Equal(expected.ToArray(), intoSecond.ToArray());
            }
        }
    }

    /// <summary>A meter counts the same whatever it is around.</summary>
    public static void Meter(MpiCommunicator world)
    {
        static List<(Operation, long, long, long)> Count(ICommunicator communicator)
        {
            var meter = new Metered(communicator);
            MatrixOperations(meter);
            meter.Split(meter.Rank % 2, 0).AllReduce(new long[5], Reduction.Sum);
            return [.. meter.Rows.Select(row => (row.Operation, row.Traffic.Calls, row.Traffic.Words, row.Traffic.Messages))];
        }
        Assert.Equal(ThreadCommunicator.Run(world.Size, Count)[world.Rank], Count(world));
    }

    private static List<byte[]> SpanOperations<T>(ICommunicator world)
        where T : unmanaged, INumber<T>
    {
        var results = new List<byte[]>();
        void Keep(T[] values) => results.Add(MemoryMarshal.AsBytes<T>(values).ToArray());
        foreach (int length in Lengths)
        {
            foreach (var reduction in Enum.GetValues<Reduction>())
            {
                var data = Numbers<T>(length, world.Rank);
                world.AllReduce(data, reduction);
                Keep(data);
            }
            for (int root = 0; root < world.Size; root++)
            {
                var data = Numbers<T>(length, world.Rank);
                world.Broadcast(data, root);
                Keep(data);
            }
            int[] counts = [.. Unequal(world.Size, length).Select(count => (int)count)];
            var all = new T[counts.Sum()];
            world.AllGather<T>(Numbers<T>(counts[world.Rank], world.Rank), all, counts);
            Keep(all);
            // From member p to member q: counts of p, turned by q.
            int[] send = [.. Enumerable.Range(0, world.Size).Select(q => counts[(world.Rank + q) % world.Size])], receive = [.. Enumerable.Range(0, world.Size).Select(q => counts[(world.Rank + q) % world.Size])];
            all = new T[receive.Sum()];
            world.AllToAll(Numbers<T>(send.Sum(), world.Rank), send, all, receive);
            Keep(all);
        }
        return results;
    }

    private static List<byte[]> MatrixOperations(ICommunicator world) => [.. Lengths.SelectMany(length => MatrixOperations(world, Unequal(world.Size, length)))];

    private static List<byte[]> RowOperations(ICommunicator world) => [.. new[] { 0, 5, 40 }.SelectMany(rows => MatrixOperations(world, [.. Unequal(world.Size, rows).Select(count => 48 * count)]))];

    private static List<byte[]> MatrixOperations(ICommunicator world, long[] counts)
    {
        var results = new List<byte[]>();
        void Keep(Matrix matrix) => results.Add(MemoryMarshal.AsBytes<double>(matrix.ToArray()).ToArray());
        int rank = world.Rank, size = world.Size;
        long total = counts.Sum(), own = counts[rank];
        foreach (var reduction in Enum.GetValues<Reduction>())
        {
            var data = Filled(total, rank);
            world.AllReduce(data, reduction);
            Keep(data);
        }
        var mine = Matrix.Allocate(1, own);
        world.ReduceScatter(Filled(total, rank), counts, mine);
        Keep(mine);
        var all = Matrix.Allocate(1, total);
        world.AllGather(Filled(own, rank), all, counts);
        Keep(all);
        world.Broadcast(mine = Filled(total, rank), size - 1);
        Keep(mine);
        long[] same = [.. Enumerable.Repeat(own, size)];
        var received = Matrix.Allocate(1, same.Sum());
        world.AllToAll(Filled(total, rank), counts, received, same);
        Keep(received);
        received.Clear();
        var pending = world.StartAllToAll(Filled(total, rank), counts, received, same);
        pending.Poll();
        pending.Wait();
        Keep(received);
        return results;
    }

    // Pieces of unequal size, some of them empty.
    private static long[] Unequal(int size, int length) => [.. Enumerable.Range(0, size).Select(q => q % 3 == 1 ? 0L : length * (q + 1L) / size)];

    private static Matrix Filled(long count, int seed) => Matrix.From(1, count, Numbers<double>((int)count, seed));

    // Of many sizes, so that the order of additions shows in the bits.
    private static T[] Numbers<T>(int length, int seed)
        where T : unmanaged, INumber<T>
    {
        var random = new Random(1000 + seed);
        return [.. Enumerable.Range(0, length).Select(_ => T.CreateTruncating((random.NextDouble() - (T.IsNegative(T.Zero - T.One) ? 0.5 : 0)) * Math.Pow(10, random.Next(-3, 4))))];
    }

    private static void SameAsThreads(MpiCommunicator world, string what, Func<ICommunicator, List<byte[]>> body) =>
        CheckSame(what, ThreadCommunicator.Run(world.Size, body)[world.Rank], body(world));

    private static void CheckSame(string what, List<byte[]> expected, List<byte[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int n = 0; n < expected.Count; n++)
            Assert.True(expected[n].AsSpan().SequenceEqual(actual[n]), $"{what}: result {n} ({expected[n].Length} bytes) differs from that of threads");
    }

    public static void Refused<T>(string message, Action call)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(call).Message);
}
