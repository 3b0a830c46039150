using BenchmarkDotNet.Attributes;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// The three dense products on the shapes of a layer: n nodes, f features in, g out. GFLOP/s = 2 n f g / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*Gemm*'</c>.
/// </summary>
public class GemmBenchmarks
{
    private Matrix X, W, Y, b;

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>n, f, g.</summary>
    [ParamsSource(nameof(Shapes))]
    public (int N, int F, int G) Shape { get; set; }

    public static IEnumerable<(int N, int F, int G)> Shapes =>
        [(169_343, 128, 256), (169_343, 256, 256), (169_343, 256, 40), (2708, 1433, 64), (2708, 64, 64), (2708, 64, 7), (34, 34, 16)];

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        (X, W, Y) = (Matrix.Allocate(Shape.N, Shape.F), Matrix.Allocate(Shape.F, Shape.G), Matrix.Allocate(Shape.N, Shape.G));
        b = EdgeShape.Uniform(1, Shape.G, 3);
        CounterRandom.UniformRange(X, -1, 1, new RandomKey(1, 0, 0));
        CounterRandom.UniformRange(W, -1, 1, new RandomKey(1, 0, 1));
        CounterRandom.UniformRange(Y, -1, 1, new RandomKey(1, 0, 2));
    }

    [Benchmark]
    public void Multiply() => Gemm.Multiply(X, W, Y);

    [Benchmark]
    public void MultiplyTransposedLeft() => Gemm.MultiplyTransposedLeft(X, Y, W);

    [Benchmark]
    public void MultiplyTransposedRight() => Gemm.MultiplyTransposedRight(Y, W, X);

    [Benchmark]
    public void MultiplyWithBiasAndElu() => Gemm.Multiply(X, W, b, Activation.Elu, Y);
}
