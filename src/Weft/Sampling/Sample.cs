using Weft.Graphs;

namespace Weft.Sampling;

/// <summary>What one step trains on.</summary>
/// <param name="Blocks">
/// One block for each layer that looks at neighbours, in the order in which data flow: the sources of a block are the destinations
/// of the one before it. A single block that is all of a subgraph serves all layers.
/// </param>
/// <param name="Nodes">Number of each source of the first block: the nodes whose features are needed.</param>
/// <param name="Seeds">True for the rows of the output that the loss counts; null where all count.</param>
/// <param name="LossWeights">Weight of each row's loss in the mean over the seeds of the batch; null where each weighs 1.</param>
internal sealed record Sample(Graph[] Blocks, int[] Nodes, bool[]? Seeds = null, double[]? LossWeights = null)
{
    /// <summary>Number of each row of the output.</summary>
    public ReadOnlySpan<int> Targets => Nodes.AsSpan(0, (int)Blocks[^1].OwnedDestinations);

    /// <summary>Edges of all blocks.</summary>
    public long Edges => Blocks.Sum(b => b.Edges);
}
