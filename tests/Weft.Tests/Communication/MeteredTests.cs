using Weft.Communication;

namespace Weft.Tests.Communication;

/// <summary>The canonical counts, member by member, and that a meter changes nothing else.</summary>
public class MeteredTests
{
    [Fact]
    public void Every_operation_is_counted_as_its_formula_says()
    {
        const int g = 5;
        ThreadCommunicator.Run(g, world =>
        {
            var meter = new Metered(world);
            int q = meter.Rank;
            Assert.Equal(g, meter.Size);
            void Counted(Operation operation, long words, long messages)
            {
                var traffic = meter[operation];
                Assert.Equal((1, words, messages), (traffic.Calls, traffic.Words, traffic.Messages));
                Assert.True(traffic.Seconds > 0);
                Assert.Equal(traffic, meter.Total);
                meter.Reset();
                Assert.Equal(default, meter.Total);
            }

            meter.Barrier();
            Counted(Operation.Barrier, 0, 3);

            meter.Broadcast(new Real[11], 2);
            Counted(Operation.Broadcast, q == 2 ? 0 : 11, 3);

            meter.AllReduce(new Real[12], Reduction.Sum);                      // pieces 3, 3, 2, 2, 2
            long mine = q < 2 ? 3 : 2;
            Counted(Operation.AllReduce, (g - 1) * mine + 12 - mine, 6);

            int[] counts = [4, 0, 1, 2, 3];
            meter.AllGather(new Real[counts[q]], new Real[10], counts);
            Counted(Operation.AllGather, 10 - counts[q], 3);

            // Member p sends counts[p] entries to everyone: member 1 sends none.
            int[] same = [counts[q], counts[q], counts[q], counts[q], counts[q]];
            meter.AllToAll(new Real[5 * counts[q]], same, new Real[10], counts);
            Counted(Operation.AllToAll, 10 - counts[q], q == 1 ? 4 : 3);

            meter.Send(new Real[q + 1], (q + 1) % g);
            Assert.Equal(default, meter.Total);
            int previous = (q + g - 1) % g;
            meter.Receive(new Real[previous + 1], previous);
            Counted(Operation.Receive, previous + 1, 1);
        });
    }

    [Fact]
    public void Groups_split_from_a_meter_count_into_it()
    {
        ThreadCommunicator.Run(4, world =>
        {
            var meter = new Metered(world);
            var half = meter.Split(meter.Rank % 2, 0);
            half.AllGather([meter.Rank], new Real[2], [1, 1]);
            half.Split(0, 0).Broadcast(new Real[3], 0);
            Assert.Equal(1, meter[Operation.AllGather].Words);
            Assert.Equal(half.Rank == 0 ? 0 : 3, meter[Operation.Broadcast].Words);
            meter.Split(meter.Rank, 0).AllReduce(new Real[100], Reduction.Sum);
            Assert.Equal(new Traffic(1, 0, 0, 0), meter[Operation.AllReduce] with { Seconds = 0 });
            Assert.Equal(half.Rank == 0 ? 1 : 4, meter.Total.Words);
        });
    }

    [Fact]
    public void A_meter_passes_data_through_unchanged()
    {
        ThreadCommunicator.Run(3, world =>
        {
            var meter = new Metered(world);
            Real[] sum = [world.Rank, 2], largest = [world.Rank, -1], root = [world.Rank], all = new Real[3], pieces = new Real[3];
            meter.AllReduce(sum, Reduction.Sum);
            meter.AllReduce(largest, Reduction.Max);
            meter.Broadcast(root, 1);
            meter.AllGather([world.Rank], all, [1, 1, 1]);
            meter.AllToAll([10 * world.Rank, 10 * world.Rank + 1, 10 * world.Rank + 2], [1, 1, 1], pieces, [1, 1, 1]);
            Assert.Equal([3, 6], sum);
            Assert.Equal([2, -1], largest);
            Assert.Equal([1], root);
            Assert.Equal([0, 1, 2], all);
            Assert.Equal([world.Rank, 10 + world.Rank, 20 + world.Rank], pieces);
            Assert.Equal(world.Rank, meter.Split(0, 0).Rank);
        });
    }

    [Fact]
    public void Alone_every_collective_is_the_identity_and_costs_nothing()
    {
        var meter = new Metered(Alone.Instance);
        Real[] data = [1, 2, 3], received = new Real[3];
        meter.AllReduce(data, Reduction.Sum);
        meter.Broadcast(data, 0);
        meter.AllToAll(data, [3], received, [3]);
        Assert.Equal(data, received);
        meter.AllGather([4, 5, 6], received, [3]);
        Assert.Equal([4, 5, 6], received);
        meter.Barrier();
        Assert.Equal((0, 0), (meter.Total.Words, meter.Total.Messages));
        Assert.Throws<InvalidOperationException>(() => meter.Send(data, 0));
        Assert.Throws<InvalidOperationException>(() => meter.Receive(data, 0));
    }
}
