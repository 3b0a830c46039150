namespace Weft.Training;

/// <summary>How a graph is trained on in batches of nodes that are drawn from it, instead of as a whole.</summary>
public sealed record SamplingSettings
{
    /// <summary>Names of the samplers.</summary>
    public static IReadOnlyList<string> Samplers { get; } = ["neighbor", "layer", "cluster", "saint-node", "saint-edge", "saint-walk"];

    /// <summary>neighbor, layer, cluster, saint-node, saint-edge or saint-walk.</summary>
    public string Sampler { get; init; } = "neighbor";

    /// <summary>
    /// Training nodes of a batch of neighbor and layer; about how many nodes of clusters together; draws of saint-node and saint-edge;
    /// walks of saint-walk.
    /// </summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>
    /// For each layer that looks at neighbours, the first layer first, or one number for all: most in-edges of a node (neighbor), about how
    /// many nodes of the layer (layer); −1 for all. Null for 10, for layer 512.
    /// </summary>
    public IReadOnlyList<int>? Fanouts { get; init; }

    /// <summary>neighbor: draw with replacement.</summary>
    public bool Replace { get; init; }

    /// <summary>cluster: number of clusters; null for so many that eight of them make a batch.</summary>
    public int? Clusters { get; init; }

    /// <summary>cluster: metis or ldg; null for METIS where it is installed.</summary>
    public string? Partition { get; init; }

    /// <summary>saint-walk: steps of a walk.</summary>
    public int WalkLength { get; init; } = 2;

    /// <summary>saint: subgraphs that are drawn beforehand to count nodes and edges in; null for so many that each node would be in about fifty.</summary>
    public int? SaintSamples { get; init; }

    /// <summary>Threads that draw ahead of training. The result does not depend on it.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>
    /// Most training nodes that an evaluation scores; null for all. Of a large graph most of an evaluation's time goes into them, and
    /// only validation nodes choose the best parameters.
    /// </summary>
    public int? ScoredTraining { get; init; }

    /// <summary>Throws if a setting is impossible.</summary>
    /// <exception cref="ArgumentException">One is; the message names it.</exception>
    internal void Check()
    {
        static void Require(bool holds, string name, object value, string expected)
        {
            if (!holds) throw new ArgumentException($"{name} is {value}; {expected} was expected");
        }
        Require(Samplers.Contains(Sampler), "sampler", $"'{Sampler}'", string.Join(", ", Samplers));
        Require(BatchSize >= 1, "batch-size", BatchSize, "1 or more");
        Require(Workers is >= 1 and <= 64, "workers", Workers, "1 … 64");
        Require(Clusters is null or >= 1, "clusters", Clusters ?? 0, "1 or more");
        Require(Partition is null or "metis" or "ldg", "cluster-partition", $"'{Partition}'", "metis or ldg");
        Require(WalkLength >= 1, "walk-length", WalkLength, "1 or more");
        Require(ScoredTraining is null or >= 1, "score-train", ScoredTraining ?? 0, "1 or more");
        Require(SaintSamples is null or >= 1, "saint-samples", SaintSamples ?? 0, "1 or more");
        Require(WalkLength == new SamplingSettings().WalkLength || Sampler == "saint-walk", "walk-length", WalkLength, $"nothing with the sampler {Sampler}");
        Require(SaintSamples is null || Sampler.StartsWith("saint-", StringComparison.Ordinal), "saint-samples", SaintSamples ?? 0, $"nothing with the sampler {Sampler}");
        foreach (int k in Fanouts ?? []) Require(k is -1 or >= 1, "fanouts", string.Join(',', Fanouts!), "numbers of at least 1, or -1 for all,");
        Require(Fanouts is null || Sampler is "neighbor" or "layer", "fanouts", string.Join(',', Fanouts ?? []), $"nothing with the sampler {Sampler}");
        Require(!Replace || Sampler == "neighbor", "replace", "on", $"nothing with the sampler {Sampler}");
        Require(Clusters is null && Partition is null || Sampler == "cluster", "clusters", Clusters is { } count ? count : Partition!, $"nothing with the sampler {Sampler}");
    }
}
