using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// Aggregation while rows are under way.
public sealed partial class Graph
{
    private void AggregateMeanwhile(SplitEdges split, HeadShare share, Matrix w, Matrix X, Matrix Z)
    {
        var part = HeadPart.Of(X, (int)X.Columns);
        var gathered = share.Sources.Scratch("X", share.Sources.Rows - split.OwnRows, X.Columns);
        var partial = share.Destinations.Partial(Z);
        var pending = share.Sources.StartGather(part, gathered);
        foreach (var slice in split.Own)
        {
            Spmm.Multiply(slice.View, w, X, partial.RowRange(slice.First, slice.Rows));
            pending.Poll();
        }
        pending.Wait();
        Spmm.Multiply(split.Others, w, gathered, partial, accumulate: true);
        share.Destinations.ScatterSum(partial, Z);
    }

    private void AggregateAdjointMeanwhile(SplitEdges split, HeadShare share, Matrix w, Matrix dZ, Matrix dX)
    {
        var (view, weights) = WeightedBySource(w);
        var (others, own) = split.Of(view);
        var upstream = share.Destinations.Gather(dZ, "dZ");
        var part = HeadPart.Of(dX, (int)dX.Columns);
        var sums = share.Sources.Scratch("partial", share.Sources.Rows - split.OwnRows, dX.Columns);
        var ownSums = share.Sources.Scratch("own partial", split.OwnRows, dX.Columns);
        long at = 0;
        foreach (var slice in others)
        {
            Spmm.Multiply(slice.View, weights, upstream, sums.RowRange(at, slice.Rows));
            at += slice.Rows;
        }
        var pending = share.Sources.StartScatterSum(sums, part);
        foreach (var slice in own)
        {
            Spmm.Multiply(slice.View, weights, upstream, ownSums.RowRange(slice.First - others[0].Rows, slice.Rows));
            pending.Poll();
        }
        pending.Wait();
        share.Sources.FinishScatterSum(ownSums, part);
    }
}
