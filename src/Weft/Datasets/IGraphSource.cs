using Weft.Memory;

namespace Weft.Datasets;

/// <summary>Receives an edge: the places of its ends, its number, its weight.</summary>
internal delegate void EdgeSink(int source, int destination, int id, Real weight);

/// <summary>Rows of a set: the nodes at some places that follow one another.</summary>
/// <param name="Numbers">Number of each node in the set as its user knows it.</param>
/// <param name="Features">[n, F]; without columns where there are none.</param>
/// <param name="Labels">Class of each node, −1 where it is not known; null for several labels a node, and for none.</param>
/// <param name="Targets">Several labels a node, [n, C]; missing for other sets.</param>
internal sealed record NodeRows(int[] Numbers, NodeMatrix Features, int[]? Labels, Matrix Targets);

/// <summary>
/// A graph to learn from of which a process can read a part without holding the rest. Nodes lie at places 0 … N − 1, each part
/// after the one before; random numbers and results know them by their numbers.
/// </summary>
internal interface IGraphSource
{
    /// <summary>Name of the set, for people.</summary>
    string Name { get; }

    /// <summary>N</summary>
    long Nodes { get; }

    /// <summary>E; loops that are added to nodes as they are read may come on top.</summary>
    long Edges { get; }

    /// <summary>Features of a node; 0 where there are none.</summary>
    long Features { get; }

    /// <summary>Stored entries of features that are sparse rows; null where features are dense or missing.</summary>
    long? FeatureEntries { get; }

    /// <summary>True if a node may have several labels.</summary>
    bool HasTargets { get; }

    /// <summary>True if edges have weights.</summary>
    bool IsWeighted { get; }

    /// <summary>Features of an edge; 0 where there are none. Processes that share a graph do not read them.</summary>
    long EdgeFeatures => 0;

    /// <summary>Number of classes; 0 without labels.</summary>
    int Classes { get; }

    /// <summary>Name of each class; null where classes are numbers.</summary>
    IReadOnlyList<string>? ClassNames { get; }

    /// <summary>Width of a learned embedding that the features stand for; 0 for none.</summary>
    int EmbeddingWidth { get; }

    /// <summary>First place of each part, and N; null where a set does not come in parts.</summary>
    long[]? Offsets { get; }

    /// <summary>Number of published splits.</summary>
    int Splits { get; }

    /// <summary>Number of the node at each place, [N]; null where nodes lie in the order of their numbers.</summary>
    int[]? ReadNumbers();

    /// <summary>Every edge into the places from <paramref name="first"/> up to <paramref name="last"/>, exclusive; those into one place by their numbers.</summary>
    void ReadEdges(long first, long last, EdgeSink sink);

    /// <summary>The nodes at <paramref name="count"/> places from <paramref name="first"/>.</summary>
    NodeRows ReadRows(long first, long count);

    /// <summary>The split of a run, over <paramref name="count"/> places from <paramref name="first"/>.</summary>
    Split ReadSplit(SplitChoice choice, long first, long count);
}

/// <summary>Which split of a set: a published one by its number, or a random one.</summary>
/// <param name="Number">Number of the published split; −1 for a random one.</param>
/// <param name="TrainPerClass">Training nodes of each class in a random split.</param>
/// <param name="ValidationPerClass">Validation nodes of each class in a random split.</param>
/// <param name="Seed">Seed of a random split.</param>
internal sealed record SplitChoice(int Number, int TrainPerClass, int ValidationPerClass, long Seed);
