using System.CommandLine;
using System.Runtime.InteropServices;
using Weft.Analysis;
using Weft.Cli.Display;
using Weft.Companions;
using Weft.Datasets;
using Weft.Graphs;

namespace Weft.Cli.Commands;

/// <summary><c>weft explain</c>: what message passing can and cannot tell apart.</summary>
internal static class Explain
{
    public static Command Create() => new Verb("explain", "What graph networks can and cannot tell apart, shown on small graphs and on yours.",
        "weft explain aggregators",
        "weft explain wl cycle:3+cycle:3 cycle:6")
    {
        Aggregators(), Wl(),
    };

    private static Verb Aggregators()
    {
        var seed = Ask.Whole("--seed", "Seed of the trained models' start values [1]", 1, 0);
        var json = Ask.Switch("--json", "One JSON object on standard output");
        var verb = new Verb("aggregators", "Sum, mean and max of the multisets that tell them apart, and GIN, GCN, GraphSAGE and a max trained on them.",
            "weft explain aggregators",
            "weft explain aggregators --json")
        {
            seed, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            ExplainView.Write(terminal, parsed.GetValue(json), AggregatorLimits.Run((ulong)parsed.GetValue(seed), cancellation));
            return 0;
        });
        return verb;
    }

    private static Verb Wl()
    {
        var first = new Argument<string>("A") { Description = $"A small graph ({string.Join(", ", NamedGraphs.Names)}; + puts graphs side by side), or a data set; SET#3 is its graph number 3" };
        var second = new Argument<string>("B") { Description = "Another" };
        var plain = Ask.Switch("--no-features", "Begin with one colour for all nodes even where they have features");
        var json = Ask.Switch("--json", "One JSON object on standard output");
        var verb = new Verb("wl", "Colour refinement (1-WL) of two graphs: whether it tells them apart, and so whether any message-passing network can.",
            "weft explain wl cycle:3+cycle:3 cycle:6",
            "weft explain wl decalin bicyclopentyl",
            "weft explain wl mutag#0 mutag#1 --json")
        {
            first, second, plain, json,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            string a = parsed.GetRequiredValue(first), b = parsed.GetRequiredValue(second);
            var (edgesOfA, colorsOfA) = Open(a, terminal, cancellation);
            var (edgesOfB, colorsOfB) = Open(b, terminal, cancellation);
            bool colored = !parsed.GetValue(plain) && colorsOfA is not null && colorsOfB is not null;
            cancellation.ThrowIfCancellationRequested();
            var result = ColorRefinement.Compare(Graph.FromEdges(edgesOfA), Graph.FromEdges(edgesOfB), colored ? colorsOfA : null, colored ? colorsOfB : null);
            ExplainView.Write(terminal, parsed.GetValue(json), a, b, edgesOfA, edgesOfB, colored, result);
            return 0;
        });
        return verb;
    }

    private static (EdgeList Edges, UInt128[]? Colors) Open(string name, Terminal terminal, CancellationToken cancellation)
    {
        if (NamedGraphs.Find(name) is { } small) return (small, null);
        string[] parts = name.Split('#');
        var dataset = DataFetch.Open(parts[0], terminal, cancellation);
        if (parts.Length > 1)
        {
            int graphs = dataset.Graphs?.Count ?? 1;
            if (parts.Length > 2 || !int.TryParse(parts[1], out int number) || number < 0 || number >= graphs)
                throw new UsageException($"'{name}': {parts[0]} has {graphs} {(graphs == 1 ? "graph" : "graphs")}, so {parts[0]}#0 … {parts[0]}#{graphs - 1} were expected");
            if (dataset.Graphs is not null) dataset = dataset.SelectGraphs([number]);
        }
        return (dataset.Edges, dataset.HasFeatures ? Colors(dataset) : null);
    }

    private static UInt128[] Colors(Dataset dataset)
    {
        var colors = new UInt128[dataset.Nodes];
        var row = new Real[dataset.Features.Columns];
        for (int i = 0; i < colors.Length; i++)
        {
            if (dataset.Features.Sparse is { } sparse)
            {
                Array.Clear(row);
                for (long q = sparse.ByRow.Pointers[i]; q < sparse.ByRow.Pointers[i + 1]; q++) row[sparse.ByRow.Index[q]] = sparse.Values[q, 0];
            }
            else dataset.Features.Dense.Row(i).CopyTo(row);
            colors[i] = ColorRefinement.Color(MemoryMarshal.AsBytes<Real>(row));
        }
        return colors;
    }
}
