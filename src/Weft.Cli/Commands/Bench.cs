using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Measurement;

namespace Weft.Cli.Commands;

/// <summary><c>weft bench</c>: what the machine can do, and how near to it each kernel comes.</summary>
internal static class Bench
{
    // As many nodes and edges as a citation graph of a hundred thousand papers, with a hub of some ten thousand neighbours.
    private const int Nodes = 169_343, QuickNodes = 20_000;
    private const double MeanDegree = 13.77, Exponent = 2.5;

    public static Command Create()
    {
        var dataset = new Argument<string?>("DATASET") { Description = $"A name, a file or a folder; only its edges are used [a generated power-law graph of {Nodes:N0} nodes]", Arity = ArgumentArity.ZeroOrOne };
        var features = Widths("--features");
        var only = Ask.Word("--only", "Measure only what has this in its name; * is any text", "PATTERN");
        var repeat = Ask.WholeIfGiven("--repeat", "Samples of each row [7; 3 with --quick]", 1, 1_000_000);
        var threads = Ask.WholeIfGiven("--threads", "Threads; one thread is measured too [all cores]", 1, 1024);
        var quick = Ask.Switch("--quick", "A look in seconds: smaller arrays, a smaller graph, shorter samples");
        var seed = Ask.Whole("--seed", "Seed of the graph and of the numbers", 1, 0);
        var json = Ask.Switch("--json", "One JSON object on standard output; all else on standard error");
        var verb = new Verb("bench",
            "Measure this machine's limits (streamed memory, rows gathered by the edges of a graph, multiply-adds) and each kernel against the limit that bounds it, on one thread and on --threads. Ctrl-C leaves what was measured.",
            "weft bench",
            "weft bench --quick                     a look in seconds",
            "weft bench graph.npz --only spmm       one kernel on a graph of yours",
            "weft bench --only 'gemm*256' --threads 8",
            "weft bench --features 32,96 --json > bench.json")
        {
            dataset, features, only, repeat, threads, quick, seed, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            bool brief = parsed.GetValue(quick);
            var settings = new BenchSettings
            {
                Features = parsed.GetValue(features) is { Length: > 0 } widths ? widths : brief ? [16, 64] : new BenchSettings().Features,
                Only = parsed.GetValue(only),
                Repeat = parsed.GetValue(repeat) ?? (brief ? 3 : new BenchSettings().Repeat),
                Threads = parsed.GetValue(threads) ?? Environment.ProcessorCount,
                Quick = brief,
                Seed = (ulong)parsed.GetValue(seed),
            };
            var (name, edges) = Edges(parsed.GetValue(dataset), brief, parsed.GetValue(seed), terminal, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var graph = Graph.FromEdges(edges.Nodes, edges.Source, edges.Destination);
            var bench = new Measurement.Bench(graph, settings);
            var report = new BenchView(terminal, parsed.GetValue(json), MachineDescription.Read(), name, graph, settings);
            bool whole = false;
            try
            {
                using var status = terminal.IsInteractive ? new StatusLine(terminal.Person) : null;
                bench.Run((next, share) => status?.Draw(share, next), cancellation);
                whole = true;
            }
            finally
            {
                if (whole || cancellation.IsCancellationRequested) report.Write(bench, interrupted: !whole);
            }
            return 0;
        });
        return verb;
    }

    private static (string Name, EdgeList Edges) Edges(string? dataset, bool quick, int seed, Terminal terminal, CancellationToken cancellation)
    {
        var opened = dataset is null ? Generated.PowerLaw(quick ? QuickNodes : Nodes, MeanDegree, Exponent, seed) : DataFetch.Open(dataset, terminal, cancellation);
        return (opened.Name, opened.Edges.WithSelfLoops());
    }

    private static Option<int[]?> Widths(string name) => new(name)
    {
        Description = "Widths of the rows that graph kernels gather [16,64,128,256; 16,64 with --quick]",
        HelpName = "N,N,…",
        CustomParser = result =>
        {
            string text = result.Tokens.Single().Value;
            var widths = new List<int>();
            foreach (string part in text.Split(','))
            {
                if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width is >= 1 and <= BenchSettings.MostFeatures) widths.Add(width);
                else result.AddError($"{name} is '{text}': expected whole numbers from 1 to {BenchSettings.MostFeatures} with commas between them");
            }
            return [.. widths.Distinct()];
        },
    };
}
