using System.CommandLine;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data generate</c>: graphs from a seed, the same on every platform.</summary>
internal static class DataGenerate
{
    public static Command Create() => new Verb("generate", "Generate a graph. A seed means the same graph on every machine.",
        "weft data generate sbm --nodes 10000 --classes 5 --out sbm.npz",
        "weft data generate rmat --scale 16 --out rmat/")
    {
        Blocks(), Rmat(), PowerLaw(), Grid(), Dictionary(), Papers(),
    };

    private static Verb Blocks()
    {
        var nodes = Ask.Whole("--nodes", "Number of nodes", 1000, 4);
        var classes = Ask.Whole("--classes", "Number of blocks, the classes", 4, 2);
        var degree = Ask.Number("--degree", "Mean number of neighbours", 8, 0);
        var homophily = Ask.Number("--homophily", "Share of edges inside a block", 0.8, 0, 1);
        var features = Ask.Whole("--features", "Width of the features, which hint at the class", 16, 0);
        var seed = Seed();
        return Kind("sbm", "A stochastic block model: equal blocks, features that hint at them.", "weft data generate sbm --nodes 5000 --homophily 0.2 --out blocks.npz", parsed =>
            Generated.StochasticBlocks(parsed.GetValue(nodes), parsed.GetValue(classes), parsed.GetValue(degree), parsed.GetValue(homophily), parsed.GetValue(features), parsed.GetValue(seed)),
            nodes, classes, degree, homophily, features, seed);
    }

    private static Verb Rmat()
    {
        var scale = Ask.Whole("--scale", "2^scale nodes", 14, 1, 26);
        var factor = Ask.Whole("--edge-factor", "Edges drawn for each node; repeats are dropped", 16, 1);
        var a = Ask.Number("--a", "Chance of the first quarter", 0.57, 0, 1);
        var b = Ask.Number("--b", "Chance of the second quarter", 0.19, 0, 1);
        var c = Ask.Number("--c", "Chance of the third quarter", 0.19, 0, 1);
        var seed = Seed();
        return Kind("rmat", "R-MAT: a directed graph with a few hubs, no features, no labels.", "weft data generate rmat --scale 18 --edge-factor 8 --out rmat.npz", parsed =>
            Generated.Rmat(parsed.GetValue(scale), parsed.GetValue(factor), parsed.GetValue(a), parsed.GetValue(b), parsed.GetValue(c), parsed.GetValue(seed)),
            scale, factor, a, b, c, seed);
    }

    private static Verb PowerLaw()
    {
        var nodes = Ask.Whole("--nodes", "Number of nodes", 10000, 2);
        var degree = Ask.Number("--degree", "Mean number of neighbours", 8, 0);
        var exponent = Ask.Number("--exponent", "Exponent of the degrees, above 2", 2.5, 2, 100);
        var seed = Seed();
        return Kind("powerlaw", "A symmetric graph whose degrees follow a power law, no features, no labels.", "weft data generate powerlaw --nodes 100000 --exponent 2.2 --out hubs.npz", parsed =>
            Generated.PowerLaw(parsed.GetValue(nodes), parsed.GetValue(degree), parsed.GetValue(exponent), parsed.GetValue(seed)),
            nodes, degree, exponent, seed);
    }

    private static Verb Grid()
    {
        var rows = Ask.Whole("--rows", "Rows", 100, 1);
        var columns = Ask.Whole("--columns", "Columns", 100, 1);
        var diagonals = Ask.Switch("--diagonals", "Join diagonal neighbours too");
        return Kind("grid", "A grid, each node joined with its neighbours, no features, no labels.", "weft data generate grid --rows 64 --columns 64 --diagonals --out grid.npz", parsed =>
            Generated.Grid(parsed.GetValue(rows), parsed.GetValue(columns), parsed.GetValue(diagonals)),
            rows, columns, diagonals);
    }

    private static Verb Dictionary()
    {
        var size = Ask.Whole("--size", "Keys in a dictionary", 7, 2, 100);
        var graphs = Ask.Whole("--graphs", "Most graphs, where size! is more", DictionaryLookup.MostGraphs, 1);
        var seed = Seed();
        return Kind("dictionary-lookup", "The task that a GAT with one head cannot fit, in many small graphs.", "weft data generate dictionary-lookup --size 5 --out lookup.npz", parsed =>
            DictionaryLookup.Create(parsed.GetValue(size), parsed.GetValue(seed), parsed.GetValue(graphs)),
            size, graphs, seed);
    }

    private static Verb Papers()
    {
        var seed = Seed();
        return Kind("citations", "A citation graph as large and about as hard as Cora, with bags of words and a split.", "weft data generate citations --seed 2 --out citations2.npz", parsed =>
            Citations.Create(parsed.GetValue(seed)), seed);
    }

    private static Option<int> Seed() => Ask.Whole("--seed", "Seed", 1, 0);

    private static Verb Kind(string name, string description, string example, Func<ParseResult, Dataset> make, params Option[] options)
    {
        var output = Ask.Word("--out", "NAME.npz, or a folder for plain .npy files [a file named after the graph]", "OUT");
        var verb = new Verb(name, description, example);
        foreach (var option in options) verb.Options.Add(option);
        verb.Options.Add(output);
        verb.Does((parsed, cancellation) =>
        {
            if (parsed.GetValue(output) is { } given) DataConvert.CheckTarget(given, "--out");
            var dataset = make(parsed);
            string target = parsed.GetValue(output) ?? dataset.Name + ".npz";
            DataConvert.CheckTarget(target, "--out");
            DataConvert.Write(dataset, target, Terminal.Of(parsed), cancellation);
            return 0;
        });
        return verb;
    }
}
