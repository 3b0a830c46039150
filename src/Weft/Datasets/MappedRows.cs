using Weft.Graphs;
using Weft.Memory;
using Weft.Sampling;

namespace Weft.Datasets;

/// <summary>What is done to the features of a node as they are read.</summary>
[Flags]
internal enum FeatureChange
{
    None = 0,

    /// <summary>1 where a feature is above 0, else 0; before they are normalised.</summary>
    Binarize = 1,

    /// <summary>Divided by the sum of their absolute values.</summary>
    Normalize = 2,
}

/// <summary>Features that stay in their files.</summary>
internal interface IMappedFeatures : IFeatureStore, IDisposable
{
}

/// <summary>Opens the features of a folder; the change is what <see cref="FeatureMatrix"/> does to features in memory.</summary>
internal static class MappedRows
{
    /// <summary>Dense rows, x [N, F], or sparse ones, x_data and its companions.</summary>
    /// <exception cref="DataFormatException">There are none, or their files do not fit together.</exception>
    public static IMappedFeatures Open(PartitionFolder folder, FeatureChange change)
    {
        if (folder.Find("x") is { } dense) return new DenseRows(Numbers(dense.WithShape(folder.Nodes, -1)), change);
        if (folder.Find("x_data") is { } data) return new SparseRows(folder, Numbers(data.WithShape(-1)), change);
        throw new DataFormatException(folder.Location, "x.npy", "there is no such file", "features of the nodes, [N, F]: --features makes some where the set is read into memory (--mapped off)");
    }

    private static NpySlices Numbers(NpySlices array) =>
        array.Header.Type is NpyType.F32 or NpyType.F64 ? array : throw array.Error($"entries of type {NpyTypes.Descr(array.Header.Type)}", "floating-point numbers (<f4 or <f8)");

    private static void Apply(FeatureChange change, Span<Real> row)
    {
        if (change.HasFlag(FeatureChange.Binarize)) FeatureMatrix.Binarize(row);
        if (change.HasFlag(FeatureChange.Normalize)) FeatureMatrix.Normalize(row);
    }

    private sealed class DenseRows(NpySlices x, FeatureChange change) : IMappedFeatures
    {
        private const int AskedTogether = 2048;
        private readonly MappedArray entries = x.Map(atRandom: true);

        public long Columns { get; } = x.Columns;

        public bool IsSparse => false;

        public void Gather(ReadOnlySpan<int> nodes, Matrix into)
        {
            Shapes.Are(into, nodes.Length, Columns, "gathered features");
            entries.CheckLength();
            // A page that is not there yet makes its reader wait; asked for together, pages come together. Too many of them at a time
            // would push one another out again before they are read.
            Ask(nodes[..Math.Min(AskedTogether, nodes.Length)]);
            for (int first = 0; first < nodes.Length; first += AskedTogether)
            {
                int last = Math.Min(first + AskedTogether, nodes.Length);
                Ask(nodes[last..Math.Min(last + AskedTogether, nodes.Length)]);
                for (int i = first; i < last; i++)
                {
                    var row = into.Row(i);
                    entries.Reals(nodes[i] * Columns, row);
                    if (change != FeatureChange.None) Apply(change, row);
                }
            }
            into.KeepAlive();
        }

        private void Ask(ReadOnlySpan<int> nodes)
        {
            foreach (int node in nodes) entries.WillNeed(node * Columns, Columns);
        }

        public SparseMatrix GatherSparse(ReadOnlySpan<int> nodes) => throw new NotSupportedException("the features are dense: they are gathered into a matrix");

        public void Dispose() => entries.Dispose();
    }

    private sealed class SparseRows : IMappedFeatures
    {
        private readonly MappedArray values, columns, pointers;
        private readonly FeatureChange change;

        public SparseRows(PartitionFolder folder, NpySlices data, FeatureChange change)
        {
            this.change = change;
            NpySlices Needed(string name) => folder.Find(name) ?? throw new DataFormatException(folder.Location, name + ".npy", "there is no such file", "x_data, x_indices, x_indptr and x_shape");
            NpySlices Integers(NpySlices array) => array.Header.Type is NpyType.I32 or NpyType.I64 ? array : throw array.Error($"entries of type {NpyTypes.Descr(array.Header.Type)}", "integers (<i8 or <i4)");
            long[] shape = Needed("x_shape").WithShape(2).Integers(0, 2);
            if (shape[0] != folder.Nodes || shape[1] is < 0 or > int.MaxValue) throw Needed("x_shape").Error($"features of {shape[0]} × {shape[1]}", $"{folder.Nodes} rows");
            Columns = shape[1];
            var starts = Integers(Needed("x_indptr").WithShape(folder.Nodes + 1));
            var places = Integers(Needed("x_indices").WithShape(data.Rows));
            (pointers, columns, values) = (starts.Map(atRandom: true), places.Map(atRandom: true), data.Map(atRandom: true));
        }

        public long Columns { get; }

        public bool IsSparse => true;

        public void Gather(ReadOnlySpan<int> nodes, Matrix into) => throw new NotSupportedException("the features are sparse: they are gathered as sparse rows");

        public SparseMatrix GatherSparse(ReadOnlySpan<int> nodes)
        {
            foreach (var array in new[] { values, columns, pointers }) array.CheckLength();
            var starts = new long[nodes.Length + 1];
            for (int i = 0; i < nodes.Length; i++) starts[i + 1] = starts[i] + Length(nodes[i]);
            int count = checked((int)starts[^1]);
            var index = GC.AllocateUninitializedArray<int>(count, pinned: true);
            var data = new Real[count];
            for (int i = 0; i < nodes.Length; i++)
            {
                long first = pointers.Integer(nodes[i]);
                var row = data.AsSpan((int)starts[i], (int)(starts[i + 1] - starts[i]));
                for (int p = 0; p < row.Length; p++)
                {
                    long column = columns.Integer(first + p);
                    if ((ulong)column >= (ulong)Columns) throw columns.Error($"id {column}", $"a column of x_shape, 0 … {Columns - 1}", first + p);
                    index[(int)starts[i] + p] = (int)column;
                }
                values.Reals(first, row);
                Apply(change, row);
            }
            return new SparseMatrix(starts, index, data, Columns);
        }

        public void Dispose()
        {
            values.Dispose();
            columns.Dispose();
            pointers.Dispose();
        }

        private long Length(int node)
        {
            long first = pointers.Integer(node), last = pointers.Integer(node + 1);
            return first >= 0 && last >= first && last <= values.Count ? last - first
                : throw pointers.Error($"{last}", $"no less than {first}, the one before, and at most {values.Count}", node + 1);
        }
    }
}
