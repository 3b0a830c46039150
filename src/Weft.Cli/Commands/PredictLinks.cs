using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Links;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>What <c>weft predict</c> does with a run that predicts links: a row for each pair.</summary>
internal static class PredictLinks
{
    /// <summary>Writes source, target and score, the chance of a link; for the pairs of the test also whether they are links.</summary>
    /// <param name="run">The run.</param>
    /// <param name="pairsFile">A table of pairs; null for those of the test.</param>
    /// <param name="file">Where to; null for standard output.</param>
    /// <param name="terminal">Standard output and messages.</param>
    /// <param name="cancellation">Asks to stop.</param>
    public static void Write(LinkRun run, string? pairsFile, string? file, Terminal terminal, CancellationToken cancellation)
    {
        var pairs = pairsFile is not null ? run.ReadPairs(pairsFile) : run.Links.Split.Test.Then(run.Links.TestNegatives);
        int links = pairsFile is not null ? -1 : run.Links.Split.Test.Count;
        cancellation.ThrowIfCancellationRequested();
        double[] chances = run.Chances(pairs);
        cancellation.ThrowIfCancellationRequested();
        if (file is null)
        {
            Write(terminal.Output, run.Dataset, pairs, links, chances, cancellation);
            return;
        }
        OutputFile.Write(file, writer => Write(writer, run.Dataset, pairs, links, chances, cancellation));
        terminal.Say(FormattableString.Invariant($"{pairs.Count:N0} pairs written to {file}"));
    }

    private static void Write(TextWriter writer, Dataset dataset, LinkPairs pairs, int links, double[] chances, CancellationToken cancellation)
    {
        writer.Write(links >= 0 ? "source,target,score,label\n" : "source,target,score\n");
        for (int p = 0; p < pairs.Count; p++)
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Write(string.Create(CultureInfo.InvariantCulture,
                $"{CsvTable.Quoted(dataset.NodeName(pairs.Source[p]))},{CsvTable.Quoted(dataset.NodeName(pairs.Target[p]))},{chances[p]:G6}{(links < 0 ? "" : p < links ? ",1" : ",0")}\n"));
        }
    }
}
