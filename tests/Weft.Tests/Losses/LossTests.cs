using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Losses;
using Weft.Memory;
using Weft.Tests.Golden;
using Weft.Tests.Kernels;
using Weft.Tests.Oracles;

namespace Weft.Tests.Losses;

[AlsoWithNarrowVectors]
public class LossTests
{
    private static readonly double Tolerance = sizeof(Real) == 8 ? 1e-12 : 5e-6;

    [Fact]
    public void Values_and_gradients_are_the_golden_ones()
    {
        var golden = GoldenCase.Load("losses");
        bool[] mask = golden["mask"].Booleans;
        var graph = Graph.FromEdges(mask.Length, [], []);
        CheckGolden(golden, "ce_loss", "ce_logits", "ce_dlogits", new CrossEntropy(), LossTarget.FromLabels(graph, golden["labels"].Integers, mask));
        CheckGolden(golden, "bce_loss", "bce_logits", "bce_dlogits", new BinaryCrossEntropy(), LossTarget.FromValues(graph, From(golden["bce_targets"].Matrix), mask));
        CheckGolden(golden, "mse_loss", "mse_pred", "mse_dpred", new MeanSquare(), LossTarget.FromValues(graph, From(golden["mse_target"].Matrix), mask));
    }

    /// <summary>Every width from one output to beyond two vectors, so that whole vectors, halves and rests all occur.</summary>
    [Fact]
    public void Values_and_gradients_are_the_oracles_at_every_width()
    {
        var random = new Random(5);
        for (int columns = 1; columns <= 40; columns++)
        {
            const int rows = 9;
            var z = Values(random, rows, columns, 3);
            var t = Values(random, rows, columns, 1);
            foreach (ref double x in System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref t[0, 0], t.Length)) x = Math.Abs(x);
            bool[] mask = [.. Enumerable.Range(0, rows).Select(i => i % 4 != 1)];
            int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(columns))];
            var graph = Graph.FromEdges(rows, [], []);
            Check(LossOracles.CrossEntropy(z, labels, mask), new CrossEntropy(), z, LossTarget.FromLabels(graph, labels, mask));
            Check(LossOracles.SmoothedCrossEntropy(z, labels, mask, 0.1), new CrossEntropy(0.1), z, LossTarget.FromLabels(graph, labels, mask));
            Check(LossOracles.Logistic(z, t, mask), new BinaryCrossEntropy(), z, LossTarget.FromValues(graph, From(t), mask));
            Check(LossOracles.SquaredError(z, t, mask), new MeanSquare(), z, LossTarget.FromValues(graph, From(t), mask));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(19)]
    public void Logits_of_ten_thousand_give_finite_values_and_gradients(int columns)
    {
        var logits = Matrix.Allocate(4, columns);
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < columns; c++) logits[i, c] = (i + c) % 2 == 0 ? 10_000 : -10_000;
        var graph = Graph.FromEdges(4, [], []);
        bool[] all = [true, true, true, true];
        var zeros = LossTarget.FromValues(graph, Matrix.Allocate(4, columns), all);
        foreach (var (loss, target) in new (ILoss, LossTarget)[]
        {
            (new CrossEntropy(), LossTarget.FromLabels(graph, [0, 0, 0, 0], all)),
            (new BinaryCrossEntropy(), zeros),
            (new MeanSquare(), zeros),
        })
        {
            var gradient = Matrix.Allocate(4, columns);
            Assert.True(double.IsFinite(loss.Evaluate(logits, target, gradient)), loss.Name);
            Assert.All(gradient.ToArray(), g => Assert.True(double.IsFinite(g), loss.Name));
        }
        // Row 0 has its label at +10,000; row 1 has it 20,000 below the largest wherever there is another.
        double expected = columns == 1 ? 0 : (2 * Math.Log((columns + 1) / 2) + 2 * (20_000 + Math.Log(columns / 2))) / 4;
        Assert.Equal(expected, new CrossEntropy().Evaluate(logits, LossTarget.FromLabels(graph, [0, 0, 0, 0], all)), 1e-6 * Math.Max(1, expected));
    }

    [Fact]
    public void An_empty_mask_gives_zero_and_a_gradient_of_zeros()
    {
        var graph = Graph.FromEdges(3, [], []);
        var logits = From(Values(new Random(3), 3, 2, 1));
        var gradient = From(Values(new Random(4), 3, 2, 1));
        Assert.Equal(0, new CrossEntropy().Evaluate(logits, LossTarget.FromLabels(graph, [-1, -1, -1], new bool[3]), gradient));
        Assert.All(gradient.ToArray(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_logit_that_is_not_finite_shows_in_the_loss()
    {
        var graph = Graph.FromEdges(1, [], []);
        foreach (double bad in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            var logits = Matrix.From(1, 17, [.. Enumerable.Range(0, 17).Select(c => c == 5 ? bad : c)]);
            Assert.False(double.IsFinite(new CrossEntropy().Evaluate(logits, LossTarget.FromLabels(graph, [2], [true]))));
            Assert.False(double.IsFinite(new BinaryCrossEntropy().Evaluate(logits, LossTarget.FromValues(graph, From(Values(new Random(1), 1, 17, 1)), [true]))));
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit_and_a_warm_evaluation_allocates_nothing()
    {
        const int rows = 2_000, columns = 23;
        var random = new Random(11);
        var logits = From(Values(random, rows, columns, 4));
        var graph = Graph.FromEdges(rows, [], []);
        bool[] mask = [.. Enumerable.Range(0, rows).Select(_ => random.Next(3) > 0)];
        int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(columns))];
        int before = RowParallel.Threads;
        try
        {
            foreach (var (loss, target) in new (ILoss, LossTarget)[]
            {
                (new CrossEntropy(), LossTarget.FromLabels(graph, labels, mask)),
                (new BinaryCrossEntropy(), LossTarget.FromValues(graph, From(Values(random, rows, columns, 1)), mask)),
                (new MeanSquare(), LossTarget.FromValues(graph, From(Values(random, rows, columns, 1)), mask)),
            })
            {
                var gradients = new List<double[]>();
                var values = new List<double>();
                foreach (int threads in new[] { 1, 2, 3 })
                {
                    RowParallel.Threads = threads;
                    var gradient = Matrix.Allocate(rows, columns);
                    values.Add(loss.Evaluate(logits, target, gradient));
                    gradients.Add(gradient.ToArray());
                    // Threads may not be started before a call that finds them free of other tests' work.
                    long least = long.MaxValue;
                    for (int again = 0; again < 5; again++)
                    {
                        long allocated = GC.GetAllocatedBytesForCurrentThread();
                        loss.Evaluate(logits, target, gradient);
                        loss.Evaluate(logits, target);
                        least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - allocated);
                    }
                    Assert.Equal(0, least);
                }
                Assert.Single(values.Distinct());
                Assert.All(gradients, g => Assert.Equal(gradients[0], g));
                Assert.Equal(values[0], loss.Evaluate(logits, target));
            }
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    /// <summary>Every process gets the value of the whole; the last has no masked node and gives rows of zeros.</summary>
    [Fact]
    public void Processes_that_share_the_nodes_get_the_loss_of_all_and_their_rows_of_the_gradient()
    {
        const int rows = 23, columns = 5;
        var random = new Random(2);
        var z = Values(random, rows, columns, 2);
        int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(columns))];
        bool[] mask = [.. Enumerable.Range(0, rows).Select(i => i < 17 && i % 3 != 0)];
        var (expected, gradient) = LossOracles.CrossEntropy(z, labels, mask);
        var grid = new ProcessGrid(2, 2, 1);
        var parts = ThreadCommunicator.Run(grid.Size, world =>
        {
            var graph = grid.Distribute(world, rows, [0], [1]);
            var (first, count) = grid.Owned(rows, world.Rank);
            var here = new Range((int)first, (int)(first + count));
            var target = LossTarget.FromLabels(graph, labels[here], mask[here]);
            var dz = Matrix.Allocate(count, columns);
            double value = new CrossEntropy().Evaluate(From(z).RowRange(first, count), target, dz);
            return (value, target.Count, dz.ToArray());
        });
        Assert.All(parts, part => Assert.Equal(mask.Count(m => m), part.Count));
        Assert.All(parts, part => Assert.Equal(expected, part.value, Tolerance));
        Assert.All(gradient.Cast<double>().Zip(parts.SelectMany(part => part.Item3)), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Fact]
    public void Targets_that_do_not_fit_are_refused_by_a_message_that_names_both_sizes()
    {
        var graph = Graph.FromEdges(3, [], []);
        bool[] all = [true, true, true];
        Assert.Contains("the mask has 2", Assert.Throws<ArgumentException>(() => LossTarget.FromLabels(graph, [0, 1], [true, true])).Message);
        Assert.Contains("2 labels", Assert.Throws<ArgumentException>(() => LossTarget.FromLabels(graph, [0, 1], all)).Message);
        Assert.Contains("node 1 is in the mask", Assert.Throws<ArgumentException>(() => LossTarget.FromLabels(graph, [0, -1, 0], all)).Message);
        var labels = LossTarget.FromLabels(graph, [0, 1, 4], all);
        Assert.Contains("label 4", Assert.Throws<ArgumentException>(() => new CrossEntropy().Evaluate(Matrix.Allocate(3, 4), labels)).Message);
        Assert.Contains("classes", Assert.Throws<ArgumentException>(() => new MeanSquare().Evaluate(Matrix.Allocate(3, 4), labels)).Message);
        var numbers = LossTarget.FromValues(graph, Matrix.Allocate(3, 2), all);
        Assert.Contains("[3, 2]", Assert.Throws<ArgumentException>(() => new BinaryCrossEntropy().Evaluate(Matrix.Allocate(3, 4), numbers)).Message);
    }

    private static void CheckGolden(GoldenCase golden, string value, string logits, string gradient, ILoss loss, LossTarget target)
    {
        var z = From(golden[logits].Matrix);
        var dz = From(Values(new Random(1), (int)z.Rows, (int)z.Columns, 1));
        golden.Check(value, [loss.Evaluate(z, target, dz)]);
        golden.Check(value, [loss.Evaluate(z, target)]);
        golden.Check(gradient, dz.ToArray());
    }

    private static void Check((double Loss, double[,] Gradient) expected, ILoss loss, double[,] z, LossTarget target)
    {
        var logits = From(z);
        var gradient = From(Values(new Random(1), z.GetLength(0), z.GetLength(1), 1));
        string where = $"{loss.Name}, {z.GetLength(1)} columns";
        Assert.True(Math.Abs(expected.Loss - loss.Evaluate(logits, target, gradient)) <= Tolerance * Math.Max(1, expected.Loss), where);
        Assert.All(expected.Gradient.Cast<double>().Zip(gradient.ToArray()), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerance, where));
    }

    private static Matrix From(double[,] values) => Matrix.From(values.GetLength(0), values.GetLength(1), [.. values.Cast<double>()]);

    private static double[,] Values(Random random, int rows, int columns, double scale)
    {
        var values = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) values[i, j] = Math.Round(scale * (2 * random.NextDouble() - 1) * 4096) / 4096;
        return values;
    }
}
