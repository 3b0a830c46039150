using System.Globalization;
using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>
/// Graphs as tables: an edge list (columns source, target and perhaps weight; every other column is a feature of the edges) and perhaps a table of nodes (columns id and
/// perhaps label and split; every other column is a feature). Ids and labels may be any text.
/// </summary>
public static class EdgeListCsv
{
    /// <summary>
    /// Reads an edge list and the table of nodes beside it: nodes.csv for edges.csv, NAME.nodes.csv for NAME.csv. With a table,
    /// nodes are numbered in its order and every edge must join two of them; without one, in the order in which they appear,
    /// unless their ids are just 0 … N − 1. Further columns of the edge list are numbers, the features of the edges.
    /// </summary>
    /// <exception cref="DataFormatException">A line is ragged, a column is missing, or a value is wrong.</exception>
    public static Dataset Read(string edgesPath)
    {
        ArgumentNullException.ThrowIfNull(edgesPath);
        string folder = Path.GetDirectoryName(Path.GetFullPath(edgesPath))!, name = Path.GetFileNameWithoutExtension(edgesPath);
        bool plain = string.Equals(name, "edges", StringComparison.OrdinalIgnoreCase);
        string nodesPath = Path.Combine(folder, plain ? "nodes.csv" : $"{name}.nodes.csv");
        var nodes = File.Exists(nodesPath) ? NodeTable.Read(nodesPath) : null;
        var ids = nodes?.Ids ?? new Dictionary<string, int>(StringComparer.Ordinal);
        var edges = ReadEdges(edgesPath, ids, mayAdd: nodes is null, nodesPath);
        var dataset = new Dataset { Name = plain ? Path.GetFileName(folder) : name, Edges = edges, NodeNames = Names(ids) };
        if (nodes is not null) return nodes.Complete(dataset);
        return dataset.NodeNames is { } names && names.All(n => n.Length < 10 && n.All(char.IsAsciiDigit)) ? InNumberOrder(dataset) : dataset;
    }

    private static EdgeList ReadEdges(string path, Dictionary<string, int> ids, bool mayAdd, string nodesPath)
    {
        using var table = new CsvTable(path);
        int from = table.Required("source"), to = table.Required("target"), weightColumn = table.Column("weight");
        int[] further = [.. Enumerable.Range(0, table.Header.Length).Where(c => c != from && c != to && c != weightColumn)];
        var (source, destination, weight, features) = (new List<int>(), new List<int>(), new List<Real>(), new List<double>());
        int Node(int column)
        {
            string id = table[column].Trim();
            if (id.Length == 0) throw table.Bad($"an empty {table.Header[column]}", "the id of a node");
            if (ids.TryGetValue(id, out int node)) return node;
            if (!mayAdd) throw table.Bad($"{table.Header[column]} '{id}' is not in {Path.GetFileName(nodesPath)}", "the id of one of its nodes");
            ids.Add(id, ids.Count);
            return ids.Count - 1;
        }
        while (table.Next())
        {
            source.Add(Node(from));
            destination.Add(Node(to));
            if (weightColumn >= 0) weight.Add(table.Number(weightColumn));
            foreach (int c in further) features.Add(table.Number(c));
        }
        return new EdgeList(ids.Count, [.. source], [.. destination], weightColumn >= 0 ? [.. weight] : null,
            further.Length == 0 ? default : Matrix.From(source.Count, further.Length, [.. features]));
    }

    private static string[] Names(Dictionary<string, int> ids)
    {
        var names = new string[ids.Count];
        foreach (var (id, node) in ids) names[node] = id;
        return names;
    }

    // Ids that are the numbers 0 … N − 1 in some order are the numbers of the nodes.
    private static Dataset InNumberOrder(Dataset dataset)
    {
        int[] number = [.. dataset.NodeNames!.Select(name => int.Parse(name, CultureInfo.InvariantCulture))];
        var seen = new bool[number.Length];
        for (int p = 0; p < number.Length; p++)
        {
            if (number[p] >= seen.Length || seen[number[p]] || dataset.NodeNames![p] != number[p].ToString(CultureInfo.InvariantCulture)) return dataset;
            seen[number[p]] = true;
        }
        var edges = dataset.Edges;
        return dataset with
        {
            NodeNames = null,
            Edges = new EdgeList(edges.Nodes, Array.ConvertAll(edges.Source, i => number[i]), Array.ConvertAll(edges.Destination, i => number[i]), edges.Weight, edges.Features),
        };
    }

    /// <summary>The table of nodes.</summary>
    private sealed class NodeTable
    {
        public readonly Dictionary<string, int> Ids = new(StringComparer.Ordinal);
        private readonly List<string> labels = [], splits = [];
        private readonly List<Real[]> features = [];
        private string[] featureNames = [];

        public static NodeTable Read(string path)
        {
            using var table = new CsvTable(path);
            int id = table.Required("id"), label = table.Column("label"), split = table.Column("split");
            int[] columns = [.. Enumerable.Range(0, table.Header.Length).Where(c => c != id && c != label && c != split)];
            var nodes = new NodeTable { featureNames = Array.ConvertAll(columns, c => table.Header[c]) };
            while (table.Next())
            {
                string name = table[id].Trim();
                if (name.Length == 0 || !nodes.Ids.TryAdd(name, nodes.Ids.Count)) throw table.Bad($"id '{name}'", "each node's id once, and not empty");
                if (label >= 0) nodes.labels.Add(table[label].Trim());
                if (split >= 0)
                {
                    string part = table[split].Trim().ToLowerInvariant();
                    if (part is not ("train" or "val" or "validation" or "test" or "")) throw table.Bad($"split '{part}'", "train, val, test or nothing");
                    if (part.Length > 0 && label >= 0 && nodes.labels[^1].Length == 0) throw table.Bad($"split '{part}' for a node without a label", "a label");
                    nodes.splits.Add(part);
                }
                nodes.features.Add(Array.ConvertAll(columns, table.Number));
            }
            return nodes;
        }

        public Dataset Complete(Dataset dataset)
        {
            int n = Ids.Count;
            var x = Matrix.Allocate(n, featureNames.Length);
            for (int i = 0; i < n; i++) features[i].CopyTo(x.Row(i));
            bool labelled = labels.Count > 0;
            string[] classes = Classes();
            var classOf = classes.Select((name, c) => (name, c)).ToDictionary(p => p.name, p => p.c, StringComparer.Ordinal);
            bool[] Mask(params string[] parts) => [.. splits.Select(s => parts.Contains(s))];
            return dataset with
            {
                Features = featureNames.Length > 0 ? x : default(NodeMatrix),
                FeatureNames = featureNames.Length > 0 ? featureNames : null,
                Labels = labelled ? [.. labels.Select(l => l.Length == 0 ? -1 : classOf[l])] : null,
                Classes = classes.Length,
                ClassNames = labelled && !classes.Select((name, c) => name == $"{c}").All(same => same) ? classes : null,
                Splits = splits.Count > 0 ? [new Split("public", Mask("train"), Mask("val", "validation"), Mask("test"))] : [],
            };
        }

        // In the order of the numbers where all labels are numbers, of the letters otherwise.
        private string[] Classes()
        {
            string[] distinct = [.. labels.Where(l => l.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return distinct.All(l => long.TryParse(l, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
                ? [.. distinct.OrderBy(l => long.Parse(l, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))] : distinct;
        }
    }
}
