using System.Numerics;
using Weft.Communication;
using Weft.Memory;

namespace Weft.Tests.Communication;

/// <summary>The collectives on node matrices, and on spans of every type, between threads.</summary>
public class MatrixCollectivesTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 6];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ReduceScatter_gives_each_member_its_piece_of_the_sum_in_rank_order(int size)
    {
        long[] counts = [.. Enumerable.Range(0, size).Select(q => (long)(q % 3))];
        long total = counts.Sum();
        // In floating point the order shows.
        static Real Value(int rank, long p) => (Real)((rank % 2 == 0 ? 1e7 : 1.1) / (p + 3 + rank));
        ThreadCommunicator.Run(size, world =>
        {
            var partial = Matrix.Allocate(1, total);
            for (long p = 0; p < total; p++) partial[0, p] = Value(world.Rank, p);
            var mine = Matrix.Allocate(counts[world.Rank], 1);
            world.ReduceScatter(partial, counts, mine);
            long first = counts.Take(world.Rank).Sum();
            for (long p = 0; p < mine.Rows; p++)
            {
                Real expected = Value(0, first + p);
                for (int q = 1; q < size; q++) expected += Value(q, first + p);
                Assert.Equal(expected, mine[p, 0]);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Matrices_travel_as_spans_do(int size)
    {
        static long Count(int from, int to) => (from + 2 * to) % 4;
        ThreadCommunicator.Run(size, world =>
        {
            int me = world.Rank;
            long[] sent = [.. Enumerable.Range(0, size).Select(q => Count(me, q))], received = [.. Enumerable.Range(0, size).Select(q => Count(q, me))];
            var send = Matrix.From(1, sent.Sum(), [.. Enumerable.Range(0, size).SelectMany(q => Enumerable.Repeat(100.0 * me + q, (int)Count(me, q)))]);
            double[] expected = [.. Enumerable.Range(0, size).SelectMany(q => Enumerable.Repeat(100.0 * q + me, (int)Count(q, me)))];
            var (atOnce, begun) = (Matrix.Allocate(1, received.Sum()), Matrix.Allocate(received.Sum(), 1));
            world.AllToAll(send, sent, atOnce, received);
            Assert.Equal(expected, atOnce.ToArray());
            for (int repeat = 0; repeat < 2; repeat++)
            {
                begun.Clear();
                var pending = world.StartAllToAll(send, sent, begun, received);
                pending.Poll();
                world.Barrier();
                pending.Wait();
                Assert.Equal(expected, begun.ToArray());
            }

            var all = Matrix.Allocate(size, 2);
            world.AllGather(Matrix.From(1, 2, [me, me + 0.5]), all, [.. Enumerable.Repeat(2L, size)]);
            Assert.Equal(Enumerable.Range(0, size).SelectMany(q => new[] { q, q + 0.5 }), all.ToArray());
            world.AllReduce(all, Reduction.Min);
            Assert.Equal(0.5, all[0, 1]);
            var root = Matrix.From(2, 1, [me, -me]);
            world.Broadcast(root, size - 1);
            Assert.Equal([size - 1, 1 - size], root.ToArray());
        });
    }

    [Fact]
    public void Spans_of_every_type_are_reduced_and_moved()
    {
        Check<float>();
        Check<double>();
        Check<int>();
        Check<long>();
        Check<byte>();

        static void Check<T>()
            where T : unmanaged, INumber<T>
        {
            static T Of(int value) => T.CreateChecked(value);
            ThreadCommunicator.Run(3, world =>
            {
                int me = world.Rank;
                // Longer than a vector, with a rest.
                T[] Filled(int value) => [.. Enumerable.Range(0, 67).Select(p => Of(value + p % 5))];
                var (sum, largest, smallest) = (Filled(me), Filled(me), Filled(me));
                world.AllReduce(sum, Reduction.Sum);
                world.AllReduce(largest, Reduction.Max);
                world.AllReduce(smallest, Reduction.Min);
                Assert.Equal(Enumerable.Range(0, 67).Select(p => Of(3 + 3 * (p % 5))), sum);
                Assert.Equal(Filled(2), largest);
                Assert.Equal(Filled(0), smallest);
                T[] all = new T[3], pieces = new T[3], root = [Of(me)], message = new T[1];
                world.AllGather<T>([Of(me)], all, [1, 1, 1]);
                Assert.Equal([Of(0), Of(1), Of(2)], all);
                world.AllToAll<T>([Of(10 * me), Of(10 * me + 1), Of(10 * me + 2)], [1, 1, 1], pieces, [1, 1, 1]);
                Assert.Equal([Of(me), Of(10 + me), Of(20 + me)], pieces);
                world.Broadcast(root, 1);
                Assert.Equal([Of(1)], root);
                world.Send<T>([Of(me)], (me + 1) % 3);
                world.Receive(message, (me + 2) % 3);
                Assert.Equal([Of((me + 2) % 3)], message);
            });
        }
    }

    [Fact]
    public void What_cannot_be_communicated_is_refused()
    {
        var columns = Matrix.Allocate(2, 3).ColumnRange(0, 2);
        foreach (var call in new Action<ICommunicator>[]
        {
            world => world.AllReduce(columns, Reduction.Sum),
            world => world.Broadcast(columns, 0),
            world => world.AllGather(columns, columns, [4]),
            world => world.ReduceScatter(columns, [4], Matrix.Allocate(2, 2)),
            world => world.AllToAll(columns, [4], columns, [4]),
        })
            Assert.Contains("some columns", Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(1, call)).Message);
        var wrong = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(2, world =>
        {
            if (world.Rank == 0) world.Send<int>([1], 1);
            else world.Receive(new Real[1], 0);
        }));
        Assert.Contains("sent entries of type Int32", wrong.Message);
        var twice = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(1, world =>
        {
            var pending = world.StartAllToAll(Matrix.Allocate(1, 1), [1], Matrix.Allocate(1, 1), [1]);
            pending.Wait();
            pending.Wait();
        }));
        Assert.Contains("waited for before", twice.Message);
        Assert.Throws<ArgumentException>(() => Alone.Instance.AllToAll(Matrix.Allocate(1, 2), [2], Matrix.Allocate(1, 1), [1]));
    }

    [Fact]
    public void A_warm_collective_on_matrices_allocates_nothing()
    {
        var allocated = ThreadCommunicator.Run(3, world =>
        {
            var meter = new Metered(world);
            var (data, piece) = (Matrix.Allocate(3, 20), Matrix.Allocate(1, 20));
            long[] counts = [20, 20, 20];
            long least = long.MaxValue;
            for (int repeat = 0; repeat < 20; repeat++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                meter.Enter(1, Direction.Forward);
                meter.AllReduce(data, Reduction.Sum);
                meter.ReduceScatter(data, counts, piece);
                meter.AllGather(piece, data, counts);
                meter.AllToAll(data, counts, data, counts);
                var pending = meter.StartAllToAll(data, counts, data, counts);
                pending.Poll();
                pending.Wait();
                meter.Broadcast(data, 1);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }
            return least;
        });
        Assert.All(allocated, bytes => Assert.Equal(0, bytes));
    }
}
