using System.Text;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>A set as named arrays: the inverse of <see cref="ArraySchema"/>.</summary>
internal static class ArraySchemaWriter
{
    /// <summary>The arrays of an .npz file, in the order of the schema.</summary>
    public static OrderedDictionary<string, NpyArray> Archive(Dataset dataset)
    {
        var arrays = new OrderedDictionary<string, NpyArray>(StringComparer.Ordinal);
        var edges = dataset.Edges;
        var ends = new long[2L * edges.Count];
        for (int e = 0; e < edges.Count; e++) (ends[e], ends[edges.Count + e]) = (edges.Source[e], edges.Destination[e]);
        arrays["edge_index"] = new NpyArray(ends, 2, edges.Count);
        if (edges.Weight is not null) arrays["edge_weight"] = Reals(edges.Weight, edges.Count);
        if (edges.FeatureWidth > 0) arrays["edge_attr"] = Reals(ToArray(edges.Features), edges.Count, edges.FeatureWidth);
        AddRest(arrays, dataset);
        return arrays;
    }

    /// <summary>The arrays of a folder: edges grouped by destination.</summary>
    /// <param name="dataset">The set, its nodes in the order in which they are to be written.</param>
    /// <param name="numbers">Number of the node at each place, where they lie in another order than their numbers; null where not.</param>
    /// <param name="offsets">First place of each part, and N; null for a set that is not in parts.</param>
    public static OrderedDictionary<string, NpyArray> Folder(Dataset dataset, int[]? numbers = null, long[]? offsets = null)
    {
        var arrays = new OrderedDictionary<string, NpyArray>(StringComparer.Ordinal);
        var edges = dataset.Edges;
        var view = EdgeView.Group(edges.Destination, edges.Source, edges.Nodes, edges.Nodes, out int[] order);
        arrays["row_ptr"] = new NpyArray(view.Pointers, view.Pointers.Length);
        arrays["col"] = new NpyArray(view.Index, view.Index.Length);
        if (edges.Weight is not null) arrays["edge_weight"] = Reals(Array.ConvertAll(order, e => edges.Weight[e]), edges.Count);
        if (edges.FeatureWidth > 0) arrays["edge_attr"] = Reals(ToArray(edges.Rows(order)), edges.Count, edges.FeatureWidth);
        AddRest(arrays, dataset);
        if (numbers is not null) arrays["node_id"] = new NpyArray(numbers, numbers.Length);
        if (numbers is not null) arrays["edge_id"] = new NpyArray(order, order.Length);
        if (offsets is not null) arrays["part_ptr"] = new NpyArray(offsets, offsets.Length);
        return arrays;
    }

    private static void AddRest(OrderedDictionary<string, NpyArray> arrays, Dataset dataset)
    {
        if (dataset.Features.Sparse is { } sparse)
        {
            arrays["x_data"] = Reals(ToArray(sparse.Values), sparse.Count);
            arrays["x_indices"] = new NpyArray(sparse.ByRow.Index, sparse.Count);
            arrays["x_indptr"] = new NpyArray(sparse.ByRow.Pointers, sparse.Rows + 1);
            arrays["x_shape"] = new NpyArray(new[] { sparse.Rows, sparse.Columns }, 2);
        }
        else if (dataset.HasFeatures) arrays["x"] = Reals(ToArray(dataset.Features.Dense), dataset.Nodes, dataset.Features.Columns);
        if (dataset.Labels is { } labels) arrays["y"] = Integers(labels);
        if (!dataset.Targets.IsMissing) arrays["y"] = dataset.TargetsAreNumbers && dataset.Targets.Columns == 1 ? Reals(ToArray(dataset.Targets), dataset.Targets.Rows)
            : Reals(ToArray(dataset.Targets), dataset.Targets.Rows, dataset.Targets.Columns);
        if (!dataset.HasFeatures && dataset.Labels is null && dataset.Targets.IsMissing) arrays["num_nodes"] = new NpyArray(new long[] { dataset.Nodes }, 1);
        if (dataset.NodeKinds is { } kinds) arrays["node_kinds"] = Integers(kinds);
        if (dataset.Graphs is { } graphs) arrays["graph_id"] = Integers(graphs.Membership);
        if (dataset.GraphLabels is { } graphLabels) arrays["graph_y"] = Integers(graphLabels);
        if (!dataset.GraphTargets.IsMissing) arrays["graph_targets"] = Reals(ToArray(dataset.GraphTargets), dataset.GraphTargets.Rows, dataset.GraphTargets.Columns);
        if (dataset.GraphFolds is { } folds) arrays["graph_folds"] = Integers(folds);
        var classLabels = dataset.GraphLabels ?? dataset.Labels;
        if (classLabels is not null && classLabels.Where(c => c >= 0).Distinct().Count() != dataset.Classes)
            arrays["num_classes"] = new NpyArray(new long[] { dataset.Classes }, 1);
        AddSplits(arrays, dataset.Splits);
        AddLines(arrays, "class_names", dataset.ClassNames);
        AddLines(arrays, "node_names", dataset.NodeNames);
        AddLines(arrays, "feature_names", dataset.FeatureNames);
    }

    private static void AddSplits(OrderedDictionary<string, NpyArray> arrays, IReadOnlyList<Split> splits)
    {
        if (splits.Count == 0) return;
        foreach (var (name, mask) in new (string, Func<Split, bool[]>)[] { ("train", s => s.Train), ("val", s => s.Validation), ("test", s => s.Test) })
        {
            bool[] first = mask(splits[0]);
            arrays[$"{name}_mask"] = new NpyArray(first, first.Length);
            if (splits.Count > 1) arrays[$"{name}_masks"] = new NpyArray(splits.SelectMany(mask).ToArray(), splits.Count, first.Length);
        }
    }

    private static void AddLines(OrderedDictionary<string, NpyArray> arrays, string name, IReadOnlyList<string>? lines)
    {
        if (lines is null || lines.Count == 0) return;
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines.Select(l => l.ReplaceLineEndings(" "))));
        arrays[name] = new NpyArray(text, text.Length);
    }

    private static NpyArray Integers(int[] values) => new(Array.ConvertAll(values, v => (long)v), values.Length);

    // In single precision wherever that loses nothing, so that both builds of the library write the same file.
    private static NpyArray Reals(Real[] values, params long[] shape)
    {
        var narrow = Array.ConvertAll(values, v => (float)v);
        for (int p = 0; p < values.Length; p++)
            if (narrow[p] != values[p]) return new NpyArray(Array.ConvertAll(values, v => (double)v), shape);
        return new NpyArray(narrow, shape);
    }

    private static Real[] ToArray(Matrix matrix)
    {
        var values = new Real[matrix.Count];
        for (long i = 0; i < matrix.Rows; i++) matrix.Row(i).CopyTo(values.AsSpan((int)(i * matrix.Columns)));
        return values;
    }
}
