using System.Globalization;
using System.Text;
using Weft.Analysis;
using Weft.Layers;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Analysis;

/// <summary>
/// The tables of docs/equations.md are what the layers name and what a trace holds: shapes are measured on a run whose sizes
/// are all different. WEFT_APPROVE=1 writes them anew.
/// </summary>
public class EquationsDocumentTests
{
    private const int N = 11, E = 29, K = 3, D = 7, Width = 4, Hidden = 13;

    private static readonly Dictionary<long, string> Letters = new()
    {
        [N] = "N",
        [E] = "E",
        [K] = "K",
        [D] = "D",
        [Width] = "d",
        [Hidden] = "D_h",
        [OracleGraph.EdgeFeatures] = "D_e",
        [K * Width] = "K·d",
        [2 * D] = "2·D",
        [1] = "1",
    };

    private static readonly OracleGraph Graph = TestGraphs.Random("11 nodes", N, E, seed: 5);

    public static TheoryData<string> Layers => [.. Catalog.Layers.Keys];

    [Theory]
    [MemberData(nameof(Layers))]
    public void The_table_of_a_layer_is_what_its_trace_holds(string layer)
    {
        string path = Path.Combine(RepositoryRoot(), "docs", "equations.md"), document = File.ReadAllText(path);
        string begin = $"<!-- table of {layer}, written by a test -->\n", end = "\n<!-- end -->";
        int from = document.IndexOf(begin, StringComparison.Ordinal);
        Assert.True(from >= 0, $"docs/equations.md has no place for the layer {layer}: add the line {begin}and below it {end}");
        from += begin.Length;
        int to = document.IndexOf(end, from, StringComparison.Ordinal);
        string expected = Table(layer);
        if (Environment.GetEnvironmentVariable("WEFT_APPROVE") == "1")
        {
            File.WriteAllText(path, document[..from] + expected + document[to..]);
            return;
        }
        Assert.Equal(expected, document[from..to].ReplaceLineEndings("\n"));
    }

    private static string Table(string layer)
    {
        long edgeFeatures = layer == "gine" ? OracleGraph.EdgeFeatures : 0;
        var (instance, run) = Traced(layer, concatenate: true, edgeFeatures);
        var table = new StringBuilder($"`{layer}`, [`{instance.GetType().Name}.cs`](../src/Weft/Layers/{instance.GetType().Name}.cs)\n\n")
            .Append("| name in files | symbol | in the code | shape in files | equation |\n|---|---|---|---|---|");
        foreach (var name in instance.Names) Row(table, instance, run, name);
        var shown = instance.Names.Select(name => name.Code).ToHashSet();
        Others("with averaged heads", Traced(layer, concatenate: false, edgeFeatures));
        Others("with edge features", Traced(layer, concatenate: true, OracleGraph.EdgeFeatures));
        return table.ToString();

        void Others(string title, (ILayer Layer, LayerRun Run) traced)
        {
            var others = traced.Layer.Names.Where(name => !shown.Contains(name.Code)).ToArray();
            if (others.Length > 0) table.Append(CultureInfo.InvariantCulture, $"\n| *{title}* | | | | |");
            foreach (var name in others) Row(table, traced.Layer, traced.Run, name);
        }
    }

    private static (ILayer Layer, LayerRun Run) Traced(string layer, bool concatenate, long edgeFeatures)
    {
        var instance = Catalog.Layers[layer](new LayerSettings
        {
            Inputs = D,
            Outputs = Width,
            Hidden = Hidden,
            Heads = K,
            Concatenate = concatenate,
            Residual = true,
            EdgeFeatures = edgeFeatures,
            Dropout = 0.5,
        });
        var run = new LayerRun(instance, Graph, InputMode.Traced).With(LayerRun.Parameters(instance));
        var H = TestGraphs.Numbers(N, D, 1);
        var output = run.Output(H);
        run.Run(H, TestGraphs.Numbers(output.GetLength(0), output.GetLength(1), 2));
        return (instance, run);
    }

    private static void Row(StringBuilder table, ILayer layer, LayerRun run, TraceName name)
    {
        var array = TraceArrays.ToArray(run.Kept(name.Code), name.Layout, layer.Heads, run.Graph.EdgeIds);
        string shape = string.Join(", ", array.Shape.Select(size => Letters[size]));
        string equation = name.Equation.All(c => char.IsDigit(c) || c is ',' or ' ') ? $"({name.Equation})" : name.Equation;
        table.Append($"\n| `{name.Trace}` | {name.Symbol} | `{name.Code}` | [{shape}] | {equation} |");
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Weft.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Weft.slnx; this test reads the documents");
    }
}
