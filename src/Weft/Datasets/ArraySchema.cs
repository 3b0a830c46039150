using System.Text;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// Named arrays as a set: <c>edge_index</c> (or <c>row_ptr</c> and <c>col</c>), <c>x</c> (or its four sparse arrays),
/// <c>y</c>, the masks. Every index and value is checked, and the error names file, array, index and value.
/// </summary>
internal sealed class ArraySchema(IReadOnlyDictionary<string, NpyArray> arrays, string file)
{
    public static Dataset Read(IReadOnlyDictionary<string, NpyArray> arrays, string name, string file)
    {
        var schema = new ArraySchema(arrays, file);
        int nodes = schema.Nodes();
        var edges = schema.Edges(nodes);
        bool numbers = schema.HasNumbers("y");
        var (labels, targets, classes) = numbers ? (null, schema.Numbers("y", nodes), 0) : schema.Labels("y", nodes);
        var dataset = new Dataset
        {
            Name = name,
            Edges = edges,
            Features = schema.Features(nodes),
            Labels = labels,
            Targets = targets,
            TargetsAreNumbers = numbers,
            Classes = numbers ? (int)targets.Columns : classes,
            ClassNames = schema.Lines("class_names", null),
            NodeNames = schema.Lines("node_names", nodes),
            NodeKinds = schema.Has("node_kinds", out var kinds) ? Ids(kinds.WithShape(nodes), kinds.AsIntegers(), Math.Max(nodes, 1), i => $"[{i}]", "a kind") : null,
        };
        dataset = schema.WithGraphs(dataset);
        dataset = dataset with
        {
            FeatureNames = schema.Lines("feature_names", dataset.HasFeatures ? (int)dataset.Features.Columns : 0),
            Splits = schema.Splits(dataset.HasGraphLabels ? dataset.Graphs!.Count : nodes, dataset.HasGraphLabels ? dataset.GraphLabels : labels),
        };
        if (dataset.ClassNames is { } names && names.Count != dataset.Classes)
            throw schema.Error("array class_names", $"{names.Count} names", $"one for each of {dataset.Classes} classes");
        return dataset;
    }

    private int Nodes()
    {
        var (array, nodes) =
            Has("num_nodes", out var declared) ? (declared, declared.WithShape(1).AsIntegers()[0])
            : Has("x", out var x) ? (x, x.Shape.Length > 0 ? x.Shape[0] : 0)
            : Has("x_shape", out var shape) ? (shape, shape.WithShape(2).AsIntegers()[0])
            : Has("y", out var y) ? (y, y.Shape.Length > 0 ? y.Shape[0] : 0)
            : Has("row_ptr", out var pointers) ? (pointers, pointers.Count - 1)
            : throw Error("", "no array tells the number of nodes", "x, x_shape, y, row_ptr or num_nodes");
        return nodes is >= 0 and <= int.MaxValue - 64 ? (int)nodes : throw array.Error($"{nodes} nodes", $"0 … {int.MaxValue - 64}");
    }

    private EdgeList Edges(int nodes)
    {
        var weight = Has("edge_weight", out var weights) ? Finite(weights, weights.AsReals()) : null;
        int[] source, destination;
        if (Has("edge_index", out var index))
        {
            long[] ends = index.WithShape(2, -1).AsIntegers();
            int count = (int)index.Shape[1];
            source = Ids(index, ends.AsSpan(0, count), nodes, e => $"[0, {e}]");
            destination = Ids(index, ends.AsSpan(count), nodes, e => $"[1, {e}]");
        }
        else if (Has("row_ptr", out var pointers) && Has("col", out var columns))
        {
            long[] starts = Pointers(pointers, nodes, columns.WithShape(-1).Count);
            source = Ids(columns, columns.AsIntegers(), nodes, e => $"[{e}]");
            destination = new int[source.Length];
            for (int i = 0; i < nodes; i++) destination.AsSpan((int)starts[i], (int)(starts[i + 1] - starts[i])).Fill(i);
        }
        else throw Error("", "the edges are missing", "an array edge_index, or row_ptr and col");
        if (weight is not null) weights!.WithShape(source.Length);
        return new EdgeList(nodes, source, destination, weight, Has("edge_attr", out var attributes) ? EdgeFeatures(attributes, source.Length) : default);
    }

    private static Matrix EdgeFeatures(NpyArray array, int edges)
    {
        long width = array.Shape.Length == 1 ? 1 : array.WithShape(edges, -1).Shape[1];
        if (width == 1 && array.Shape.Length == 1) array.WithShape(edges);
        if (width == 0) throw array.Error("0 columns", "at least one feature of every edge");
        Real[] values = array.Data is int[] or long[]? Array.ConvertAll(array.AsIntegers(), v => (Real)v) : Finite(array, array.AsReals());
        var features = Matrix.Allocate(edges, width);
        for (int e = 0; e < edges; e++) values.AsSpan((int)(e * width), (int)width).CopyTo(features.Row(e));
        return features;
    }

    private NodeMatrix Features(int nodes)
    {
        if (Has("x", out var x))
        {
            Real[] values = Finite(x.WithShape(nodes, -1), x.AsReals());
            var dense = Matrix.Allocate(nodes, x.Shape[1]);
            for (int i = 0; i < nodes; i++) values.AsSpan((int)(i * x.Shape[1]), (int)x.Shape[1]).CopyTo(dense.Row(i));
            return dense;
        }
        if (!Has("x_data", out var data)) return default;
        if (!Has("x_indices", out var indices) || !Has("x_indptr", out var pointers) || !Has("x_shape", out var shape))
            throw Error("array x_data", "sparse features without x_indices, x_indptr or x_shape", "all four");
        long[] size = shape.WithShape(2).AsIntegers();
        if (size[0] != nodes || size[1] is < 0 or > int.MaxValue) throw shape.Error($"features of {size[0]} × {size[1]}", $"{nodes} rows");
        int[] columns = Ids(indices.WithShape(data.WithShape(-1).Count), indices.AsIntegers(), (int)size[1], q => $"[{q}]", "a column of x_shape");
        return new SparseMatrix(Pointers(pointers, nodes, columns.Length), columns, Finite(data, data.AsReals()), size[1]);
    }

    // Floating-point numbers in one column, or in several of which one is neither 0 nor 1.
    private bool HasNumbers(string name) =>
        Has(name, out var y) && y.Data is float[] or double[] && (y.Shape.Length == 1 || y.Shape.Length == 2 && Array.Exists(y.AsDoubles(), v => v is not (0 or 1)));

    private Matrix Numbers(string name, int count)
    {
        Has(name, out var y);
        double[] values = (y.Shape.Length == 1 ? y.WithShape(count) : y.WithShape(count, -1)).AsDoubles();
        int infinite = Array.FindIndex(values, double.IsInfinity);
        if (infinite >= 0) throw y.Error($"value {values[infinite]}", "a finite number, or NaN where it is not known", $"[{infinite / Math.Max(1, values.Length / Math.Max(1, count))}]");
        return Matrix.From(count, y.Shape.Length == 1 ? 1 : y.Shape[1], values);
    }

    private (int[]? Labels, Matrix Targets, int Classes) Labels(string name, int count)
    {
        if (!Has(name, out var y)) return (null, default, 0);
        if (y.Shape.Length == 2) return (null, Targets(y.WithShape(count, -1)), (int)y.Shape[1]);
        long[] given = y.WithShape(count).AsIntegers();
        long declared = Has("num_classes", out var number) ? number.WithShape(1).AsIntegers()[0] : -1;
        var labels = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (given[i] < -1 || given[i] >= (declared >= 0 ? declared : Math.Max(count, 2)))
                throw y.Error($"label {given[i]}", declared >= 0 ? $"−1 (unknown) or 0 … {declared - 1}" : "−1 (unknown) or a class counted from 0", $"[{i}]");
            labels[i] = (int)given[i];
        }
        int classes = declared >= 0 ? (int)declared : labels.Length == 0 ? 0 : labels.Max() + 1;
        if (declared < 0) RefuseGaps(y, labels, classes);
        return (labels, default, classes);
    }

    // A label far beyond the others is a broken one; a set with an empty class says so in num_classes.
    private static void RefuseGaps(NpyArray y, int[] labels, int classes)
    {
        var seen = new bool[classes];
        foreach (int c in labels)
            if (c >= 0) seen[c] = true;
        int gap = Array.IndexOf(seen, false);
        if (gap < 0) return;
        int beyond = Array.FindIndex(labels, c => c > gap);
        throw y.Error($"label {labels[beyond]} although no node has class {gap}", $"classes counted from 0 without gaps, or an array num_classes [1]", $"[{beyond}]");
    }

    private static Matrix Targets(NpyArray y)
    {
        double[] values = y.Data switch
        {
            bool[] flags => Array.ConvertAll(flags, f => f ? 1.0 : 0),
            long[] or int[] => Array.ConvertAll(y.AsIntegers(), v => (double)v),
            byte[] bytes => Array.ConvertAll(bytes, b => (double)b),
            _ => y.AsDoubles(),
        };
        int wrong = Array.FindIndex(values, v => v is not (0 or 1));
        if (wrong >= 0) throw y.Error($"target {values[wrong]}", "0 or 1", $"[{wrong / y.Shape[1]}, {wrong % y.Shape[1]}]");
        return Matrix.From(y.Shape[0], y.Shape[1], values);
    }

    private Dataset WithGraphs(Dataset dataset)
    {
        if (!Has("graph_id", out var membership)) return dataset;
        int[] graphOf = Ids(membership.WithShape(dataset.Nodes), membership.AsIntegers(), int.MaxValue, i => $"[{i}]", "a graph");
        bool numbers = Has("graph_targets", out var targets);
        int graphs = Has("graph_y", out var y) ? (int)y.WithShape(-1).Count : numbers ? (int)targets.WithShape(-1, -1).Shape[0] : graphOf.Length == 0 ? 0 : graphOf[^1] + 1;
        var (labels, _, classes) = Labels("graph_y", graphs);
        int[]? folds = Has("graph_folds", out var fold) ? Ids(fold.WithShape(graphs), fold.AsIntegers(), Math.Max(graphs, 1), g => $"[{g}]", "a fold") : null;
        try
        {
            var batch = new GraphBatch(dataset.Edges, graphOf, graphs);
            return dataset with { Graphs = batch, GraphLabels = labels, GraphFolds = folds, GraphTargets = numbers ? Matrix.From(graphs, targets.WithShape(graphs, -1).Shape[1], Array.ConvertAll(Finite(targets, targets.AsReals()), v => (double)v)) : default, Classes = labels is null ? dataset.Classes : classes };
        }
        catch (ArgumentException problem)
        {
            throw new DataFormatException(file, "array graph_id", problem.Message, "the graphs one after another", problem);
        }
    }

    private List<Split> Splits(int count, int[]? labels)
    {
        bool many = arrays.ContainsKey("train_masks");
        string[] names = many ? ["train_masks", "val_masks", "test_masks"] : ["train_mask", "val_mask", "test_mask"];
        var masks = new NpyArray?[3];
        for (int m = 0; m < 3; m++) masks[m] = arrays.GetValueOrDefault(names[m]);
        if (masks.All(m => m is null)) return [];
        int missing = Array.FindIndex(masks, m => m is null);
        if (missing >= 0) throw Error("", $"array {names[missing]} is missing", "train, val and test masks, or none of them");
        long splits = many ? masks[0]!.Shape[0] : 1;
        foreach (var mask in masks)
        {
            mask!.AsBooleans();
            if (many) mask.WithShape(splits, count);
            else mask.WithShape(count);
            int unlabelled = labels is null ? -1 : Array.FindIndex(mask.AsBooleans(), m => m) is -1 ? -1 : FirstUnlabelled(mask.AsBooleans(), labels);
            if (unlabelled >= 0) throw mask.Error($"node {unlabelled % count} is in the split and has no label (y is −1)", "a class", $"[{unlabelled}]");
        }
        return [.. Enumerable.Range(0, (int)splits).Select(s => new Split(many ? $"public {s}" : "public",
            masks[0]!.AsBooleans()[(s * count)..((s + 1) * count)],
            masks[1]!.AsBooleans()[(s * count)..((s + 1) * count)],
            masks[2]!.AsBooleans()[(s * count)..((s + 1) * count)]))];
    }

    private static int FirstUnlabelled(bool[] mask, int[] labels)
    {
        for (int p = 0; p < mask.Length; p++)
            if (mask[p] && labels[p % labels.Length] < 0) return p;
        return -1;
    }

    private string[]? Lines(string name, int? count)
    {
        if (!Has(name, out var text)) return null;
        string[] lines = Encoding.UTF8.GetString(text.WithShape(-1).AsBytes()).Split('\n');
        return count is null || lines.Length == count ? lines : throw text.Error($"{lines.Length} lines", $"{count}");
    }

    private bool Has(string name, out NpyArray array) => arrays.TryGetValue(name, out array!);

    private DataFormatException Error(string place, string found, string expected) => new(file, place, found, expected);

    private static int[] Ids(NpyArray array, ReadOnlySpan<long> given, int bound, Func<int, string> index, string what = "a node")
    {
        var ids = new int[given.Length];
        for (int e = 0; e < ids.Length; e++)
        {
            if ((ulong)given[e] >= (ulong)bound) throw array.Error($"id {given[e]}", $"{what}, 0 … {bound - 1}", index(e));
            ids[e] = (int)given[e];
        }
        return ids;
    }

    private static long[] Pointers(NpyArray array, int rows, long end)
    {
        long[] pointers = array.WithShape(rows + 1L).AsIntegers();
        if (pointers[0] != 0) throw array.Error($"{pointers[0]}", "0 at the start", "[0]");
        for (int i = 1; i <= rows; i++)
            if (pointers[i] < pointers[i - 1] || pointers[i] > end) throw array.Error($"{pointers[i]}", $"no less than {pointers[i - 1]} and at most {end}", $"[{i}]");
        return pointers[^1] == end ? pointers : throw array.Error($"{pointers[^1]}", $"{end} at the end, the number of entries", $"[{rows}]");
    }

    private static Real[] Finite(NpyArray array, Real[] values)
    {
        for (int p = 0; p < values.Length; p++)
            if (!Real.IsFinite(values[p]))
                throw array.Error($"value {values[p]}", "a finite number", array.Shape.Length == 2 ? $"[{p / array.Shape[1]}, {p % array.Shape[1]}]" : $"[{p}]");
        return values;
    }
}
