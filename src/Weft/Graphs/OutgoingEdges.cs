using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// The edges that leave this process's nodes, where every sum over a node's out-edges is to be made whole in one place. Those of
/// a node lie in the order of their destinations, as the edges of a graph on one process do.
/// </summary>
/// <param name="view">Edges by source: a row for each own node, columns numbered among the destinations that are gathered.</param>
/// <param name="edgeIds">Number of each edge in the edge list.</param>
/// <param name="weights">Weight of each edge, or missing.</param>
internal sealed class OutgoingEdges(EdgeView view, int[] edgeIds, Matrix weights)
{
    public EdgeView View => view;

    public int[] EdgeIds => edgeIds;

    public Matrix Weights => weights;

    public long Bytes => (long)view.Pointers.Length * sizeof(long) + (long)view.Index.Length * 2 * sizeof(int) + weights.Bytes;
}
