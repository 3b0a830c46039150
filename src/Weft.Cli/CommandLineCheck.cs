using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Weft.Cli;

/// <summary>What is wrong with a command line, in one line with a suggestion.</summary>
internal static class CommandLineCheck
{
    /// <summary>The first problem; null if there is none, or help was asked for.</summary>
    public static string? FirstProblem(ParseResult parsed)
    {
        if (parsed.Action is { ClearsParseErrors: true }) return null;
        var command = parsed.CommandResult.Command;
        foreach (string token in SuspiciousTokens(parsed)) return UnknownOption(command, parsed, token);
        if (parsed.UnmatchedTokens.Count > 0) return Unmatched(command, parsed, parsed.UnmatchedTokens[0]);
        if (parsed.Errors.Count > 0) return Reworded(parsed, parsed.Errors[0]);
        return null;
    }

    // The parser hands an unknown option to an argument that is still free; before "--" it is meant as an option.
    private static IEnumerable<string> SuspiciousTokens(ParseResult parsed) => parsed.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .Where(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-'
            && !double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        .Select(token => token.Value);

    private static string UnknownOption(Command command, ParseResult parsed, string token)
    {
        string typed = token.Split('=', ':')[0];
        var names = Scope(parsed).SelectMany(c => c.Options).Where(o => !o.Hidden).SelectMany(o => o.Aliases.Prepend(o.Name));
        return $"unknown option {typed}, {Path(parsed)}: {Suggest(typed, names)}'{Path(parsed)} --help' lists its options";
    }

    private static string Unmatched(Command command, ParseResult parsed, string token)
    {
        if (token.StartsWith('-')) return UnknownOption(command, parsed, token);
        return command.Subcommands.Count > 0
            ? $"unknown command '{token}', {Path(parsed)}: {Suggest(token, command.Subcommands.Select(c => c.Name))}'{Path(parsed)} --help' lists its commands"
            : $"one argument too many, '{token}', {Path(parsed)}: '{Path(parsed)} --help' shows what it takes";
    }

    private static string Reworded(ParseResult parsed, ParseError error)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Action is ParseErrorAction && command.Subcommands.Count > 0 && error.SymbolResult is CommandResult)
            return $"no command given, {Path(parsed)}: expected {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}; '{Path(parsed)} --help' explains them";
        string message = error.Message.TrimEnd('.');
        return error.SymbolResult is OptionResult option && !message.Contains(option.Option.Name, StringComparison.Ordinal)
            ? $"{option.Option.Name}: {message}"
            : $"{message}; see '{Path(parsed)} --help'";
    }

    private static IEnumerable<Command> Scope(ParseResult parsed)
    {
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as CommandResult) yield return result.Command;
    }

    private static string Path(ParseResult parsed) => string.Join(' ', Scope(parsed).Reverse().Select(c => c.Name));

    private static string Suggest(string typed, IEnumerable<string> names)
    {
        var near = names.Select(name => (Name: name, Distance: Distance(typed, name))).OrderBy(n => n.Distance).FirstOrDefault();
        return near.Name is not null && near.Distance <= Math.Max(2, typed.Length / 3) ? $"did you mean {near.Name}? " : "";
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements that make one word the other.</summary>
    internal static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
