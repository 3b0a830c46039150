using System.Text;
using Weft.Communication;
using Weft.Datasets;
using Weft.Training;

namespace Weft.Cli;

/// <summary>The command line, or what it named, was wrong: exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message)
{
    /// <summary>The input or the command line was wrong.</summary>
    public const int ExitCode = 2;
}

/// <summary>The work was well defined and failed: exit code 1.</summary>
public sealed class WorkFailedException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The work failed, or a comparison did not hold.</summary>
    public const int ExitCode = 1;
}

/// <summary>The one place where an exception becomes a line on standard error and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>Writes <c>error: …</c>, and the stack trace below it if asked for, and returns the exit code.</summary>
    public static int Write(Exception problem, TextWriter error, bool debug)
    {
        // Of ranks that are played here the first that failed says why, as it would alone.
        if (problem is RankFailedException { InnerException: { } cause }) return Write(cause, error, debug);
        int code = ExitCode(problem);
        bool unexpected = !IsExpected(problem);
        error.WriteLine($"error: {OneLine(Message(problem))}{(unexpected && !debug ? " (--debug shows where)" : "")}");
        if (debug) error.WriteLine(problem);
        return code;
    }

    /// <summary>True for what is no mistake of the program: input, data, memory, a disk.</summary>
    public static bool IsExpected(Exception problem) =>
        ExitCode(problem) == UsageException.ExitCode || problem is WorkFailedException or TrainingDivergedException or OutOfMemoryException;

    // What a user can put right by another command line or another file is the user's to hear about as such.
    private static int ExitCode(Exception problem) => problem switch
    {
        UsageException or DataFormatException or ArgumentException or FormatException => UsageException.ExitCode,
        FileNotFoundException or DirectoryNotFoundException or PathTooLongException or UnauthorizedAccessException => UsageException.ExitCode,
        // What this machine lacks: a library that was asked for, or one that fits the launcher.
        NotSupportedException or DllNotFoundException => UsageException.ExitCode,
        _ => WorkFailedException.ExitCode,
    };

    private static string Message(Exception problem) => problem switch
    {
        // The framework appends the parameter's name, which is no word of the command line.
        ArgumentException { ParamName: string name } => problem.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal),
        OutOfMemoryException => $"{(problem is InsufficientMemoryException ? problem.Message : "the memory is used up")}; try a smaller width (--hidden, --heads), fewer graphs at a time (--batch-graphs) or a smaller set",
        UsageException or WorkFailedException or DataFormatException or ArgumentException or FormatException or IOException or UnauthorizedAccessException or NotSupportedException or DllNotFoundException => problem.Message,
        _ when problem.GetType().Namespace?.StartsWith("Weft", StringComparison.Ordinal) == true => problem.Message,
        _ => $"{problem.GetType().Name}: {problem.Message}",
    };

    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var piece in text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            line.Append(line.Length > 0 ? " " : "").Append(piece);
        return line.ToString();
    }
}
