using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class CounterRandomTests
{
    private static readonly RandomKey Key = new(0x123456789ABCDEF0, 7, 3);

    /// <summary>The known answers that the authors publish with their Random123 library (file kat_vectors, philox4x32 10).</summary>
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_the_published_answers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3)
    {
        Assert.Equal((w0, w1, w2, w3), CounterRandom.Philox(c0, c1, c2, c3, k0, k1));
    }

    [Fact]
    public unsafe void Many_counters_at_once_give_what_each_gives_alone()
    {
        uint* ids = stackalloc uint[CounterRandom.Batch], blocks = stackalloc uint[CounterRandom.Batch], words = stackalloc uint[4 * CounterRandom.Batch];
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            for (int t = 0; t < CounterRandom.Batch; t++) (ids[t], blocks[t]) = ((uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
            var key = new RandomKey((ulong)random.NextInt64(), (uint)random.NextInt64(1L << 32), (uint)random.NextInt64(1L << 32));
            CounterRandom.Words(key, ids, blocks, words);
            for (int t = 0; t < CounterRandom.Batch; t++)
                Assert.Equal(
                    CounterRandom.Philox(key.Step, key.Stream, ids[t], blocks[t], (uint)key.Seed, (uint)(key.Seed >> 32)),
                    (words[4 * t], words[4 * t + 1], words[4 * t + 2], words[4 * t + 3]));
        }
    }

    private static double Factor(int id, long column, double rate) =>
        CounterRandom.Word(Key, (uint)id, (uint)column) < rate * 4294967296.0 ? 0 : 1 / (1 - rate);

    [Fact]
    public void Rows_of_every_length_are_dropped_by_id_and_column()
    {
        var random = new Random(2);
        for (int columns = 0; columns <= 256; columns++)
        {
            int rows = columns % 11;
            int[] ids = [.. Enumerable.Range(0, rows).Select(_ => random.Next())];
            double rate = columns % 5 == 0 ? 0 : random.NextDouble();
            Guarded H = new(rows, columns, random), result = new(rows, columns, random);
            CounterRandom.DropRows(H.View, ids, rate, Key, result.View);
            result.AssertNothingOutsideWasWritten();
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++)
                    Assert.Equal((double)(H.View[i, j] * (Real)Factor(ids[i], j, rate)), result.View[i, j]);
            CounterRandom.DropRows(H.View, ids, rate, Key, H.View);
            Assert.Equal(result.View.ToArray(), H.View.ToArray());
        }
    }

    [Fact]
    public void Stored_entries_are_dropped_as_in_the_dense_matrix()
    {
        var random = new Random(3);
        const int Rows = 40, Columns = 70;
        var dense = Matrix.Allocate(Rows, Columns);
        var (row, column) = (new List<int>(), new List<int>());
        for (int i = 0; i < Rows; i++)
            for (int j = 0; j < Columns; j++)
                if (i % 7 != 3 && random.Next(5) == 0)
                {
                    row.Add(i);
                    column.Add(j);
                    dense[i, j] = (Real)(1 + random.NextDouble());
                }
        var byRow = EdgeView.Group([.. row], [.. column], Rows, Columns, out _);
        int[] ids = [.. Enumerable.Range(0, Rows).Select(_ => random.Next())];
        var droppedDense = Matrix.Allocate(Rows, Columns);
        CounterRandom.DropRows(dense, ids, 0.4, Key, droppedDense);
        Matrix values = new Guarded(byRow.Count, 1).View;
        for (int q = 0; q < row.Count; q++) values[q, 0] = dense[row[q], column[q]];
        var result = new Guarded(byRow.Count, 1);
        CounterRandom.DropEntries(byRow, values, ids, 0.4, Key, result.View);
        result.AssertNothingOutsideWasWritten();
        for (int q = 0; q < row.Count; q++) Assert.Equal(droppedDense[row[q], column[q]], result.View[q, 0]);
        Assert.Contains(result.View.ToArray(), v => v == 0);
    }

    [Fact]
    public void A_process_with_some_heads_drops_what_the_whole_layer_drops()
    {
        var random = new Random(4);
        foreach (int edges in new[] { 0, 1, 15, 16, 17, 100 })
            for (int heads = 1; heads <= 9; heads++)
            {
                int[] ids = [.. Enumerable.Range(0, edges).Select(_ => random.Next())];
                var S = Guarded.Random(edges, heads, random);
                var whole = Matrix.Allocate(edges, heads);
                CounterRandom.DropEdges(S, ids, 0, 0.6, Key, whole);
                for (int e = 0; e < edges; e++)
                    for (int h = 0; h < heads; h++)
                        Assert.Equal((double)(S[e, h] * (Real)Factor(ids[e], h, 0.6)), whole[e, h]);
                int firstHead = random.Next(heads), count = 1 + random.Next(heads - firstHead);
                var part = new Guarded(edges, count);
                CounterRandom.DropEdges(S.ColumnRange(firstHead, count), ids, firstHead, 0.6, Key, part.View);
                part.AssertNothingOutsideWasWritten();
                Assert.Equal(whole.ColumnRange(firstHead, count).ToArray(), part.View.ToArray());
            }
    }

    [Fact]
    public void The_share_dropped_is_the_rate_and_the_mean_is_kept()
    {
        const int Rows = 400, Columns = 250;
        int[] ids = [.. Enumerable.Range(0, Rows)];
        Matrix ones = Matrix.Allocate(Rows, Columns), result = Matrix.Allocate(Rows, Columns);
        ones.Fill(1);
        foreach (double rate in new[] { 0.1, 0.5, 0.6, 0.9 })
        {
            CounterRandom.DropRows(ones, ids, rate, Key, result);
            double[] values = result.ToArray();
            double deviation = Math.Sqrt(rate * (1 - rate) / values.Length);
            Assert.InRange(values.Count(v => v == 0) / (double)values.Length, rate - 5 * deviation, rate + 5 * deviation);
            Assert.InRange(values.Average(), 1 - 5 * deviation / (1 - rate), 1 + 5 * deviation / (1 - rate));
        }
    }

    [Fact]
    public void Steps_streams_and_seeds_differ_and_repeat()
    {
        double[] Draw(RandomKey key)
        {
            var W = Matrix.Allocate(10, 10);
            CounterRandom.UniformRange(W, -1, 1, key);
            return W.ToArray();
        }

        Assert.Equal(Draw(Key), Draw(Key));
        foreach (var other in new[] { Key with { Seed = 1 }, Key with { Step = 1 }, Key with { Stream = 1 } })
            Assert.DoesNotContain(Draw(other).Zip(Draw(Key)), pair => pair.First == pair.Second);
    }

    [Fact]
    public void Initial_weights_depend_on_their_row_and_column_alone_and_have_the_right_moments()
    {
        Matrix W = Matrix.Allocate(300, 200), part = Matrix.Allocate(10, 7);
        CounterRandom.UniformRange(W, -0.5, 0.25, Key);
        CounterRandom.UniformRange(part, -0.5, 0.25, Key);
        Assert.Equal(W.Top(10).ColumnRange(0, 7).ToArray(), part.ToArray());
        double[] uniform = W.ToArray();
        Assert.All(uniform, w => Assert.InRange(w, -0.5, 0.25));
        Assert.Equal(-0.125, uniform.Average(), 0.005);
        Assert.Equal(0.75 * 0.75 / 12, uniform.Average(w => (w + 0.125) * (w + 0.125)), 0.001);

        CounterRandom.Normal(W, 2, Key);
        CounterRandom.Normal(part, 2, Key);
        Assert.Equal(W.Top(10).ColumnRange(0, 7).ToArray(), part.ToArray());
        double[] normal = W.ToArray();
        Assert.Equal(0, normal.Average(), 0.04);
        Assert.Equal(4, normal.Average(w => w * w), 0.12);
        Assert.Equal(48, normal.Average(w => w * w * w * w), 5.0);
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(5);
        Matrix H = Guarded.Random(3000, 50, random), S = Guarded.Random(3000, 4, random);
        int[] ids = [.. Enumerable.Range(0, 3000)];
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            Matrix dropped = Matrix.Allocate(3000, 50), edges = Matrix.Allocate(3000, 4);
            CounterRandom.DropRows(H, ids, 0.5, Key, dropped);
            CounterRandom.DropEdges(S, ids, 0, 0.5, Key, edges);
            return [.. dropped.ToArray(), .. edges.ToArray()];
        });
    }
}
