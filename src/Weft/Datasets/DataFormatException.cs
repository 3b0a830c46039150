namespace Weft.Datasets;

/// <summary>
/// A file, folder or set that cannot be read as data. The message is one line: what is wrong, the file, the place in it
/// (an array and index, a line, a byte), and what was expected.
/// </summary>
public sealed class DataFormatException : Exception
{
    /// <summary>An error without a place; prefer the constructor that has one.</summary>
    public DataFormatException(string message) : this(message, null)
    {
    }

    /// <summary>An error with the exception that brought it about.</summary>
    public DataFormatException(string message, Exception? innerException) : base(OneLine(message), innerException) => (File, Place) = ("", "");

    /// <summary>An error at a place in a file.</summary>
    /// <param name="file">Path of the file, or name of the set.</param>
    /// <param name="place">Array and index, line, or byte offset; empty if the whole file is meant.</param>
    /// <param name="found">What is wrong, with the value found.</param>
    /// <param name="expected">What was expected, or what to do.</param>
    /// <param name="innerException">The exception that brought it about, if any.</param>
    public DataFormatException(string file, string place, string found, string expected, Exception? innerException = null)
        : base(OneLine($"{found}, {file}{(place.Length > 0 ? $", {place}" : "")}: expected {expected}"), innerException) =>
        (File, Place) = (file, place);

    /// <summary>Path of the file, or name of the set.</summary>
    public string File { get; }

    /// <summary>Array and index, line, or byte offset; empty if the whole file is meant.</summary>
    public string Place { get; }

    // What was read from a broken file may hold line ends and control characters; a terminal must not act on them.
    private static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '?' : c)) : text;
}
