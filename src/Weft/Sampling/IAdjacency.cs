using Weft.Memory;

namespace Weft.Sampling;

/// <summary>
/// The in-edges of every node, wherever they lie: in memory, or in a file that is mapped into it. Positions 0 … Edges − 1 number
/// the edges grouped by destination; those of a node follow one another. Any number of threads may read at once.
/// </summary>
internal interface IAdjacency
{
    /// <summary>Number of nodes, N.</summary>
    int Nodes { get; }

    /// <summary>Number of edges, E.</summary>
    long Edges { get; }

    /// <summary>True if edges have weights; where not, every weight is 1.</summary>
    bool IsWeighted { get; }

    /// <summary>Features of the edge at each position, [Edges, D_e]; missing where edges have none.</summary>
    Matrix EdgeFeatures => default;

    /// <summary>Position of a node's first in-edge.</summary>
    long First(int node);

    /// <summary>Number of a node's in-edges.</summary>
    int Degree(int node);

    /// <summary>Sources of a node's in-edges, in the order of their positions.</summary>
    /// <param name="node">The node.</param>
    /// <param name="into">Receives them, [<see cref="Degree"/>].</param>
    void Sources(int node, Span<int> into);

    /// <summary>Source of the edge at a position.</summary>
    int Source(long position);

    /// <summary>Number of the edge at a position in the edge list, by which random numbers know it.</summary>
    int EdgeId(long position);

    /// <summary>Weight of the edge at a position.</summary>
    Real Weight(long position);

    /// <summary>Sum of the weights of a node's in-edges, by which a GCN normalises; their number where edges have no weights.</summary>
    double WeightedDegree(int node);
}
