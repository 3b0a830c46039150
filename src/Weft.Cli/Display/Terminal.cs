using System.CommandLine;
using Spectre.Console;

namespace Weft.Cli.Display;

/// <summary>Where a verb writes: text for a person, and standard output for a program.</summary>
internal sealed class Terminal
{
    private const int PlainWidth = 80;

    private Terminal(TextWriter output, IAnsiConsole person, bool isInteractive) => (Output, Person, IsInteractive) = (output, person, isInteractive);

    /// <summary>Standard output as it is: the one line of --json, the rows of a CSV.</summary>
    public TextWriter Output { get; }

    /// <summary>Tables, progress and sentences: standard output, or standard error where the output is for a program.</summary>
    public IAnsiConsole Person { get; }

    /// <summary>True if a person watches: progress may be redrawn in place.</summary>
    public bool IsInteractive { get; }

    /// <summary>A sentence for a person, never broken: a terminal folds it, a file keeps paths in it whole.</summary>
    public void Say(string text) => Person.Profile.Out.Writer.WriteLine(text);

    /// <summary>Nobody listens: the terminal of a process that another speaks for.</summary>
    public static Terminal Mute { get; } = new(TextWriter.Null, AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(TextWriter.Null),
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
    }), false);

    /// <summary>The terminal of a command line that is being run.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="json">True if standard output is for a program.</param>
    public static Terminal Of(ParseResult parsed, bool json = false)
    {
        var configuration = parsed.InvocationConfiguration;
        var writer = json ? configuration.Error : configuration.Output;
        bool interactive = json
            ? ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected
            : ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected;
        bool colour = interactive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!interactive) console.Profile.Width = PlainWidth;
        return new Terminal(configuration.Output, console, interactive && console.Profile.Capabilities.Ansi);
    }
}
