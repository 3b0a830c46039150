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
        Number(name, description, otherwise, text => ParseWhole(name, text, min, max));

    /// <summary>A whole number within bounds, or nothing where the option is not given.</summary>
    public static Option<int?> WholeIfGiven(string name, string description, int min, int max = int.MaxValue) =>
        NumberIfGiven<int>(name, description, text => ParseWhole(name, text, min, max));

    /// <summary>A whole number that may be very large, as digits or as 31e9; nothing where the option is not given.</summary>
    public static Option<long?> LargeIfGiven(string name, string description, long min) =>
        NumberIfGiven<long>(name, description, text =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value)
                && text.Contains('e', StringComparison.OrdinalIgnoreCase) && value >= min && value <= 1e18 && value == Math.Floor(value)
            ? ((long)value, null) : ParseWhole(name, text, min, long.MaxValue));

    /// <summary>A seed, of 64 bits, or nothing where the option is not given.</summary>
    public static Option<ulong?> SeedIfGiven(string name, string description) =>
        NumberIfGiven<ulong>(name, description, text => ParseWhole(name, text, ulong.MinValue, ulong.MaxValue));

    /// <summary>A number within bounds.</summary>
    public static Option<double> Number(string name, string description, double otherwise, double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        Number(name, description, otherwise, text => ParseNumber(name, text, min, max, Range(min, max)));

    /// <summary>A number within bounds, or nothing where the option is not given.</summary>
    public static Option<double?> NumberIfGiven(string name, string description, double min = double.NegativeInfinity, double max = double.PositiveInfinity) =>
        NumberIfGiven<double>(name, description, text => ParseNumber(name, text, min, max, Range(min, max)));

    /// <summary>A finite number above 0, or nothing where the option is not given.</summary>
    public static Option<double?> PositiveIfGiven(string name, string description) =>
        NumberIfGiven<double>(name, description, text => ParseNumber(name, text, double.Epsilon, double.MaxValue, " above 0 and finite"));

    /// <summary>A share that something keeps at least a part of: from 0 up to, not including, 1; or nothing where the option is not given.</summary>
    public static Option<double?> RateIfGiven(string name, string description) =>
        NumberIfGiven<double>(name, description, text => ParseNumber(name, text, 0, Math.BitDecrement(1.0), " from 0 up to, not including, 1"));

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

    /// <summary>Whole numbers with commas between them, each of at least 1, or -1; nothing where the option is not given.</summary>
    public static Option<int[]> Numbers(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N,N",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            var values = new List<int>();
            foreach (string part in text.Split(','))
            {
                if (int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value is -1 or >= 1) values.Add(value);
                else result.AddError($"{name} is '{text}': expected whole numbers of at least 1, or -1 for all, with commas between them, such as 10,10");
                if (values.Count == 0) break;
            }
            return [.. values];
        },
    };

    /// <summary>A switch.</summary>
    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    private static Option<T> Number<T>(string name, string description, T otherwise, Func<string, (T Value, string? Problem)> parse) where T : struct => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result => Parsed(result, parse),
    };

    private static Option<T?> NumberIfGiven<T>(string name, string description, Func<string, (T Value, string? Problem)> parse) where T : struct => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parsed(result, parse),
    };

    private static T Parsed<T>(ArgumentResult result, Func<string, (T Value, string? Problem)> parse)
    {
        var (value, problem) = parse(result.Tokens.Single().Value);
        if (problem is not null) result.AddError(problem);
        return value;
    }

    private static (T Value, string? Problem) ParseWhole<T>(string name, string text, T min, T max) where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) && value >= min && value <= max) return (value, null);
        // An upper bound that only the type sets is worth a word only to whoever went beyond it.
        bool beyond = BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && whole > BigInteger.CreateChecked(T.MaxValue);
        string range = max < T.MaxValue || beyond ? $"from {min} to {max}" : $"of at least {min}";
        return (default, string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}': expected a whole number {range}"));
    }

    private static (double Value, string? Problem) ParseNumber(string name, string text, double min, double max, string range) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= min && value <= max
            ? (value, null) : (0, $"{name} is '{text}': expected a number{range}");

    private static string Range(double min, double max) =>
        max < double.MaxValue ? string.Create(CultureInfo.InvariantCulture, $" from {min} to {max}")
        : double.IsInfinity(min) ? ""
        : string.Create(CultureInfo.InvariantCulture, $" of at least {min}");
}
