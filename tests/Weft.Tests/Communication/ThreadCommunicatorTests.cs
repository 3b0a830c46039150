using Weft.Communication;

namespace Weft.Tests.Communication;

/// <summary>Every operation on groups of 1 to 6 threads, and what happens when a member does not play along.</summary>
public class ThreadCommunicatorTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 6];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AllReduce_adds_in_rank_order_and_takes_the_largest(int size)
    {
        // In floating point the order shows: large, small, small … differs from small, small …, large.
        Real Value(int rank, int p) => (Real)((rank % 2 == 0 ? 1e7 : 1.1) / (p + 3 + rank));
        ThreadCommunicator.Run(size, world =>
        {
            Assert.Equal(size, world.Size);
            Real[] sum = [.. Enumerable.Range(0, 5).Select(p => Value(world.Rank, p))];
            Real[] largest = [.. Enumerable.Range(0, 5).Select(p => -Value(world.Rank, p))];
            world.AllReduce(sum, Reduction.Sum);
            world.AllReduce(largest, Reduction.Max);
            for (int p = 0; p < 5; p++)
            {
                Real expected = Value(0, p);
                for (int q = 1; q < size; q++) expected += Value(q, p);
                Assert.Equal(expected, sum[p]);
                Assert.Equal(Enumerable.Range(0, size).Max(q => -Value(q, p)), largest[p]);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Broadcast_brings_every_member_the_data_of_any_root(int size)
    {
        ThreadCommunicator.Run(size, world =>
        {
            for (int root = 0; root < size; root++)
            {
                Real[] data = [world.Rank, world.Rank + 10];
                world.Broadcast(data, root);
                Assert.Equal([root, root + 10], data);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AllGather_puts_pieces_of_unequal_size_in_rank_order(int size)
    {
        ThreadCommunicator.Run(size, world =>
        {
            int[] counts = [.. Enumerable.Range(0, size).Select(q => q % 3)];
            var all = new Real[counts.Sum()];
            world.AllGather<Real>([.. Enumerable.Repeat((Real)world.Rank, counts[world.Rank])], all, counts);
            Assert.Equal(Enumerable.Range(0, size).SelectMany(q => Enumerable.Repeat((Real)q, counts[q])), all);
        });
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AllToAll_delivers_each_piece_to_its_member(int size)
    {
        static int Count(int from, int to) => (from + 2 * to) % 4;
        ThreadCommunicator.Run(size, world =>
        {
            int me = world.Rank;
            int[] sendCounts = [.. Enumerable.Range(0, size).Select(q => Count(me, q))], receiveCounts = [.. Enumerable.Range(0, size).Select(q => Count(q, me))];
            Real[] send = [.. Enumerable.Range(0, size).SelectMany(q => Enumerable.Repeat((Real)(100 * me + q), Count(me, q)))];
            var receive = new Real[receiveCounts.Sum()];
            for (int repeat = 0; repeat < 3; repeat++)
            {
                Array.Clear(receive);
                world.AllToAll(send, sendCounts, receive, receiveCounts);
                Assert.Equal(Enumerable.Range(0, size).SelectMany(q => Enumerable.Repeat((Real)(100 * q + me), Count(q, me))), receive);
            }
        });
    }

    [Fact]
    public void Messages_between_two_members_keep_their_order()
    {
        ThreadCommunicator.Run(3, world =>
        {
            int next = (world.Rank + 1) % 3, previous = (world.Rank + 2) % 3;
            for (int n = 0; n < 20; n++) world.Send<Real>([world.Rank, n], next);
            for (int n = 0; n < 20; n++)
            {
                var message = new Real[2];
                world.Receive(message, previous);
                Assert.Equal([previous, n], message);
            }
        });
    }

    [Fact]
    public void Split_orders_the_members_of_a_colour_by_key_and_then_by_rank()
    {
        ThreadCommunicator.Run(6, world =>
        {
            var odd = world.Split(world.Rank % 2, -world.Rank);
            Assert.Equal((3, 2 - world.Rank / 2), (odd.Size, odd.Rank));
            var same = odd.Split(7, 0);
            Assert.Equal((odd.Size, odd.Rank), (same.Size, same.Rank));
            var alone = world.Split(world.Rank, 0);
            Assert.Equal((1, 0), (alone.Size, alone.Rank));
            // Groups work side by side.
            Real[] sum = [world.Rank];
            odd.AllReduce(sum, Reduction.Sum);
            Assert.Equal(world.Rank % 2 == 0 ? 0 + 2 + 4 : 1 + 3 + 5, sum[0]);
            alone.AllReduce(sum, Reduction.Sum);
            world.AllReduce(sum, Reduction.Sum);
            Assert.Equal(3 * 6 + 3 * 9, sum[0]);
        });
    }

    [Fact]
    public void Nobody_leaves_a_barrier_before_all_have_come()
    {
        int came = 0;
        ThreadCommunicator.Run(5, world =>
        {
            for (int round = 1; round <= 50; round++)
            {
                Interlocked.Increment(ref came);
                world.Barrier();
                Assert.Equal(5 * round, Volatile.Read(ref came));
                world.Barrier();
            }
        });
    }

    [Fact]
    public void Every_rank_has_a_thread_of_its_own_outside_the_pool()
    {
        var threads = ThreadCommunicator.Run(4, _ => (Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread));
        Assert.Equal(4, threads.Select(t => t.CurrentManagedThreadId).Distinct().Count());
        Assert.DoesNotContain(threads, t => t.IsThreadPoolThread);
        Assert.DoesNotContain(threads, t => t.CurrentManagedThreadId == Environment.CurrentManagedThreadId);
    }

    [Fact]
    public void Results_come_in_rank_order() =>
        Assert.Equal([0, 1, 4, 9], ThreadCommunicator.Run(4, world => world.Rank * world.Rank));

    [Fact]
    public void When_a_rank_throws_all_others_end_with_an_exception_that_names_it()
    {
        var ended = new int[4];
        var failure = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(4, world =>
        {
            try
            {
                var half = world.Split(world.Rank / 2, 0);
                if (world.Rank == 2) throw new InvalidDataException("no more rows");
                if (world.Rank == 3) half.Barrier();
                else if (world.Rank == 1) world.Receive(new Real[1], 0);
                else world.Barrier();
            }
            catch (RankFailedException other)
            {
                ended[world.Rank] = 1 + other.Rank;
                throw;
            }
        }));
        Assert.Equal([3, 3, 0, 3], ended);
        Assert.Equal(2, failure.Rank);
        Assert.Equal("rank 2 failed: no more rows", failure.Message);
        Assert.IsType<InvalidDataException>(failure.InnerException);
    }

    [Fact]
    public void After_a_failure_every_call_fails()
    {
        Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(2, world =>
        {
            if (world.Rank == 0) throw new InvalidDataException();
            Assert.Throws<RankFailedException>(world.Barrier);
            Assert.Throws<RankFailedException>(world.Barrier);
            Assert.Throws<RankFailedException>(() => world.Send<Real>([1], 0));
        }));
    }

    public static TheoryData<string, string> Mismatches => new()
    {
        { "operation", "it calls " },
        { "reduction", "AllReduce of 2 entries (Max)" },
        { "length", "it calls AllReduce of" },
        { "root", "it calls Broadcast of 1 entries from" },
        { "pieces", "entries where 2 were expected" },
        { "own piece", "its own count says 2" },
        { "message", "sent 1 entries where 3 were expected" },
        { "counts", "the counts sent add up to 2, the buffer holds 3" },
        { "number of counts", "AllToAll: 1 counts for a group of 2" },
        { "return", "it has returned while rank" },
        { "circle", "all ranks wait for one another: rank 0 in Receive, rank 1 in Receive" },
        { "two groups", "all ranks wait for one another: rank 0 in Barrier, rank 1 in Receive" },
        { "unread", "it sent 2 entries to rank 0, which never received them" },
    };

    [Theory]
    [MemberData(nameof(Mismatches))]
    public void Calls_that_do_not_match_are_named(string what, string message)
    {
        var failure = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(2, world =>
        {
            bool zero = world.Rank == 0;
            switch (what)
            {
                case "operation":
                    if (zero) world.Barrier();
                    else world.AllReduce(new Real[1], Reduction.Sum);
                    break;
                case "reduction": world.AllReduce(new Real[2], zero ? Reduction.Sum : Reduction.Max); break;
                case "length": world.AllReduce(new Real[zero ? 2 : 3], Reduction.Sum); break;
                case "root": world.Broadcast(new Real[1], world.Rank); break;
                case "pieces": world.AllToAll(new Real[2], [1, 1], new Real[3], zero ? [1, 2] : [2, 1]); break;
                case "own piece": world.AllGather(new Real[zero ? 2 : 1], new Real[4], [2, 2]); break;
                case "message":
                    if (zero) world.Send(new Real[1], 1);
                    else world.Receive(new Real[3], 0);
                    break;
                case "counts": world.AllToAll(new Real[3], [1, 1], new Real[2], [1, 1]); break;
                case "number of counts": world.AllToAll(new Real[1], [1], new Real[1], [1]); break;
                case "return":
                    if (zero) world.Barrier();
                    break;
                case "circle": world.Receive(new Real[1], 1 - world.Rank); break;
                case "two groups":
                    if (zero) world.Barrier();
                    else world.Receive(new Real[1], 0);
                    break;
                case "unread":
                    if (!zero) world.Send(new Real[2], 0);
                    break;
                default: throw new ArgumentException(what);
            }
        }));
        Assert.Contains(message, failure.Message);
    }

    [Fact]
    public void Members_and_group_sizes_that_do_not_exist_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ThreadCommunicator.Run(0, _ => { }));
        ThreadCommunicator.Run(1, world =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => world.Broadcast(new Real[1], 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => world.Send(new Real[1], -1));
            Assert.Throws<ArgumentOutOfRangeException>(() => world.Receive(new Real[1], 5));
        });
    }

    [Fact]
    public void A_warm_collective_allocates_nothing()
    {
        var allocated = ThreadCommunicator.Run(3, world =>
        {
            var data = new Real[100];
            int[] counts = [20, 30, 50], mine = [counts[world.Rank], counts[world.Rank], counts[world.Rank]];
            var pieces = new Real[3 * counts[world.Rank]];
            // The runtime itself allocates when threads first meet at a lock: what every round allocates is the communicator's.
            long least = long.MaxValue;
            for (int repeat = 0; repeat < 20; repeat++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                world.AllReduce(data, Reduction.Sum);
                world.AllToAll(data, counts, pieces, mine);
                world.AllGather(data.AsSpan(0, counts[world.Rank]), data, counts);
                world.Broadcast(data, 1);
                world.Barrier();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }
            return least;
        });
        Assert.All(allocated, bytes => Assert.Equal(0, bytes));
    }
}
