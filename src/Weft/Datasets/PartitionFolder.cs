using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// A folder of .npy files read by slices: row_ptr, col, x, y and masks as <see cref="GraphArchive.ReadFolder"/> reads them, and
/// what <c>weft data partition</c> adds to them: part_ptr [P + 1], the first place of each part; node_id [N], the number of the
/// node at each place; edge_id [E], the number of each edge. A folder without these has one part and its own numbers.
/// </summary>
internal sealed class PartitionFolder : IGraphSource, IDisposable
{
    private const int EdgesAtOnce = 1 << 22;
    private readonly string path;
    private readonly bool selfLoops;
    private readonly Dictionary<string, NpySlices> arrays = new(StringComparer.Ordinal);

    private PartitionFolder(string path, bool selfLoops) => (this.path, this.selfLoops) = (path, selfLoops);

    /// <summary>Opens a folder; every rank may do so, and reads its rows alone.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="selfLoops">True to give each node without a loop one, as edge E + its number.</param>
    /// <exception cref="DataFormatException">A file is missing or broken, or two do not fit together.</exception>
    public static PartitionFolder Open(string path, bool selfLoops)
    {
        var folder = new PartitionFolder(path, selfLoops);
        try
        {
            folder.Open();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public string Name { get; private set; } = "";

    /// <summary>Where the folder is.</summary>
    public string Location => path;

    public long Nodes { get; private set; }

    public bool IsWeighted => arrays.ContainsKey("edge_weight");

    public long EdgeFeatures => !arrays.TryGetValue("edge_attr", out var features) ? 0 : features.Header.Shape.Length == 2 ? features.Columns : 1;

    public int Classes { get; private set; }

    public IReadOnlyList<string>? ClassNames { get; private set; }

    public int EmbeddingWidth => 0;

    public long Features => arrays.TryGetValue("x", out var x) ? x.Columns : arrays.TryGetValue("x_shape", out var shape) ? shape.WithShape(2).Integers(1, 1)[0] : 0;

    public long? FeatureEntries => !arrays.ContainsKey("x") && arrays.TryGetValue("x_data", out var data) ? data.Rows : null;

    public long[]? Offsets { get; private set; }

    public int Splits => arrays.TryGetValue("train_masks", out var many) ? (int)many.Rows : arrays.ContainsKey("train_mask") ? 1 : 0;

    public long Edges => arrays["col"].Rows;

    public bool HasTargets => arrays.TryGetValue("y", out var y) && y.Header.Shape.Length == 2;

    /// <summary>The array of a name; null where the folder has none.</summary>
    public NpySlices? Find(string name) => arrays.GetValueOrDefault(name);

    public int[]? ReadNumbers()
    {
        if (!arrays.TryGetValue("node_id", out var array)) return null;
        int[] numbers = Numbers(0, Nodes);
        var seen = new bool[Nodes];
        for (int p = 0; p < numbers.Length; p++)
        {
            if (seen[numbers[p]]) throw array.Error($"id {numbers[p]}, which was there before", "each node once", $"[{p}]");
            seen[numbers[p]] = true;
        }
        return numbers;
    }

    public void ReadEdges(long first, long last, EdgeSink sink)
    {
        long[] pointers = arrays["row_ptr"].Pointers(first, last - first, Edges);
        int[] numbers = Numbers(first, last - first);
        int[] sources = [];
        int[]? ids = null;
        Matrix weights = default;
        long loaded = pointers[0], loadedEnd = pointers[0];
        for (long row = first; row < last; row++)
        {
            bool looped = false;
            for (long q = pointers[row - first]; q < pointers[row + 1 - first]; q++)
            {
                if (q == loadedEnd) Load(q);
                int e = (int)(q - loaded);
                looped |= sources[e] == row;
                sink(sources[e], (int)row, ids is null ? checked((int)q) : ids[e], IsWeighted ? weights[e, 0] : 1);
            }
            if (selfLoops && !looped) sink((int)row, (int)row, checked((int)(Edges + numbers[row - first])), 1);
        }
        weights.KeepAlive();

        void Load(long from)
        {
            long count = Math.Min(EdgesAtOnce, pointers[^1] - from);
            (loaded, loadedEnd) = (from, from + count);
            sources = arrays["col"].Ids(from, count, Nodes);
            if (arrays.TryGetValue("edge_id", out var numbered)) ids = numbered.Ids(from, count, Edges, "an edge");
            if (!IsWeighted) return;
            weights = Matrix.Allocate(count, 1);
            arrays["edge_weight"].Reals(from, weights);
        }
    }

    public NodeRows ReadRows(long first, long count)
    {
        var (labels, targets) = ReadLabels(first, count);
        return new NodeRows(Numbers(first, count), FeatureRows(first, count), labels, targets);
    }

    /// <summary>What is to be learned at <paramref name="count"/> places from <paramref name="first"/>: a class each, or several.</summary>
    public (int[]? Labels, Matrix Targets) ReadLabels(long first, long count) =>
        !arrays.TryGetValue("y", out var y) ? (null, default)
        : HasTargets ? (null, Targets(y, first, count))
        : (Labels(y, first, count), default);

    public Split ReadSplit(SplitChoice choice, long first, long count)
    {
        if (choice.Number < 0)
        {
            // Labels are a word a node: a random split looks at all of them.
            int[] byPlace = Labels(arrays["y"], 0, Nodes), numbers = Numbers(0, Nodes), byNumber = new int[Nodes];
            for (int p = 0; p < byPlace.Length; p++) byNumber[numbers[p]] = byPlace[p];
            return Split.Random(byNumber, Classes, choice.TrainPerClass, choice.ValidationPerClass, choice.Seed).Select(Numbers(first, count));
        }
        bool many = arrays.ContainsKey("train_masks");
        bool[] Mask(string name) => many
            ? arrays[name + "_masks"].WithShape(Splits, Nodes).Booleans(choice.Number * Nodes + first, count)
            : arrays[name + "_mask"].WithShape(Nodes).Booleans(first, count);
        var split = new Split(many ? $"public {choice.Number}" : "public", Mask("train"), Mask("val"), Mask("test"));
        if (!HasTargets && arrays.TryGetValue("y", out var y))
        {
            int[] labels = Labels(y, first, count);
            for (int i = 0; i < labels.Length; i++)
                if (labels[i] < 0 && (split.Train[i] || split.Validation[i] || split.Test[i])) throw y.Error($"the node at {first + i} is in the split and has no label (y is −1)", "a class", $"[{first + i}]");
        }
        return split;
    }

    public void Dispose()
    {
        foreach (var array in arrays.Values) array.Dispose();
    }

    private void Open()
    {
        if (!Directory.Exists(path)) throw new DataFormatException(path, "", "there is no such folder", "a folder of .npy files");
        foreach (string file in Directory.GetFiles(path, "*.npy").Order(StringComparer.Ordinal)) arrays[Path.GetFileNameWithoutExtension(file)] = new NpySlices(file);
        foreach (string needed in new[] { "row_ptr", "col" })
            if (!arrays.ContainsKey(needed)) throw new DataFormatException(path, needed + ".npy", "there is no such file", "a folder as weft data partition or weft data convert writes it");
        if (arrays.ContainsKey("graph_id")) throw new DataFormatException(path, "array graph_id", "many small graphs", "one graph; train sets of many graphs on one process");
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        Nodes = arrays["row_ptr"].WithShape(-1).Rows - 1;
        if (Nodes is < 1 or > int.MaxValue - 64) throw arrays["row_ptr"].Error($"{Nodes} nodes", $"1 … {int.MaxValue - 64}");
        if (arrays["row_ptr"].Integers(Nodes, 1)[0] != Edges) throw arrays["row_ptr"].Error($"{arrays["row_ptr"].Integers(Nodes, 1)[0]}", $"{Edges} at the end, the number of entries of col", $"[{Nodes}]");
        if (Edges + (selfLoops ? Nodes : 0) > int.MaxValue) throw arrays["col"].Error($"{Edges} edges", $"at most {int.MaxValue} with the loops of the nodes");
        if (arrays.TryGetValue("edge_weight", out var weights)) weights.WithShape(Edges);
        if (arrays.TryGetValue("edge_id", out var ids)) ids.WithShape(Edges);
        if (arrays.TryGetValue("node_id", out var numbers)) numbers.WithShape(Nodes);
        if (arrays.TryGetValue("x", out var x)) x.WithShape(Nodes, -1);
        if (arrays.TryGetValue("part_ptr", out var parts)) Offsets = CheckedOffsets(parts);
        ClassNames = arrays.TryGetValue("class_names", out var names) ? names.Lines() : null;
        Classes = CountClasses();
        foreach (var (one, many) in new[] { ("train_mask", "train_masks"), ("val_mask", "val_masks"), ("test_mask", "test_masks") })
            if (Splits > 0 && !arrays.ContainsKey(arrays.ContainsKey("train_masks") ? many : one)) throw new DataFormatException(path, one + ".npy", "there is no such file", "train, val and test masks, or none of them");
    }

    private long[] CheckedOffsets(NpySlices parts)
    {
        long[] offsets = parts.WithShape(-1).Integers(0, parts.Rows);
        if (offsets.Length < 2 || offsets[0] != 0 || offsets[^1] != Nodes) throw parts.Error($"{offsets.Length} offsets that end at {(offsets.Length == 0 ? 0 : offsets[^1])}", $"0 … {Nodes}, the first place of each part");
        for (int p = 1; p < offsets.Length; p++)
            if (offsets[p] <= offsets[p - 1]) throw parts.Error($"{offsets[p]}", $"more than {offsets[p - 1]}: every part has a node", $"[{p}]");
        return offsets;
    }

    private int CountClasses()
    {
        if (!arrays.TryGetValue("y", out var y)) return 0;
        if (HasTargets) return (int)y.WithShape(Nodes, -1).Columns;
        if (arrays.TryGetValue("num_classes", out var declared))
        {
            long number = declared.WithShape(1).Integers(0, 1)[0];
            return number is >= 0 and <= int.MaxValue ? (int)number : throw declared.Error($"{number} classes", $"0 … {int.MaxValue}", "[0]");
        }
        long largest = -1;
        const int rowsAtOnce = 1 << 20;
        for (long first = 0; first < Nodes; first += rowsAtOnce) largest = Math.Max(largest, y.WithShape(Nodes).Integers(first, Math.Min(rowsAtOnce, Nodes - first)).Max());
        return largest < Nodes ? (int)largest + 1 : throw y.Error($"label {largest}", "a class counted from 0");
    }

    private int[] Numbers(long first, long count)
    {
        if (arrays.TryGetValue("node_id", out var numbers)) return numbers.Ids(first, count, Nodes);
        var own = new int[count];
        for (int p = 0; p < own.Length; p++) own[p] = (int)(first + p);
        return own;
    }

    private int[] Labels(NpySlices y, long first, long count)
    {
        long[] given = y.WithShape(Nodes).Integers(first, count);
        for (int i = 0; i < given.Length; i++)
            if (given[i] < -1 || given[i] >= Classes) throw y.Error($"label {given[i]}", $"−1 (unknown) or 0 … {Classes - 1}", $"[{first + i}]");
        return Array.ConvertAll(given, c => (int)c);
    }

    private static Matrix Targets(NpySlices y, long first, long count)
    {
        var targets = Matrix.Allocate(count, y.Columns);
        y.Reals(first * y.Columns, targets);
        for (long i = 0; i < count; i++)
            foreach (Real v in targets.Row(i))
                if (v is not (0 or 1)) throw y.Error($"target {v}", "0 or 1", $"[{first + i}]");
        return targets;
    }

    private NodeMatrix FeatureRows(long first, long count)
    {
        if (arrays.TryGetValue("x", out var x))
        {
            var dense = Matrix.Allocate(count, x.Columns);
            x.Reals(first * x.Columns, dense);
            return dense;
        }
        if (!arrays.TryGetValue("x_data", out var data)) return Matrix.Allocate(count, 0);
        long[] shape = Needed("x_shape").WithShape(2).Integers(0, 2);
        if (shape[0] != Nodes || shape[1] is < 0 or > int.MaxValue) throw Needed("x_shape").Error($"features of {shape[0]} × {shape[1]}", $"{Nodes} rows");
        long[] pointers = Needed("x_indptr").WithShape(Nodes + 1).Pointers(first, count, data.Rows);
        long entries = pointers[^1] - pointers[0];
        var values = Matrix.Allocate(1, entries);
        data.Reals(pointers[0], values);
        int[] columns = Needed("x_indices").WithShape(data.Rows).Ids(pointers[0], entries, shape[1], "a column of x_shape");
        return new SparseMatrix([.. pointers.Select(p => p - pointers[0])], columns, values.Row(0), shape[1]);
    }

    private NpySlices Needed(string name) =>
        arrays.TryGetValue(name, out var array) ? array : throw new DataFormatException(path, name + ".npy", "there is no such file", "x_data, x_indices, x_indptr and x_shape");
}
