using BenchmarkDotNet.Attributes;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Softmax along the rows of a graph in its three steps, and its adjoint in two. Edges a second = E K / time.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*SegmentSoftmax*'</c>.
/// </summary>
public class SegmentSoftmaxBenchmarks
{
    private EdgeView A = null!;
    private Matrix L, S, dS, dL, m, s, r;

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
        (L, S, dS, dL) = (Shape.OnEdges(Shape.Heads, 1), Shape.OnEdges(Shape.Heads, 2), Shape.OnEdges(Shape.Heads, 3), Shape.OnEdges(Shape.Heads, 4));
        (m, s, r) = (Shape.OnNodes(Shape.Heads, 5), Shape.OnNodes(Shape.Heads, 6), Shape.OnNodes(Shape.Heads, 7));
    }

    [Benchmark]
    public void Forward()
    {
        SegmentSoftmax.Max(A, L, m);
        SegmentSoftmax.Exponentials(A, L, m, S, s);
        SegmentSoftmax.Divide(A, S, s);
    }

    [Benchmark]
    public void Adjoint()
    {
        SegmentSoftmax.Dots(A, S, dS, r);
        SegmentSoftmax.Adjoint(A, S, dS, r, dL);
    }
}
