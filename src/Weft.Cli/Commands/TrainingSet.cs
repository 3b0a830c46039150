using Weft.Cli.Display;
using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed;
using Weft.Distributed.Partitioning;
using Weft.Graphs;
using Weft.Models;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>The data of a training job: settles a configuration on them and makes them ready for each of its runs.</summary>
internal abstract class TrainingSet : IDisposable
{
    /// <summary>The data that a configuration names, for one process or for this one of several.</summary>
    public static TrainingSet Open(RunConfig config, Team team, Terminal terminal, CancellationToken cancellation)
    {
        if (team.Layout is null && Mapped(config) is { } folder) return new MappedSet(config, folder);
        // One process alone can do what needs the whole graph, whoever started it.
        if (team.Layout is null || team.World.Size == 1 && team.Layout.Reduction != "reproducible") return new WholeSet(DataFetch.Open(config.Dataset, terminal, cancellation));
        if (config.Training.Sampling is not null) throw new UsageException("batches of nodes are drawn by one process: leave out --sampler, --batch-size and the like, or train on one process");
        if (config.Data.Task == "link") throw new UsageException("--task link works on one process: leave the launcher and --processes out");
        return new SharedSet(config, team, terminal, cancellation);
    }

    /// <summary>The configuration as it is carried out on these data: a file may be of another program or leave defaults open.</summary>
    public abstract RunConfig Settle(RunConfig config);

    /// <summary>Features of an edge of the set; 0 where there are none.</summary>
    public abstract long EdgeFeatures { get; }

    /// <summary>The data, ready for a run.</summary>
    public abstract TrainingData Prepare(RunConfig config);

    /// <summary>Number of folds of a cross-validation.</summary>
    /// <exception cref="DataFormatException">The folds are broken.</exception>
    public virtual int Folds(RunConfig config) => throw new UsageException("--folds does not go with several processes: many graphs are trained on one");

    /// <summary>Lets go of what only a further run would need; data that were prepared stay in use.</summary>
    public virtual void Release()
    {
    }

    public virtual void Dispose()
    {
    }

    // Batches that are drawn need no graph in memory, where nothing else does.
    private static string? Mapped(RunConfig config)
    {
        if (config.Training.Sampling is null || config.Data.Task is not (null or "node") || config.Data.Folds is not null || MappedData.NeedsMemory(config.Data) is not null) return null;
        if (DatasetCatalog.PathOf(config.Dataset) is not { } folder || !MappedDataset.IsOne(folder)) return null;
        bool readsEdges = config.Data.EdgeFeatures != false && Architecture.ReadsEdgeFeatures(config.Model.Model) && File.Exists(Path.Combine(folder, "edge_attr.npy"));
        return readsEdges ? null : folder;
    }

    /// <summary>All of it on this process.</summary>
    private sealed class WholeSet(Dataset dataset) : TrainingSet
    {
        public override RunConfig Settle(RunConfig config) => TrainingJob.Settle(config, dataset);

        public override long EdgeFeatures => dataset.Edges.FeatureWidth;

        public override TrainingData Prepare(RunConfig config) => TrainingData.Prepare(dataset, config.Data, config.Model.Model, config.Run);

        public override int Folds(RunConfig config) => GraphData.FoldsOf(dataset, config.Data.Folds!).Count;
    }

    /// <summary>All of it on this process, edges and features in their files.</summary>
    private sealed class MappedSet : TrainingSet
    {
        private readonly MappedDataset set;

        public MappedSet(RunConfig config, string folder) => set = MappedData.Open(folder, config.Data, config.Model.Model);

        public override RunConfig Settle(RunConfig config) =>
            TrainingJob.Settle(config, new DataTraits(set.Features.IsSparse, set.Source.Splits, ManyGraphs: false, set.Source.ClassNames, set.Source.HasTargets, EdgeFeatures));

        public override long EdgeFeatures => set.Source.EdgeFeatures;

        public override TrainingData Prepare(RunConfig config) => MappedData.Prepare(set, config.Data, config.Run);

        public override void Dispose()
        {
            set.Dispose();
            base.Dispose();
        }
    }

    /// <summary>A part of it: of a folder or a generated graph just that, of any other set the rows that are kept once it was read.</summary>
    private sealed class SharedSet : TrainingSet
    {
        private readonly Team team;
        private readonly Layout layout;
        private readonly DataTraits traits;
        private IGraphSource? source;
        private EdgeList? whole;

        public SharedSet(RunConfig config, Team team, Terminal terminal, CancellationToken cancellation)
        {
            (this.team, layout) = (team, team.Layout!);
            if (config.Data.Task == "regression") throw new UsageException("task regression: processes that share a graph learn classes; train on one process");
            bool loops = TrainingData.AddsLoops(config.Data, config.Model.Model);
            source = Sliced(config, loops);
            if (source is not null)
            {
                RefuseWhole(config);
                traits = new(source.FeatureEntries is not null, source.Splits, ManyGraphs: false, source.ClassNames, source.HasTargets, source.EdgeFeatures);
                RefuseEdgeFeatures(config);
                return;
            }
            var dataset = Opened(config.Dataset, terminal, cancellation);
            traits = DataTraits.Of(dataset);
            if (dataset.Graphs is not null)
                throw new UsageException($"{config.Dataset} is many small graphs: processes share the nodes of one graph; train it alone");
            if (traits.Numbers) throw new UsageException($"what {config.Dataset} has to learn are numbers, and processes that share a graph learn classes: train it on one process");
            RefuseEdgeFeatures(config);
            source = Parted(TrainingData.PrepareWhole(dataset, config.Data, config.Model.Model));
        }

        public override RunConfig Settle(RunConfig config) => TrainingJob.Settle(config, traits);

        public override long EdgeFeatures => traits.EdgeFeatures;

        private void RefuseEdgeFeatures(RunConfig config)
        {
            if (TrainingData.ReadsEdgeFeatures(config.Dataset, traits.EdgeFeatures, config.Data, config.Model.Model))
                throw new UsageException($"{config.Model.Model} would read the {traits.EdgeFeatures} features of each edge of {config.Dataset}, and processes that share a graph do not carry them: train on one process, or with --edge-features off");
        }

        public override TrainingData Prepare(RunConfig config)
        {
            bool reproducible = layout.Reduction == "reproducible";
            var grid = layout.Grid is { } name ? GridName.Parse(name, team.World.Size) : reproducible ? new ProcessGrid(team.World.Size, 1, 1) : Planned(config);
            return SharedData.Prepare(source!, config.Data, config.Run, team.World, grid, new DistributionOptions
            {
                Exchange = layout.Exchange == "dense" ? ExchangeKind.Dense : ExchangeKind.Halo,
                Reproducible = reproducible,
                Overlap = layout.Reduction == "fast",
            });
        }

        // By what weft plan --calibrate measured here, if it did; the same plan on every process. A set that comes in parts was cut for
        // rows alone, which is also what nobody can count without having all of it.
        private ProcessGrid Planned(RunConfig config)
        {
            int processes = team.World.Size;
            if (processes == 1 || source!.Offsets is { } offsets && (offsets.Length - 1) % processes == 0) return new ProcessGrid(processes, 1, 1);
            var features = config.Data.RandomFeatures > 0 ? config.Data.RandomFeatures : source.Features;
            var size = new DataSize(source.Nodes, source.Edges, features, config.Data.RandomClasses > 0 ? config.Data.RandomClasses : source.Classes)
            {
                FeatureEntries = config.Data.RandomFeatures > 0 ? null : source.FeatureEntries,
                Weighted = source.IsWeighted,
                MultiLabel = source.HasTargets,
            };
            return GridPlan.Choose(team.World, size, config.Model, config.Training, layout.Exchange == "dense" ? null : whole);
        }

        public override void Release() => Dispose();

        public override void Dispose()
        {
            (source as IDisposable)?.Dispose();
            (source, whole) = (null, null);
            base.Dispose();
        }

        private IGraphSource? Sliced(RunConfig config, bool loops)
        {
            if (layout.Partition is not null) return null;
            if (DatasetCatalog.FindRmat(config.Dataset) is { } matrix) return new RmatSource(config.Dataset, matrix, loops);
            return DatasetCatalog.PathOf(config.Dataset) is { } folder && Directory.Exists(folder) && File.Exists(Path.Combine(folder, "row_ptr.npy")) ? PartitionFolder.Open(folder, loops) : null;
        }

        // The first process fetches what must be downloaded, and whether it was let to is known to all before they look for it.
        private Dataset Opened(string name, Terminal terminal, CancellationToken cancellation)
        {
            if (DatasetCatalog.PathOf(name) is not null || DatasetCatalog.IsBuiltIn(name)) return DataFetch.Open(name, terminal, cancellation);
            Dataset? fetched = null;
            bool stopped = false;
            try
            {
                if (team.Leads) fetched = DataFetch.Open(name, terminal, cancellation);
            }
            catch (OperationCanceledException)
            {
                stopped = true;
            }
            if (Agreement.Any(team.World, stopped)) throw new OperationCanceledException(cancellation);
            if (fetched is null && DatasetCatalog.PathOf(name) is null)
                throw new UsageException($"{name} was fetched by the first process and is not on this machine: weft data fetch {name} here too, or a folder in WEFT_DATA that all machines share");
            return fetched ?? DataFetch.Open(name, terminal, cancellation);
        }

        private static void RefuseWhole(RunConfig config)
        {
            string? whole = config.Data.Undirected ? "--undirected" : config.Data.Transpose ? "--transpose" : config.Data.Features is not null ? "--features " + config.Data.Features : null;
            if (whole is not null)
                throw new UsageException($"{whole} looks at the whole graph, and each process reads a part of {config.Dataset}: give it to weft data partition (or convert) instead, or train with --partition block");
        }

        private DatasetSource Parted(Dataset prepared)
        {
            var edges = whole = prepared.Edges;
            if (layout.Partition is null or "block") return new DatasetSource(prepared);
            var partition = Partition.Of(new GraphStructure(edges.Nodes, edges.Source, edges.Destination), team.World.Size, Partitioners.Named(layout.Partition));
            return new DatasetSource(prepared, partition.Order, partition.Offsets);
        }
    }
}

/// <summary>What of a set a configuration's defaults depend on.</summary>
internal sealed record DataTraits(bool SparseFeatures, int Splits, bool ManyGraphs, IReadOnlyList<string>? ClassNames, bool MultiLabel, long EdgeFeatures = 0, bool Numbers = false)
{
    public static DataTraits Of(Dataset dataset) =>
        new(dataset.Features.IsSparse, dataset.Splits.Count, dataset.Graphs is not null, dataset.ClassNames, !dataset.Targets.IsMissing, dataset.Edges.FeatureWidth,
            dataset.TargetsAreNumbers || !dataset.GraphTargets.IsMissing && dataset.GraphLabels is null);
}

/// <summary>The processes of a job, and which of them this one is.</summary>
/// <param name="World">All of them.</param>
/// <param name="Layout">How they share the graph; null for a process alone.</param>
internal sealed record Team(ICommunicator World, Layout? Layout)
{
    /// <summary>One process that has all of the data.</summary>
    public static Team Alone { get; } = new(Communication.Alone.Instance, null);

    /// <summary>True for the process that writes files and speaks.</summary>
    public bool Leads => World.Rank == 0;

    /// <summary>What the first process finds out, told to all. What stops it there stops all of them with the same message.</summary>
    public string Tell(Func<string> find)
    {
        string? found = null;
        DataFormatException? problem = null;
        if (Leads)
        {
            try
            {
                found = find();
            }
            catch (DataFormatException wrong)
            {
                problem = wrong;
            }
        }
        if (Agreement.First(World, problem?.Message) is { } message) throw problem ?? new DataFormatException(message);
        return Agreement.First(World, found)!;
    }
}
