using System.Globalization;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>Sets of many graphs in the text files of the TUDataset collection (Morris et al. 2020), as one block-diagonal graph.</summary>
public static class TuDataset
{
    /// <summary>
    /// Reads a folder of NAME_A.txt, NAME_graph_indicator.txt, NAME_graph_labels.txt (classes) or NAME_graph_attributes.txt
    /// (numbers, for regression) or both, and where they exist NAME_node_labels.txt (as one-hot features),
    /// NAME_node_attributes.txt (as features beside them), the same of edges and NAME_folds.txt. The first column of A is the
    /// source.
    /// </summary>
    /// <exception cref="DataFormatException">A file is missing or a line is wrong.</exception>
    public static Dataset Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new DataFormatException(folder, "", "there is no such folder", "a folder of TUDataset files");
        string[] found = Directory.GetFiles(folder, "*_A.txt");
        if (found.Length != 1) throw new DataFormatException(folder, "", $"{found.Length} files NAME_A.txt", "one");
        string name = Path.GetFileName(found[0])[..^6];
        string File(string part) => Path.Combine(folder, $"{name}_{part}.txt");

        long[] indicator = Column(File("graph_indicator"), 1, int.MaxValue);
        bool numbers = System.IO.File.Exists(File("graph_attributes"));
        long[]? graphLabels = numbers && !System.IO.File.Exists(File("graph_labels")) ? null : Column(File("graph_labels"), long.MinValue, long.MaxValue);
        var targets = numbers ? ReadNumbers(File("graph_attributes"), graphLabels?.Length, "graph") : default;
        int graphs = graphLabels?.Length ?? (int)targets.Rows;
        int[] membership = Membership(indicator, graphs, File("graph_indicator"), graphLabels is null ? "graph_attributes" : "graph_labels");
        var batch = new GraphBatch(ReadEdges(found[0], membership, File("edge_labels"), File("edge_attributes")), membership, graphs);
        int[]? kinds = ReadKinds(File("node_labels"), membership.Length);
        long[] classes = [.. (graphLabels ?? []).Distinct().Order()];
        return new Dataset
        {
            Name = name,
            Edges = batch.Edges,
            Graphs = batch,
            GraphLabels = graphLabels is null ? null : Array.ConvertAll(graphLabels, label => Array.BinarySearch(classes, label)),
            GraphTargets = targets,
            Classes = classes.Length,
            ClassNames = graphLabels is null ? null : [.. classes.Select(c => c.ToString(CultureInfo.InvariantCulture))],
            GraphFolds = System.IO.File.Exists(File("folds")) ? ReadFolds(File("folds"), graphs) : null,
            NodeKinds = kinds,
            Features = ReadFeatures(kinds, File("node_attributes"), membership.Length, "node"),
        };
    }

    /// <summary>The fold of each graph, from a file with one number a graph.</summary>
    /// <exception cref="DataFormatException">The file is missing, or has another number of lines.</exception>
    internal static int[] ReadFolds(string path, int graphs) =>
        Array.ConvertAll(OneEach(path, graphs, 0, int.MaxValue), fold => (int)fold);

    private static EdgeList ReadEdges(string path, int[] membership, string labelsPath, string attributesPath)
    {
        using var lines = new TextLines(path);
        var (source, destination) = (new List<int>(), new List<int>());
        while (lines.Next())
        {
            var line = lines.Current.AsSpan();
            int comma = line.IndexOf(',');
            if (comma < 0) throw lines.Bad($"the edge '{Shortened(lines.Current)}'", "two nodes with a comma between them");
            int i = (int)lines.Integer(line[..comma], 1, membership.Length, "node") - 1, j = (int)lines.Integer(line[(comma + 1)..], 1, membership.Length, "node") - 1;
            if (membership[i] != membership[j]) throw lines.Bad($"an edge between graphs {membership[i] + 1} and {membership[j] + 1}", "both ends in one graph");
            source.Add(i);
            destination.Add(j);
        }
        var features = ReadFeatures(ReadKinds(labelsPath, source.Count), attributesPath, source.Count, "edge") is var read && read.Sparse is { } sparse ? FeatureMatrix.Densify(sparse) : read.Dense;
        return new EdgeList(membership.Length, [.. source], [.. destination], features: features.Columns == 0 ? default : features);
    }

    private static int[] Membership(long[] indicator, int graphs, string path, string counted)
    {
        for (int i = 0; i < indicator.Length; i++)
            if (indicator[i] > graphs || i > 0 && indicator[i] < indicator[i - 1])
                throw new DataFormatException(path, $"line {i + 1}", $"graph {indicator[i]}", $"graphs in ascending order, at most {graphs} (the lines of {counted})");
        return Array.ConvertAll(indicator, g => (int)g - 1);
    }

    private static int[]? ReadKinds(string path, int nodes)
    {
        if (!File.Exists(path)) return null;
        long[] labels = OneEach(path, nodes, long.MinValue, long.MaxValue), distinct = [.. labels.Distinct().Order()];
        return Array.ConvertAll(labels, l => Array.BinarySearch(distinct, l));
    }

    private static NodeMatrix ReadFeatures(int[]? kind, string attributesPath, int nodes, string each)
    {
        int kinds = kind is null || nodes == 0 ? 0 : kind.Max() + 1;
        if (!File.Exists(attributesPath)) return kind is null ? default(NodeMatrix) : FeatureMatrix.OneHot(kind, kinds);
        var attributes = ReadNumbers(attributesPath, nodes, each);
        if (kind is null) return attributes;
        var x = Matrix.Allocate(nodes, kinds + attributes.Columns);
        for (int i = 0; i < nodes; i++)
        {
            x[i, kind[i]] = 1;
            attributes.Row(i).CopyTo(x.Row(i)[kinds..]);
        }
        return x;
    }

    private static Matrix ReadNumbers(string path, int? count, string what)
    {
        var rows = new List<Real[]>();
        using var lines = new TextLines(path);
        while (lines.Next())
        {
            Real[] row = [.. lines.Current.Split(',').Select(field => (Real)lines.Number64(field, "attribute"))];
            if (rows.Count > 0 && row.Length != rows[0].Length) throw lines.Bad($"{row.Length} attributes", $"{rows[0].Length}, as before");
            rows.Add(row);
        }
        if (count is not null && rows.Count != count) throw lines.Bad($"the file ends after {rows.Count} lines", $"{count}, one a {what}");
        var numbers = Matrix.Allocate(rows.Count, rows.Count > 0 ? rows[0].Length : 0);
        for (int i = 0; i < rows.Count; i++) rows[i].CopyTo(numbers.Row(i));
        return numbers;
    }

    private static long[] OneEach(string path, int count, long least, long most)
    {
        long[] values = Column(path, least, most);
        return values.Length == count ? values : throw new DataFormatException(path, $"line {values.Length}", $"{values.Length} lines", $"{count}");
    }

    private static long[] Column(string path, long least, long most)
    {
        using var lines = new TextLines(path);
        var values = new List<long>();
        while (lines.Next()) values.Add(lines.Integer(lines.Current, least, most, "value"));
        return [.. values];
    }

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
