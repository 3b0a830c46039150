using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Distributed.Partitioning;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft data partition</c>: a set in parts, of which each process of a job reads its own.</summary>
internal static class DataPartition
{
    private static readonly string[] Kinds = ["degree", "onehot", "constant"];

    public static Command Create()
    {
        var input = new Argument<string>("DATASET") { Description = "A name (weft data list), a file or a folder" };
        var parts = Ask.WholeIfGiven("--parts", "Number of parts: as many as the processes that will train, or a multiple", 1, 1 << 20);
        var output = Ask.Word("--out", "The folder [DATASET-PARTS]", "DIR");
        var method = Ask.Choice("--method", "How nodes are shared out: few edges between parts (ldg; metis, better, if its library is installed), or by their numbers [ldg]", null, [.. Partitioners.Names]);
        var seed = Ask.Whole("--seed", "Seed of random and metis", 0, 0);
        var undirected = Ask.Switch("--undirected", "Add the missing reverse of each edge");
        var transpose = Ask.Switch("--transpose", "Turn all edges round");
        var features = Ask.Choice("--features", "Features made from the graph", null, Kinds);
        var verb = new Verb("partition", "Write a set as a folder of .npy files whose nodes lie part by part. Each process of weft train then reads its part alone; numbers of nodes and edges, and so results, stay those of the set.",
            "weft data partition cora --parts 4 --out cora-4/",
            "mpirun -n 4 weft train cora-4/",
            "weft data partition web.mtx --parts 16 --method ldg --undirected")
        {
            input, parts, output, method, seed, undirected, transpose, features,
        };
        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed);
            int count = parsed.GetValue(parts) ?? throw new UsageException("--parts is missing: how many parts, one for each process that will train");
            string name = parsed.GetRequiredValue(input);
            string target = parsed.GetValue(output) ?? $"{Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(name))}-{count}{Path.DirectorySeparatorChar}";
            if (Path.GetExtension(Path.TrimEndingDirectorySeparator(target)).Equals(".npz", StringComparison.OrdinalIgnoreCase)) throw new UsageException($"--out is '{target}': expected a folder, of which a process can read a part");
            DataConvert.CheckTarget(target, "--out");
            var dataset = DataFetch.Open(name, terminal, cancellation);
            if (dataset.Graphs is not null) throw new UsageException($"{name} is many small graphs: processes share the nodes of one graph");
            cancellation.ThrowIfCancellationRequested();
            dataset = TrainingData.PrepareWhole(dataset, new DataSettings
            {
                SelfLoops = false,
                Undirected = parsed.GetValue(undirected),
                Transpose = parsed.GetValue(transpose),
                Features = parsed.GetValue(features),
            }, "gcn");
            var structure = new GraphStructure(dataset.Nodes, dataset.Edges.Source, dataset.Edges.Destination);
            string chosen = parsed.GetValue(method) ?? "ldg";
            var partition = Partition.Of(structure, count, Partitioners.Named(chosen, (ulong)parsed.GetValue(seed)));
            cancellation.ThrowIfCancellationRequested();
            GraphArchive.WriteFolder(target, dataset, partition.Order, partition.Offsets);
            var quality = PartitionQuality.Of(structure, partition);
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{dataset.Name}: {dataset.Nodes:N0} nodes, {dataset.Edges.Count:N0} edges in {count} parts by {chosen}"));
            terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{quality.CutEdges:N0} edges between parts; a part needs {quality.TotalHaloRows / (double)count:N0} rows of others, at most {quality.LargestHalo:N0}; the fullest has {quality.EdgeBalance:F2} times the average edges"));
            terminal.Say($"written to {target}");
            return 0;
        });
        return verb;
    }
}
