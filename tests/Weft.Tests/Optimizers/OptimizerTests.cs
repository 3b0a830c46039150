using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Optimizers;
using Weft.Tests.Golden;
using Weft.Tests.Kernels;
using Weft.Tests.Oracles;
using Named = System.Collections.Generic.IReadOnlyList<(string Name, Weft.Layers.Parameter Parameter)>;

namespace Weft.Tests.Optimizers;

[AlsoWithNarrowVectors]
public class OptimizerTests
{
    private static readonly double Tolerance = sizeof(Real) == 8 ? 1e-12 : 1e-5;
    private static readonly WeightDecay EveryWeight = new(0.01) { Covers = (_, _) => true };

    [Fact]
    public void Weights_after_every_step_are_the_golden_ones()
    {
        var golden = GoldenCase.Load("optimisers");
        double[] H(string name) => golden[name + "_hyper"].Values;
        CheckGolden(golden, "sgd", p => new Sgd(p));
        CheckGolden(golden, "sgdm", p => new Sgd(p, H("sgdm")[1], decay: new WeightDecay(H("sgdm")[2])));
        CheckGolden(golden, "nesterov", p => new Sgd(p, H("nesterov")[1], nesterov: true, new WeightDecay(H("nesterov")[2])));
        foreach (string name in new[] { "adam", "adam_l2" })
            CheckGolden(golden, name, p => new Adam(p, new WeightDecay(H(name)[4]), H(name)[1], H(name)[2], H(name)[3]));
        CheckGolden(golden, "adamw", p => new AdamW(p, new WeightDecay(H("adamw")[4]), H("adamw")[1], H("adamw")[2], H("adamw")[3]));
        CheckGolden(golden, "lars", p => new Lars(p, H("lars")[1], new WeightDecay(H("lars")[2]), H("lars")[3]));
    }

    /// <summary>Every number of entries up to beyond two vectors, so that whole vectors and rests both occur.</summary>
    [Fact]
    public void Weights_are_the_oracles_at_every_size()
    {
        for (int columns = 1; columns <= 40; columns++)
        {
            foreach (var (name, rows) in new[] { ("W", 3), ("a", 1), ("b", 1), ("b", 2) })
            {
                Check(name, rows, columns, new SgdOracle(0.1, 0.9, 0.01), p => new Sgd(p, 0.9, decay: EveryWeight));
                Check(name, rows, columns, new SgdOracle(0.1, 0.9, 0.01, nesterov: true), p => new Sgd(p, 0.9, nesterov: true, EveryWeight));
                Check(name, rows, columns, new SgdOracle(0.1, 0, 0.01), p => new Sgd(p, decay: EveryWeight));
                Check(name, rows, columns, new AdamOracle(0.1, 0.9, 0.999, 1e-8, 0.01), p => new Adam(p, EveryWeight));
                Check(name, rows, columns, new AdamOracle(0.1, 0.9, 0.999, 1e-8, 0.01, decoupled: true), p => new AdamW(p, EveryWeight));
                Check(name, rows, columns, new LarsOracle(0.1, 0.9, 0.01, 0.02), p => new Lars(p, 0.9, EveryWeight, 0.02));
            }
        }
    }

    [Fact]
    public void Weight_decay_leaves_biases_alone_and_may_cover_the_first_layer_only()
    {
        var first = new Parameter("W", 2, 2, Initializer.Glorot);
        var bias = new Parameter("b", 1, 2, Initializer.Zero);
        var second = new Parameter("W", 2, 2, Initializer.Glorot);
        double[] After(WeightDecay decay)
        {
            foreach (var p in new[] { first, bias, second }) p.Value.Fill(1);
            new Sgd([("l1.W", first), ("l1.b", bias), ("l2.W", second)], decay: decay).Step(1);
            return [first.Value[0, 0], bias.Value[0, 0], second.Value[0, 0]];
        }
        Assert.Equal([0.75, 1, 0.75], After(new WeightDecay(0.25)));
        Assert.Equal([0.75, 1, 1], After(WeightDecay.FirstLayer(0.25)));
        Assert.Equal([1, 1, 1], After(WeightDecay.None));
    }

    [Fact]
    public void Lars_takes_a_ratio_of_one_where_a_norm_is_zero()
    {
        var W = new Parameter("W", 2, 3, Initializer.Glorot);
        W.Gradient.Fill(2);
        new Lars([("l1.W", W)], momentum: 0, trust: 0.001).Step((Real)0.5);
        Assert.All(W.Value.ToArray(), w => Assert.Equal(-1, w));
    }

    [Fact]
    public void Threads_change_no_bit_and_a_warm_step_allocates_nothing()
    {
        int before = RowParallel.Threads;
        try
        {
            foreach (Func<Named, IOptimizer> make in new Func<Named, IOptimizer>[] { p => new Sgd(p, 0.9), p => new Adam(p), p => new AdamW(p), p => new Lars(p) })
            {
                var results = new List<double[]>();
                foreach (int threads in new[] { 1, 2, 3 })
                {
                    RowParallel.Threads = threads;
                    var W = Filled("W", 301, 97, 7);
                    var optimizer = make([("l1.W", W)]);
                    for (int step = 0; step < 3; step++)
                    {
                        GradientClipping.ByGlobalNorm([("l1.W", W)], 1);
                        optimizer.Step(0.01);
                    }
                    results.Add(W.Value.ToArray());
                    (string, Parameter)[] list = [("l1.W", W)];
                    // Threads may not be started before a step that finds them free of other tests' work.
                    long least = long.MaxValue;
                    for (int again = 0; again < 5; again++)
                    {
                        long allocated = GC.GetAllocatedBytesForCurrentThread();
                        GradientClipping.ByGlobalNorm(list, 0.5);
                        optimizer.Step(0.01);
                        least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - allocated);
                    }
                    Assert.Equal(0, least);
                }
                Assert.All(results, r => Assert.Equal(results[0], r));
            }
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    [Fact]
    public void State_put_into_another_optimiser_goes_on_with_the_same_bits()
    {
        foreach (Func<Named, IOptimizer> make in new Func<Named, IOptimizer>[] { p => new Sgd(p, 0.9), p => new Adam(p), p => new AdamW(p), p => new Lars(p) })
        {
            var W = Filled("W", 5, 7, 3);
            var optimizer = make([("l1.W", W)]);
            for (int step = 0; step < 3; step++) optimizer.Step(0.01);
            var copy = Filled("W", 5, 7, 3);
            W.Value.CopyTo(copy.Value);
            var resumed = make([("l1.W", copy)]);
            resumed.Steps = optimizer.Steps;
            foreach (var (from, to) in optimizer.State.Zip(resumed.State))
            {
                Assert.Equal(from.Name, to.Name);
                from.Value.CopyTo(to.Value);
            }
            optimizer.Step(0.01);
            resumed.Step(0.01);
            Assert.Equal(W.Value.ToArray(), copy.Value.ToArray());
        }
    }

    [Fact]
    public void Clipping_scales_all_gradients_together_and_only_above_the_limit()
    {
        var W = new Parameter("W", 1, 2, Initializer.Zero);
        var b = new Parameter("b", 1, 1, Initializer.Zero);
        (W.Gradient[0, 0], W.Gradient[0, 1], b.Gradient[0, 0]) = (2, -4, 4);
        Named parameters = [("l1.W", W), ("l1.b", b)];
        Assert.Equal(6, GradientClipping.ByGlobalNorm(parameters, 7));
        Assert.Equal([2, -4], W.Gradient.ToArray());
        Assert.Equal(6, GradientClipping.ByGlobalNorm(parameters, 3));
        Assert.Equal([1, -2], W.Gradient.ToArray());
        Assert.Equal([2], b.Gradient.ToArray());
        W.Gradient[0, 0] = Real.PositiveInfinity;
        Assert.Equal(double.PositiveInfinity, GradientClipping.ByGlobalNorm(parameters, 3));
        Assert.Equal(-2, W.Gradient[0, 1]);
    }

    private static void CheckGolden(GoldenCase golden, string name, Func<Named, IOptimizer> make)
    {
        var (w0, grads) = (golden["w0"], golden["grads"]);
        var W = new Parameter("W", w0.Shape[0], w0.Shape[1], Initializer.Zero);
        Matrix.From(W.Value.Rows, W.Value.Columns, w0.Values).CopyTo(W.Value);
        var optimizer = make([("l1.W", W)]);
        var all = new List<double>();
        foreach (double[] gradient in grads.Values.Chunk(w0.Values.Length))
        {
            Matrix.From(W.Value.Rows, W.Value.Columns, gradient).CopyTo(W.Gradient);
            optimizer.Step(golden[name + "_hyper"].Values[0]);
            all.AddRange(W.Value.ToArray());
        }
        golden.Check(name + "_w", all);
    }

    private static void Check(string name, int rows, int columns, OptimiserOracle oracle, Func<Named, IOptimizer> make)
    {
        var parameter = Filled(name, rows, columns, 100 * rows + columns);
        var w = ToArray(parameter.Value);
        var optimizer = make([($"l1.{name}", parameter)]);
        for (int step = 0; step < 4; step++)
        {
            Fill(parameter.Gradient, new Random(1000 + step));
            oracle.Step(name, w, ToArray(parameter.Gradient));
            optimizer.Step(0.1);
        }
        Assert.All(w.Cast<double>().Zip(parameter.Value.ToArray()),
            pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerance, $"{oracle.GetType().Name}, {name} {rows} × {columns}: {pair}"));
    }

    private static Parameter Filled(string name, int rows, int columns, int seed)
    {
        var parameter = new Parameter(name, rows, columns, Initializer.Zero);
        var random = new Random(seed);
        Fill(parameter.Value, random);
        Fill(parameter.Gradient, random);
        return parameter;
    }

    // Away from zero, where Adam's first step would magnify rounding.
    private static void Fill(Matrix matrix, Random random)
    {
        for (int i = 0; i < matrix.Rows; i++)
            for (int j = 0; j < matrix.Columns; j++) matrix[i, j] = (Real)((random.Next(2) == 0 ? 1 : -1) * (0.25 + random.NextDouble()));
    }

    private static double[,] ToArray(Matrix matrix)
    {
        var values = new double[matrix.Rows, matrix.Columns];
        for (int i = 0; i < matrix.Rows; i++)
            for (int j = 0; j < matrix.Columns; j++) values[i, j] = matrix[i, j];
        return values;
    }
}
