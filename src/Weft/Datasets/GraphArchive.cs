using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// Sets as plain arrays: an .npz file of the schema in docs/data.md, a folder of .npy files, or the .npz files that the
/// heterophilous sets are published as.
/// </summary>
public static class GraphArchive
{
    /// <summary>Reads an .npz file, of the schema or as the heterophilous sets are published (Platonov et al. 2023).</summary>
    /// <exception cref="DataFormatException">The file is broken, or an index, label, feature or mask in it is wrong.</exception>
    public static Dataset Read(string path)
    {
        var arrays = Npz.Read(path);
        string name = Path.GetFileNameWithoutExtension(path);
        return arrays.ContainsKey("edges") && arrays.ContainsKey("node_features") ? Published(arrays, name, path) : ArraySchema.Read(arrays, name, path);
    }

    /// <summary>Writes an .npz file of the schema, whole or not at all. The same set gives the same bytes.</summary>
    public static void Write(string path, Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Npz.Write(path, ArraySchemaWriter.Archive(dataset));
    }

    /// <summary>
    /// Reads a folder of plain .npy files: row_ptr [N + 1] and col [E], where the entries of row i are the sources of the
    /// in-edges of node i, with x, y and masks as in the .npz schema. Edges come in that order.
    /// </summary>
    /// <exception cref="DataFormatException">A file is missing or broken, or an index, label, feature or mask is wrong.</exception>
    public static Dataset ReadFolder(string path)
    {
        if (!Directory.Exists(path)) throw new DataFormatException(path, "", "there is no such folder", "a folder of .npy files");
        var arrays = new Dictionary<string, NpyArray>(StringComparer.Ordinal);
        foreach (string file in Directory.GetFiles(path, "*.npy").Order(StringComparer.Ordinal))
            arrays[Path.GetFileNameWithoutExtension(file)] = NpyArray.Read(file);
        var dataset = ArraySchema.Read(arrays, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), path);
        return arrays.TryGetValue("node_id", out var numbers) ? InOrderOfNumbers(dataset, numbers, arrays.GetValueOrDefault("edge_id")) : dataset;
    }

    /// <summary>Writes a folder of plain .npy files, edges grouped by destination. Files of an earlier set that this one lacks are removed.</summary>
    public static void WriteFolder(string path, Dataset dataset) => WriteFolder(path, dataset, null, null);

    /// <summary>Writes a set in parts: its nodes in the order of the parts, with their numbers and those of the edges beside them.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="dataset">The set, its nodes in the order of their numbers.</param>
    /// <param name="order">Number of the node at each place; null for a set that is not in parts.</param>
    /// <param name="offsets">First place of each part, and N.</param>
    internal static void WriteFolder(string path, Dataset dataset, int[]? order, long[]? offsets)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        Directory.CreateDirectory(path);
        var arrays = order is null ? ArraySchemaWriter.Folder(dataset) : ArraySchemaWriter.Folder(dataset.InOrder(order), order, offsets);
        foreach (var (name, array) in arrays) array.Write(Path.Combine(path, name + ".npy"));
        RemoveOthers(path, arrays.Keys);
    }

    /// <summary>Removes from a folder the arrays of an earlier set that its new one lacks.</summary>
    internal static void RemoveOthers(string path, IReadOnlyCollection<string> names)
    {
        foreach (string known in new[] { "edge_weight", "edge_attr", "x", "x_data", "x_indices", "x_indptr", "x_shape", "y", "num_nodes", "num_classes", "graph_id", "graph_y", "graph_folds",
            "train_mask", "val_mask", "test_mask", "train_masks", "val_masks", "test_masks", "class_names", "node_names", "feature_names", "node_id", "edge_id", "part_ptr" })
            if (!names.Contains(known)) File.Delete(Path.Combine(path, known + ".npy"));
    }

    // As the set was before it was put in parts, so that one process that reads all of it sees what it would have seen.
    private static Dataset InOrderOfNumbers(Dataset dataset, NpyArray numbers, NpyArray? edgeNumbers)
    {
        int[] Inverse(NpyArray array, int count, string what)
        {
            long[] given = array.WithShape(count).AsIntegers();
            var inverse = new int[count];
            Array.Fill(inverse, -1);
            for (int p = 0; p < count; p++)
            {
                if ((ulong)given[p] >= (ulong)count) throw array.Error($"id {given[p]}", $"{what}, 0 … {count - 1}", $"[{p}]");
                if (inverse[given[p]] >= 0) throw array.Error($"id {given[p]}, which is at [{inverse[given[p]]}] too", $"each {what} once", $"[{p}]");
                inverse[given[p]] = p;
            }
            return inverse;
        }
        var ordered = dataset.InOrder(Inverse(numbers, dataset.Nodes, "node"));
        return edgeNumbers is null ? ordered : ordered with { Edges = ordered.Edges.Pick(Inverse(edgeNumbers, ordered.Edges.Count, "edge")) };
    }

    // Each undirected edge once, as a row of two ends; features dense even where they are words.
    private static Dataset Published(OrderedDictionary<string, NpyArray> arrays, string name, string path)
    {
        long[] ends = arrays["edges"].WithShape(-1, 2).AsIntegers();
        int count = ends.Length / 2;
        var index = new long[ends.Length];
        for (int e = 0; e < count; e++) (index[e], index[count + e]) = (ends[2 * e], ends[2 * e + 1]);
        var renamed = new Dictionary<string, NpyArray>(StringComparer.Ordinal)
        {
            ["edge_index"] = new NpyArray(index, 2, count) { File = path, Name = "edges (transposed)" },
            ["x"] = arrays["node_features"],
        };
        foreach (var (from, to) in new[] { ("node_labels", "y"), ("train_masks", "train_masks"), ("val_masks", "val_masks"), ("test_masks", "test_masks") })
            if (arrays.TryGetValue(from, out var array)) renamed[to] = array;
        var dataset = ArraySchema.Read(renamed, name, path);
        return dataset with
        {
            Edges = dataset.Edges.WithoutSelfLoops().Undirected().Simple(),
            Features = WordsAreSparse(dataset.Features.Dense),
        };
    }

    private static NodeMatrix WordsAreSparse(Matrix dense)
    {
        if (dense.Columns < 64) return dense;
        var sparse = FeatureMatrix.Sparsify(dense);
        return sparse.Count * 10 < dense.Count ? sparse : dense;
    }
}
