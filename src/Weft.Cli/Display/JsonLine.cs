using System.Text.Encodings.Web;
using System.Text.Json;

namespace Weft.Cli.Display;

/// <summary>The one line of --json.</summary>
internal static class JsonLine
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>An object as one line; names become lower_case.</summary>
    public static string Of<T>(T value) => JsonSerializer.Serialize(value, Format);

    /// <summary>A number to so many digits; null for what is not a number.</summary>
    public static double? Number(double value, int digits = 6) => double.IsFinite(value) ? Math.Round(value, digits) : null;
}
