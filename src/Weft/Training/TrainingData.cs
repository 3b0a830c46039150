using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Training;

/// <summary>Nodes that pass through the model together: one graph, or several side by side.</summary>
/// <param name="Graph">Where messages flow.</param>
/// <param name="Features">One row per node, [n, D].</param>
/// <param name="First">Number of its first node among all nodes.</param>
public sealed record TrainingBatch(Graph Graph, NodeMatrix Features, int First)
{
    /// <summary>Number of nodes, n.</summary>
    public int Nodes => (int)Features.Rows;
}

/// <summary>A data set made ready: graphs, features, labels and one split of the nodes.</summary>
public sealed class TrainingData
{
    /// <summary>The batches, which follow one another in the order of the nodes.</summary>
    public required IReadOnlyList<TrainingBatch> Batches { get; init; }

    /// <summary>The set as prepared, its nodes in the order of the batches.</summary>
    public required Dataset Dataset { get; init; }

    /// <summary>Which nodes are for what.</summary>
    public required Split Split { get; init; }

    /// <summary>Features of a node, D.</summary>
    public long Inputs => Batches[0].Features.Columns;

    /// <summary>Columns that a model must put out: classes.</summary>
    public long Outputs => Dataset.Classes;

    /// <summary>Edges of all graphs.</summary>
    public long Edges => Batches.Sum(b => b.Graph.Edges);

    /// <summary>A data set ready for one run.</summary>
    /// <param name="dataset">The set as read.</param>
    /// <param name="settings">What to do to it.</param>
    /// <param name="model">Name of the model, which decides about self-loops if the settings do not.</param>
    /// <param name="run">Number of the run, 0, 1, …: run r takes published split r mod their number, or random split r mod 10.</param>
    /// <exception cref="ArgumentException">The set lacks what the settings ask for.</exception>
    public static TrainingData Prepare(Dataset dataset, DataSettings settings, string model, int run = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        if (dataset.GraphLabels is not null && dataset.Labels is null)
            throw new ArgumentException($"{dataset.Name} has labels for whole graphs; training on nodes needs a label for each node");
        dataset = PrepareInputs(dataset, settings, model);
        if (dataset.Labels is null && dataset.Targets.IsMissing)
            throw new ArgumentException($"{dataset.Name} has no labels to learn; for speed work on a bare graph use --random-features F --random-classes C");
        var split = ChooseSplit(dataset, settings, run);
        if (split.TrainCount == 0) throw new ArgumentException($"the split '{split.Name}' of {dataset.Name} has no training nodes");
        return dataset.Graphs is not null ? InBatches(dataset, split, settings.GraphsPerBatch)
            : NodeOrder.Named(settings.Order ?? "none", dataset.Edges) is { } order ? InOrder(dataset, split, order)
            : new TrainingData { Batches = [new(ToGraph(dataset.Edges), dataset.Features, 0)], Dataset = dataset, Split = split };
    }

    private static TrainingData InOrder(Dataset dataset, Split split, int[] order)
    {
        var arranged = (dataset with { Splits = [split] }).InOrder(order);
        return new TrainingData { Batches = [new(Graph.InOrder(arranged.Edges, order), arranged.Features, 0)], Dataset = arranged, Split = arranged.Splits[0] };
    }

    /// <summary>The set with the edges and features that a model sees, its nodes in their own order; labels and splits need not be there.</summary>
    /// <param name="dataset">The set as read.</param>
    /// <param name="settings">What to do to it.</param>
    /// <param name="model">Name of the model, which decides about self-loops if the settings do not.</param>
    /// <exception cref="ArgumentException">The set lacks what the settings ask for.</exception>
    public static Dataset PrepareInputs(Dataset dataset, DataSettings settings, string model)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        return WithFeatures(WithRandom(WithEdges(dataset, settings, model), settings), settings);
    }

    /// <summary>The settings with every choice made that depends on the set and the model, so that another set is treated alike.</summary>
    public static DataSettings Settle(DataSettings settings, Dataset dataset, string model)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        return settings with
        {
            SelfLoops = AddsLoops(settings, model),
            NormalizeFeatures = settings.NormalizeFeatures ?? (settings.Features is null && settings.RandomFeatures == 0 && dataset.Features.IsSparse),
            // Random classes bring a split of their own.
            Order = settings.Order ?? (dataset.Graphs is null ? "auto" : "none"),
            Split = settings.Split ?? (dataset.Splits.Count > 0 || settings.RandomClasses > 0 ? "public" : "random"),
        };
    }

    /// <summary>SHA-256 of all that training takes from the data: edges, features, labels, the split; in lower-case hexadecimal.</summary>
    internal string Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Numbers<T>(ReadOnlySpan<T> values) where T : unmanaged
        {
            // Lengths keep the end of one array from passing for the start of the next.
            hash.AppendData(BitConverter.GetBytes((long)values.Length));
            hash.AppendData(MemoryMarshal.AsBytes(values));
        }
        void Rows(Matrix matrix)
        {
            if (matrix.IsMissing) return;
            for (long i = 0; i < matrix.Rows; i++) Numbers<Real>(matrix.Row(i));
            GC.KeepAlive(matrix);
        }
        Numbers<long>([Dataset.Nodes, Dataset.Edges.Count, Inputs, Outputs, Batches.Count]);
        Numbers<int>(Dataset.Edges.Source);
        Numbers<int>(Dataset.Edges.Destination);
        Numbers<Real>(Dataset.Edges.Weight);
        if (Dataset.Features.Sparse is { } sparse)
        {
            Numbers<long>(sparse.ByRow.Pointers);
            Numbers<int>(sparse.ByRow.Index);
            Rows(sparse.Values);
        }
        else
        {
            Rows(Dataset.Features.Dense);
        }
        Numbers<int>(Dataset.Labels);
        Rows(Dataset.Targets);
        foreach (bool[] mask in new[] { Split.Train, Split.Validation, Split.Test }) Numbers<bool>(mask);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>True if each node without a loop gets one.</summary>
    internal static bool AddsLoops(DataSettings settings, string model) => settings.SelfLoops ?? LoopsByDefault(model);

    private static bool LoopsByDefault(string model) => model is "gat" or "gatv2";

    private static Dataset WithEdges(Dataset dataset, DataSettings settings, string model)
    {
        var edges = dataset.Edges;
        if (settings.Transpose) edges = edges.Transpose();
        if (settings.Undirected) edges = edges.Undirected();
        if (AddsLoops(settings, model)) edges = edges.WithSelfLoops();
        var graphs = dataset.Graphs is null ? null : new GraphBatch(edges, dataset.Graphs.Membership, dataset.Graphs.Count);
        return dataset with { Edges = edges, Graphs = graphs };
    }

    private static Dataset WithRandom(Dataset dataset, DataSettings settings)
    {
        if (settings.RandomFeatures == 0 && settings.RandomClasses == 0) return dataset;
        var features = dataset.Features;
        var random = new SeededRandom(2);
        if (settings.RandomFeatures > 0)
        {
            var x = Matrix.Allocate(dataset.Nodes, settings.RandomFeatures);
            for (long i = 0; i < x.Rows; i++)
                for (long j = 0; j < x.Columns; j++) x[i, j] = (Real)(2 * random.Uniform() - 1);
            features = x;
        }
        if (settings.RandomClasses == 0) return dataset with { Features = features };
        var labels = new int[dataset.Nodes];
        for (int i = 0; i < labels.Length; i++) labels[i] = random.Below(settings.RandomClasses);
        var all = Enumerable.Repeat(true, dataset.Nodes).ToArray();
        return dataset with { Features = features, Labels = labels, Classes = settings.RandomClasses, ClassNames = null, Splits = [new Split("every node", all, new bool[all.Length], new bool[all.Length])] };
    }

    private static Dataset WithFeatures(Dataset dataset, DataSettings settings)
    {
        if (settings.Features is { } kind)
        {
            if (!Enum.TryParse<FeatureKind>(kind, ignoreCase: true, out var made) || !Enum.IsDefined(made))
                throw new ArgumentException($"there are no features '{kind}'; use degree, onehot, constant or learned");
            dataset = dataset.WithFeatures(made);
        }
        if (!dataset.HasFeatures)
            throw new ArgumentException($"the nodes of {dataset.Name} have no features; make some with --features degree, onehot, constant or learned");
        if (settings.BinarizeFeatures) dataset = dataset.WithBinaryFeatures();
        bool normalize = settings.NormalizeFeatures ?? (dataset.Features.IsSparse && settings.Features is null);
        return normalize ? dataset.WithNormalizedFeatures() : dataset;
    }

    /// <summary>The split that the settings ask for, as <see cref="Prepare"/> takes it.</summary>
    internal static Split ChooseSplit(Dataset dataset, DataSettings settings, int run)
    {
        string choice = settings.Split ?? (dataset.Splits.Count > 0 ? "public" : "random");
        if (choice == "random")
        {
            if (dataset.Labels is null) throw new ArgumentException($"{dataset.Name} has several labels a node: it cannot be split at random by class");
            return Split.Random(dataset.Labels, dataset.Classes, settings.TrainPerClass, settings.ValidationPerClass, run % 10);
        }
        if (dataset.Splits.Count == 0) throw new ArgumentException($"{dataset.Name} comes without a split; use --split random");
        if (choice == "public") return dataset.Splits[run % dataset.Splits.Count];
        if (!int.TryParse(choice, out int number) || number < 0 || number >= dataset.Splits.Count)
            throw new ArgumentException($"split '{choice}': use public, random, or 0 … {dataset.Splits.Count - 1}, the published splits of {dataset.Name}");
        return dataset.Splits[number];
    }

    // Graphs with training nodes first, so that no batch of the training loop carries others.
    private static TrainingData InBatches(Dataset dataset, Split split, int graphsPerBatch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(graphsPerBatch, 1);
        var whole = dataset.Graphs!;
        var trains = new bool[whole.Count];
        for (int i = 0; i < dataset.Nodes; i++) trains[whole.Membership[i]] |= split.Train[i];
        int[] order = [.. Enumerable.Range(0, whole.Count).OrderBy(g => trains[g] ? 0 : 1)];
        int training = trains.Count(t => t);
        var arranged = (dataset with { Splits = [split] }).SelectGraphs(order);
        var batches = new List<TrainingBatch>();
        int first = 0;
        for (int at = 0; at < whole.Count;)
        {
            int end = Math.Min(at < training ? training : whole.Count, at + graphsPerBatch);
            var batch = arranged.SelectGraphs([.. Enumerable.Range(at, end - at)]);
            batches.Add(new(ToGraph(batch.Edges), batch.Features, first));
            first += batch.Nodes;
            at = end;
        }
        return new TrainingData { Batches = batches, Dataset = arranged, Split = arranged.Splits[0] };
    }

    /// <summary>The graphs of a prepared set in their own order, at most so many at a time.</summary>
    internal static IEnumerable<TrainingBatch> InOrder(Dataset dataset, int graphsPerBatch)
    {
        if (dataset.Graphs is null)
        {
            yield return new(ToGraph(dataset.Edges), dataset.Features, 0);
            yield break;
        }
        for (int at = 0; at < dataset.Graphs.Count; at += graphsPerBatch)
        {
            var batch = dataset.SelectGraphs([.. Enumerable.Range(at, Math.Min(graphsPerBatch, dataset.Graphs.Count - at))]);
            if (batch.Nodes > 0) yield return new(ToGraph(batch.Edges), batch.Features, dataset.Graphs.Offsets[at]);
        }
    }

    private static Graph ToGraph(EdgeList edges) =>
        Graph.FromEdges(edges.Nodes, edges.Source, edges.Destination, edges.Weight);
}
