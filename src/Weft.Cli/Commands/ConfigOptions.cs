using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Weft.Datasets;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>Tells the options of <c>weft train</c> from the fields of a run's config.json in one configuration.</summary>
internal static class ConfigOptions
{
    // Fields of config.json that hold others; "model" is an option too, and then a word.
    private static readonly string[] Groups = ["data", "model", "training"];

    /// <summary>The fields as config.json has them, changed by every option.</summary>
    /// <param name="fields">Names with values; the options are taken out.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="dataset">The set that the command line names, for a recipe that the file starts from; null for the file's.</param>
    /// <exception cref="DataFormatException">There is no such option or field, or its value is wrong.</exception>
    public static RunConfig Read(JsonObject fields, string path, string? dataset)
    {
        var options = new RunOptions();
        var settings = new Command("config");
        options.AddTo(settings);
        var arguments = new List<string>();
        foreach (var (name, value) in fields.ToArray())
        {
            string wanted = "--" + name.Replace('_', '-');
            var option = settings.Options.FirstOrDefault(o => o.Name == wanted);
            if (option is null || (Groups.Contains(name) && value is JsonObject)) continue;
            arguments.Add($"{wanted}={Text(option, value, name, path)}");
            fields.Remove(name);
        }
        // Beside the fields of config.json a recipe's name says where they came from; alone it stands for its settings.
        bool starts = !Groups.Any(fields.ContainsKey) && fields["recipe"] is JsonValue;
        var config = RunConfig.FromJson(fields.ToJsonString(), path);
        if (starts)
        {
            var recipe = Recipes.Find(config.Recipe!);
            string set = dataset ?? (fields.ContainsKey("dataset") ? config.Dataset : recipe.Datasets[0]);
            config = recipe.Configure(set) with { Run = config.Run };
        }
        var parsed = settings.Parse(arguments);
        return parsed.Errors.Count == 0
            ? options.Apply(parsed, config)
            : throw new DataFormatException($"{parsed.Errors[0].Message.TrimEnd('.')}, {path}");
    }

    // As it would stand on the command line.
    private static string Text(Option option, JsonNode? value, string name, string path) => value?.GetValueKind() switch
    {
        JsonValueKind.True => option.ValueType == typeof(bool) ? "true" : "on",
        JsonValueKind.False => option.ValueType == typeof(bool) ? "false" : "off",
        JsonValueKind.String or JsonValueKind.Number => value.ToString(),
        null => throw new DataFormatException(path, name, "there is no value", "one, or leave the name out"),
        _ => throw new DataFormatException(path, name, "a list or a map", "one value"),
    };
}
