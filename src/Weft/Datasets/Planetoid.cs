using System.Globalization;
using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>
/// The raw files of Planetoid (Yang, Cohen and Salakhutdinov 2016): ind.NAME.x, y, tx, ty, allx, ally, graph and test.index,
/// pickled by Python 2. No code in them is run.
/// </summary>
public static class Planetoid
{
    private const int ValidationNodes = 500;

    /// <summary>
    /// Reads a folder of ind.NAME.* files. The rows of tx lie at the positions that test.index names; a position between them
    /// that it does not name is a node without features, neighbours and label, as citeseer has them. Edges go both ways,
    /// without loops and repeats. Split: the rows of x for training, the next 500 nodes for validation, test.index for test.
    /// </summary>
    /// <exception cref="DataFormatException">A file is missing, broken, or holds anything but the arrays that Planetoid's do.</exception>
    public static Dataset Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new DataFormatException(folder, "", "there is no such folder", "a folder of Planetoid's ind.NAME.* files");
        string[] graphs = Directory.GetFiles(folder, "ind.*.graph");
        if (graphs.Length != 1) throw new DataFormatException(folder, "", $"{graphs.Length} files ind.NAME.graph", "one, with its seven companions");
        string name = Path.GetFileName(graphs[0])[4..^6];
        string File(string part) => Path.Combine(folder, $"ind.{name}.{part}");

        var train = Words.Read(File("x"));
        var known = Words.Read(File("allx"));
        var rest = Words.Read(File("tx"));
        int[] knownLabels = ReadLabels(File("ally"), known.Rows, out int classes), restLabels = ReadLabels(File("ty"), rest.Rows, out int restClasses);
        if (restClasses != classes) throw new DataFormatException(File("ty"), "", $"{restClasses} classes", $"{classes}, as in ally");
        if (rest.Columns != known.Columns || train.Columns != known.Columns)
            throw new DataFormatException(File("allx"), "", $"{known.Columns} words, with {train.Columns} in x and {rest.Columns} in tx", "the same number in all three");
        if (train.Rows + ValidationNodes > known.Rows) throw new DataFormatException(File("allx"), "", $"{known.Rows} nodes", $"at least {train.Rows} for training and {ValidationNodes} for validation");

        int[] test = ReadTestIndex(File("test.index"), known.Rows, rest.Rows);
        int nodes = Math.Max(known.Rows, test.Length == 0 ? 0 : test.Max() + 1);
        var rowOf = new (Words Words, int Row)?[nodes];
        var labels = new int[nodes];
        labels.AsSpan().Fill(-1);
        for (int i = 0; i < known.Rows; i++) (rowOf[i], labels[i]) = ((known, i), knownLabels[i]);
        for (int r = 0; r < test.Length; r++) (rowOf[test[r]], labels[test[r]]) = ((rest, r), restLabels[r]);
        return new Dataset
        {
            Name = name,
            Edges = ReadGraph(graphs[0], nodes),
            Features = Words.Stack(rowOf, known.Columns),
            Labels = labels,
            Classes = classes,
            Splits = [PublicSplit(nodes, train.Rows, test)],
        };
    }

    private static Split PublicSplit(int nodes, int trainNodes, int[] test)
    {
        var (train, validation, tested) = (new bool[nodes], new bool[nodes], new bool[nodes]);
        train.AsSpan(0, trainNodes).Fill(true);
        validation.AsSpan(trainNodes, ValidationNodes).Fill(true);
        foreach (int i in test) tested[i] = true;
        return new Split("public", train, validation, tested);
    }

    private static EdgeList ReadGraph(string path, int nodes)
    {
        if (Pickle.Read(path) is not PickleFields { Kind: not "scipy.sparse.csr csr_matrix" } lists) throw new DataFormatException(path, "", "no dictionary of neighbours", "a dictionary from each node to a list of nodes");
        var (source, destination) = (new List<int>(), new List<int>());
        foreach (var (key, value) in lists.Items.OrderBy(item => item.Key as long? ?? -1))
        {
            if (key is not (long i and >= 0) || i >= nodes || value is not List<object?> neighbours)
                throw new DataFormatException(path, $"node {key}", "no list of neighbours, or no such node", $"lists of nodes 0 … {nodes - 1}");
            foreach (object? neighbour in neighbours)
            {
                if (neighbour is not (long j and >= 0) || j >= nodes) throw new DataFormatException(path, $"node {i}", $"neighbour {neighbour}", $"a node, 0 … {nodes - 1}");
                source.Add((int)i);
                destination.Add((int)j);
            }
        }
        return new EdgeList(nodes, [.. source], [.. destination]).WithoutSelfLoops().Undirected().Simple();
    }

    // One row a node with a 1 in the column of its class; a row of zeros is a node without a class.
    private static int[] ReadLabels(string path, int rows, out int classes)
    {
        if (Pickle.Read(path) is not PickleArray { Shape.Length: 2 } array || array.Integers() is not { } values || array.Shape[0] != rows)
            throw new DataFormatException(path, "", "no table of classes", $"an integer array of {rows} rows");
        classes = (int)array.Shape[1];
        var labels = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            var row = values.AsSpan(i * classes, classes);
            labels[i] = row.IndexOf(1);
            if (row.IndexOfAnyExcept(0, 1) >= 0 || row.Count(1) > 1) throw new DataFormatException(path, $"row {i}", "not a single 1 among zeros", "one class a node");
        }
        return labels;
    }

    private static int[] ReadTestIndex(string path, int first, int count)
    {
        using var reader = new StreamReader(DataFile.Open(path));
        var (test, seen) = (new List<int>(), new HashSet<int>());
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            if (text.Length == 0 && reader.EndOfStream) break;
            // Planetoid's largest set skips 15 positions; a gap as large as the set itself is a broken number.
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int i) || i < first || i - first >= 2L * count + 1000)
                throw new DataFormatException(path, $"line {line}", $"test node '{text}'", $"a node from {first} on");
            if (!seen.Add(i)) throw new DataFormatException(path, $"line {line}", $"test node {i} for the second time", "each once");
            test.Add(i);
        }
        return test.Count == count ? [.. test] : throw new DataFormatException(path, "", $"{test.Count} lines", $"{count}, one for each row of tx");
    }

    /// <summary>A csr_matrix of word counts.</summary>
    private sealed record Words(int Rows, int Columns, long[] Pointers, long[] Indices, Real[] Values)
    {
        public static Words Read(string path)
        {
            DataFormatException Bad(string found, string expected) => new(path, "", found, expected);
            if (Pickle.Read(path) is not PickleFields { Kind: "scipy.sparse.csr csr_matrix" } matrix) throw Bad("no sparse matrix", "a pickled csr_matrix");
            if ((matrix["_shape"] ?? matrix["shape"]) is not (object?[] and [long and >= 0 and < int.MaxValue, long and >= 0 and < int.MaxValue])) throw Bad("no shape", "two sizes");
            var shape = (object?[])(matrix["_shape"] ?? matrix["shape"])!;
            var (rows, columns) = ((int)(long)shape[0]!, (int)(long)shape[1]!);
            if ((matrix["indptr"] as PickleArray)?.Integers() is not { } pointers || (matrix["indices"] as PickleArray)?.Integers() is not { } indices
                || (matrix["data"] as PickleArray)?.Reals() is not { } values)
                throw Bad("indptr, indices or data is missing or of another type", "integers, integers and floating-point numbers");
            if (pointers.Length != rows + 1 || pointers[0] != 0 || pointers[^1] != values.Length || indices.Length != values.Length)
                throw Bad("indptr, indices and data do not fit each other", "a csr_matrix");
            for (int i = 0; i < rows; i++)
                if (pointers[i + 1] < pointers[i]) throw Bad($"indptr falls at row {i}", "row pointers that do not");
            for (int q = 0; q < values.Length; q++)
                if (indices[q] < 0 || indices[q] >= columns || !Real.IsFinite(values[q])) throw Bad($"entry {q} has column {indices[q]} and value {values[q]}", $"columns 0 … {columns - 1} and finite values");
            return new Words(rows, columns, pointers, indices, values);
        }

        /// <summary>One row per node, none for null; columns ascend and zeros are dropped.</summary>
        public static SparseMatrix Stack((Words Words, int Row)?[] rowOf, int columns)
        {
            var (pointers, index, values) = (new long[rowOf.Length + 1], new List<int>(), new List<Real>());
            for (int i = 0; i < rowOf.Length; i++)
            {
                if (rowOf[i] is var (words, row))
                    foreach (long q in Enumerable.Range((int)words.Pointers[row], (int)(words.Pointers[row + 1] - words.Pointers[row])).Select(q => (long)q)
                        .Where(q => words.Values[q] != 0).OrderBy(q => words.Indices[q]))
                    {
                        index.Add((int)words.Indices[q]);
                        values.Add(words.Values[q]);
                    }
                pointers[i + 1] = index.Count;
            }
            return new SparseMatrix(pointers, [.. index], [.. values], columns);
        }
    }
}
