using System.CommandLine;
using Weft.Analysis;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft compare</c>: two archives of arrays, array by array.</summary>
internal static class Compare
{
    public static Command Create()
    {
        var judged = new Argument<string>("A.npz") { Description = "The archive to be judged" };
        var reference = new Argument<string>("REF.npz") { Description = "The archive to judge it by" };
        var tolerance = Ask.NumberIfGiven("--tolerance", "Largest absolute difference allowed in any array; 0 if nothing is given", 0);
        var golden = Ask.Choice("--golden", "Take each array's tol64 or tol32 from the manifest of REF", null, "64", "32");
        var manifest = Ask.Word("--manifest", "REF's manifest, if it is not manifest.json in its folder", "FILE");
        var verb = new Verb("compare",
            "Compare the arrays of two archives: the largest difference of each, and where it is. If REF's manifest lists its outputs, those are compared, else all arrays. The relative difference is that to the array's largest reference value. Exit code 1 if one is beyond its tolerance.",
            "weft compare TRACE.npz golden/gatv2_h3_concat_bias.npz --golden 32",
            "weft compare A.npz B.npz --tolerance 1e-5")
        {
            judged, reference, tolerance, golden, manifest,
        };
        verb.Does((parsed, cancellation) =>
        {
            if (parsed.GetValue(tolerance) is not null && parsed.GetValue(golden) is not null)
                throw new UsageException("--tolerance and --golden both given, weft compare: expected one of them");
            var bound = parsed.GetValue(golden) switch { "64" => Bound.Golden64, "32" => Bound.Golden32, _ => Bound.Given };
            string of = parsed.GetRequiredValue(reference);
            var results = Comparison.Compare(parsed.GetRequiredValue(judged), of, bound, parsed.GetValue(tolerance) ?? 0, parsed.GetValue(manifest));
            if (results.Count == 0) throw new DataFormatException(of, "", "there is nothing to compare with", "at least one array");
            cancellation.ThrowIfCancellationRequested();
            ComparisonView.Write(Terminal.Of(parsed), results);
            return results.All(result => result.Holds) ? 0 : WorkFailedException.ExitCode;
        });
        return verb;
    }
}
