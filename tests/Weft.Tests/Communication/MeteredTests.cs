using Weft.Communication;
using Weft.Distributed;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

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

            long[] pieces = [4, 0, 1, 2, 3];
            var (whole, piece) = (Matrix.Allocate(5, 2), Matrix.Allocate(1, pieces[q]));
            meter.ReduceScatter(whole, pieces, piece);
            Counted(Operation.ReduceScatter, (g - 1) * pieces[q], 3);
            meter.AllGather(piece, whole, pieces);
            Counted(Operation.AllGather, 10 - pieces[q], 3);
            meter.Broadcast(whole, 2);
            Counted(Operation.Broadcast, q == 2 ? 0 : 10, 3);
            meter.AllReduce(Matrix.Allocate(3, 4), Reduction.Max);
            Counted(Operation.AllReduce, (g - 1) * mine + 12 - mine, 6);
            long[] equal = [pieces[q], pieces[q], pieces[q], pieces[q], pieces[q]];
            meter.AllToAll(Matrix.Allocate(5, pieces[q]), equal, whole, pieces);
            Counted(Operation.AllToAll, 10 - pieces[q], q == 1 ? 4 : 3);
            var begun = meter.StartAllToAll(Matrix.Allocate(5, pieces[q]), equal, whole, pieces);
            begun.Poll();
            begun.Wait();
            Counted(Operation.AllToAll, 10 - pieces[q], q == 1 ? 4 : 3);

            // Words of other types: an int is a word, a long two, four bytes one.
            meter.Broadcast(new int[6], 2);
            Counted(Operation.Broadcast, q == 2 ? 0 : 6, 3);
            meter.Broadcast(new long[6], 2);
            Counted(Operation.Broadcast, q == 2 ? 0 : 12, 3);
            meter.Broadcast(new byte[6], 2);
            Counted(Operation.Broadcast, q == 2 ? 0 : 2, 3);

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
            half.AllGather<Real>([meter.Rank], new Real[2], [1, 1]);
            half.Split(0, 0).Broadcast(new Real[3], 0);
            Assert.Equal(1, meter[Operation.AllGather].Words);
            Assert.Equal(half.Rank == 0 ? 0 : 3, meter[Operation.Broadcast].Words);
            meter.Split(meter.Rank, 0).AllReduce(new Real[100], Reduction.Sum);
            Assert.Equal(new Traffic(1, 0, 0, 0), meter[Operation.AllReduce] with { Seconds = 0 });
            Assert.Equal(half.Rank == 0 ? 1 : 4, meter.Total.Words);
        });
    }

    [Fact]
    public void Rows_tell_layers_and_directions_apart()
    {
        ThreadCommunicator.Run(2, world =>
        {
            var meter = new Metered(world);
            var pair = meter.Split(0, 0);
            pair.AllReduce(new Real[2], Reduction.Sum);
            meter.Enter(1, Direction.Forward);
            pair.AllReduce(new Real[4], Reduction.Sum);
            pair.AllReduce(new Real[4], Reduction.Sum);
            // The time of a wait belongs to the layer that began.
            var begun = pair.StartAllToAll(Matrix.Allocate(1, 2), [1, 1], Matrix.Allocate(1, 2), [1, 1]);
            meter.Enter(2, Direction.Backward);
            begun.Wait();
            pair.AllGather<Real>([1], new Real[2], [1, 1]);
            Assert.Equal(
                [
                    (Operation.AllReduce, 0, Direction.Other, 1L, 2L),
                    (Operation.AllReduce, 1, Direction.Forward, 2, 8),
                    (Operation.AllToAll, 1, Direction.Forward, 1, 1),
                    (Operation.AllGather, 2, Direction.Backward, 1, 1),
                ],
                meter.Rows.Select(row => (row.Operation, row.Layer, row.Direction, row.Traffic.Calls, row.Traffic.Words)));
            Assert.Equal(9, meter[null, 1, Direction.Forward].Words);
            Assert.Equal(8, meter[Operation.AllReduce, 1, Direction.Forward].Words);
            Assert.Equal(10, meter[Operation.AllReduce].Words);
            Assert.Equal(12, meter.Total.Words);
        });
    }

    [Fact]
    public void A_session_says_in_which_layer_and_direction_it_communicates()
    {
        var graph = TestGraphs.Forty;
        var grid = new ProcessGrid(2, 1, 1);
        ThreadCommunicator.Run(2, world =>
        {
            var meter = new Metered(world);
            ILayer[] layers = [new Dropout(0.5), new Gcn(4, 3, bias: false, Activation.Elu), new Dropout(0.5), new Gcn(3, 2, bias: false, Activation.Identity)];
            var session = new Session(new Model(layers), GridModel.Part(grid, meter, graph), Matrix.Allocate(20, 4));
            session.Forward(new Pass(Seed: 1, Step: 0, Training: true));
            session.Backward(Matrix.Allocate(20, 2));
            meter.Reset();
            session.Forward(new Pass(Seed: 1, Step: 1, Training: true));
            session.Backward(Matrix.Allocate(20, 2));
            // As many rows in each layer, three columns wide in the first and two in the second.
            foreach (var direction in new[] { Direction.Forward, Direction.Backward })
            {
                long first = meter[Operation.AllToAll, 1, direction].Words, second = meter[Operation.AllToAll, 2, direction].Words;
                Assert.InRange(first, 3, 20 * 3);
                Assert.Equal(2 * first, 3 * second);
            }
            Assert.Equal(3 + 3, meter[Operation.AllReduce, 2, Direction.Backward].Words);
            Assert.Equal(default, meter[null, 0, Direction.Other]);
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
            meter.AllGather<Real>([world.Rank], all, [1, 1, 1]);
            meter.AllToAll<Real>([10 * world.Rank, 10 * world.Rank + 1, 10 * world.Rank + 2], [1, 1, 1], pieces, [1, 1, 1]);
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
        meter.AllGather<Real>([4, 5, 6], received, [3]);
        Assert.Equal([4, 5, 6], received);
        meter.Barrier();
        Assert.Equal((0, 0), (meter.Total.Words, meter.Total.Messages));
        Assert.Throws<InvalidOperationException>(() => meter.Send(data, 0));
        Assert.Throws<InvalidOperationException>(() => meter.Receive(data, 0));
    }
}
