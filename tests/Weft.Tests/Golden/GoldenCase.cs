using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weft.Tests.Golden;

/// <summary>One array of a golden file: its shape and its values row by row (integers as doubles, exactly).</summary>
internal sealed record GoldenArray(int[] Shape, double[] Values)
{
    public int[] Integers => [.. Values.Select(v => checked((int)v))];

    public bool[] Booleans => [.. Values.Select(v => v != 0)];

    /// <summary>The one value of a scalar.</summary>
    public double Scalar => Values.Single();

    /// <summary>As a matrix: all leading axes are rows, and a vector is one row.</summary>
    public double[,] Matrix
    {
        get
        {
            int columns = Shape[^1], rows = columns == 0 ? 0 : Values.Length / columns;
            var matrix = new double[rows, columns];
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) matrix[i, j] = Values[i * columns + j];
            return matrix;
        }
    }

    /// <summary>A matrix per head, [K, R, d], as one with the heads side by side, [R, K·d]: the library's layout.</summary>
    public double[,] HeadsBesideEachOther
    {
        get
        {
            int K = Shape[0], R = Shape[1], d = Shape[2];
            var matrix = new double[R, K * d];
            for (int k = 0; k < K; k++)
                for (int i = 0; i < R; i++)
                    for (int c = 0; c < d; c++) matrix[i, k * d + c] = Values[(k * R + i) * d + c];
            return matrix;
        }
    }
}

/// <summary>
/// A golden case, read without the library: its reader is one of the things these files are there to check.
/// </summary>
internal sealed partial class GoldenCase
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden");
    private static readonly Lazy<JsonDocument> Manifest = new(() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "manifest.json"))));

    private readonly Dictionary<string, GoldenArray> arrays;

    private GoldenCase(string name, JsonElement settings, Dictionary<string, GoldenArray> arrays)
    {
        Name = name;
        Settings = settings;
        this.arrays = arrays;
    }

    public static IReadOnlyList<string> Names { get; } = [.. Manifest.Value.RootElement.EnumerateObject().Select(p => p.Name)];

    public string Name { get; }

    /// <summary>The case's entry of the manifest: layer, heads, slope, …</summary>
    public JsonElement Settings { get; }

    /// <summary>The file that the case was read from.</summary>
    public string FilePath => Path.Combine(Folder, Name + ".npz");

    public string Layer => Settings.GetProperty("layer").GetString()!;

    public bool IsNetwork => Settings.TryGetProperty("net", out _);

    public IEnumerable<string> Inputs => Settings.GetProperty("inputs").EnumerateObject().Select(p => p.Name);

    public IEnumerable<string> Outputs => Settings.GetProperty("outputs").EnumerateObject().Select(p => p.Name);

    public GoldenArray this[string array] => arrays.TryGetValue(array, out var found) ? found
        : throw new KeyNotFoundException($"golden case {Name} has no array {array}");

    public bool Has(string array) => arrays.ContainsKey(array);

    /// <summary>Absolute tolerance of an output for a library that counts in double (8) or float (4).</summary>
    public double Tolerance(string output, int bytes) =>
        Settings.GetProperty("outputs").GetProperty(output).GetProperty(bytes == 8 ? "tol64" : "tol32").GetDouble();

    /// <summary>Fails, naming the array and its worst entry, unless every value is within tolerance of the golden one.</summary>
    public void Check(string output, IReadOnlyList<double> actual, int bytes = sizeof(Real))
    {
        double[] expected = this[output].Values;
        Assert.True(expected.Length == actual.Count, $"{Name}: {output} has {actual.Count} entries, {expected.Length} were expected");
        double tolerance = Tolerance(output, bytes);
        for (int p = 0; p < expected.Length; p++)
        {
            Assert.True(Math.Abs(actual[p] - expected[p]) <= tolerance,
                $"{Name}: {output}[{string.Join(", ", Index(p, this[output].Shape))}] is {actual[p]:R}, {expected[p]:R} ± {tolerance:G2} was expected");
        }
    }

    public static GoldenCase Load(string name)
    {
        var settings = Manifest.Value.RootElement.GetProperty(name);
        var arrays = new Dictionary<string, GoldenArray>();
        using var zip = ZipFile.OpenRead(Path.Combine(Folder, name + ".npz"));
        foreach (var entry in zip.Entries)
        {
            using var stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            arrays[entry.Name[..^".npy".Length]] = ReadArray(bytes.ToArray(), $"{name}: {entry.Name}");
        }
        return new GoldenCase(name, settings, arrays);
    }

    private static GoldenArray ReadArray(byte[] bytes, string where)
    {
        if (Encoding.Latin1.GetString(bytes, 0, 8) != "\u0093NUMPY\u0001\0") throw new FormatException($"{where} is not a version 1.0 .npy");
        int headerLength = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        string header = Encoding.Latin1.GetString(bytes, 10, headerLength);
        var match = Header().Match(header);
        if (!match.Success || match.Groups["order"].Value != "False") throw new FormatException($"{where} has the header {header}");
        int[] shape = [.. match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        bool isFloat = match.Groups["type"].Value == "<f8";
        var values = new double[shape.Aggregate(1, (product, n) => product * n)];
        if (bytes.Length != 10 + headerLength + 8 * values.Length) throw new FormatException($"{where} has {bytes.Length} bytes");
        for (int p = 0; p < values.Length; p++)
        {
            var item = bytes.AsSpan(10 + headerLength + 8 * p);
            values[p] = isFloat ? BinaryPrimitives.ReadDoubleLittleEndian(item) : BinaryPrimitives.ReadInt64LittleEndian(item);
        }
        return new GoldenArray(shape, values);
    }

    private static int[] Index(int position, int[] shape)
    {
        var index = new int[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            index[axis] = position % shape[axis];
            position /= shape[axis];
        }
        return index;
    }

    [GeneratedRegex(@"'descr':\s*'(?<type><f8|<i8)'.*'fortran_order':\s*(?<order>\w+).*'shape':\s*\((?<shape>[^)]*)\)")]
    private static partial Regex Header();
}
