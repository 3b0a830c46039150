using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Weft.Cli.Commands;

/// <summary>Options whose values are checked, with errors that say the option, the value found and what was expected.</summary>
internal static class Ask
{
    /// <summary>A whole number within bounds.</summary>
    public static Option<int> Whole(string name, string description, int otherwise, int min, int max = int.MaxValue) =>
        Number(name, description, otherwise, "a whole number", NumberStyles.AllowLeadingSign, value => value >= min && value <= max, Range(min, max, int.MaxValue));

    /// <summary>A whole number within bounds, or nothing where the option is not given.</summary>
    public static Option<int?> WholeIfGiven(string name, string description, int min, int max = int.MaxValue) =>
        NumberIfGiven<int>(name, description, "a whole number", NumberStyles.AllowLeadingSign, value => value >= min && value <= max, Range(min, max, int.MaxValue));

    /// <summary>A number within bounds.</summary>
    public static Option<double> Number(string name, string description, double otherwise, double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        Number(name, description, otherwise, "a number", NumberStyles.Float, value => value >= min && value <= max, Range(min, max, double.PositiveInfinity));

    /// <summary>A number within bounds, or nothing where the option is not given.</summary>
    public static Option<double?> NumberIfGiven(string name, string description, double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        NumberIfGiven<double>(name, description, "a number", NumberStyles.Float, value => value >= min && value <= max, Range(min, max, double.PositiveInfinity));

    /// <summary>One of some words; without <paramref name="otherwise"/>, null where the option is not given.</summary>
    public static Option<string> Choice(string name, string description, string? otherwise, params string[] words)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            CustomParser = result =>
            {
                string value = result.Tokens.Single().Value;
                if (!words.Contains(value)) result.AddError($"{name} is '{value}': expected {string.Join(", ", words)}");
                return value;
            },
        };
        if (otherwise is not null) option.DefaultValueFactory = _ => otherwise;
        return option;
    }

    /// <summary>A word, such as a file; null where the option is not given.</summary>
    public static Option<string> Word(string name, string description, string placeholder) =>
        new(name) { Description = description, HelpName = placeholder };

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    private static Option<T> Number<T>(string name, string description, T otherwise, string kind, NumberStyles style, Func<T, bool> holds, string range)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => otherwise,
            CustomParser = result => Parse(result, name, kind, style, holds, range),
        };

    private static Option<T?> NumberIfGiven<T>(string name, string description, string kind, NumberStyles style, Func<T, bool> holds, string range)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, name, kind, style, holds, range),
        };

    private static T Parse<T>(ArgumentResult result, string name, string kind, NumberStyles style, Func<T, bool> holds, string range) where T : struct, INumber<T>
    {
        string text = result.Tokens.Single().Value;
        if (T.TryParse(text, style, CultureInfo.InvariantCulture, out T value) && holds(value)) return value;
        result.AddError($"{name} is '{text}': expected {kind}{range}");
        return default;
    }

    private static string Range<T>(T min, T max, T unbounded) where T : INumber<T> =>
        max < unbounded ? string.Create(CultureInfo.InvariantCulture, $" from {min} to {max}")
        : T.IsInfinity(min) ? ""
        : string.Create(CultureInfo.InvariantCulture, $" of at least {min}");
}
