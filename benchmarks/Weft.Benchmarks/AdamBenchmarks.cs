using BenchmarkDotNet.Attributes;
using Weft.Kernels;
using Weft.Layers;
using Weft.Optimizers;

namespace Weft.Benchmarks;

/// <summary>
/// A step of Adam with weight decay. GB/s = 7 numbers an entry / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*Adam*'</c>.
/// </summary>
public class AdamBenchmarks
{
    private Adam adam = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Rows and columns of the one parameter: a layer's, and an embedding table's.</summary>
    [ParamsSource(nameof(Shapes))]
    public (int Rows, int Columns) Shape { get; set; }

    public static IEnumerable<(int Rows, int Columns)> Shapes => [(256, 256), (169_343, 64)];

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        var parameter = new Parameter("W", Shape.Rows, Shape.Columns, Initializer.Glorot);
        parameter.Initialize(seed: 1, number: 0);
        CounterRandom.UniformRange(parameter.Gradient, -1, 1, new RandomKey(1, 0, 1));
        adam = new Adam([("W", parameter)], new WeightDecay(5e-4));
    }

    [Benchmark]
    public void Step() => adam.Step(1e-6);
}
