using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed;

namespace Weft.Training;

/// <summary>Makes a set ready that several processes share: each reads its own rows and the edges of its block.</summary>
internal static class SharedData
{
    /// <summary>
    /// This process's part of a source. A collective call. What it holds beyond its part is a word or two a node, where a random
    /// split or the order of a partition asks for it.
    /// </summary>
    /// <param name="source">The set, with the edges that the model is to see.</param>
    /// <param name="settings">What to do to the rows: random features and classes, normalising, the split.</param>
    /// <param name="run">Number of the run, which chooses the split.</param>
    /// <param name="world">All processes.</param>
    /// <param name="grid">How they share the graph.</param>
    /// <param name="options">How rows are exchanged.</param>
    /// <exception cref="ArgumentException">The set lacks what the settings ask for, or the grid does not fit it.</exception>
    public static TrainingData Prepare(IGraphSource source, DataSettings settings, int run, ICommunicator world, ProcessGrid grid, DistributionOptions options)
    {
        var parts = Parts(source, grid, options);
        var (first, count) = parts.Of(world.Rank);
        var rows = WithRandom(source.ReadRows(first, count), settings);
        if (rows.Labels is null && rows.Targets.IsMissing)
            throw new ArgumentException($"{source.Name} has no labels to learn; for speed work on a bare graph use --random-features F --random-classes C");
        bool random = settings.RandomClasses > 0;
        var split = random ? RandomData.EveryNode(count) : source.ReadSplit(TrainingData.Choose(source.Name, source.Splits, rows.Labels is not null, settings, run), first, count);
        int classes = random ? settings.RandomClasses : source.Classes;

        var digest = new DataDigest();
        long edges = 0;
        var (firstRow, rowCount) = grid.RowPiece(parts, grid.PlaceOf(world.Rank).Row);
        var block = new BlockBuilder(grid, parts, world.Rank, source.IsWeighted, outgoing: options.Reproducible);
        int[]? numbers = source.ReadNumbers();
        int Number(int place) => numbers is null ? place : numbers[place];
        // For bits that depend on no number of processes each also holds the edges that leave its nodes: it looks at all of them.
        var (firstRead, lastRead) = options.Reproducible ? (0, source.Nodes) : (firstRow, firstRow + rowCount);
        source.ReadEdges(firstRead, lastRead, (from, to, id, weight) =>
        {
            block.Add(id, from, to, weight);
            if (to < first || to >= first + count) return;
            edges++;
            digest.AddEdge(id, Number(from), Number(to), weight);
        });
        Span<long> all = [edges, split.TrainCount];
        world.AllReduce(all, Reduction.Sum);
        if (all[1] == 0) throw new ArgumentException($"the split '{split.Name}' of {source.Name} has no training nodes");

        var dataset = new Dataset
        {
            Name = source.Name,
            Edges = new Graphs.EdgeList(count, [], []),
            Features = rows.Features,
            Labels = rows.Labels,
            Targets = rows.Targets,
            Classes = classes,
            ClassNames = random ? null : source.ClassNames,
            EmbeddingWidth = source.EmbeddingWidth,
            Splits = [split],
        };
        dataset = TrainingData.WithReadyFeatures(dataset, settings);
        for (int i = 0; i < count; i++) digest.AddNode(rows.Numbers[i], i, dataset, split);
        if (world.Rank == 0) digest.AddSizes(source.Nodes, all[0], dataset.Features.Columns, classes, batches: 1);
        digest.SumOver(world);

        var graph = block.Build(world, all[0], rows.Numbers, options);
        return new TrainingData
        {
            Batches = [new TrainingBatch(graph, dataset.Features, 0)],
            Dataset = dataset,
            Split = split,
            Share = new DataShare(source.Nodes, all[0], digest.ToString(), grid, parts),
        };
    }
    // The parts of the set, if so many processes can have whole ones; else parts of equal size.
    private static NodeParts Parts(IGraphSource source, ProcessGrid grid, DistributionOptions options)
    {
        int each = source.Offsets is null || options.Reproducible ? 0 : (source.Offsets.Length - 1) / grid.Size;
        return each > 0 && each * grid.Size == source.Offsets!.Length - 1
            ? new NodeParts([.. Enumerable.Range(0, grid.Size + 1).Select(rank => source.Offsets[rank * each])])
            : NodeParts.For(grid, source.Nodes, options);
    }

    private static NodeRows WithRandom(NodeRows rows, DataSettings settings)
    {
        if (settings.RandomFeatures > 0) rows = rows with { Features = RandomData.Features(rows.Numbers, rows.Numbers.Length, settings.RandomFeatures) };
        return settings.RandomClasses == 0 ? rows : rows with { Labels = RandomData.Labels(rows.Numbers, rows.Numbers.Length, settings.RandomClasses), Targets = default };
    }
}
