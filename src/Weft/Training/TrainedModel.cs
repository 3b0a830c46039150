using Weft.Datasets;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;

namespace Weft.Training;

/// <summary>
/// A trained model with what was done to its data, so that it can be put to any graph with the same features. It is never
/// changed: many threads may use one at once.
/// </summary>
public sealed class TrainedModel
{
    /// <summary>A run from its parts.</summary>
    /// <param name="config">How it was trained.</param>
    /// <param name="model">The trained model.</param>
    public TrainedModel(RunConfig config, Model model)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(model);
        (Config, Model) = (config, model);
    }

    /// <summary>How it was trained.</summary>
    public RunConfig Config { get; }

    /// <summary>The trained model.</summary>
    public Model Model { get; }

    /// <summary>Opens the folder of a run that has ended.</summary>
    /// <exception cref="DataFormatException">The folder holds no run, or one that has not ended.</exception>
    public static TrainedModel Open(string folder)
    {
        var config = RunFolder.ReadConfig(folder);
        string file = RunFolder.ModelFileOf(folder);
        if (!File.Exists(file))
            throw new DataFormatException(folder, Path.GetFileName(file), "there is no such file: the run has not ended", $"the folder of a whole run; end it with weft train --resume {folder}");
        return new TrainedModel(config, ModelFile.Load(file));
    }

    /// <summary>The set as the model sees it: edges and features as in training, classes numbered as in training.</summary>
    /// <exception cref="ArgumentException">Its nodes have another number of features, or it has a class that the model does not know.</exception>
    public Dataset Prepare(Dataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (IsOfGraphs && dataset.Graphs is null) throw new ArgumentException($"{dataset.Name} is one graph; the model says something of each of many graphs: give it a set of those");
        dataset = TrainingData.PrepareInputs(dataset, IsOfGraphs ? Config.Data with { Task = "graph" } : Config.Data, Config.Model.Model);
        if (Model.Inputs > 0 && dataset.Features.Columns != Model.Inputs)
            throw new ArgumentException($"the nodes of {dataset.Name} have {dataset.Features.Columns} features; the model was trained on {Model.Inputs} (on {Config.Dataset}): give it a set with those");
        long edgeFeatures = Model.Settings?.EdgeFeatures ?? 0;
        if (dataset.Edges.FeatureWidth != edgeFeatures && Model.Settings is not null)
            throw new ArgumentException($"the edges of {dataset.Name} have {dataset.Edges.FeatureWidth} features; the model was trained on {edgeFeatures} (on {Config.Dataset}): give it a set with those");
        if (!IsOfGraphs) return WithClasses(dataset);
        var rows = WithClasses(GraphData.Rows(dataset, Config.Data));
        return dataset with { GraphLabels = rows.Labels, Classes = rows.Classes, ClassNames = rows.ClassNames };
    }

    /// <summary>True for a model that puts out a row for each graph of a set of many.</summary>
    internal bool IsOfGraphs => Model.Layers.Any(layer => layer.Reach == Layers.LayerReach.Graphs);

    /// <summary>Runs the model, without dropout, on a set that <see cref="Prepare"/> made.</summary>
    /// <param name="prepared">The set.</param>
    /// <param name="embeddings">True to keep the input of the last layer too.</param>
    /// <exception cref="ArgumentException">Embeddings are asked of a model without a hidden layer.</exception>
    public Prediction Predict(Dataset prepared, bool embeddings = false)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        var result = Outputs(prepared, embeddings);
        result.ToUnits(TargetScale.Of(Model.Settings));
        return result;
    }

    private Prediction Outputs(Dataset prepared, bool embeddings)
    {
        TrainingBatch[] batches = [.. IsOfGraphs ? GraphData.InOrder(prepared) : TrainingData.InOrder(prepared, Config.Data.GraphsPerBatch ?? TrainingData.MostGraphs)];
        var scored = IsOfGraphs ? GraphData.Rows(prepared, Config.Data) : prepared;
        // What was trained in batches may be too large for the buffers of a pass over all of it.
        if (Config.Training.Sampling is not null && prepared.Graphs is null && !embeddings)
            return new Prediction(prepared, batches, InChunks(batches[0]), default, Config.MultiLabel ?? false);
        var logits = Matrix.Allocate(scored.Nodes, Model.Outputs);
        Matrix hidden = default;
        foreach (var batch in batches)
        {
            var session = new Session(Model, batch.Graph, batch.Features);
            session.Forward(new Pass(0, 0, Training: false)).CopyTo(logits.RowRange(batch.FirstRow, batch.Rows));
            if (!embeddings) continue;
            var last = session.Saved[LastWithWeights()].Input;
            if (last == batch.Features) throw new ArgumentException("the model has one layer and so no hidden output; embeddings need two or more");
            if (hidden.IsMissing) hidden = Matrix.Allocate(scored.Nodes, last.Columns);
            last.Dense.CopyTo(hidden.RowRange(batch.FirstRow, batch.Rows));
        }
        return new Prediction(scored, batches, logits, hidden, Config.MultiLabel ?? false);
    }

    private Matrix InChunks(TrainingBatch batch)
    {
        var graph = new StoredGraph(new GraphAdjacency(batch.Graph), new MatrixFeatures(batch.Features));
        return new LayerwiseInference(Model, graph, [.. Enumerable.Range(0, batch.Nodes)], new Workspace()).Run();
    }

    private int LastWithWeights()
    {
        int layer = Model.Layers.Count - 1;
        while (layer > 0 && Model.Layers[layer].Parameters.Count == 0) layer--;
        return layer;
    }

    private Dataset WithClasses(Dataset dataset)
    {
        int classes = (int)Model.Outputs;
        if (!dataset.Targets.IsMissing && dataset.Targets.Columns != classes)
            throw new ArgumentException($"{dataset.Name} has {dataset.Targets.Columns} labels a node; the model was trained on {classes}");
        if (dataset.Labels is not { } labels) return dataset with { Classes = classes, ClassNames = Config.ClassNames };
        if (dataset.ClassNames is { } names && (Config.ClassNames is not null || names.All(name => int.TryParse(name, out _))))
        {
            var known = Config.ClassNames ?? [.. Enumerable.Range(0, classes).Select(c => $"{c}")];
            int[] number = [.. names.Select(name => Enumerable.Range(0, known.Count).FirstOrDefault(c => known[c] == name, -1))];
            int stranger = Array.FindIndex(labels, c => c >= 0 && number[c] < 0);
            if (stranger >= 0)
                throw new ArgumentException($"node {dataset.NodeName(stranger)} of {dataset.Name} has the class '{names[labels[stranger]]}'; the model knows {string.Join(", ", known)}");
            labels = Array.ConvertAll(labels, c => c < 0 ? -1 : number[c]);
        }
        int beyond = Array.FindIndex(labels, c => c >= classes);
        if (beyond >= 0) throw new ArgumentException($"node {dataset.NodeName(beyond)} of {dataset.Name} has the class {labels[beyond]}; the model knows 0 … {classes - 1}");
        return dataset with { Labels = labels, Classes = classes, ClassNames = Config.ClassNames ?? (dataset.ClassNames?.Count == classes ? dataset.ClassNames : null) };
    }
}
