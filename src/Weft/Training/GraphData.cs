using System.Globalization;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Training;

/// <summary>Sets whose graphs, not nodes, are what is learned: what becomes of them before training.</summary>
internal static class GraphData
{
    /// <summary>Graphs in a training batch where nothing says how many.</summary>
    public const int UsualBatch = 32;

    // An evaluation takes so many nodes at a time, that its buffers stay in the cache.
    private const int NodesAtOnce = 8192;

    // Wider one-hot features stay sparse; then a layer with weights must come first.
    private const int MostDense = 1024;

    /// <summary>True if rows of a model's output are graphs.</summary>
    /// <exception cref="ArgumentException">The settings ask for graphs, and the set is one.</exception>
    public static bool IsTask(Dataset dataset, DataSettings settings)
    {
        if (settings.Task == "graph" && dataset.Graphs is null) throw new ArgumentException($"task graph: {dataset.Name} is one graph, not a set of graphs");
        return settings.Task == "graph" || settings.Task is null or "regression" && dataset.HasGraphLabels && dataset.Labels is null && dataset.Targets.IsMissing;
    }

    /// <summary>A set ready for a run, whose inputs are prepared.</summary>
    /// <exception cref="ArgumentException">The set lacks what the settings ask for.</exception>
    public static TrainingData Prepare(Dataset dataset, DataSettings settings, int run)
    {
        if (!dataset.HasGraphLabels) throw new ArgumentException($"the graphs of {dataset.Name} have no labels and no numbers to learn");
        if (!dataset.HasFeatures) throw new ArgumentException($"the nodes of {dataset.Name} have no features; make some with --features degree, onehot, constant or learned");
        var split = Split(dataset, settings, run);
        if (split.TrainCount == 0) throw new ArgumentException($"the split '{split.Name}' of {dataset.Name} has no training graphs");
        var rows = Rows(dataset, settings) with { Splits = [split] };
        TargetScale? scale = null;
        if (rows.TargetsAreNumbers) (rows, scale) = Regression.Standardize(rows, split);
        var pieces = new GraphPieces(Graph.FromEdges(dataset.Edges), dataset.Graphs!.Offsets);
        return new TrainingData
        {
            Batches = [.. InOrder(dataset, pieces)],
            Dataset = dataset,
            Split = split,
            GraphRows = rows,
            Scale = scale,
            Pieces = pieces,
            GraphsPerBatch = settings.GraphsPerBatch ?? UsualBatch,
        };
    }

    /// <summary>The graphs as rows: a set without edges whose nodes are the graphs, with what is to be learned of them.</summary>
    public static Dataset Rows(Dataset dataset, DataSettings settings)
    {
        int graphs = dataset.Graphs!.Count;
        bool numbers = !dataset.GraphTargets.IsMissing && (settings.Task == "regression" || dataset.GraphLabels is null);
        return new Dataset
        {
            Name = dataset.Name,
            Edges = new EdgeList(graphs, [], []),
            Graphs = null,
            Labels = numbers ? null : dataset.GraphLabels,
            Targets = numbers ? dataset.GraphTargets : default,
            TargetsAreNumbers = numbers,
            Classes = numbers ? (int)dataset.GraphTargets.Columns : dataset.Classes,
            ClassNames = numbers ? null : dataset.ClassNames,
            Splits = dataset.HasGraphLabels ? dataset.Splits : [],
        };
    }

    /// <summary>Features as rows that readouts and sums take: dense, unless they are wide.</summary>
    public static Dataset WithDenseFeatures(Dataset dataset) =>
        dataset.Features.Sparse is { } sparse && sparse.Columns <= MostDense ? dataset with { Features = FeatureMatrix.Densify(sparse) } : dataset;

    /// <summary>The graphs in their own order, a few at a time, each batch with its membership.</summary>
    public static IEnumerable<TrainingBatch> InOrder(Dataset dataset) => InOrder(dataset, new GraphPieces(Graph.FromEdges(dataset.Edges), dataset.Graphs!.Offsets));

    private static IEnumerable<TrainingBatch> InOrder(Dataset dataset, GraphPieces pieces)
    {
        int[] offsets = dataset.Graphs!.Offsets;
        for (int at = 0; at < dataset.Graphs.Count;)
        {
            int end = at + 1;
            while (end < dataset.Graphs.Count && offsets[end + 1] - offsets[at] <= NodesAtOnce) end++;
            int[] nodes = [.. Enumerable.Range(offsets[at], offsets[end] - offsets[at])];
            NodeMatrix features = dataset.Features.IsSparse ? FeatureMatrix.SelectRows(dataset.Features, nodes) : dataset.Features.Dense.RowRange(offsets[at], nodes.Length);
            yield return new TrainingBatch(pieces.Batch([.. Enumerable.Range(at, end - at)]), features, offsets[at]) { FirstGraph = at };
            at = end;
        }
    }

    /// <summary>The split of the graphs: a fold of a cross-validation, a published one, or a random one.</summary>
    /// <exception cref="DataFormatException">The folds are broken.</exception>
    /// <exception cref="ArgumentException">There is no such split or fold.</exception>
    public static Split Split(Dataset dataset, DataSettings settings, int run)
    {
        int graphs = dataset.Graphs!.Count;
        if (settings.Folds is null)
        {
            if (settings.Fold is not null) throw new ArgumentException("a fold is chosen, and no folds are given: --folds auto, or a file");
            var choice = TrainingData.Choose(dataset.Name, dataset.Splits.Count, hasLabels: true, settings, run);
            return choice.Number >= 0 ? dataset.Splits[choice.Number] : Folds.Random(dataset.GraphLabels, graphs, (ulong)choice.Seed);
        }
        var (folds, count) = FoldsOf(dataset, settings.Folds);
        int fold = settings.Fold ?? run % count;
        if (fold < 0 || fold >= count) throw new ArgumentException($"fold {fold}: the folds of {dataset.Name} are 0 … {count - 1}");
        return Folds.Of(folds, count, fold, validates: settings.Protocol != "published");
    }

    /// <summary>The fold of each graph, and how many there are.</summary>
    /// <param name="dataset">The set.</param>
    /// <param name="source">"auto" for those that come with the set, or ten made here where none do; or a file with one number a graph.</param>
    /// <exception cref="DataFormatException">The folds are broken.</exception>
    public static (int[] Folds, int Count) FoldsOf(Dataset dataset, string source)
    {
        int graphs = dataset.Graphs?.Count ?? throw new ArgumentException($"folds are of graphs, and {dataset.Name} is one graph");
        bool auto = source == "auto";
        int[] folds = !auto ? TuDataset.ReadFolds(source, graphs) : dataset.GraphFolds ?? Folds.Stratified(dataset.GraphLabels, graphs, Math.Min(Folds.Usual, graphs), 0);
        return (folds, Folds.Count(folds, auto ? string.Create(CultureInfo.InvariantCulture, $"the folds of {dataset.Name}") : source));
    }
}
