using System.Globalization;
using Spectre.Console;
using Weft.Cli.Commands;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>What a cross-validation ends with: a table for a person, one JSON object for a program.</summary>
internal static class FoldsView
{
    public static void Show(Terminal terminal, IReadOnlyList<CrossValidation> results, RunOutcome run, string folder, double seconds, bool json)
    {
        if (json) terminal.Output.WriteLine(JsonLine.Of(Fields(results, run, folder, seconds)));
        else Table(terminal, results, run, folder, seconds);
    }

    private static void Table(Terminal terminal, IReadOnlyList<CrossValidation> results, RunOutcome run, string folder, double seconds)
    {
        string metric = run.Config.Training.Metric;
        bool share = metric == "accuracy";
        string Text(double score) => (share ? 100 * score : score).ToString(share ? "F1" : "F3", CultureInfo.InvariantCulture);
        var table = new Table().Border(TableBorder.Rounded);
        foreach (string column in new[] { "protocol", share ? "test accuracy, %" : $"test {metric}", "epoch" }) table.AddColumn(new TableColumn(column) { NoWrap = true }.RightAligned());
        foreach (var result in results)
            table.AddRow(Figures.Row(result.Protocol, $"{Text(result.Mean)} ± {Text(result.Deviation)}", result.Protocol == "published" ? $"{result.Epochs[0]}" : $"{result.Epochs.Min()} … {result.Epochs.Max()}"));
        terminal.Person.Write(table);
        foreach (var result in results) terminal.Say($"{result.Protocol}, by fold: {string.Join(' ', result.Folds.Select(Text))}");
        foreach (var result in results) terminal.Say(Meaning(result.Protocol));
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{run.Parameters:N0} parameters, {seconds:F1} s in all; a run for each fold in {folder}"));
    }

    private static string Meaning(string protocol) => protocol == "published"
        ? "published: no validation fold; the epoch that is best in the mean over the test folds (as Xu et al. 2019)"
        : "honest: trained on all folds but two, one of which chooses the epoch, and the other is scored";

    private static Dictionary<string, object?> Fields(IReadOnlyList<CrossValidation> results, RunOutcome run, string folder, double seconds)
    {
        var fields = new Dictionary<string, object?>
        {
            ["dataset"] = run.Config.Dataset,
            ["model"] = run.Config.Model.Model,
            ["recipe"] = run.Config.Recipe,
            ["nodes"] = run.Nodes,
            ["edges"] = run.Edges,
            ["features"] = run.Features,
            ["classes"] = run.Classes,
            ["parameters"] = run.Parameters,
            ["seed"] = run.Config.Training.Seed,
            ["threads"] = RowParallel.Threads,
            ["precision"] = run.Config.Precision,
            ["version"] = run.Config.Version,
            ["metric"] = run.Config.Training.Metric,
            ["folds"] = results[0].Folds.Count,
        };
        foreach (var result in results)
        {
            fields[$"{result.Protocol}_test_mean"] = JsonLine.Number(result.Mean);
            fields[$"{result.Protocol}_test_deviation"] = JsonLine.Number(result.Deviation);
            fields[$"{result.Protocol}_test_folds"] = result.Folds.Select(score => JsonLine.Number(score)).ToArray();
            fields[$"{result.Protocol}_epochs"] = result.Epochs;
        }
        fields["seconds"] = Math.Round(seconds, 2);
        fields["folder"] = folder;
        return fields;
    }
}
