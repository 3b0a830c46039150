using System.CommandLine;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>How a command line says which run is meant: a data set, a recipe or a configuration file, and options that win over them.</summary>
internal sealed class RunChoice
{
    private readonly Argument<string?> dataset = new("DATASET") { Description = "A name (weft data list), a file or a folder [citations]", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> recipe = Ask.Word("--recipe", "A published configuration (weft recipe list); other options win", "NAME");
    private readonly Option<string> config = Ask.Word("--config", "YAML or JSON: options by name, or a run's config.json; other options win", "FILE");
    private readonly RunOptions options = new();

    /// <summary>Adds the argument and all options to a verb.</summary>
    /// <param name="verb">The verb.</param>
    /// <param name="except">Names of options that the verb has a form of its own of.</param>
    public void AddTo(Command verb, params string[] except)
    {
        verb.Arguments.Add(dataset);
        verb.Options.Add(recipe);
        verb.Options.Add(config);
        options.AddTo(verb, except);
    }

    /// <summary>The data set that the command line names; null if it names none.</summary>
    public string? Dataset(ParseResult parsed) => parsed.GetValue(dataset);

    /// <summary>Names of the options that were given.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        options.Given(parsed).Concat(new Option[] { recipe, config }.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => o.Name));

    /// <summary>The configuration: recipe or file, data set, options.</summary>
    public RunConfig Read(ParseResult parsed)
    {
        if (parsed.GetValue(recipe) is not null && parsed.GetValue(config) is not null) throw new UsageException("--recipe and --config both start from a configuration; give one of them");
        string? name = parsed.GetValue(dataset);
        var start = parsed.GetValue(recipe) is { } named ? Recipes.Find(named).Configure(name ?? Recipes.Find(named).Datasets[0])
            : parsed.GetValue(config) is { } file ? ConfigFile.Read(file, name)
            : new RunConfig();
        if (name is not null) start = start with { Dataset = name };
        return options.Apply(parsed, start);
    }
}
