using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Sampling;

namespace Weft.Training;

/// <summary>Makes a set ready whose edges and features stay in their files.</summary>
internal static class MappedData
{
    private const int MostDigested = 65_536, SomeDigested = 4_096;

    /// <summary>What of the settings needs the whole graph in memory, as the user gave it; null where nothing does.</summary>
    public static string? NeedsMemory(DataSettings settings) =>
        settings.Undirected ? "--undirected"
        : settings.Transpose ? "--transpose"
        : settings.Features is not null ? $"--features {settings.Features}"
        : settings.RandomFeatures > 0 ? "--random-features"
        : settings.RandomClasses > 0 ? "--random-classes"
        : settings.Order is not (null or "none" or "auto") ? $"--order {settings.Order}"
        : null;

    /// <summary>Opens a folder as a model is to see it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="settings">What to do to the rows and to the edges.</param>
    /// <param name="model">Name of the model, which decides about self-loops if the settings do not.</param>
    /// <exception cref="DataFormatException">A file is missing or broken.</exception>
    /// <exception cref="ArgumentException">A setting needs the whole graph in memory.</exception>
    public static MappedDataset Open(string path, DataSettings settings, string model)
    {
        if (NeedsMemory(settings) is { } whole) throw new ArgumentException($"{whole} looks at the whole graph, and {path} is read where it lies: apply it with weft data convert");
        if (settings.EdgeFeatures != false && Models.Architecture.ReadsEdgeFeatures(model) && File.Exists(Path.Combine(path, "edge_attr.npy")))
            throw new ArgumentException($"{model} would read the features of the edges of {path}, and a graph that is read where it lies does not carry them: train with --edge-features off, or on an .npz file of it");
        bool sparse = !File.Exists(Path.Combine(path, "x.npy"));
        var change = (settings.BinarizeFeatures ? FeatureChange.Binarize : 0) | (settings.NormalizeFeatures ?? sparse ? FeatureChange.Normalize : 0);
        return MappedDataset.Open(path, TrainingData.AddsLoops(settings, model), change);
    }

    /// <summary>A run on a set that is open; the set stays open while the data are in use.</summary>
    /// <param name="set">The set.</param>
    /// <param name="settings">Which split.</param>
    /// <param name="run">Number of the run, which chooses the split.</param>
    /// <exception cref="ArgumentException">The set lacks what the settings ask for.</exception>
    public static TrainingData Prepare(MappedDataset set, DataSettings settings, int run)
    {
        var (labels, targets) = set.ReadLabels();
        if (labels is null && targets.IsMissing) throw new ArgumentException($"{set.Name} has no labels to learn: there is no y.npy");
        var split = set.ReadSplit(TrainingData.Choose(set.Name, set.Source.Splits, labels is not null, settings, run));
        if (split.TrainCount == 0) throw new ArgumentException($"the split '{split.Name}' of {set.Name} has no training nodes");
        return new TrainingData
        {
            Batches = [],
            Dataset = new Dataset
            {
                Name = set.Name,
                Edges = new EdgeList(set.Nodes, [], []),
                Labels = labels,
                Targets = targets,
                Classes = set.Source.Classes,
                ClassNames = set.Source.ClassNames,
                Splits = [split],
            },
            Split = split,
            Stored = new StoredGraph(set.Edges, set.Features),
        };
    }

    /// <summary>
    /// What <see cref="TrainingData.Digest"/> gives for the same set in memory; of a large one, of some nodes that are spread over it,
    /// with their in-edges, because reading all of it may take longer than training does.
    /// </summary>
    public static string Digest(TrainingData data)
    {
        var (adjacency, features) = data.Stored!;
        var digest = new DataDigest();
        digest.AddSizes(data.Nodes, adjacency.Edges, data.Inputs, data.Outputs, batches: 1);
        int step = adjacency.Nodes <= MostDigested ? 1 : adjacency.Nodes / SomeDigested;
        int[] nodes = [.. Enumerable.Range(0, (adjacency.Nodes + step - 1) / step).Select(k => k * step)];
        foreach (int[] some in nodes.Chunk(1024))
        {
            var part = new Dataset
            {
                Name = data.Dataset.Name,
                Edges = new EdgeList(some.Length, [], []),
                Features = Gathered(features, some),
                Labels = data.Dataset.Labels is { } labels ? Array.ConvertAll(some, i => labels[i]) : null,
                Targets = data.Dataset.Targets.IsMissing ? default : FeatureMatrix.SelectRows(data.Dataset.Targets, some).Dense,
            };
            var split = data.Split.Select(some);
            for (int k = 0; k < some.Length; k++)
            {
                digest.AddNode(some[k], k, part, split);
                for (long p = adjacency.First(some[k]), last = p + adjacency.Degree(some[k]); p < last; p++)
                    digest.AddEdge(adjacency.EdgeId(p), adjacency.Source(p), some[k], adjacency.Weight(p));
            }
        }
        return digest.ToString();
    }

    private static NodeMatrix Gathered(IFeatureStore features, int[] nodes)
    {
        if (features.IsSparse) return features.GatherSparse(nodes);
        var rows = Matrix.Allocate(nodes.Length, features.Columns);
        features.Gather(nodes, rows);
        return rows;
    }
}
