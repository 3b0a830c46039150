using Weft.Datasets;
using Weft.Losses;
using Weft.Models;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>The trained model of a run folder, beside the data that it was trained on or other data prepared in the same way.</summary>
/// <param name="Config">What decided the run.</param>
/// <param name="Model">The model with its best parameters.</param>
/// <param name="Data">The data, ready.</param>
internal sealed record TrainedRun(RunConfig Config, Model Model, TrainingData Data)
{
    /// <summary>Opens a run.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="dataset">Name or path of other data; null for the run's own.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <exception cref="DataFormatException">The folder holds no finished run, or the data cannot be read.</exception>
    /// <exception cref="UsageException">The data have other features or classes than the model.</exception>
    public static TrainedRun Open(string folder, string? dataset, CancellationToken cancellation)
    {
        var config = RunFolder.ReadConfig(folder);
        if (config.Data.Task == "link") throw new UsageException($"{folder} predicts links; a run that predicts classes of nodes was expected (weft evaluate and weft predict take it)");
        var model = ModelFile.Load(RunFolder.ModelFileOf(folder));
        string name = dataset ?? config.Dataset;
        // The run's split is of its own set; another set brings its own.
        var settings = dataset is null ? config.Data : config.Data with { Split = null };
        var data = TrainingData.Prepare(DatasetCatalog.Open(name, cancellation: cancellation), settings, config.Model.Model, config.Run);
        if (data.Inputs != model.Inputs || data.Outputs != model.Outputs)
            throw new UsageException($"{name} has {data.Inputs} features and {data.Outputs} classes, {folder}: expected {model.Inputs} and {model.Outputs}, those of the model");
        if (data.Dataset.Edges.FeatureWidth != (model.Settings?.EdgeFeatures ?? 0))
            throw new UsageException($"the edges of {name} have {data.Dataset.Edges.FeatureWidth} features, {folder}: expected {model.Settings?.EdgeFeatures ?? 0}, those of the model");
        return new TrainedRun(config, model, data);
    }

    /// <summary>The loss that the model was trained with.</summary>
    public ILoss Loss => Data.Scored.TargetsAreNumbers ? new MeanSquare() : Data.Scored.Labels is null ? new BinaryCrossEntropy() : new CrossEntropy();

    /// <summary>What the training nodes, or graphs, of a batch should give.</summary>
    public LossTarget Target(TrainingBatch batch) => Evaluation.Target(Data, batch, Data.Split.Train);
}
