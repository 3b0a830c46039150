using BenchmarkDotNet.Attributes;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Broadcast of node rows to edges and the sums back. GB/s = E K d numbers / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*SegmentReduce*'</c>.
/// </summary>
public class SegmentReduceBenchmarks
{
    private EdgeView A = null!;
    private Matrix c, b, P;

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
        int width = Shape.Heads * Shape.Width;
        (c, b, P) = (Shape.OnNodes(width, 1), Shape.OnNodes(width, 2), Shape.OnEdges(width, 3));
    }

    [Benchmark]
    public void OuterSum() => SegmentReduce.OuterSum(A, c, b, P);

    [Benchmark]
    public void RowSums() => SegmentReduce.RowSums(A, P, c);
}
