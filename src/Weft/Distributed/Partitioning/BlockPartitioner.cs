using Weft.Graphs;

namespace Weft.Distributed.Partitioning;

/// <summary>Contiguous runs of the given numbers, the remainder to the first parts: what a <see cref="ProcessGrid"/> cuts by itself.</summary>
internal sealed class BlockPartitioner : IPartitioner
{
    /// <inheritdoc/>
    public int[] Parts(GraphStructure graph, int parts)
    {
        var part = new int[graph.Nodes];
        for (int i = 0; i < part.Length; i++) part[i] = Placement.PieceOf(part.Length, parts, i);
        return part;
    }
}
