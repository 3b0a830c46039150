using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft predict</c>: what a trained model says of every node, or of every graph.</summary>
internal static class Predict
{
    public static Command Create()
    {
        var run = new Argument<string>("RUN") { Description = "The folder of a run (weft train --out)" };
        var name = new Argument<string?>("DATASET") { Description = "Another set, with or without labels [the run's own]", Arity = ArgumentArity.ZeroOrOne };
        var output = Ask.Word("--out", "Write the CSV to this file [-: standard output]", "FILE");
        var embeddings = Ask.Switch("--embeddings", "Columns e0, e1, … of the last hidden output too");
        var pairs = Ask.Word("--pairs", "Of a run that predicts links: score these pairs, a CSV with columns source and target [the test links and their negatives]", "FILE");
        var threads = Ask.WholeIfGiven("--threads", "Threads [all cores]", 1, 1024);
        var verb = new Verb("predict", "Class and probabilities of every node (or graph) as CSV; 0 or 1 for each label where a node may have several; its numbers in a regression.",
            "weft predict runs/cora-gat-1 --out classes.csv",
            "weft predict runs/cora-gat-1 new.npz     a graph that it has not seen",
            "weft predict runs/cora-gat-1 --embeddings | head",
            "weft predict runs/links --pairs pairs.csv    chance of a link of each pair")
        {
            run, name, output, embeddings, pairs, threads,
        };
        verb.Does((parsed, cancellation) =>
        {
            RowParallel.Threads = parsed.GetValue(threads) ?? Environment.ProcessorCount;
            string? file = parsed.GetValue(output) is { } given && given != "-" ? given : null;
            if (file is not null) OutputFile.Check(file, "--out");
            // Standard output may be the CSV: whatever else there is to say goes to standard error.
            var terminal = Terminal.Of(parsed, json: file is null);
            var trained = TrainedModel.Open(parsed.GetRequiredValue(run));
            if (trained.Config.Data.Task == "link")
            {
                if (parsed.GetValue(embeddings)) throw new UsageException("--embeddings goes with runs that predict classes of nodes; this one predicts links");
                using var links = new LinkRun(trained, DataFetch.Open(parsed.GetValue(name) ?? trained.Config.Dataset, terminal, cancellation));
                PredictLinks.Write(links, parsed.GetValue(pairs), file, terminal, cancellation);
                return 0;
            }
            if (parsed.GetValue(pairs) is not null) throw new UsageException("--pairs goes with runs that predict links (weft train --task link)");
            var dataset = trained.Prepare(DataFetch.Open(parsed.GetValue(name) ?? trained.Config.Dataset, terminal, cancellation));
            cancellation.ThrowIfCancellationRequested();
            var result = trained.Predict(dataset, parsed.GetValue(embeddings));
            cancellation.ThrowIfCancellationRequested();
            if (file is null)
            {
                Write(terminal.Output, result, cancellation);
                return 0;
            }
            OutputFile.Write(file, writer => Write(writer, result, cancellation));
            terminal.Say(FormattableString.Invariant($"{result.Dataset.Nodes:N0} {(result.IsOfGraphs ? "graphs" : "nodes")} written to {file}"));
            return 0;
        });
        return verb;
    }

    private static void Write(TextWriter writer, Prediction result, CancellationToken cancellation)
    {
        var dataset = result.Dataset;
        int classes = (int)result.Logits.Columns, width = result.Embeddings.IsMissing ? 0 : (int)result.Embeddings.Columns;
        string[] names = [.. Enumerable.Range(0, classes).Select(dataset.ClassName)];
        var row = new List<string> { result.IsOfGraphs ? "graph" : "node" };
        if (dataset.Graphs is not null) row.Add("graph");
        if (result.IsRegression) row.AddRange(classes == 1 ? ["value"] : Enumerable.Range(0, classes).Select(c => $"value_{c}"));
        else if (result.IsMultiLabel) row.AddRange(names);
        else row.Add("class");
        if (!result.IsRegression) row.AddRange(names.Select(name => $"p_{name}"));
        row.AddRange(Enumerable.Range(0, width).Select(j => $"e{j}"));
        WriteRow(writer, row);

        var chances = new double[classes];
        for (int i = 0; i < dataset.Nodes; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!result.IsRegression) result.Probabilities(i, chances);
            row.Clear();
            row.Add(dataset.NodeName(i));
            if (dataset.Graphs is { } graphs) row.Add(graphs.Membership[i].ToString(CultureInfo.InvariantCulture));
            if (result.IsRegression)
                for (int c = 0; c < classes; c++) row.Add(result.Logits[i, c].ToString("G9", CultureInfo.InvariantCulture));
            else if (result.IsMultiLabel) row.AddRange(chances.Select(p => p > 0.5 ? "1" : "0"));
            else row.Add(names[Array.IndexOf(chances, chances.Max())]);
            if (!result.IsRegression) row.AddRange(chances.Select(p => p.ToString("G6", CultureInfo.InvariantCulture)));
            for (int j = 0; j < width; j++) row.Add(result.Embeddings[i, j].ToString("R", CultureInfo.InvariantCulture));
            WriteRow(writer, row);
        }
    }

    private static void WriteRow(TextWriter writer, List<string> fields) => writer.Write(string.Join(',', fields.Select(CsvTable.Quoted)) + "\n");
}
