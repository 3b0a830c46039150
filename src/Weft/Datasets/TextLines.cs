using System.Globalization;

namespace Weft.Datasets;

/// <summary>A text file line by line, with numbers read strictly and errors that name file, line and value.</summary>
internal sealed class TextLines : IDisposable
{
    private const int LongestLine = 1 << 24;
    private readonly string file;
    private readonly StreamReader reader;

    public TextLines(string path) => (file, reader) = (path, new StreamReader(DataFile.Open(path)));

    /// <summary>Number of the current line, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The current line, without its end.</summary>
    public string Current { get; private set; } = "";

    /// <summary>Moves to the next line; false at the end. Empty lines are only allowed at the end.</summary>
    public bool Next()
    {
        if (reader.ReadLine() is not { } line) return false;
        Number++;
        if (line.Length > LongestLine) throw Bad($"a line of {line.Length} characters", $"at most {LongestLine}");
        Current = line;
        if (line.Length > 0) return true;
        while (reader.ReadLine() is { } rest)
            if (rest.Length > 0) throw Bad("an empty line", "none before the end of the file");
        return false;
    }

    public long Integer(ReadOnlySpan<char> text, long least, long most, string what) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
            ? value : throw Bad($"{what} '{text.Trim()}'", most == long.MaxValue ? $"a whole number from {least} on" : $"a whole number, {least} … {most}");

    public double Number64(ReadOnlySpan<char> text, string what) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value : throw Bad($"{what} '{text.Trim()}'", "a finite number");

    public DataFormatException Bad(string found, string expected) => new(file, $"line {Number}", found, expected);

    public void Dispose() => reader.Dispose();
}
