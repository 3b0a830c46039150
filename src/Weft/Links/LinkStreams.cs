using Weft.Kernels;

namespace Weft.Links;

/// <summary>What random numbers of link prediction are for; each purpose has a stream of its own.</summary>
internal static class LinkStreams
{
    /// <summary>Which part an edge is in.</summary>
    public static uint Split { get; } = RandomStreams.Data(48);

    /// <summary>Negatives of training, anew in each epoch.</summary>
    public static uint Training { get; } = RandomStreams.Data(49);

    /// <summary>Negatives that the training edges are scored against.</summary>
    public static uint TrainingScores { get; } = RandomStreams.Data(50);

    /// <summary>Negatives of validation and test.</summary>
    public static uint Evaluation { get; } = RandomStreams.Data(51);
}
