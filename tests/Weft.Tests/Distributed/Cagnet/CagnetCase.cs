using Weft.Communication;
using Weft.Distributed.Cagnet;
using Weft.Distributed.Words;
using Weft.Graphs;
using Weft.Memory;
using Weft.Tests.Laws;

namespace Weft.Tests.Distributed.Cagnet;

/// <summary>A scheme on so many processes, with the formula of its words.</summary>
internal sealed record CagnetCase(string Name, int Processes, Func<ICommunicator, Graph, CagnetScheme> Build, Func<int, Graph, long, long, LayerTraffic> Words)
{
    public static CagnetCase[] All { get; } =
    [
        .. new[] { 1, 2, 3, 4, 6, 8, 9 }.Select(OneD),
        .. new[] { (1, 1), (2, 1), (4, 1), (4, 2), (6, 2), (8, 2), (9, 3), (9, 1), (12, 3), (12, 2), (10, 2) }.Select(OneAndAHalfD),
        .. new[] { (1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (1, 4), (4, 1), (3, 2), (2, 3), (4, 2), (3, 3) }.Select(TwoD),
        .. new[] { (1, 1, 1), (1, 1, 2), (2, 1, 2), (1, 2, 2), (2, 2, 2), (2, 3, 1), (3, 1, 3), (2, 3, 2), (3, 2, 3) }.Select(ThreeD),
    ];

    public override string ToString() => Name;

    private static CagnetCase OneD(int processes) => new($"1D {processes}", processes,
        (world, graph) => new Broadcast1D(world, graph),
        (rank, graph, a, b) => CagnetWords.Broadcast1D(processes, rank, graph.OwnedSources, a, b));

    private static CagnetCase OneAndAHalfD((int Processes, int Copies) on) => new($"1.5D {on.Processes} with {on.Copies} copies", on.Processes,
        (world, graph) => new Replicated15D(world, graph, on.Copies),
        (rank, graph, a, b) => CagnetWords.Replicated15D(on.Processes, on.Copies, rank, graph.OwnedSources, a, b));

    private static CagnetCase TwoD((int Rows, int Columns) grid) => new($"2D {grid.Rows} × {grid.Columns}", grid.Rows * grid.Columns,
        (world, graph) => new Summa2D(world, graph, grid.Rows, grid.Columns),
        (rank, graph, a, b) => CagnetWords.Summa2D(grid.Rows, grid.Columns, rank, graph.OwnedSources, a, b, CagnetWords.Of(graph)));

    private static CagnetCase ThreeD((int Rows, int Columns, int Depth) grid) => new($"3D {grid.Rows} × {grid.Columns} × {grid.Depth}", grid.Rows * grid.Columns * grid.Depth,
        (world, graph) => new Split3D(world, graph, grid.Rows, grid.Columns, grid.Depth),
        (rank, graph, a, b) => CagnetWords.Split3D(grid.Rows, grid.Columns, grid.Depth, rank, graph.OwnedSources, a, b, CagnetWords.Of(graph)));

    /// <summary>Output, gradient at the input and gradient of W, whole, and the traffic that each process metered.</summary>
    public (double[,] Z, double[,] dH, double[,] dW, LayerTraffic Metered)[] Layer(Graph graph, double[,] H, double[,] W, double[,] G) =>
        ThreadCommunicator.Run(Processes, world => Layer(world, graph, H, W, G));

    /// <summary>The same as one of the processes of <paramref name="world"/>.</summary>
    public (double[,] Z, double[,] dH, double[,] dW, LayerTraffic Metered) Layer(ICommunicator world, Graph graph, double[,] H, double[,] W, double[,] G)
    {
        var (a, b) = (W.GetLength(0), W.GetLength(1));
        var meter = new Metered(world);
        var scheme = Build(meter, graph);
        var (input, upstream, weights) = (scheme.Cut(LayerRun.ToMatrix(H)), scheme.Cut(LayerRun.ToMatrix(G)), LayerRun.ToMatrix(W));
        Tile from = scheme.Owned(a), to = scheme.Owned(b);
        var (Z, dH, dW) = (Matrix.Allocate(to.Rows, to.Columns), Matrix.Allocate(from.Rows, from.Columns), Matrix.Allocate(a, b));
        meter.Reset();
        // Twice: buffers that hold the first pass's numbers must not show.
        for (int pass = 0; pass < 2; pass++)
        {
            scheme.Forward(1, input, weights, Z);
            scheme.Backward(1, input, upstream, weights, dH, dW);
        }
        var (forward, backward) = (meter[null, 1, Direction.Forward], meter[null, 1, Direction.Backward]);
        Assert.Equal(meter.Total.Words, forward.Words + backward.Words);
        var metered = new LayerTraffic(forward.Words / 2, backward.Words / 2, forward.Messages / 2, backward.Messages / 2);
        return (LayerRun.ToArray(scheme.Gather(Z, b)), LayerRun.ToArray(scheme.Gather(dH, a)), LayerRun.ToArray(dW), metered);
    }
}
