using Weft.Datasets;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Peers;

/// <summary>Sparse times dense over the graph's edges, weighted, against SuiteSparse:GraphBLAS and SciPy.</summary>
internal static unsafe class SparseProducts
{
    private static readonly int[] Widths = [16, 64, 128, 256];

    public static void Run(Contest contest, Dataset dataset, Options options)
    {
        var edges = dataset.Edges.WithSelfLoops();
        var graph = Graph.FromEdges(edges.Nodes, edges.Source, edges.Destination);
        var weights = Products.Numbers(graph.Edges, 1);
        var peer = GraphBlas.TryLoad();
        if (peer is null) Console.Error.WriteLine("SuiteSparse:GraphBLAS: skipped, no library of it is installed");
        using var scipy = PythonPeer.TryStart(options.Python, "scipy_spmm.py", options.Dataset);
        if (peer is null && scipy is null) return;
        var view = graph.ByDestination;
        nint A = peer is null ? 0 : peer.Sparse(view.Rows, view.Rows, view.Pointers, view.Index, new ReadOnlySpan<float>(weights.Data, view.Index.Length));
        weights.KeepAlive();
        foreach (int width in Widths)
        {
            Matrix X = Products.Numbers(graph.OwnedSources, width), Z = Products.Numbers(graph.OwnedSources, width);
            nint x = peer?.Full(X.Rows, width, X.Data) ?? 0, z = peer?.Full(X.Rows, width, X.Data) ?? 0;
            X.KeepAlive();
            foreach (int threads in options.ThreadCounts)
                contest.Compare($"A·X, F = {width}, {Options.Of(threads)}",
                    new Contestant("Weft", () => Products.Time(1, () =>
                    {
                        RowParallel.Threads = threads;
                        graph.Aggregate(weights, X, Z);
                    })),
                    peer is null ? null : new Contestant(GraphBlas.Name, () => Math.Min(
                        Products.Time(1, () => peer.Multiply(A, x, z, accumulate: true, threads)),
                        Products.Time(1, () => peer.Multiply(A, x, z, accumulate: false, threads)))),
                    threads == 1 ? scipy?.Side($"{width}") : null);
            peer?.Free(x);
            peer?.Free(z);
        }
        peer?.Free(A);
    }
}
