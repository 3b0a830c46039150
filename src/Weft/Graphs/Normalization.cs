using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

/// <summary>Edge weights that depend on the graph alone: the symmetric normalisation of a GCN and the mean over in-edges.</summary>
internal static class Normalization
{
    /// <summary>A′_ij = D̂_ii^{-1/2} Â_ij D̂_jj^{-1/2} with Â = A + I (or A) and D̂ the row sums of Â; D̂_ii ≤ 0 counts as D̂^{-1/2} = 0.</summary>
    /// <remarks>The loop is literal: a node that has one gets another, as edge number E + i.</remarks>
    public static Graph Symmetric(Graph graph, bool addLoops)
    {
        var A = addLoops ? WithLoops(graph) : graph;
        static Real Scale(double d) => d > 0 ? (Real)(1 / Math.Sqrt(d)) : 0;
        var (rowScale, columnScale, outgoingScale) = graph.OwnedDestinations == graph.OwnedSources && graph.Identity.Degrees is null
            ? Scales(A, Scale)
            : BlockScales(graph, addLoops ? 1 : 0, Scale);
        var weights = Scaled(A.ByDestination, A.Weights, rowScale, columnScale, rowFirst: true);
        // The rows of the outgoing edges are the own nodes, which are the rows of the block too.
        var outgoing = A.Outgoing is not { } o ? null : new OutgoingEdges(o.View, o.EdgeIds, Scaled(o.View, o.Weights, rowScale, outgoingScale, rowFirst: false));
        return new Graph(A.ByDestination, A.EdgeIds, weights, A.Place, A.Identity, outgoing);
    }

    // The destination's factor comes first, so that an edge has the same bits in both views.
    private static Matrix Scaled(EdgeView view, Matrix weights, Matrix rowScale, Matrix columnScale, bool rowFirst)
    {
        var scaled = Matrix.Allocate(view.Count, 1);
        for (long i = 0; i < view.Rows; i++)
            for (long e = view.Pointers[i]; e < view.Pointers[i + 1]; e++)
            {
                Real row = rowScale[i, 0], column = columnScale[view.Index[e], 0];
                scaled[e, 0] = (rowFirst ? row : column) * (weights.IsMissing ? 1 : weights[e, 0]) * (rowFirst ? column : row);
            }
        KeepAlive(rowScale, columnScale);
        return scaled;
    }

    /// <summary>1/n_i for every edge into i, n_i being its number of in-edges, weights not counted.</summary>
    public static Matrix RowMean(Graph graph)
    {
        if (graph.Sampled is { } sampled) return sampled.MeanWeights(graph.ByDestination);
        var (rowScale, _, _) = Scales(Unweighted(graph), Mean, alsoColumns: false);
        var weights = Matrix.Allocate(graph.Edges, 1);
        var view = graph.ByDestination;
        for (long i = 0; i < view.Rows; i++)
            for (long e = view.Pointers[i]; e < view.Pointers[i + 1]; e++) weights[e, 0] = rowScale[i, 0];
        KeepAlive(rowScale, rowScale);
        return weights;
    }

    /// <summary>The same for the outgoing edges, in their order.</summary>
    public static Matrix OutgoingMean(Graph graph)
    {
        var (_, _, scale) = Scales(Unweighted(graph), Mean, alsoColumns: false);
        var view = graph.Outgoing!.View;
        var weights = Matrix.Allocate(view.Count, 1);
        for (int e = 0; e < view.Index.Length; e++) weights[e, 0] = scale[view.Index[e], 0];
        KeepAlive(scale, scale);
        return weights;
    }

    private static Real Mean(double edges) => edges > 0 ? (Real)(1 / edges) : 0;

    private static Graph Unweighted(Graph graph) =>
        graph.Weights.IsMissing ? graph : new Graph(graph.ByDestination, graph.EdgeIds, default, graph.Place, graph.Identity, graph.Outgoing);

    // A block of a larger graph: the sums of its own edges are not the degrees of its nodes.
    private static (Matrix Rows, Matrix Columns, Matrix Outgoing) BlockScales(Graph block, double loop, Func<double, Real> scale)
    {
        var degrees = block.Identity.Degrees ?? throw new InvalidOperationException(
            $"a GCN normalises with the degrees of all {block.OwnedSources} sources of a block, and a block's edges tell those of its destinations at most: give the degrees to Graph.Block");
        var scales = Matrix.Allocate(degrees.Length, 1);
        for (int j = 0; j < degrees.Length; j++) scales[j, 0] = scale(degrees[j] + loop);
        return (scales.Top(block.OwnedDestinations), scales, default);
    }

    // A function of every node's row sum, for the rows and for the columns of the block. Every channel needs it, so the sums
    // travel as one "head" per channel.
    private static (Matrix Rows, Matrix Columns, Matrix Outgoing) Scales(Graph graph, Func<double, Real> scale, bool alsoColumns = true)
    {
        var place = graph.Place;
        var share = place.Share(place.Channels);
        var view = graph.ByDestination;
        var sums = Matrix.Allocate(graph.OwnedDestinations, place.Channels);
        var partial = share.Destinations.Partial(sums);
        Spmm.Multiply(view, graph.Weights, Ones(view.Columns), partial);
        share.Destinations.ScatterSum(partial, sums);

        // Where the destinations are graphs, there may be more of them than nodes.
        var scales = Matrix.Allocate(Math.Max(graph.OwnedSources, graph.OwnedDestinations), place.Channels);
        for (long i = 0; i < sums.Rows; i++)
            for (long c = 0; c < sums.Columns; c++) scales[i, c] = scale(sums[i, c]);
        var rows = Copy(share.Destinations.Gather(scales.Top(graph.OwnedDestinations), "scale"));
        var columns = alsoColumns ? Copy(share.Sources.Gather(scales, "scale")) : default;
        var outgoing = share.Outgoing is null ? default : Copy(share.Outgoing.Gather(scales, "scale"));
        KeepAlive(sums, scales);
        return (rows, columns, outgoing);
    }

    /// <summary>The graph with a loop of weight 1 at every node, after the node's other in-edges.</summary>
    private static Graph WithLoops(Graph graph)
    {
        var (old, place) = (graph.ByDestination, graph.Place);
        var loopOfRow = new int[place.Rows.All];
        Array.Fill(loopOfRow, -1);
        for (int p = 0; p < graph.Identity.Diagonal.Length; p++) loopOfRow[graph.Identity.Diagonal[p].Row] = p;

        // A loop may need a row, or a column, at which the block had no edge.
        var rows = WithDiagonal(place.Rows, graph.Identity.Diagonal, d => d.Row);
        var columns = WithDiagonal(place.Columns, graph.Identity.Diagonal, d => d.Column);
        var (oldRow, newColumn) = (place.Rows.Numbers(), columns.Numbers());
        var pointers = new long[rows.Count + 1];
        long count = old.Count + graph.Identity.Diagonal.Length, at = 0;
        var index = GC.AllocateUninitializedArray<int>(checked((int)count), pinned: true);
        var ids = GC.AllocateUninitializedArray<int>(index.Length, pinned: true);
        var weights = Matrix.Allocate(count, 1);
        for (long i = 0; i < rows.Count; i++)
        {
            int row = rows.PlaceOf(i), from = oldRow is null ? row : oldRow[row];
            for (long e = from < 0 ? 0 : old.Pointers[from]; from >= 0 && e < old.Pointers[from + 1]; e++, at++)
            {
                index[at] = newColumn is null ? old.Index[e] : newColumn[place.Columns.PlaceOf(old.Index[e])];
                (ids[at], weights[at, 0]) = (graph.EdgeIds[e], graph.Weights.IsMissing ? 1 : graph.Weights[e, 0]);
            }
            if (loopOfRow[row] >= 0)
            {
                var loop = graph.Identity.Diagonal[loopOfRow[row]];
                (index[at], weights[at, 0]) = (newColumn is null ? loop.Column : newColumn[loop.Column], 1);
                ids[at++] = checked((int)(graph.Identity.TotalEdges + loop.Node));
            }
            pointers[i + 1] = at;
        }
        var outgoing = place.Outgoing is null ? null : WithDiagonal(place.Outgoing, graph.Identity.Diagonal, d => d.Column);
        var around = rows == place.Rows && columns == place.Columns && outgoing == place.Outgoing ? place : place.With(rows, columns, outgoing);
        return new Graph(new EdgeView(pointers, index, null, columns.Count, old.ByLeaf), ids, weights, around, graph.Identity,
            outgoing is null ? null : WithLoops(graph, graph.Outgoing!, outgoing));
    }

    /// <summary>The outgoing edges with a loop at every node, after the node's other edges into itself.</summary>
    private static OutgoingEdges WithLoops(Graph graph, OutgoingEdges old, SharedRows outgoing)
    {
        var (before, numbers) = (graph.Place.Outgoing!, outgoing.Numbers());
        var diagonal = graph.Identity.Diagonal;
        var pointers = new long[diagonal.Length + 1];
        long count = old.View.Count + diagonal.Length, at = 0;
        var index = GC.AllocateUninitializedArray<int>(checked((int)count), pinned: true);
        var ids = GC.AllocateUninitializedArray<int>(index.Length, pinned: true);
        var weights = Matrix.Allocate(count, 1);
        void Put(int place, int id, Real weight) => (index[at], ids[at], weights[at++, 0]) = (numbers is null ? place : numbers[place], id, weight);
        for (int i = 0; i < diagonal.Length; i++)
        {
            bool looped = false;
            int loop = checked((int)(graph.Identity.TotalEdges + diagonal[i].Node));
            for (long e = old.View.Pointers[i]; e < old.View.Pointers[i + 1]; e++)
            {
                int place = before.PlaceOf(old.View.Index[e]);
                if (!looped && place > diagonal[i].Column)
                {
                    Put(diagonal[i].Column, loop, 1);
                    looped = true;
                }
                Put(place, old.EdgeIds[e], old.Weights.IsMissing ? 1 : old.Weights[e, 0]);
            }
            if (!looped) Put(diagonal[i].Column, loop, 1);
            pointers[i + 1] = at;
        }
        return new OutgoingEdges(new EdgeView(pointers, index, null, outgoing.Count, old.View.ByLeaf), ids, weights);
    }

    private static SharedRows WithDiagonal(SharedRows rows, (int Row, int Column, int Node)[] diagonal, Func<(int Row, int Column, int Node), int> of)
    {
        if (rows.NeededAt is not { } needed) return rows;
        var used = new bool[rows.All];
        foreach (int row in needed) used[row] = true;
        foreach (var entry in diagonal) used[of(entry)] = true;
        return SharedRows.Only(rows.Group, rows.Owned, rows.Channels, used);
    }

    private static Matrix Ones(long rows)
    {
        var ones = Matrix.Allocate(rows, 1);
        ones.Fill(1);
        return ones;
    }

    // A loop over entries holds the address of the numbers, not the matrix that owns them.
    private static void KeepAlive(Matrix a, Matrix b)
    {
        GC.KeepAlive(a);
        GC.KeepAlive(b);
    }

    private static Matrix Copy(Matrix matrix)
    {
        var copy = Matrix.Allocate(matrix.Rows, matrix.Columns);
        matrix.CopyTo(copy);
        return copy;
    }
}
