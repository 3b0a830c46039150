using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// A graph to learn from: edges, features, labels or targets, splits and the names that the file gave. One graph, or many
/// as one block-diagonal graph with its membership. Immutable but for the memory of its arrays; change it with <c>with</c>.
/// </summary>
public sealed record Dataset
{
    /// <summary>Name of the set, for people.</summary>
    public required string Name { get; init; }

    /// <summary>The edges, over N nodes.</summary>
    public required EdgeList Edges { get; init; }

    /// <summary>Number of nodes, N.</summary>
    public int Nodes => (int)Edges.Nodes;

    /// <summary>Features of each node, [N, F], dense or sparse as they were stored; without columns where there are none.</summary>
    public NodeMatrix Features { get; init; }

    /// <summary>True if there are features.</summary>
    public bool HasFeatures => Features.Columns > 0;

    /// <summary>
    /// Width of a learned embedding that a model should put before its first layer, because the features are the identity
    /// that stands for one (<see cref="FeatureKind.Learned"/>); 0 otherwise.
    /// </summary>
    public int EmbeddingWidth { get; init; }

    /// <summary>Class of each node, 0 … Classes − 1, or −1 where it is not known; [N]. Null for multi-label sets and sets without labels.</summary>
    public int[]? Labels { get; init; }

    /// <summary>Multi-label targets, 0 or 1, [N, Classes]; missing for other sets.</summary>
    public Matrix Targets { get; init; }

    /// <summary>True where <see cref="Targets"/> are numbers to be predicted, not labels; one that is not known is not a number.</summary>
    public bool TargetsAreNumbers { get; init; }

    /// <summary>Number of classes, C (of the graphs, where graphs are labelled); 0 without labels.</summary>
    public int Classes { get; init; }

    /// <summary>Name of each class, [Classes]; null where classes are numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Name of each node, [N]; null where nodes are numbers.</summary>
    public IReadOnlyList<string>? NodeNames { get; init; }

    /// <summary>Name of each feature, [F]; null where features are numbers.</summary>
    public IReadOnlyList<string>? FeatureNames { get; init; }

    /// <summary>The published splits, in their order; of the graphs, where graphs are labelled.</summary>
    public IReadOnlyList<Split> Splits { get; init; } = [];

    /// <summary>Kind of each node, 0 …, [N], such as an atom's element: an input, not what is learned; null where nodes have none.</summary>
    public int[]? NodeKinds { get; init; }

    /// <summary>Which graph each node is in; null for a set of one graph.</summary>
    public GraphBatch? Graphs { get; init; }

    /// <summary>Class of each graph; null unless graphs are labelled.</summary>
    public int[]? GraphLabels { get; init; }

    /// <summary>Numbers of each graph, for regression, [graphs, T]; missing where there are none.</summary>
    public Matrix GraphTargets { get; init; }

    /// <summary>True if there is something to learn of whole graphs.</summary>
    internal bool HasGraphLabels => GraphLabels is not null || !GraphTargets.IsMissing;

    /// <summary>Fold of each graph, 0 …; null where the set has none.</summary>
    public int[]? GraphFolds { get; init; }

    /// <summary>Name of node i: the one in the file, or its number.</summary>
    public string NodeName(int i) => NodeNames is null ? $"{i}" : NodeNames[i];

    /// <summary>Name of class c: the one in the file, or its number.</summary>
    public string ClassName(int c) => ClassNames is null ? $"{c}" : ClassNames[c];

    /// <summary>The same set with each row of its features divided by the sum of its absolute values; rows of zeros stay.</summary>
    public Dataset WithNormalizedFeatures() => this with { Features = FeatureMatrix.NormalizeRows(Features) };

    /// <summary>The same set with 1 where a feature is above 0, else 0.</summary>
    public Dataset WithBinaryFeatures() => this with { Features = FeatureMatrix.Binarize(Features) };

    /// <summary>The same set with features made from its graph, in place of any that it has.</summary>
    /// <param name="kind">What to make.</param>
    /// <param name="width">Width of the embedding, for <see cref="FeatureKind.Learned"/>.</param>
    /// <exception cref="ArgumentException">Kinds are asked for, and the nodes have none.</exception>
    public Dataset WithFeatures(FeatureKind kind, int width = 64) => this with
    {
        Features = kind != FeatureKind.Labels ? FeatureMatrix.Make(kind, Edges)
            : NodeKinds is { } kinds ? FeatureMatrix.OneHot(kinds, kinds.DefaultIfEmpty(-1).Max() + 1L)
            : throw new ArgumentException($"{Name} does not give its nodes labels that are features; use degree, onehot, constant or learned"),
        FeatureNames = null,
        EmbeddingWidth = kind == FeatureKind.Learned ? width : 0,
    };

    /// <summary>The same set of one graph with its nodes in another order; splits follow.</summary>
    /// <param name="order">Which node comes at each place; [N].</param>
    internal Dataset InOrder(int[] order)
    {
        return this with
        {
            Edges = Edges.Renumber(order),
            Features = HasFeatures ? FeatureMatrix.SelectRows(Features, order) : default,
            Labels = Labels is null ? null : Array.ConvertAll(order, i => Labels[i]),
            Targets = Targets.IsMissing ? default : FeatureMatrix.SelectRows(Targets, order).Dense,
            NodeNames = NodeNames is null ? null : Array.ConvertAll(order, i => NodeNames[i]),
            NodeKinds = NodeKinds is null ? null : Array.ConvertAll(order, i => NodeKinds[i]),
            Splits = [.. Splits.Select(s => s.Select(order))],
        };
    }

    /// <summary>The set of some of the graphs of a set of many, in the given order; splits and folds of graphs follow, those of nodes too.</summary>
    /// <exception cref="InvalidOperationException">This is a set of one graph.</exception>
    public Dataset SelectGraphs(ReadOnlySpan<int> graphs)
    {
        if (Graphs is null) throw new InvalidOperationException($"{Name} is one graph, not a set of graphs");
        int[] chosen = graphs.ToArray();
        var batch = Graphs.Select(graphs, out int[] nodes);
        var followed = HasGraphLabels ? chosen : nodes;
        return this with
        {
            Edges = batch.Edges,
            Graphs = batch,
            Features = HasFeatures ? FeatureMatrix.SelectRows(Features, nodes) : default,
            Labels = Labels is null ? null : Array.ConvertAll(nodes, i => Labels[i]),
            Targets = Targets.IsMissing ? default : FeatureMatrix.SelectRows(Targets, nodes).Dense,
            NodeNames = NodeNames is null ? null : Array.ConvertAll(nodes, i => NodeNames[i]),
            NodeKinds = NodeKinds is null ? null : Array.ConvertAll(nodes, i => NodeKinds[i]),
            Splits = [.. Splits.Select(s => s.Select(followed))],
            GraphLabels = GraphLabels is null ? null : Array.ConvertAll(chosen, g => GraphLabels[g]),
            GraphTargets = GraphTargets.IsMissing ? default : FeatureMatrix.SelectRows(GraphTargets, chosen).Dense,
            GraphFolds = GraphFolds is null ? null : Array.ConvertAll(chosen, g => GraphFolds[g]),
        };
    }
}
