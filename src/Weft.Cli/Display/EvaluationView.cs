using Weft.Datasets;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>Scores of a trained model as a table or one JSON object.</summary>
internal static class EvaluationView
{
    public static void Write(Terminal terminal, bool json, string folder, string set, TrainedModel run, Prediction result, Split? split)
    {
        var parts = new List<(string Name, bool[] Mask)>();
        if (split is not null) parts.AddRange([("train", split.Train), ("val", split.Validation), ("test", split.Test)]);
        parts.Add(("all", result.Labelled));
        var scores = parts.Where(p => p.Mask.Any(m => m)).Select(p => (p.Name, Nodes: p.Mask.Count(m => m), Scores: result.Score(p.Mask))).ToArray();
        bool[] shown = split is { TestCount: > 0 } ? split.Test : result.Labelled;
        long[,]? confusion = result.Dataset.Labels is { } labels ? Metrics.Confusion(result.Logits, labels, shown, (int)Math.Max(2, result.Logits.Columns)) : null;
        if (json)
        {
            terminal.Output.WriteLine(JsonLine.Of(Fields(folder, set, run, result, split, scores, confusion)));
            return;
        }
        terminal.Say(FormattableString.Invariant($"{run.Config.Model.Model} of {folder} on {set}: {result.Dataset.Nodes:N0} {(result.IsOfGraphs ? "graphs" : "nodes")}, {result.Edges:N0} edges"));
        var columns = ScoreTable.Columns([.. scores.Select(s => s.Scores)]);
        ScoreTable.Write(terminal.Person, columns, scores.Select(s => (s.Name, ScoreTable.Cells(s.Scores, columns))));
        if (confusion is not null && confusion.GetLength(0) <= ScoreTable.MostClasses)
            ScoreTable.Confusion(terminal.Person, $"{(split is { TestCount: > 0 } ? "test" : "labelled")} {(result.IsOfGraphs ? "graphs" : "nodes")}", confusion, result.Dataset.ClassNames);
    }

    private static Dictionary<string, object?> Fields(string folder, string set, TrainedModel run, Prediction result, Split? split, (string Name, int Nodes, NodeScores Scores)[] scores, long[,]? confusion)
    {
        var fields = new Dictionary<string, object?>
        {
            ["run"] = folder,
            ["dataset"] = set,
            ["model"] = run.Config.Model.Model,
            ["split"] = split?.Name,
            ["nodes"] = result.Dataset.Nodes,
            ["edges"] = result.Edges,
            ["features"] = run.Model.Inputs,
            ["classes"] = result.Logits.Columns,
            ["parameters"] = run.Model.ParameterCount,
            ["parameters_sha256"] = ParameterDigest.Sha256(run.Model.Parameters),
        };
        foreach (string part in new[] { "train", "val", "test", "all" })
        {
            NodeScores? found = scores.Any(s => s.Name == part) ? scores.First(s => s.Name == part).Scores : null;
            fields[$"{part}_nodes"] = scores.FirstOrDefault(s => s.Name == part).Nodes;
            fields[$"{part}_loss"] = JsonLine.Number(found?.Loss ?? double.NaN);
            fields[$"{part}_accuracy"] = JsonLine.Number(found?.Accuracy ?? double.NaN);
            fields[$"{part}_f1"] = JsonLine.Number(found?.F1 ?? double.NaN);
            fields[$"{part}_auc"] = JsonLine.Number(found?.Auc ?? double.NaN);
            foreach (var (name, value) in found?.More ?? []) fields[$"{part}_{name}"] = JsonLine.Number(value);
        }
        if (confusion is not null)
        {
            int classes = confusion.GetLength(0);
            fields["confusion"] = Enumerable.Range(0, classes).Select(r => Enumerable.Range(0, classes).Select(c => confusion[r, c]).ToArray()).ToArray();
        }
        return fields;
    }
}
