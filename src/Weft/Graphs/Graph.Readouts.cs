using Weft.Kernels;
using Weft.Memory;

namespace Weft.Graphs;

// From the nodes of a graph to the graph: the membership graph, whose rows are graphs, and the one reduction that is no sum.
public sealed partial class Graph
{
    private Graph? whole;

    /// <summary>
    /// The graph that a readout aggregates on: one destination per graph, and for every node, in their order, the edge from it
    /// to its graph. A graph that is no batch is one row.
    /// </summary>
    /// <exception cref="NotSupportedException">Several processes share the nodes.</exception>
    internal Graph Members => Membership ?? whole ?? Interlocked.CompareExchange(ref whole, MembersOfOne(), null) ?? whole;

    /// <summary>Z_i = max over e→i of X_{src(e)}, by column; 0 where no edge ends.</summary>
    /// <param name="X">[N sources, F]</param>
    /// <param name="Z">[N destinations, F]</param>
    internal void Maximum(Matrix X, Matrix Z)
    {
        CheckRows(X, Z, "X", "Z");
        SegmentMax.Max(ByDestination, X, Z);
    }

    /// <summary>
    /// dX_j = Σ dZ_i over the rows whose maximum X_j is, by column; of equals it is the first in the order of the edges, which
    /// is one subgradient. Adjoint of the derivative of <see cref="Maximum"/>, for a graph in which each node is a source once.
    /// </summary>
    internal void MaximumAdjoint(Matrix X, Matrix Z, Matrix dZ, Matrix dX)
    {
        CheckRows(X, Z, "X", "Z");
        CheckRows(dX, dZ, "dX", "dZ");
        SegmentMax.Adjoint(ByDestination, X, Z, dZ, dX);
    }

    private Graph MembersOfOne()
    {
        if (Place.World.Size > 1) throw new NotSupportedException("a readout takes a graph that is on one process; processes share the nodes of a graph, and many graphs are trained on one");
        return OfMembership(new int[OwnedSources], 1);
    }
}
