using BenchmarkDotNet.Attributes;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// A vector per head against every edge's row, as in GATv2, and the two adjoints. GFLOP/s = 2 E K d / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*HeadDot*'</c>.
/// </summary>
public class HeadDotBenchmarks
{
    private Matrix X, dX, a, da, c;

    [Params(1, 2)]
    public int Threads { get; set; }

    [ParamsSource(nameof(Shapes))]
    public EdgeShape Shape { get; set; }

    public static IEnumerable<EdgeShape> Shapes => EdgeShape.Both;

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        (X, dX) = (Shape.OnEdges(Shape.Heads * Shape.Width, 1), Shape.OnEdges(Shape.Heads * Shape.Width, 2));
        (a, da, c) = (EdgeShape.Uniform(Shape.Heads, Shape.Width, 3), EdgeShape.Uniform(Shape.Heads, Shape.Width, 4), Shape.OnEdges(Shape.Heads, 5));
    }

    [Benchmark]
    public void Multiply() => HeadDot.Multiply(X, a, c);

    [Benchmark]
    public void AdjointA() => HeadDot.AdjointA(X, c, da);

    [Benchmark]
    public void AdjointX() => HeadDot.AdjointX(c, a, dX);
}
