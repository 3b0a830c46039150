using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Models;

namespace Weft.Training;

/// <summary>
/// Two epochs of the real model, with the real trainer, on a graph of a few nodes: what they asked for, in order, and what the
/// objects of the run then held.
/// </summary>
internal sealed class MemoryProbe
{
    public MemoryProbe(DataSize size, Model model, TrainingSettings settings, int nodes, int edges, int featureEntries)
    {
        (Nodes, Edges, FeatureEntries) = (nodes, edges, featureEntries);
        var data = Data(size, nodes, edges, featureEntries);
        long graph = data.Batches[0].Graph.Bytes, features = FeatureBytes(data);
        var workspace = new Workspace { Requests = [] };
        model.Initialize(1);
        var trainer = new Trainer(model, data, settings with { Epochs = 2, EvaluateEvery = 1, Patience = 0, StopWhenFitted = false, LearningRate = 1e-3, WeightDecay = 0, Schedule = "constant", ClassWeights = null, Metric = settings.Metric == Regression.Explained ? "accuracy" : settings.Metric }, workspace);
        trainer.RunEpoch();
        trainer.RunEpoch();
        Requests = workspace.Requests;
        WorkspaceBytes = trainer.WorkspaceBytes;
        OptimizerBytes = trainer.OptimizerBytes;
        BestBytes = trainer.BestParameters.Values.Sum(v => v.Value.Bytes);
        Held = new()
        {
            [MemoryPart.Features] = features,
            [MemoryPart.Edges] = data.Dataset.Edges.Bytes + graph,
            [MemoryPart.Labels] = (data.Dataset.Labels?.Length ?? 0) * (long)sizeof(int) + data.Dataset.Targets.Bytes + 3L * data.Split.Train.Length,
            [MemoryPart.Graph] = data.Batches[0].Graph.Bytes - graph + FeatureBytes(data) - features,
            [MemoryPart.Loss] = trainer.LossBytes,
        };
    }

    public long Nodes { get; }

    public long Edges { get; }

    public long FeatureEntries { get; }

    /// <summary>Everything that the layers asked their workspace for.</summary>
    public IReadOnlyList<BufferRequest> Requests { get; }

    /// <summary>Bytes that the workspace and the sessions then held.</summary>
    public long WorkspaceBytes { get; }

    public long OptimizerBytes { get; }

    public long BestBytes { get; }

    /// <summary>Bytes of each part that depends on the sizes of the data.</summary>
    public Dictionary<MemoryPart, long> Held { get; }

    private static long FeatureBytes(TrainingData data) => data.Dataset.Features.Sparse?.Bytes ?? data.Dataset.Features.Dense.Bytes;

    private static TrainingData Data(DataSize size, int nodes, int edges, int featureEntries)
    {
        int[] source = [.. Enumerable.Range(0, edges).Select(e => e * 5 % nodes)], destination = [.. Enumerable.Range(0, edges).Select(e => (e * 3 + 1) % nodes)];
        var list = new EdgeList(nodes, source, destination, size.Weighted ? [.. source.Select(_ => (Real)1)] : null,
            size.EdgeFeatures > 0 ? Matrix.Allocate(edges, size.EdgeFeatures) : default);
        NodeMatrix features = size.FeatureEntries is null
            ? Matrix.Allocate(nodes, size.Features)
            : new SparseMatrix([.. Enumerable.Range(0, nodes + 1).Select(i => (long)i * featureEntries / nodes)],
                [.. Enumerable.Range(0, featureEntries).Select(q => (int)(q % size.Features))], new Real[featureEntries], size.Features);
        bool[] all = [.. Enumerable.Repeat(true, nodes)];
        var split = new Split("all", all, [.. all], [.. all]);
        var dataset = new Dataset
        {
            Name = "plan",
            Edges = list,
            Features = features,
            Labels = size.MultiLabel ? null : new int[nodes],
            Targets = size.MultiLabel ? Matrix.Allocate(nodes, size.Classes) : default,
            Classes = (int)size.Classes,
            Splits = [split],
        };
        var graph = Graph.FromEdges(nodes, source, destination, list.Weight, list.Features);
        return new TrainingData { Batches = [new TrainingBatch(graph, features, 0)], Dataset = dataset, Split = split };
    }
}
