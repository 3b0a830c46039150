using System.Text.Json;
using System.Text.Json.Serialization;
using Weft.Datasets;
using Weft.Models;

namespace Weft.Training;

/// <summary>Everything that decides the result of a run: config.json of its folder.</summary>
public sealed record RunConfig
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Version of the program that wrote the file.</summary>
    public string Version { get; init; } = typeof(RunConfig).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <summary>Bits of a number: 32 or 64.</summary>
    public int Precision { get; init; } = sizeof(Real) * 8;

    /// <summary>Name or path of the data set.</summary>
    public string Dataset { get; init; } = "citations";

    /// <summary>Number of the run, which chooses its split.</summary>
    public int Run { get; init; }

    /// <summary>Name of the recipe that the settings started from; null for none.</summary>
    public string? Recipe { get; init; }

    /// <summary>Name of each class, as the data set of the run gave them; null where classes are numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>True if a node may have several labels; null if each has one class.</summary>
    public bool? MultiLabel { get; init; }

    /// <summary>What is done to the data.</summary>
    public DataSettings Data { get; init; } = new();

    /// <summary>The model.</summary>
    public ModelSettings Model { get; init; } = new();

    /// <summary>How it is trained.</summary>
    public TrainingSettings Training { get; init; } = new();

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Reads a configuration.</summary>
    /// <param name="json">The text.</param>
    /// <param name="file">Where it stands, for the message.</param>
    /// <exception cref="DataFormatException">It is not a configuration; the message names the field.</exception>
    public static RunConfig FromJson(string json, string file)
    {
        try
        {
            return JsonSerializer.Deserialize<RunConfig>(json, Format) ?? throw new JsonException("the file holds null");
        }
        catch (JsonException problem)
        {
            throw new DataFormatException(file, problem.Path ?? "start", Found(problem), "a configuration as weft writes it", problem);
        }
    }

    // The framework names types of this program, which are no words of the file.
    private static string Found(JsonException problem) =>
        problem.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "there is no such field"
        : problem.Message.Contains("setting null values", StringComparison.Ordinal) ? "there is no value"
        : problem.Message.Contains("could not be converted", StringComparison.Ordinal) ? "the value is of the wrong kind"
        : problem.Message.Split(" Path:")[0].TrimEnd('.');
}
