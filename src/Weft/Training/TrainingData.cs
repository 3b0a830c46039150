using Weft.Communication;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;

namespace Weft.Training;

/// <summary>Nodes that pass through the model together: one graph, or several side by side.</summary>
/// <param name="Graph">Where messages flow.</param>
/// <param name="Features">One row per node, [n, D].</param>
/// <param name="First">Number of its first node among all nodes.</param>
public sealed record TrainingBatch(Graph Graph, NodeMatrix Features, int First)
{
    /// <summary>Number of nodes, n.</summary>
    public int Nodes => (int)Features.Rows;

    /// <summary>Number of its first graph, where a model puts out a row for each graph; null where rows are nodes.</summary>
    internal int? FirstGraph { get; init; }

    /// <summary>Number of the first row of the output among those of all batches.</summary>
    internal int FirstRow => FirstGraph ?? First;

    /// <summary>Rows of the output.</summary>
    internal int Rows => FirstGraph is null ? Nodes : (int)Graph.Members.OwnedDestinations;

    /// <summary>The graph whose destinations the rows of the output are.</summary>
    internal Graph RowGraph => FirstGraph is null ? Graph : Graph.Members;
}

/// <summary>A data set made ready: graphs, features, labels and one split of the nodes.</summary>
public sealed class TrainingData
{
    /// <summary>The batches, which follow one another in the order of the nodes; none where the graph stays where it lies (<see cref="Stored"/>).</summary>
    public required IReadOnlyList<TrainingBatch> Batches { get; init; }

    /// <summary>
    /// The set as prepared, its nodes in the order of the batches. Where several processes share a set, the rows of this one; its
    /// edges are then in the batch's graph alone.
    /// </summary>
    public required Dataset Dataset { get; init; }

    /// <summary>Which nodes are for what.</summary>
    public required Split Split { get; init; }

    /// <summary>Features of a node, D.</summary>
    public long Inputs => Stored?.Features.Columns ?? Batches[0].Features.Columns;

    /// <summary>Columns that a model must put out: classes; 0 for links, where the model's settings tell the width of the embeddings.</summary>
    public long Outputs => Links is null ? Scored.Classes : 0;

    /// <summary>What the rows of a model's output are compared with: the nodes of the set, or its graphs.</summary>
    internal Dataset Scored => GraphRows ?? Dataset;

    /// <summary>The graphs of the set as rows, where they are what is learned; else null.</summary>
    internal Dataset? GraphRows { get; init; }

    /// <summary>The graphs, where training puts together batches of them anew in every epoch; else null.</summary>
    internal GraphPieces? Pieces { get; init; }

    /// <summary>How numbers that are learned were standardised; null for classes.</summary>
    internal TargetScale? Scale { get; init; }

    /// <summary>Most graphs of such a batch.</summary>
    internal int GraphsPerBatch { get; init; }

    /// <summary>Nodes of all graphs, on all processes.</summary>
    public long Nodes => Share?.Nodes ?? Dataset.Nodes;

    /// <summary>Edges of all graphs, on all processes.</summary>
    public long Edges => Share?.Edges ?? Stored?.Adjacency.Edges ?? Batches.Sum(b => b.Graph.Edges);

    /// <summary>What is not here of a set that several processes share; null where all of it is.</summary>
    internal DataShare? Share { get; init; }

    /// <summary>A graph that stays where it lies, such as in a mapped file, and that samples are drawn from; null where the graph is in the batches.</summary>
    internal StoredGraph? Stored { get; init; }

    /// <summary>Links to be found, and pairs that are none; null where something else is learned.</summary>
    internal LinkData? Links { get; init; }

    /// <summary>The processes that share the set.</summary>
    internal ICommunicator World => Batches.Count == 0 ? Alone.Instance : Batches[0].Graph.Place.World;

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
        if (settings.Task == "link") return LinkData.Prepare(dataset, settings, model, run);
        if (settings.Links is not null) throw new ArgumentException("link-split, directed-links, negative, negatives-per-edge, negative-loops and positive-loops go with --task link");
        bool ofGraphs = GraphData.IsTask(dataset, settings);
        if (!ofGraphs && dataset.HasGraphLabels && dataset.Labels is null)
            throw new ArgumentException($"{dataset.Name} has labels for whole graphs; training on nodes needs a label for each node");
        if (!ofGraphs && (settings.Folds is not null || settings.VirtualNode))
            throw new ArgumentException($"{(settings.VirtualNode ? "virtual nodes" : "folds")} are for sets whose graphs have labels; of {dataset.Name} it is nodes");
        dataset = PrepareInputs(dataset, settings, model);
        if (ofGraphs) return GraphData.Prepare(dataset, settings, run);
        if (dataset.TargetsAreNumbers && settings.Task is not (null or "regression"))
            throw new ArgumentException($"task {settings.Task}: what {dataset.Name} has of its nodes are numbers; use --task regression");
        if (dataset.Labels is null && dataset.Targets.IsMissing)
            throw new ArgumentException($"{dataset.Name} has no labels to learn; for speed work on a bare graph use --random-features F --random-classes C");
        var split = ChooseSplit(dataset, settings, run);
        if (split.TrainCount == 0) throw new ArgumentException($"the split '{split.Name}' of {dataset.Name} has no training nodes");
        TargetScale? scale = null;
        if (dataset.TargetsAreNumbers) (dataset, scale) = Regression.Standardize(dataset, split);
        return dataset.Graphs is not null ? InBatches(dataset, split, settings.GraphsPerBatch, scale) : Arranged(dataset, split, settings, scale: scale);
    }

    /// <summary>A prepared set of one graph, its nodes in memory in the order that the settings ask for.</summary>
    internal static TrainingData Arranged(Dataset dataset, Split split, DataSettings settings, LinkData? links = null, TargetScale? scale = null)
    {
        if (NodeOrder.Named(settings.Order ?? "none", dataset.Edges) is not { } order)
            return new TrainingData { Batches = [new(Graph.FromEdges(dataset.Edges), dataset.Features, 0)], Dataset = dataset, Split = split, Links = links, Scale = scale };
        var arranged = (dataset with { Splits = [split] }).InOrder(order);
        return new TrainingData { Batches = [new(Graph.InOrder(arranged.Edges, order), arranged.Features, 0)], Dataset = arranged, Split = arranged.Splits[0], Links = links, Scale = scale };
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
        bool ofGraphs = GraphData.IsTask(dataset, settings);
        dataset = WithReadyFeatures(WithMadeFeatures(WithRandom(WithEdges(dataset, settings, model), settings), settings), settings);
        if (!ofGraphs) return settings.Task == "regression" ? Regression.WithNumbers(dataset) : dataset;
        if (settings.VirtualNode) dataset = VirtualNode.AddTo(dataset);
        return GraphData.WithDenseFeatures(dataset);
    }

    /// <summary>The set with the edges and features that depend on the graph as a whole; what depends on a row alone is left to whoever has the row.</summary>
    internal static Dataset PrepareWhole(Dataset dataset, DataSettings settings, string model) => WithMadeFeatures(WithEdges(dataset, settings, model), settings);

    /// <summary>The settings with every choice made that depends on the set and the model, so that another set is treated alike.</summary>
    public static DataSettings Settle(DataSettings settings, Dataset dataset, string model)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(settings);
        return Settle(settings, dataset.Features.IsSparse, dataset.Splits.Count, dataset.Graphs is not null, dataset.Edges.FeatureWidth, model);
    }

    /// <summary>The settings with every choice made that depends on the traits of a set and on the model.</summary>
    internal static DataSettings Settle(DataSettings settings, bool sparseFeatures, int splits, bool manyGraphs, long edgeFeatures, string model) => settings with
    {
        EdgeFeatures = settings.EdgeFeatures ?? (edgeFeatures > 0 ? Architecture.ReadsEdgeFeatures(model) : null),
        SelfLoops = AddsLoops(settings, model),
        NormalizeFeatures = settings.NormalizeFeatures ?? (settings.Features is null && settings.RandomFeatures == 0 && sparseFeatures),
        // Random classes bring a split of their own.
        Order = settings.Order ?? (manyGraphs ? "none" : "auto"),
        Split = settings.Split ?? (splits > 0 || settings.RandomClasses > 0 ? "public" : "random"),
    };

    /// <summary>
    /// A text that tells whether two runs train on the same data: edges, features, labels, the split. It does not depend on the
    /// order of the nodes in memory or on how many processes share them.
    /// </summary>
    internal string Digest()
    {
        if (Share is not null) return Share.Digest;
        if (Stored is not null) return MappedData.Digest(this);
        var digest = new DataDigest();
        digest.AddSizes(Nodes, Dataset.Edges.Count, Inputs, Outputs, Batches.Count);
        int[]? numbers = Batches.Count == 1 ? Batches[0].Graph.Identity.NodeIds : null;
        int Number(int place) => numbers is null ? place : numbers[place];
        var edges = Dataset.Edges;
        for (int e = 0; e < edges.Count; e++) digest.AddEdge(edges.Id(e, numbers), Number(edges.Source[e]), Number(edges.Destination[e]), edges.Weight is null ? 1 : edges.Weight[e], edges.FeatureWidth > 0 ? edges.Features.Row(e) : default);
        for (int i = 0; i < Dataset.Nodes; i++) digest.AddNode(Number(i), i, Dataset, GraphRows is null ? Split : null);
        for (int g = 0; g < GraphRows?.Nodes; g++) digest.AddGraph(g, Dataset.Graphs!.Offsets[g], GraphRows, Split);
        Links?.AddTo(digest, edges.Count);
        return digest.ToString();
    }

    /// <summary>True if each node without a loop gets one.</summary>
    internal static bool AddsLoops(DataSettings settings, string model) => settings.SelfLoops ?? LoopsByDefault(model);

    private static bool LoopsByDefault(string model) => model is "gat" or "gatv2";

    /// <summary>True if the model is to read the features of the edges, of which there are so many.</summary>
    /// <exception cref="ArgumentException">It is asked to, and it or the set cannot; or it cannot do without.</exception>
    internal static bool ReadsEdgeFeatures(string name, long width, DataSettings settings, string model)
    {
        bool can = Architecture.ReadsEdgeFeatures(model);
        if (settings.EdgeFeatures == true && !can) throw new ArgumentException($"{model} does not read features of edges (edge-features on); gat, gatv2 and gine do");
        if (settings.EdgeFeatures == true && width == 0) throw new ArgumentException($"the edges of {name} have no features to read (edge-features on)");
        if (model == "gine" && (width == 0 || settings.EdgeFeatures == false))
            throw new ArgumentException($"gine adds features of the edges to what neighbours send, and {(width == 0 ? $"the edges of {name} have none" : "edge-features is off")}; use gin");
        return width > 0 && (settings.EdgeFeatures ?? can);
    }

    private static Dataset WithEdges(Dataset dataset, DataSettings settings, string model)
    {
        var edges = ReadsEdgeFeatures(dataset.Name, dataset.Edges.FeatureWidth, settings, model) ? dataset.Edges : dataset.Edges.WithoutFeatures();
        if (settings.Transpose) edges = edges.Transpose();
        if (settings.Undirected) edges = edges.Undirected();
        if (AddsLoops(settings, model)) edges = edges.WithSelfLoops();
        var graphs = dataset.Graphs is null ? null : new GraphBatch(edges, dataset.Graphs.Membership, dataset.Graphs.Count);
        return dataset with { Edges = edges, Graphs = graphs };
    }

    private static Dataset WithRandom(Dataset dataset, DataSettings settings)
    {
        if (settings.RandomFeatures > 0) dataset = dataset with { Features = RandomData.Features(null, dataset.Nodes, settings.RandomFeatures) };
        if (settings.RandomClasses == 0) return dataset;
        return dataset with
        {
            Labels = RandomData.Labels(null, dataset.Nodes, settings.RandomClasses),
            Targets = default,
            Classes = settings.RandomClasses,
            ClassNames = null,
            Splits = [RandomData.EveryNode(dataset.Nodes)],
        };
    }

    private static Dataset WithMadeFeatures(Dataset dataset, DataSettings settings)
    {
        if (settings.Features is not { } kind) return dataset;
        if (!Enum.TryParse<FeatureKind>(kind, ignoreCase: true, out var made) || !Enum.IsDefined(made))
            throw new ArgumentException($"there are no features '{kind}'; use degree, onehot, constant or learned");
        return dataset.WithFeatures(made);
    }

    /// <summary>The set with the features that it has made ready: binarised, normalised.</summary>
    /// <exception cref="ArgumentException">It has none.</exception>
    internal static Dataset WithReadyFeatures(Dataset dataset, DataSettings settings)
    {
        if (!dataset.HasFeatures)
            throw new ArgumentException($"the nodes of {dataset.Name} have no features; make some with --features degree, onehot, constant or learned");
        if (settings.BinarizeFeatures) dataset = dataset.WithBinaryFeatures();
        bool normalize = settings.NormalizeFeatures ?? (dataset.Features.IsSparse && settings.Features is null);
        return normalize ? dataset.WithNormalizedFeatures() : dataset;
    }

    /// <summary>The split that the settings ask for, as <see cref="Prepare"/> takes it.</summary>
    internal static Split ChooseSplit(Dataset dataset, DataSettings settings, int run)
    {
        if (GraphData.IsTask(dataset, settings)) return GraphData.Split(dataset, settings, run);
        var choice = Choose(dataset.Name, dataset.Splits.Count, dataset.Labels is not null || dataset.TargetsAreNumbers, settings, run);
        return choice.Number >= 0 ? dataset.Splits[choice.Number]
            : dataset.TargetsAreNumbers ? Regression.RandomSplit(dataset, (ulong)choice.Seed)
            : Split.Random(dataset.Labels!, dataset.Classes, choice.TrainPerClass, choice.ValidationPerClass, choice.Seed);
    }

    /// <summary>Which split the settings ask for of a set with so many published ones.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal static SplitChoice Choose(string name, int splits, bool hasLabels, DataSettings settings, int run)
    {
        SplitChoice Published(int number) => new(number, settings.TrainPerClass, settings.ValidationPerClass, 0);
        string choice = settings.Split ?? (splits > 0 ? "public" : "random");
        if (choice == "random")
        {
            if (!hasLabels) throw new ArgumentException($"{name} has several labels a node: it cannot be split at random by class");
            return Published(-1) with { Seed = run % 10 };
        }
        if (splits == 0) throw new ArgumentException($"{name} comes without a split; use --split random");
        if (choice == "public") return Published(run % splits);
        if (!int.TryParse(choice, out int number) || number < 0 || number >= splits)
            throw new ArgumentException($"split '{choice}': use public, random, or 0 … {splits - 1}, the published splits of {name}");
        return Published(number);
    }

    /// <summary>Graphs in a batch where nothing says how many and nodes are what is learned.</summary>
    internal const int MostGraphs = 1024;

    // Graphs with training nodes first, so that no batch of the training loop carries others.
    private static TrainingData InBatches(Dataset dataset, Split split, int? asked, TargetScale? scale)
    {
        int graphsPerBatch = asked ?? MostGraphs;
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
            batches.Add(new(ToGraph(batch), batch.Features, first));
            first += batch.Nodes;
            at = end;
        }
        var pieces = asked is null ? null : new GraphPieces(Graph.FromEdges(arranged.Edges), arranged.Graphs!.Offsets);
        return new TrainingData { Batches = batches, Dataset = arranged, Split = arranged.Splits[0], Pieces = pieces, GraphsPerBatch = graphsPerBatch, Scale = scale };
    }

    /// <summary>The graphs of a prepared set in their own order, at most so many at a time.</summary>
    internal static IEnumerable<TrainingBatch> InOrder(Dataset dataset, int graphsPerBatch)
    {
        if (dataset.Graphs is null)
        {
            yield return new(ToGraph(dataset), dataset.Features, 0);
            yield break;
        }
        for (int at = 0; at < dataset.Graphs.Count; at += graphsPerBatch)
        {
            var batch = dataset.SelectGraphs([.. Enumerable.Range(at, Math.Min(graphsPerBatch, dataset.Graphs.Count - at))]);
            if (batch.Nodes > 0) yield return new(ToGraph(batch), batch.Features, dataset.Graphs.Offsets[at]);
        }
    }

    private static Graph ToGraph(Dataset dataset)
    {
        var edges = dataset.Edges;
        var graph = Graph.FromEdges(edges.Nodes, edges.Source, edges.Destination, edges.Weight, edges.Features);
        return dataset.Graphs is { } graphs ? graph.WithMembership(Graph.OfMembership(graphs.Membership, graphs.Count)) : graph;
    }
}
