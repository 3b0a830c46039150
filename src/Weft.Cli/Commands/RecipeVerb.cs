using System.CommandLine;
using Spectre.Console;
using Weft.Cli.Display;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft recipe</c>: published configurations.</summary>
internal static class RecipeVerb
{
    public static Command Create() => new Verb("recipe", "Published configurations that reproduce a paper's row.",
        "weft recipe list",
        "weft recipe show gat-paper > mine.yaml",
        "weft train cora --recipe gat-paper --runs 10")
    {
        List(), Show(),
    };

    private static Verb List()
    {
        var json = Ask.Switch("--json", "One JSON object on standard output");
        var verb = new Verb("list", "The recipes, and the rows that they reproduce.", "weft recipe list") { json };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(JsonLine.Of(new { Recipes = Recipes.All.Select(r => new { r.Name, r.Reproduces, r.Datasets, Stopping = r.Datasets.ToDictionary(set => set, set => r.Configure(set).Training.Stopping) }) }));
                return 0;
            }
            var table = Figures.Table("recipe", "reproduces", "sets");
            foreach (var recipe in Recipes.All) table.AddRow(Figures.Row(recipe.Name, recipe.Reproduces, string.Join(", ", recipe.Datasets)));
            terminal.Person.Write(table);
            foreach (var recipe in Recipes.All)
            {
                string[] lossAlone = [.. recipe.Datasets.Where(set => recipe.Configure(set).Training.Stopping == "loss")];
                if (lossAlone.Length > 0) terminal.Say($"{recipe.Name} stops by the validation loss alone on {string.Join(", ", lossAlone)}");
            }
            return 0;
        });
        return verb;
    }

    private static Verb Show()
    {
        var name = new Argument<string>("NAME") { Description = "The recipe (weft recipe list)" };
        var dataset = new Argument<string?>("DATASET") { Description = "The set [the first that it was published for]", Arity = ArgumentArity.ZeroOrOne };
        var json = Ask.Switch("--json", "As JSON, like a run's config.json");
        var yaml = Ask.Switch("--yaml", "As YAML, which is the default");
        var verb = new Verb("show", "One recipe in full, as a file for weft train --config.",
            "weft recipe show gat-paper",
            "weft recipe show gat-paper pubmed --json > config.json",
            "weft train --config config.json")
        {
            name, dataset, json, yaml,
        };
        verb.Does((parsed, cancellation) =>
        {
            if (parsed.GetValue(json) && parsed.GetValue(yaml)) throw new UsageException("--json and --yaml both given, weft recipe show: expected one of them");
            var recipe = Recipes.Find(parsed.GetRequiredValue(name));
            var config = recipe.Configure(parsed.GetValue(dataset) ?? recipe.Datasets[0]);
            var output = Terminal.Of(parsed).Output;
            if (!parsed.GetValue(json)) output.WriteLine($"# {recipe.Reproduces}\n# {Stopping(config.Training)}");
            output.WriteLine(parsed.GetValue(json) ? config.ToJson() : ConfigFile.ToYaml(config));
            return 0;
        });
        return verb;
    }

    private static string Stopping(TrainingSettings training) => training.Stopping switch
    {
        "window" when training.Patience == 0 => $"stops after {training.Epochs} epochs; keeps the last one",
        "score" => $"stops after {training.Patience} epochs in which the validation score was not above its best; keeps the epoch of that",
        "loss" => $"stops after {training.Patience} epochs in which the validation loss, whatever the score, was not as good as ever; keeps the epoch of the smallest",
        "window" => $"stops when the validation loss exceeds the mean of the last {training.Patience}; keeps the last epoch",
        _ => $"stops after {training.Patience} epochs in which neither the validation loss nor the score was as good as ever; keeps an epoch in which both were",
    };
}
