using System.Numerics;

namespace Weft.Datasets;

/// <summary>Smallest, middle, mean and largest degree of the nodes. The median of an even number is the lower of the two.</summary>
public sealed record DegreeSummary(int Min, int Median, double Mean, int Max);

/// <summary>How many nodes have a degree of <paramref name="From"/> … <paramref name="To"/>.</summary>
public sealed record DegreeBin(int From, int To, int InCount, int OutCount);

/// <summary>What a set holds, in numbers: the content of <c>weft data info</c>.</summary>
public sealed record DatasetInfo
{
    /// <summary>Name of the set.</summary>
    public required string Name { get; init; }

    /// <summary>Number of nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>Number of directed edges.</summary>
    public required int Edges { get; init; }

    /// <summary>Number of graphs; 1 for a set that is one graph.</summary>
    public required int Graphs { get; init; }

    /// <summary>Width of the features.</summary>
    public required long Features { get; init; }

    /// <summary>Stored feature values: the non-zero ones if the features are sparse.</summary>
    public required long FeatureEntries { get; init; }

    /// <summary>True if features are sparse.</summary>
    public required bool SparseFeatures { get; init; }

    /// <summary>Number of classes.</summary>
    public required int Classes { get; init; }

    /// <summary>How many nodes (or graphs) each class has; for many labels, how many carry each.</summary>
    public required IReadOnlyList<int> ClassSizes { get; init; }

    /// <summary>Nodes (or graphs) without a label.</summary>
    public required int Unlabelled { get; init; }

    /// <summary>True where every edge has a weight.</summary>
    public required bool Weighted { get; init; }

    /// <summary>Features of an edge; 0 where edges have none.</summary>
    public required long EdgeFeatures { get; init; }

    /// <summary>In-degrees.</summary>
    public required DegreeSummary InDegree { get; init; }

    /// <summary>Out-degrees.</summary>
    public required DegreeSummary OutDegree { get; init; }

    /// <summary>Nodes without any edge to another node.</summary>
    public required int IsolatedNodes { get; init; }

    /// <summary>Edges from a node to itself.</summary>
    public required int SelfLoops { get; init; }

    /// <summary>Edges beyond the first between the same two nodes in the same direction.</summary>
    public required int ParallelEdges { get; init; }

    /// <summary>True if every edge's reverse is there.</summary>
    public required bool Symmetric { get; init; }

    /// <summary>Share of edges, loops left out, whose two ends have the same class, among those whose ends both have one; null without any.</summary>
    public required double? EdgeHomophily { get; init; }

    /// <summary>The splits.</summary>
    public required IReadOnlyList<Split> Splits { get; init; }

    /// <summary>Nodes by degree: 0, 1, 2–3, 4–7, 8–15 and so on.</summary>
    public required IReadOnlyList<DegreeBin> DegreeHistogram { get; init; }

    /// <summary>Counts everything.</summary>
    public static DatasetInfo Of(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        var edges = dataset.Edges;
        int[] into = edges.InDegrees(), outOf = edges.OutDegrees();
        var joined = new bool[dataset.Nodes];
        int loops = 0;
        for (int e = 0; e < edges.Count; e++)
            if (edges.Source[e] == edges.Destination[e]) loops++;
            else joined[edges.Source[e]] = joined[edges.Destination[e]] = true;
        long[] keys = edges.SortedKeys();
        var (sizes, unlabelled) = ClassCounts(dataset);
        return new DatasetInfo
        {
            Name = dataset.Name,
            Nodes = dataset.Nodes,
            Edges = edges.Count,
            Graphs = dataset.Graphs?.Count ?? 1,
            Features = dataset.Features.Columns,
            FeatureEntries = dataset.Features.Sparse?.Count ?? dataset.Features.Dense.Count,
            SparseFeatures = dataset.Features.IsSparse,
            Classes = dataset.TargetsAreNumbers ? 0 : dataset.Classes,
            ClassSizes = sizes,
            Unlabelled = unlabelled,
            Weighted = edges.Weight is not null,
            EdgeFeatures = edges.FeatureWidth,
            InDegree = Summary(into),
            OutDegree = Summary(outOf),
            IsolatedNodes = joined.Count(j => !j),
            SelfLoops = loops,
            ParallelEdges = Enumerable.Range(1, Math.Max(0, keys.Length - 1)).Count(p => keys[p] == keys[p - 1]),
            Symmetric = edges.IsSymmetric(),
            EdgeHomophily = Homophily(dataset),
            Splits = dataset.Splits,
            DegreeHistogram = Histogram(into, outOf),
        };
    }

    private static (int[] Sizes, int Unlabelled) ClassCounts(Dataset dataset)
    {
        if (dataset.TargetsAreNumbers) return ([], 0);
        var sizes = new int[dataset.Classes];
        int unlabelled = 0;
        foreach (int c in dataset.GraphLabels ?? dataset.Labels ?? [])
            if (c >= 0) sizes[c]++;
            else unlabelled++;
        for (long i = 0; i < dataset.Targets.Rows; i++)
            for (int c = 0; c < sizes.Length; c++) sizes[c] += dataset.Targets[i, c] > 0 ? 1 : 0;
        return (sizes, unlabelled);
    }

    private static double? Homophily(Dataset dataset)
    {
        if (dataset.Labels is not { } labels) return null;
        long both = 0, same = 0;
        for (int e = 0; e < dataset.Edges.Count; e++)
        {
            int i = dataset.Edges.Source[e], j = dataset.Edges.Destination[e];
            if (i == j || labels[i] < 0 || labels[j] < 0) continue;
            both++;
            if (labels[i] == labels[j]) same++;
        }
        return both == 0 ? null : same / (double)both;
    }

    private static DegreeSummary Summary(int[] degrees)
    {
        if (degrees.Length == 0) return new DegreeSummary(0, 0, 0, 0);
        int[] sorted = [.. degrees.Order()];
        return new DegreeSummary(sorted[0], sorted[(sorted.Length - 1) / 2], degrees.Sum(d => (long)d) / (double)degrees.Length, sorted[^1]);
    }

    private static DegreeBin[] Histogram(int[] into, int[] outOf)
    {
        static int Bin(int degree) => degree == 0 ? 0 : BitOperations.Log2((uint)degree) + 1;
        int bins = into.Length == 0 ? 0 : Math.Max(into.Max(Bin), outOf.Max(Bin)) + 1;
        var (inCounts, outCounts) = (new int[bins], new int[bins]);
        foreach (int d in into) inCounts[Bin(d)]++;
        foreach (int d in outOf) outCounts[Bin(d)]++;
        return [.. Enumerable.Range(0, bins).Select(b => b == 0
            ? new DegreeBin(0, 0, inCounts[0], outCounts[0])
            : new DegreeBin(1 << b - 1, (int)((1L << b) - 1), inCounts[b], outCounts[b]))];
    }
}
