using Weft.Graphs;

namespace Weft.Memory;

/// <summary>
/// What a layer takes in: one row per node, either dense or sparse (a bag of words). Sparse features stay sparse: the
/// first layer multiplies them as they are, forward and in its weight gradient.
/// </summary>
public readonly struct NodeMatrix : IEquatable<NodeMatrix>
{
    private NodeMatrix(Matrix dense, SparseMatrix? sparse) => (Dense, Sparse) = (dense, sparse);

    /// <summary>The dense matrix; missing if the features are sparse.</summary>
    public Matrix Dense { get; }

    /// <summary>The sparse matrix; null if the features are dense.</summary>
    public SparseMatrix? Sparse { get; }

    /// <summary>True if the features are sparse.</summary>
    public bool IsSparse => Sparse is not null;

    /// <summary>Number of rows, one a node.</summary>
    public long Rows => Sparse?.Rows ?? Dense.Rows;

    /// <summary>Number of columns, one a feature.</summary>
    public long Columns => Sparse?.Columns ?? Dense.Columns;

    /// <summary>The first <paramref name="rows"/> rows.</summary>
    public NodeMatrix Top(long rows) =>
        rows == Rows ? this : IsSparse ? Sparse!.Top(rows) : Dense.Top(rows);

    /// <summary>A dense matrix is a node matrix.</summary>
    public static implicit operator NodeMatrix(Matrix dense) => FromMatrix(dense);

    /// <summary>A sparse matrix is a node matrix.</summary>
    public static implicit operator NodeMatrix(SparseMatrix sparse) => FromSparseMatrix(sparse);

    /// <summary>A dense matrix as a node matrix.</summary>
    public static NodeMatrix FromMatrix(Matrix dense) => new(dense, null);

    /// <summary>A sparse matrix as a node matrix.</summary>
    public static NodeMatrix FromSparseMatrix(SparseMatrix sparse) => new(default, sparse);

    /// <summary>The same numbers in the same memory.</summary>
    public bool Equals(NodeMatrix other) => Dense == other.Dense && ReferenceEquals(Sparse, other.Sparse);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NodeMatrix other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Dense, Sparse);

    /// <summary>The same numbers in the same memory.</summary>
    public static bool operator ==(NodeMatrix left, NodeMatrix right) => left.Equals(right);

    /// <summary>Different memory.</summary>
    public static bool operator !=(NodeMatrix left, NodeMatrix right) => !left.Equals(right);
}
