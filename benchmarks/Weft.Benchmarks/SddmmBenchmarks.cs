using BenchmarkDotNet.Attributes;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Inner products on the edges. GFLOP/s = 2 E K d / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*Sddmm*'</c>.
/// </summary>
public class SddmmBenchmarks
{
    private EdgeView A = null!;
    private Matrix P, Q, V;

    [Params(1, 2)]
    public int Threads { get; set; }

    [ParamsSource(nameof(Shapes))]
    public EdgeShape Shape { get; set; }

    public static IEnumerable<EdgeShape> Shapes => EdgeShape.Both;

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        A = Shape.Edges();
        (P, Q, V) = (Shape.OnNodes(Shape.Heads * Shape.Width, 1), Shape.OnNodes(Shape.Heads * Shape.Width, 2), Shape.OnEdges(Shape.Heads, 3));
    }

    [Benchmark]
    public void HeadDots() => Sddmm.HeadDots(A, P, Q, 1, V);
}
