using BenchmarkDotNet.Attributes;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Sparse times dense with one weight an edge and with one a head. GFLOP/s = 2 E K d / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*Spmm*'</c>.
/// </summary>
public class SpmmBenchmarks
{
    private EdgeView A = null!;
    private Matrix S, X, Z;

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
        (S, X, Z) = (Shape.OnEdges(Shape.Heads, 1), Shape.OnNodes(Shape.Heads * Shape.Width, 2), Shape.OnNodes(Shape.Heads * Shape.Width, 3));
    }

    [Benchmark]
    public void Multiply() => Spmm.Multiply(A, S.ColumnRange(0, 1), X, Z);

    [Benchmark]
    public void MultiplyHeads() => Spmm.MultiplyHeads(A, S, X, Z);
}
