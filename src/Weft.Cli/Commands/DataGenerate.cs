using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;

namespace Weft.Cli.Commands;

/// <summary><c>weft data generate</c>: graphs from a seed, the same on every platform.</summary>
internal static class DataGenerate
{
    public static Command Create() => new Verb("generate", "Generate a graph. A seed means the same graph on every machine.",
        "weft data generate sbm --nodes 10000 --classes 5 --out sbm.npz",
        "weft data generate rmat --scale 16 --out rmat/",
        "weft data generate dcsbm --nodes 10000000 --features 256 --out huge/")
    {
        Blocks(), BlocksOfAnySize(), Rmat(), PowerLaw(), Grid(), Dictionary(), Papers(),
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

    private static Verb BlocksOfAnySize()
    {
        var nodes = Ask.Whole("--nodes", "Number of nodes", 100_000, 4, int.MaxValue - 64);
        var classes = Ask.Whole("--classes", "Number of blocks, the classes", 16, 2);
        var degree = Ask.Number("--degree", "Mean number of in-edges of a node", 20, 0);
        var exponent = Ask.Number("--exponent", "Exponent of the in-degrees, above 2", 2.5, 2, 100);
        var homophily = Ask.Number("--homophily", "Chance that an edge is from a node of the same class", 0.6, 0, 1);
        var features = Ask.Whole("--features", "Width of the features: the class's centre and noise of −1 … 1", 64, 1);
        var signal = Ask.Number("--signal", "Size of each entry of a centre", 0.1, 0, 1000);
        var train = Ask.Number("--train", "Share of nodes for training", 0.01, 0, 1);
        var validation = Ask.Number("--validation", "Share of nodes for validation, and for test", 0.001, 0, 0.5);
        var seed = Seed();
        var output = Ask.Word("--out", "A folder for plain .npy files [a folder named after the graph]", "DIR");
        var verb = new Verb("dcsbm", "A directed, degree-corrected block model with features and a split, written piece by piece: the disk alone bounds its size.",
            "weft data generate dcsbm --out blocks/",
            "weft data generate dcsbm --nodes 10000000 --features 256 --out huge/     200 million edges, 11 GB")
        {
            nodes, classes, degree, exponent, homophily, features, signal, train, validation, seed, output,
        };
        verb.Does((parsed, cancellation) =>
        {
            var model = new BlockModel(parsed.GetValue(nodes), parsed.GetValue(degree), parsed.GetValue(features), parsed.GetValue(classes))
            {
                Exponent = parsed.GetValue(exponent),
                Homophily = parsed.GetValue(homophily),
                Signal = parsed.GetValue(signal),
                Train = parsed.GetValue(train),
                Validation = parsed.GetValue(validation),
                Seed = parsed.GetValue(seed),
            }.Checked();
            string target = parsed.GetValue(output) ?? $"dcsbm-{model.Nodes}{Path.DirectorySeparatorChar}";
            if (DataConvert.IsArchive(target)) throw new UsageException($"--out is '{target}': dcsbm is written piece by piece, as a folder; weft data convert makes an .npz of one that fits in memory");
            DataConvert.CheckTarget(target, "--out");
            var terminal = Terminal.Of(parsed);
            using var line = new StatusLine(terminal.Person);
            var gate = new Lock();
            var folder = new BlockModelFolder(model, target, !terminal.IsInteractive ? null : share =>
            {
                lock (gate) line.Draw(share, string.Create(CultureInfo.InvariantCulture, $"{share:P0}"));
            }, cancellation);
            folder.Write();
            line.Dispose();
            terminal.Say(FormattableString.Invariant($"dcsbm: {model.Nodes:N0} nodes, {folder.Edges:N0} edges, {model.Features:N0} features, {model.Classes} classes"));
            terminal.Say($"written to {target}");
            return 0;
        });
        return verb;
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
