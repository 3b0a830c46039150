using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weft.Datasets;
using Weft.Training;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Weft.Cli.Commands;

/// <summary>A configuration in YAML or JSON, with the fields of a run's config.json; any may be left out.</summary>
internal static class ConfigFile
{
    /// <exception cref="DataFormatException">The file is not YAML or JSON, or has a field that there is not.</exception>
    public static RunConfig Read(string path)
    {
        string text = File.ReadAllText(path);
        if (Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase)) return RunConfig.FromJson(text, path);
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            var root = yaml.Documents.Count == 0 ? new JsonObject() : ToJson(yaml.Documents[0].RootNode);
            return RunConfig.FromJson(root?.ToJsonString() ?? "{}", path);
        }
        catch (YamlException problem)
        {
            throw new DataFormatException(path, $"line {problem.Start.Line}", problem.Message, "YAML with the fields of a run's config.json", problem);
        }
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

    private static YamlNode ToYaml(JsonNode node) => node switch
    {
        JsonObject map => new YamlMappingNode(map.Where(f => f.Value is not null).Select(f => KeyValuePair.Create<YamlNode, YamlNode>(new YamlScalarNode(f.Key), ToYaml(f.Value!)))),
        JsonArray list => new YamlSequenceNode(list.Where(n => n is not null).Select(n => ToYaml(n!))),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && Plain(value.GetValue<string>())?.GetValueKind() != JsonValueKind.String =>
            new YamlScalarNode(value.GetValue<string>()) { Style = ScalarStyle.DoubleQuoted },
        _ => new YamlScalarNode(node.ToString()),
    };

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value ?? "", ToJson(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };

    private static JsonNode? Plain(string value) => value switch
    {
        "" or "~" or "null" => null,
        "true" or "yes" or "on" => JsonValue.Create(true),
        "false" or "no" or "off" => JsonValue.Create(false),
        _ when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) =>
            JsonNode.Parse(number == Math.Floor(number) && Math.Abs(number) < 1e15 ? ((long)number).ToString(CultureInfo.InvariantCulture) : JsonSerializer.Serialize(number)),
        _ => JsonValue.Create(value),
    };
}
