using Weft.Companions;
using Weft.Datasets;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>Scores of label propagation as a table or one JSON object.</summary>
internal static class BaselineView
{
    public static void Write(Terminal terminal, bool json, string set, Dataset dataset, Split split, LabelPropagationSettings settings, LabelPropagationResult result, TimeSpan time)
    {
        (string Name, bool[] Mask)[] parts = [.. new[] { ("train", split.Train), ("val", split.Validation), ("test", split.Test) }.Where(p => p.Item2.Contains(true))];
        var scores = parts.Select(p => (p.Name, Nodes: p.Mask.Count(m => m), Scores: Score(p.Mask), Majority: Majority(p.Mask))).ToArray();
        string rule = settings.Rule == LabelRule.Spreading ? FormattableString.Invariant($"spreading, alpha {settings.Alpha}") : "clamping";
        if (settings.NormalizeClassMass) rule += ", class mass normalised";
        if (json)
        {
            var fields = new Dictionary<string, object?>
            {
                ["dataset"] = set,
                ["model"] = "label-propagation",
                ["rule"] = settings.Rule.ToString().ToLowerInvariant(),
                ["alpha"] = settings.Rule == LabelRule.Spreading ? settings.Alpha : null,
                ["class_mass"] = settings.NormalizeClassMass,
                ["split"] = split.Name,
                ["nodes"] = dataset.Nodes,
                ["edges"] = dataset.Edges.Count,
                ["classes"] = dataset.Classes,
                ["steps"] = result.Steps,
                ["change"] = result.Change,
                ["unreached"] = result.Unreached,
                ["seconds"] = JsonLine.Number(time.TotalSeconds),
            };
            foreach (var (name, nodes, score, majority) in scores)
            {
                fields[$"{name}_nodes"] = nodes;
                fields[$"{name}_accuracy"] = JsonLine.Number(score.Accuracy);
                fields[$"{name}_f1"] = JsonLine.Number(score.F1);
                fields[$"{name}_auc"] = JsonLine.Number(score.Auc);
                fields[$"{name}_majority_accuracy"] = JsonLine.Number(majority);
            }
            terminal.Output.WriteLine(JsonLine.Of(fields));
            return;
        }
        terminal.Say(FormattableString.Invariant($"label propagation ({rule}) on {set}: {dataset.Nodes:N0} nodes, {dataset.Edges.Count:N0} edges, {split.Train.Count(t => t)} known labels"));
        ScoreColumn[] columns = [.. ScoreTable.Columns([.. scores.Select(s => s.Scores)]).Where(column => column.Name != "loss")];
        ScoreTable.Write(terminal.Person, columns, scores.Select(s => (s.Name, ScoreTable.Cells(s.Scores, columns))));
        string ended = result.Change <= settings.Tolerance ? "nothing changes any more" : FormattableString.Invariant($"the last changed scores by {result.Change:0.#e+0}");
        terminal.Say(FormattableString.Invariant($"{result.Steps} steps, {time.TotalMilliseconds:F0} ms; {ended}; no label reaches {result.Unreached:N0} nodes"));
        terminal.Say(FormattableString.Invariant($"the most frequent class of the known labels alone: {scores[^1].Name} accuracy {scores[^1].Majority:P1}"));

        NodeScores Score(bool[] mask) => new(double.NaN,
            Metrics.Score("accuracy", result.Scores, dataset, mask), Metrics.Score("f1", result.Scores, dataset, mask), Metrics.Score("auc", result.Scores, dataset, mask));

        // Of equally frequent classes the first.
        double Majority(bool[] mask)
        {
            var known = Enumerable.Range(0, dataset.Nodes).Where(i => split.Train[i]).CountBy(i => dataset.Labels![i]).OrderByDescending(c => c.Value).ThenBy(c => c.Key).First().Key;
            return (double)Enumerable.Range(0, dataset.Nodes).Count(i => mask[i] && dataset.Labels![i] == known) / mask.Count(m => m);
        }
    }
}
