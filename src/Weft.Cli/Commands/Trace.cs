using System.CommandLine;
using Weft.Analysis;
using Weft.Cli.Display;

namespace Weft.Cli.Commands;

/// <summary><c>weft trace</c>: one pass, with every intermediate kept.</summary>
internal static class Trace
{
    public static Command Create()
    {
        var input = new Argument<string>("CASE|RUN") { Description = "An .npz in the golden format, whose inputs are read and whose outputs are not, or the folder of a trained run" };
        var dataset = new Argument<string?>("DATASET") { Description = "With a run: other data than its own", Arity = ArgumentArity.ZeroOrOne };
        var output = Ask.Word("--out", "Write every array to this .npz", "TRACE.npz");
        var manifest = Ask.Word("--manifest", "The case's settings, if they are not in manifest.json in its folder", "FILE");
        var layer = Ask.WholeIfGiven("--layer", "Show this layer alone; the first is 1", 1);
        var node = Ask.WholeIfGiven("--node", "Show this node's row of every matrix, and its in-edges", 0);
        var head = Ask.WholeIfGiven("--head", "With --node: show this head alone; the first is 0", 0);
        var verb = new Verb("trace",
            "Run one layer or network forward and backward and keep every intermediate and gradient under its name in the mathematics, in data-flow order.",
            "weft trace golden/gatv2_h3_concat_bias.npz --out TRACE.npz",
            "weft trace CASE.npz --manifest settings.json",
            "weft trace runs/cora-gatv2-1 --out TRACE.npz",
            "weft trace runs/cora-gatv2-1 --layer 1 --node 17 --head 0")
        {
            input, dataset, output, manifest, layer, node, head,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed);
            string source = parsed.GetRequiredValue(input);
            var (showLayer, showNode, showHead) = (parsed.GetValue(layer), parsed.GetValue(node), parsed.GetValue(head));
            if (parsed.GetValue(output) is string target) OutputFile.Check(target, "--out");
            if (showHead is not null && showNode is null) throw new UsageException("--head without --node, weft trace: expected the node whose row to follow");
            var trace = Directory.Exists(source)
                ? OfRun(source, parsed.GetValue(dataset), terminal, cancellation)
                : parsed.GetValue(dataset) is string extra
                    ? throw new UsageException($"a data set, {extra}, beside the case {source}: expected the folder of a run before it")
                    : Analysis.Trace.Of(TraceCase.Read(source, parsed.GetValue(manifest)));
            var shown = trace.Entries.Where(entry => showLayer is null || entry.Layer == showLayer).ToArray();
            if (shown.Length == 0) throw new UsageException($"--layer is {showLayer}, {source}: expected 1 … {trace.Entries.Max(entry => entry.Layer)}");
            if (showNode is int row) NodeView.Check(trace, row, showHead);
            cancellation.ThrowIfCancellationRequested();
            if (parsed.GetValue(output) is string file) trace.Write(file);
            cancellation.ThrowIfCancellationRequested();
            if (showNode is int i) NodeView.Write(terminal, trace, shown, i, showHead);
            else TraceView.Write(terminal, shown);
            return 0;
        });
        return verb;
    }

    private static Analysis.Trace OfRun(string folder, string? dataset, Terminal terminal, CancellationToken cancellation)
    {
        var run = TrainedRun.Open(folder, dataset, cancellation);
        cancellation.ThrowIfCancellationRequested();
        var batch = run.Data.Batches[0];
        if (run.Data.Batches.Count > 1) terminal.Say($"the first of {run.Data.Batches.Count} batches, {batch.Nodes} nodes");
        return Analysis.Trace.Of(run.Model, batch.Graph, batch.Features, run.Loss, run.Target(batch));
    }
}
