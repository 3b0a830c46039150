using Weft.Graphs;

namespace Weft.Datasets;

/// <summary>Graphs as Matrix Market coordinate files: entry (i, j) is the edge i → j, its value the weight.</summary>
public static class MatrixMarket
{
    /// <summary>Reads a square matrix: pattern, real or integer; general or symmetric (then both directions of each entry).</summary>
    /// <exception cref="DataFormatException">The header is another one, a line is wrong, or there are more or fewer entries than announced.</exception>
    public static Dataset Read(string path)
    {
        using var lines = new TextLines(path);
        if (!lines.Next()) throw new DataFormatException(path, "line 1", "the file is empty", "a Matrix Market file");
        string[] header = lines.Current.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (header is not ["%%matrixmarket", "matrix", "coordinate", "pattern" or "real" or "integer", "general" or "symmetric"])
            throw lines.Bad($"the header '{Shortened(lines.Current)}'", "%%MatrixMarket matrix coordinate pattern|real|integer general|symmetric");
        bool weighted = header[3] != "pattern", symmetric = header[4] == "symmetric";
        string[] size;
        do
        {
            if (!lines.Next()) throw lines.Bad("the file ends before the sizes", "a line: rows columns entries");
        }
        while (lines.Current.StartsWith('%'));
        size = lines.Current.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (size.Length != 3) throw lines.Bad($"the sizes '{Shortened(lines.Current)}'", "three numbers: rows columns entries");
        long nodes = lines.Integer(size[0], 0, int.MaxValue - 64, "number of rows"), entries = lines.Integer(size[2], 0, int.MaxValue / 2, "number of entries");
        if (lines.Integer(size[1], 0, int.MaxValue - 64, "number of columns") != nodes) throw lines.Bad($"{size[0]} rows and {size[1]} columns", "a square matrix, the adjacency of a graph");

        var (source, destination, weight) = (new List<int>(), new List<int>(), new List<Real>());
        var parts = new Range[4];
        for (long entry = 0; entry < entries; entry++)
        {
            if (!lines.Next()) throw lines.Bad($"the file ends after {entry} entries", $"{entries}, as the sizes say");
            var line = lines.Current.AsSpan();
            int fields = line.SplitAny(parts, " \t", StringSplitOptions.RemoveEmptyEntries);
            if (fields != (weighted ? 3 : 2)) throw lines.Bad($"the entry '{Shortened(lines.Current)}'", weighted ? "row, column and value" : "row and column");
            int i = (int)lines.Integer(line[parts[0]], 1, nodes, "row") - 1, j = (int)lines.Integer(line[parts[1]], 1, nodes, "column") - 1;
            Real w = weighted ? (Real)lines.Number64(line[parts[2]], "value") : 1;
            Add(i, j, w);
            if (symmetric && i != j) Add(j, i, w);
        }
        if (lines.Next()) throw lines.Bad($"a further line after {entries} entries", "as many entries as the sizes say");
        return new Dataset
        {
            Name = Path.GetFileNameWithoutExtension(path),
            Edges = new EdgeList(nodes, [.. source], [.. destination], weighted ? [.. weight] : null),
        };

        void Add(int i, int j, Real w)
        {
            source.Add(i);
            destination.Add(j);
            if (weighted) weight.Add(w);
        }
    }

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
