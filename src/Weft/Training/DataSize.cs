namespace Weft.Training;

/// <summary>The sizes of prepared data on which a run's memory depends.</summary>
/// <param name="Nodes">N</param>
/// <param name="Edges">E, loops that the run adds to the data included.</param>
/// <param name="Features">D</param>
/// <param name="Classes">C: columns of the output.</param>
public sealed record DataSize(long Nodes, long Edges, long Features, long Classes)
{
    /// <summary>Stored entries of sparse features; null where features are dense.</summary>
    public long? FeatureEntries { get; init; }

    /// <summary>True if edges have weights.</summary>
    public bool Weighted { get; init; }

    /// <summary>Features of an edge that the model reads; 0 for none.</summary>
    public long EdgeFeatures { get; init; }

    /// <summary>True if a node may have several labels.</summary>
    public bool MultiLabel { get; init; }

    /// <summary>Nodes, edges and stored entries of features of each batch, where many graphs are trained on in batches; null for one graph.</summary>
    public IReadOnlyList<(long Nodes, long Edges, long FeatureEntries)>? Batches { get; init; }

    /// <summary>The sizes of prepared data.</summary>
    public static DataSize Of(TrainingData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var dataset = data.Dataset;
        return new DataSize(dataset.Nodes, data.Edges, data.Inputs, data.Outputs)
        {
            FeatureEntries = dataset.Features.Sparse?.Count,
            Weighted = dataset.Edges.Weight is not null,
            EdgeFeatures = dataset.Edges.FeatureWidth,
            MultiLabel = !dataset.Targets.IsMissing,
            Batches = data.Batches.Count == 1 ? null : [.. data.Batches.Select(b => ((long)b.Nodes, b.Graph.Edges, b.Features.Sparse?.Count ?? 0))],
        };
    }

    internal IReadOnlyList<(long Nodes, long Edges, long FeatureEntries)> EachBatch => Batches ?? [(Nodes, Edges, FeatureEntries ?? 0)];
}
