using BenchmarkDotNet.Attributes;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Entry by entry, forward and adjoint, and the sums over rows that a bias needs. GB/s = matrices read and written / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*Elementwise*'</c>.
/// </summary>
public class ElementwiseBenchmarks
{
    private Matrix Z, dH, result, b, db;
    private int[] ids = [];

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Rows and columns: in the cache, and beyond it.</summary>
    [ParamsSource(nameof(Shapes))]
    public (int N, int F) Shape { get; set; }

    public static IEnumerable<(int N, int F)> Shapes => [(2708, 64), (169_343, 256)];

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        (Z, dH, result) = (EdgeShape.Uniform(Shape.N, Shape.F, 1), EdgeShape.Uniform(Shape.N, Shape.F, 2), EdgeShape.Uniform(Shape.N, Shape.F, 3));
        (b, db, ids) = (EdgeShape.Uniform(1, Shape.F, 4), EdgeShape.Uniform(1, Shape.F, 5), [.. Enumerable.Range(0, Shape.N)]);
    }

    [Benchmark]
    public void Relu() => Elementwise.Forward(Activation.Relu, Z, result);

    [Benchmark]
    public void ReluAdjoint() => Elementwise.Backward(Activation.Relu, Z, dH, result);

    [Benchmark]
    public void Elu() => Elementwise.Forward(Activation.Elu, Z, result);

    [Benchmark]
    public void EluAdjoint() => Elementwise.Backward(Activation.Elu, Z, dH, result);

    [Benchmark]
    public void Bias() => Elementwise.AddBias(Z, b, result);

    [Benchmark]
    public void BiasAdjoint() => Elementwise.ColumnSums(dH, db);

    [Benchmark]
    public void Dropout() => CounterRandom.DropRows(Z, ids, 0.5, new RandomKey(1, 0, 0), result);
}
