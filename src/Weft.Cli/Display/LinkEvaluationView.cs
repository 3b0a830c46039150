using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>Scores of a trained model of links as a table or one JSON object.</summary>
internal static class LinkEvaluationView
{
    public static void Write(Terminal terminal, bool json, string folder, string set, TrainedModel run, LinkRun links)
    {
        var scores = links.Score();
        (string Name, int Links, NodeScores Scores)[] parts =
        [
            ("train", links.Links.Split.Train.Count, scores.Train),
            ("val", links.Links.Split.Validation.Count, scores.Validation!.Value),
            ("test", links.Links.Split.Test.Count, scores.Test!.Value),
        ];
        if (json)
        {
            terminal.Output.WriteLine(JsonLine.Of(Fields(folder, set, run, links, parts)));
            return;
        }
        terminal.Say(FormattableString.Invariant($"{run.Config.Model.Model} of {folder} on {set}: {links.Data.Nodes:N0} nodes, {links.Data.Edges:N0} edges for messages, {links.Data.Split.Name}"));
        var columns = ScoreTable.Columns([.. parts.Select(p => p.Scores)]);
        ScoreTable.Write(terminal.Person, columns, parts.Select(p => (p.Name, ScoreTable.Cells(p.Scores, columns))));
    }

    private static Dictionary<string, object?> Fields(string folder, string set, TrainedModel run, LinkRun links, (string Name, int Links, NodeScores Scores)[] parts)
    {
        var fields = new Dictionary<string, object?>
        {
            ["run"] = folder,
            ["dataset"] = set,
            ["model"] = run.Config.Model.Model,
            ["decoder"] = run.Config.Model.Decoder,
            ["split"] = links.Data.Split.Name,
            ["nodes"] = links.Data.Nodes,
            ["edges"] = links.Data.Edges,
            ["features"] = run.Model.Inputs,
            ["parameters"] = run.Model.ParameterCount,
            ["parameters_sha256"] = ParameterDigest.Sha256(run.Model.Parameters),
        };
        foreach (var (name, count, scores) in parts)
        {
            fields[$"{name}_links"] = count;
            fields[$"{name}_loss"] = JsonLine.Number(scores.Loss);
            fields[$"{name}_auc"] = JsonLine.Number(scores.Auc);
            foreach (var (more, value) in scores.More ?? []) fields[$"{name}_{more}"] = JsonLine.Number(value);
        }
        return fields;
    }
}
