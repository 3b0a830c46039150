using System.CommandLine;
using Weft.Analysis;
using Weft.Cli.Display;

namespace Weft.Cli.Commands;

/// <summary><c>weft trace</c>: one pass, with every intermediate kept.</summary>
internal static class Trace
{
    public static Command Create()
    {
        var input = new Argument<string>("CASE") { Description = "An .npz in the golden format: its inputs are read, its outputs are not" };
        var output = Ask.Word("--out", "Write every array to this .npz", "TRACE.npz");
        var manifest = Ask.Word("--manifest", "The case's settings, if they are not in manifest.json in its folder", "FILE");
        var verb = new Verb("trace",
            "Run one layer or network forward and backward and keep every intermediate and gradient under its name in the mathematics, in data-flow order.",
            "weft trace golden/gatv2_h3_concat_bias.npz --out TRACE.npz",
            "weft trace CASE.npz --manifest settings.json")
        {
            input, output, manifest,
        };
        verb.Does((parsed, cancellation) =>
        {
            var trace = Analysis.Trace.Of(TraceCase.Read(parsed.GetRequiredValue(input), parsed.GetValue(manifest)));
            if (parsed.GetValue(output) is string file) trace.Write(file);
            TraceView.Write(Terminal.Of(parsed), trace);
            return 0;
        });
        return verb;
    }
}
