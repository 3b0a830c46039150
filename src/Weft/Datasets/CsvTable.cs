using System.Text;

namespace Weft.Datasets;

/// <summary>
/// Comma-separated values with a header line, one record at a time. Fields may be quoted, with "" for a quote inside. Every
/// record has as many fields as the header; anything else is refused by its line.
/// </summary>
internal sealed class CsvTable : IDisposable
{
    private readonly TextLines lines;
    private readonly List<string> fields = [];

    public CsvTable(string path)
    {
        lines = new TextLines(path);
        if (!lines.Next()) throw new DataFormatException(path, "line 1", "the file is empty", "a header line");
        Split(lines.Current.TrimStart('\uFEFF'));
        Header = [.. fields.Select(f => f.Trim())];
        var twice = Header.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) throw lines.Bad($"two columns named '{twice.Key}'", "each name once");
    }

    /// <summary>Names of the columns.</summary>
    public string[] Header { get; }

    /// <summary>Column of a name, in any case; −1 if there is none.</summary>
    public int Column(string name) => Array.FindIndex(Header, h => string.Equals(h, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Column of a name that must be there.</summary>
    public int Required(string name) => Column(name) is >= 0 and int c ? c : throw lines.Bad($"the header has no column '{name}' ({string.Join(", ", Header.Take(8))})", $"a column named {name}");

    /// <summary>Moves to the next record; false at the end.</summary>
    public bool Next()
    {
        if (!lines.Next()) return false;
        Split(lines.Current);
        return fields.Count == Header.Length ? true : throw lines.Bad($"{fields.Count} fields", $"{Header.Length}, as in the header");
    }

    /// <summary>A field of the current record.</summary>
    public string this[int column] => fields[column];

    public Real Number(int column) => (Real)lines.Number64(fields[column], Header[column]);

    public DataFormatException Bad(string found, string expected) => lines.Bad(found, expected);

    /// <summary>A field as it is written: in quotes where it must be.</summary>
    public static string Quoted(string field) =>
        field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private void Split(string line)
    {
        fields.Clear();
        var field = new StringBuilder();
        for (int p = 0; ;)
        {
            field.Clear();
            if (p < line.Length && line[p] == '"') p = Quoted(line, p, field);
            else
                for (; p < line.Length && line[p] != ','; p++)
                    field.Append(line[p] != '"' ? line[p] : throw lines.Bad("a quote inside a field that does not start with one", "the whole field in quotes, \"\" for a quote inside"));
            fields.Add(field.ToString());
            if (p >= line.Length) return;
            if (line[p++] != ',') throw lines.Bad("text after a closing quote", "a comma");
        }
    }

    private int Quoted(string line, int p, StringBuilder field)
    {
        for (p++; p < line.Length; p++)
        {
            if (line[p] != '"') field.Append(line[p]);
            else if (p + 1 < line.Length && line[p + 1] == '"') field.Append(line[p++]);
            else return p + 1;
        }
        throw lines.Bad("a quote that does not end on its line", "a closing quote");
    }

    public void Dispose() => lines.Dispose();
}
