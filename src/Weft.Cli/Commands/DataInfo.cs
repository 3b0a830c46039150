using System.CommandLine;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data info</c>: what a set holds, in numbers.</summary>
internal static class DataInfo
{
    public static Command Create()
    {
        var name = new Argument<string>("DATASET") { Description = "A name (weft data list), a file or a folder" };
        var json = Ask.Switch("--json", "One JSON object on standard output");
        var verb = new Verb("info", "Nodes, edges, features, classes, degrees, isolated nodes, self-loops, homophily and splits of a set.",
            "weft data info citations",
            "weft data info edges.csv",
            "weft data info cora --json")
        {
            name, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            var dataset = DataFetch.Open(parsed.GetRequiredValue(name), terminal, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var info = DatasetInfo.Of(dataset);
            cancellation.ThrowIfCancellationRequested();
            if (parsed.GetValue(json)) terminal.Output.WriteLine(DatasetInfoView.Json(info, dataset));
            else DatasetInfoView.Write(terminal, info, dataset);
            return 0;
        });
        return verb;
    }
}
