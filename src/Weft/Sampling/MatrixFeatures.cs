using Weft.Graphs;
using Weft.Memory;

namespace Weft.Sampling;

/// <summary>Features in memory, dense or sparse.</summary>
/// <param name="features">One row per node, [N, D].</param>
internal sealed class MatrixFeatures(NodeMatrix features) : IFeatureStore
{
    /// <inheritdoc/>
    public long Columns => features.Columns;

    /// <inheritdoc/>
    public bool IsSparse => features.IsSparse;

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<int> nodes, Matrix into)
    {
        if (IsSparse) throw new NotSupportedException("the features are sparse: they are gathered as sparse rows");
        Shapes.Are(into, nodes.Length, Columns, "gathered features");
        for (int i = 0; i < nodes.Length; i++) features.Dense.Row(nodes[i]).CopyTo(into.Row(i));
    }

    /// <inheritdoc/>
    public SparseMatrix GatherSparse(ReadOnlySpan<int> nodes)
    {
        var from = features.Sparse ?? throw new NotSupportedException("the features are dense: they are gathered into a matrix");
        var pointers = new long[nodes.Length + 1];
        for (int i = 0; i < nodes.Length; i++) pointers[i + 1] = pointers[i] + from.IndicesOfRow(nodes[i]).Length;
        int count = checked((int)pointers[^1]);
        var columns = GC.AllocateUninitializedArray<int>(count, pinned: true);
        var values = new Real[count];
        for (int i = 0; i < nodes.Length; i++)
        {
            from.IndicesOfRow(nodes[i]).CopyTo(columns.AsSpan((int)pointers[i]));
            from.ValuesOfRow(nodes[i]).CopyTo(values.AsSpan((int)pointers[i]));
        }
        return new SparseMatrix(pointers, columns, values, Columns);
    }
}
