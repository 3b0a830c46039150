using System.Text.Json;
using Weft.Datasets;
using Weft.Models;

namespace Weft.Training;

/// <summary>A trained model in one safetensors file: its parameters by name, and in the metadata what to build around them.</summary>
public static class ModelFile
{
    private const string SettingsKey = "weft.model", InputsKey = "weft.inputs", OutputsKey = "weft.outputs";

    /// <summary>Writes the model's present parameters, aside and renamed.</summary>
    /// <param name="model">A model that <see cref="Architecture.Build"/> made.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">The model was put together by hand: a file could not say how to build it again.</exception>
    public static void Save(Model model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Settings is null) throw new ArgumentException("a model put together by hand cannot be saved with its layers; build it with Architecture.Build, or write its parameters with Safetensors.Write");
        Safetensors.Write(path, model.Parameters.Select(p => (p.Name, p.Parameter.Value)), new Dictionary<string, string>
        {
            [SettingsKey] = JsonSerializer.Serialize(model.Settings),
            [InputsKey] = $"{model.Inputs}",
            [OutputsKey] = $"{model.Outputs}",
        });
    }

    /// <summary>Reads a model; files of the other precision are converted.</summary>
    /// <exception cref="DataFormatException">The file is not a model of this library.</exception>
    public static Model Load(string path)
    {
        var file = Safetensors.Read(path);
        try
        {
            var settings = JsonSerializer.Deserialize<ModelSettings>(Text(SettingsKey)) ?? new ModelSettings();
            var model = Architecture.Build(settings, Number(InputsKey), Number(OutputsKey));
            file.CopyTo(model.Parameters.Select(p => (p.Name, p.Parameter.Value)));
            return model;
        }
        catch (Exception problem) when (problem is JsonException or ArgumentException)
        {
            throw new DataFormatException(path, $"metadata {SettingsKey}", problem.Message, "the settings of a model as weft writes them", problem);
        }

        string Text(string key) => file.Metadata.TryGetValue(key, out string? text) ? text
            : throw new DataFormatException(path, $"metadata {key}", "there is none", "a model that weft saved");

        long Number(string key) => long.TryParse(Text(key), out long value) && value is > 0 and < int.MaxValue ? value
            : throw new DataFormatException(path, $"metadata {key}", $"'{Text(key)}'", "a whole number above 0");
    }
}
