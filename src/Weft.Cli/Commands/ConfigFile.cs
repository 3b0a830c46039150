using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weft.Datasets;
using Weft.Training;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Weft.Cli.Commands;

/// <summary>
/// A configuration in YAML or JSON: the options of <c>weft train</c> by name, without their dashes, or the fields of a run's
/// config.json, or both; an option wins over a field. Any may be left out.
/// </summary>
internal static class ConfigFile
{
    private const string Wanted = "options of weft train without their dashes, or the fields of a run's config.json";

    // Deeper than any configuration; reading a tree takes stack.
    private const int MostDepth = 16;

    /// <summary>Reads a configuration.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dataset">The set that the command line names, for a recipe that the file starts from; null for the file's.</param>
    /// <exception cref="DataFormatException">The file is not YAML or JSON, or has a field that there is not.</exception>
    public static RunConfig Read(string path, string? dataset = null)
    {
        using var reader = new StreamReader(DataFile.Open(path));
        string text = reader.ReadToEnd();
        var root = Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase) ? Json(text, path) : Yaml(text, path);
        if (root is not JsonObject fields) throw new DataFormatException(path, "", "the file holds no names with values", Wanted);
        return ConfigOptions.Read(fields, path, dataset);
    }

    /// <summary>A configuration as YAML that <see cref="Read"/> takes.</summary>
    public static string ToYaml(RunConfig config)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var root = (YamlMappingNode)ToYaml(JsonNode.Parse(config.ToJson())!);
        new YamlStream(new YamlDocument(root)).Save(writer, assignAnchors: false);
        // The library ends a document with dots, which YAML does not need.
        return writer.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal).TrimEnd();
    }

    private static JsonNode? Json(string text, string path)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = MostDepth });
        }
        catch (JsonException problem)
        {
            throw new DataFormatException(path, $"line {problem.LineNumber + 1}", problem.Message.Split(" LineNumber:")[0].TrimEnd('.'), "JSON with " + Wanted, problem);
        }
    }

    private static JsonNode? Yaml(string text, string path)
    {
        try
        {
            CheckEvents(text, path);
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            return yaml.Documents.Count == 0 ? new JsonObject() : ToJson(yaml.Documents[0].RootNode, path);
        }
        catch (YamlException problem)
        {
            throw new DataFormatException(path, $"line {problem.Start.Line}", problem.Message, "YAML with " + Wanted, problem);
        }
    }

    // An alias may stand inside what it repeats; no tree holds that. A configuration needs none.
    private static void CheckEvents(string text, string path)
    {
        var parser = new Parser(new StringReader(text));
        for (int depth = 0, documents = 0; parser.MoveNext();)
        {
            string place = $"line {parser.Current!.Start.Line}";
            depth += parser.Current.NestingIncrease;
            if (parser.Current is AnchorAlias alias) throw new DataFormatException(path, place, $"*{alias.Value} repeats another value", "the value itself");
            if (depth > MostDepth) throw new DataFormatException(path, place, "lists or maps too deep in each other", Wanted);
            if (parser.Current is DocumentStart && ++documents > 1) throw new DataFormatException(path, place, "a second document begins", "one");
        }
    }

    private static YamlNode ToYaml(JsonNode node) => node switch
    {
        JsonObject map => new YamlMappingNode(map.Where(f => f.Value is not null).Select(f => KeyValuePair.Create<YamlNode, YamlNode>(new YamlScalarNode(f.Key), ToYaml(f.Value!)))),
        JsonArray list => new YamlSequenceNode(list.Where(n => n is not null).Select(n => ToYaml(n!))),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && Plain(value.GetValue<string>())?.GetValueKind() != JsonValueKind.String =>
            new YamlScalarNode(value.GetValue<string>()) { Style = ScalarStyle.DoubleQuoted },
        _ => new YamlScalarNode(node.ToString()),
    };

    private static JsonNode? ToJson(YamlNode node, string path) => node switch
    {
        YamlMappingNode map => Map(map, path),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(child => ToJson(child, path))]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };

    private static JsonObject Map(YamlMappingNode map, string path)
    {
        var fields = new JsonObject();
        foreach (var (key, value) in map.Children)
        {
            string place = $"line {key.Start.Line}";
            if (key is not YamlScalarNode { Value: string name }) throw new DataFormatException(path, place, "a list or a map instead of a name", Wanted);
            if (!fields.TryAdd(name, ToJson(value, path))) throw new DataFormatException(path, place, $"{name} stands there twice", "one value");
        }
        return fields;
    }

    private static JsonNode? Plain(string value) => value switch
    {
        "" or "~" or "null" => null,
        "true" or "yes" or "on" => JsonValue.Create(true),
        "false" or "no" or "off" => JsonValue.Create(false),
        _ when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong whole) => JsonValue.Create(whole),
        _ when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) =>
            JsonNode.Parse(number == Math.Floor(number) && Math.Abs(number) < 1e15 ? ((long)number).ToString(CultureInfo.InvariantCulture) : JsonSerializer.Serialize(number)),
        _ => JsonValue.Create(value),
    };
}
