using Weft.Memory;

namespace Weft.Datasets;

/// <summary>A prepared set in memory, its nodes in the order of a partition, read part by part.</summary>
/// <param name="dataset">The set, with every edge that a model is to see.</param>
/// <param name="order">Number of the node at each place; null for their own order.</param>
/// <param name="offsets">First place of each part, and N; null where it does not come in parts.</param>
internal sealed class DatasetSource(Dataset dataset, int[]? order = null, long[]? offsets = null) : IGraphSource
{
    public string Name => dataset.Name;

    public long Nodes => dataset.Nodes;

    public long Edges => dataset.Edges.Count;

    public long Features => dataset.Features.Columns;

    public long? FeatureEntries => dataset.Features.Sparse?.Count;

    public bool HasTargets => !dataset.Targets.IsMissing;

    public bool IsWeighted => dataset.Edges.Weight is not null;

    public long EdgeFeatures => dataset.Edges.FeatureWidth;

    public int Classes => dataset.Classes;

    public IReadOnlyList<string>? ClassNames => dataset.ClassNames;

    public int EmbeddingWidth => dataset.EmbeddingWidth;

    public long[]? Offsets => offsets;

    public int Splits => dataset.Splits.Count;

    public int[]? ReadNumbers() => order;

    public void ReadEdges(long first, long last, EdgeSink sink)
    {
        int[]? place = order is null ? null : new int[order.Length];
        for (int p = 0; p < place?.Length; p++) place[order![p]] = p;
        int PlaceOf(int node) => place is null ? node : place[node];
        var edges = dataset.Edges;
        for (int e = 0; e < edges.Count; e++)
        {
            int destination = PlaceOf(edges.Destination[e]);
            if (destination >= first && destination < last) sink(PlaceOf(edges.Source[e]), destination, edges.Id(e), edges.Weight is null ? 1 : edges.Weight[e]);
        }
    }

    public NodeRows ReadRows(long first, long count)
    {
        int[] numbers = At(first, count);
        return new NodeRows(
            numbers,
            dataset.HasFeatures ? FeatureMatrix.SelectRows(dataset.Features, numbers) : Matrix.Allocate(count, 0),
            dataset.Labels is null ? null : Array.ConvertAll(numbers, i => dataset.Labels[i]),
            dataset.Targets.IsMissing ? default : FeatureMatrix.SelectRows(dataset.Targets, numbers).Dense);
    }

    public Split ReadSplit(SplitChoice choice, long first, long count)
    {
        var whole = choice.Number >= 0 ? dataset.Splits[choice.Number]
            : Split.Random(dataset.Labels!, dataset.Classes, choice.TrainPerClass, choice.ValidationPerClass, choice.Seed);
        return whole.Select(At(first, count));
    }

    private int[] At(long first, long count) => order?.AsSpan((int)first, (int)count).ToArray() ?? [.. Enumerable.Range((int)first, (int)count)];
}
