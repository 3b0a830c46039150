using Weft.Datasets;
using Weft.Kernels;
using Weft.Models;
using Weft.Training;

namespace Weft.Peers;

/// <summary>
/// An epoch of a two-layer network, against PyTorch's libraries. A bare graph gets 128 random features, 40 random classes and wide layers; a set with
/// features and labels of its own the papers' narrow ones.
/// </summary>
internal static class Epochs
{
    private static readonly string[] Libraries = ["plain", "pyg", "dgl"];

    public static void Run(Contest contest, Dataset dataset, Options options)
    {
        var peers = Libraries.Select(library => PythonPeer.TryStart(options.Python, "torch_epochs.py", options.Dataset, library, $"{options.Threads}")).OfType<PythonPeer>().ToArray();
        if (peers.Length == 0) return;
        (string Model, int Heads, int Width)[] networks = dataset.HasFeatures && dataset.Labels is not null
            ? [("gcn", 1, 16), ("gat", 8, 8), ("gatv2", 8, 8)]
            : [("gcn", 1, 256), ("gat", 4, 64), ("gatv2", 4, 64)];
        foreach (var (model, heads, width) in networks)
        {
            var trainer = Trainer(dataset, model, heads, width);
            contest.Compare($"epoch, {model} {(heads == 1 ? "" : $"{heads} × ")}{width}, {Options.Of(options.Threads)}",
            [
                new Contestant("Weft", () =>
                {
                    RowParallel.Threads = options.Threads;
                    return trainer.RunEpoch().StepMilliseconds;
                }),
                .. peers.Select(peer => peer.Side($"{model} {heads} {width}")),
            ]);
        }
        foreach (var peer in peers) peer.Dispose();
    }

    private static Trainer Trainer(Dataset dataset, string model, int heads, int width)
    {
        bool bare = !dataset.HasFeatures || dataset.Labels is null;
        var data = TrainingData.Prepare(dataset, new DataSettings { SelfLoops = true, RandomFeatures = bare ? 128 : 0, RandomClasses = bare ? 40 : 0 }, model);
        var network = Architecture.Build(new ModelSettings { Model = model, Layers = 2, Hidden = width, Heads = heads, OutputHeads = 1, Dropout = 0, AttentionDropout = 0 }, data.Inputs, data.Outputs);
        network.Initialize(seed: 1);
        // Evaluation is no part of an epoch's time, and takes time that the comparison need not wait for.
        return new Trainer(network, data, new TrainingSettings { Epochs = 1_000_000, Patience = 0, EvaluateEvery = 1_000_000 });
    }
}
