using System.Text.Json;
using Weft.Datasets;

namespace Weft.Analysis;

/// <summary>Largest absolute differences that an output may show.</summary>
/// <param name="Tol64">For an implementation that counts in double precision (tol64).</param>
/// <param name="Tol32">For one that counts in single precision (tol32).</param>
public readonly record struct Tolerances(double Tol64, double Tol32);

/// <summary>What the manifest beside a case says of it: the layer, its options, the names of its arrays and their tolerances.</summary>
public sealed class CaseSettings
{
    private readonly JsonElement entry;

    private CaseSettings(string file, string name, JsonElement entry)
    {
        (File, Name, this.entry) = (file, name, entry);
        Outputs = Arrays("outputs").ToDictionary(p => p.Name, p => new Tolerances(Tolerance(p, "tol64"), Tolerance(p, "tol32")));
        Inputs = Arrays("inputs").Select(p => p.Name).ToHashSet();
    }

    /// <summary>Path of the manifest.</summary>
    public string File { get; }

    /// <summary>The case's key in the manifest.</summary>
    public string Name { get; }

    /// <summary>gcn, gatv1, gatv2, self_attention, gin, sage_mean, losses or optimisers.</summary>
    public string Layer => Text("layer");

    /// <summary>True for a network of several layers.</summary>
    public bool IsNetwork => entry.TryGetProperty("net", out _);

    /// <summary>Names of the arrays that a run may read.</summary>
    public IReadOnlySet<string> Inputs { get; }

    /// <summary>Names of the arrays that a run must write, with how far each may be off.</summary>
    public IReadOnlyDictionary<string, Tolerances> Outputs { get; }

    /// <summary>Path of the manifest that belongs to an archive: the one in its folder.</summary>
    public static string Beside(string archive) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(archive))!, "manifest.json");

    /// <summary>Reads a case's entry.</summary>
    /// <param name="manifest">Path of the manifest.</param>
    /// <param name="name">The case's key.</param>
    /// <exception cref="DataFormatException">There is no such file or key, or the entry lacks something.</exception>
    public static CaseSettings Read(string manifest, string name) => Find(manifest, name)
        ?? throw new DataFormatException(manifest, $"key {name}", "there is no such key", "an entry with the settings of this case; --manifest names another file");

    /// <summary>Reads a case's entry; null if the manifest has none.</summary>
    /// <exception cref="DataFormatException">There is no such file, or it is broken.</exception>
    internal static CaseSettings? Find(string manifest, string name)
    {
        if (!System.IO.File.Exists(manifest))
            throw new DataFormatException(manifest, $"key {name}", "there is no such file", "the manifest with the settings of this case beside it, or named by --manifest");
        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(manifest));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new DataFormatException(manifest, "", "no JSON object", "one with an entry for each case");
            return document.RootElement.TryGetProperty(name, out var entry) && entry.ValueKind == JsonValueKind.Object
                ? new CaseSettings(manifest, name, entry.Clone())
                : null;
        }
        catch (JsonException problem)
        {
            throw new DataFormatException(manifest, $"line {problem.LineNumber + 1}", "this is no JSON", "a JSON object with an entry for each case", problem);
        }
    }

    /// <summary>A setting that must be there.</summary>
    /// <exception cref="DataFormatException">It is not, or is no text.</exception>
    public string Text(string key) =>
        entry.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!
            : throw Error(key, "there is no such text", "a word");

    /// <summary>A setting that may be left out.</summary>
    public string Text(string key, string otherwise) => entry.TryGetProperty(key, out _) ? Text(key) : otherwise;

    /// <summary>A setting that is true or false, and must be there.</summary>
    /// <exception cref="DataFormatException">It is not, or is neither.</exception>
    public bool Flag(string key) =>
        entry.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw Error(key, "there is no such setting", "true or false");

    /// <summary>An error at a setting of this case.</summary>
    internal DataFormatException Error(string key, string found, string expected) => new(File, $"key {Name}.{key}", found, expected);

    private JsonElement.ObjectEnumerator Arrays(string group) =>
        entry.TryGetProperty(group, out var arrays) && arrays.ValueKind == JsonValueKind.Object ? arrays.EnumerateObject()
            : throw Error(group, "there is no such list", "an object with an entry for each array");

    private double Tolerance(JsonProperty output, string key) =>
        output.Value.ValueKind == JsonValueKind.Object && output.Value.TryGetProperty(key, out var value) && value.TryGetDouble(out double number) ? number
            : throw Error($"outputs.{output.Name}.{key}", "there is no such number", "the largest absolute difference allowed");
}
