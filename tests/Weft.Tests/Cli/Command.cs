using Weft.Cli;

namespace Weft.Tests.Cli;

/// <summary>What a command line gave.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandResult(int Code, string Output, string Error);

/// <summary>The command, run inside the test's process.</summary>
internal static class Command
{
    public static CommandResult Weft(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = Program.Run(args, output, error);
        return new CommandResult(code, output.ToString(), error.ToString());
    }
}
