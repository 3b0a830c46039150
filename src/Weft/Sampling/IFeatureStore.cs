using Weft.Graphs;
using Weft.Memory;

namespace Weft.Sampling;

/// <summary>The features of every node, wherever they lie. Any number of threads may read at once.</summary>
internal interface IFeatureStore
{
    /// <summary>Features of a node, D.</summary>
    long Columns { get; }

    /// <summary>True if rows come sparse, by <see cref="GatherSparse"/>; where not, dense, by <see cref="Gather"/>.</summary>
    bool IsSparse { get; }

    /// <summary>Copies the rows of some nodes, one below another.</summary>
    /// <param name="nodes">Numbers of the nodes, [n].</param>
    /// <param name="into">Receives the rows, [n, D].</param>
    /// <exception cref="NotSupportedException">The features are sparse.</exception>
    void Gather(ReadOnlySpan<int> nodes, Matrix into);

    /// <summary>The rows of some nodes as a sparse matrix of its own, [n, D].</summary>
    /// <param name="nodes">Numbers of the nodes, [n].</param>
    /// <exception cref="NotSupportedException">The features are dense.</exception>
    SparseMatrix GatherSparse(ReadOnlySpan<int> nodes);
}
