using Weft.Datasets;
using Weft.Links;
using Weft.Memory;
using Weft.Training.Objectives;

namespace Weft.Training;

/// <summary>A trained model of links on a set: the set it was trained on, or another that is parted in the same way.</summary>
internal sealed class LinkRun : IDisposable
{
    private readonly LinkObjective objective;

    /// <summary>The model on the message graph of a set.</summary>
    /// <param name="trained">A run of the task link.</param>
    /// <param name="dataset">The set as read.</param>
    /// <exception cref="ArgumentException">Its nodes have another number of features than the model wants, or it cannot be parted.</exception>
    public LinkRun(TrainedModel trained, Dataset dataset)
    {
        Data = TrainingData.Prepare(dataset, trained.Config.Data, trained.Config.Model.Model, trained.Config.Run);
        if (Data.Inputs != trained.Model.Inputs)
            throw new ArgumentException($"the nodes of {dataset.Name} have {Data.Inputs} features; the model was trained on {trained.Model.Inputs} (on {trained.Config.Dataset}): give it a set with those");
        (Dataset, Links) = (dataset, Data.Links!);
        objective = new LinkObjective(trained.Model, Data, trained.Config.Training, new Workspace());
    }

    /// <summary>The set as read.</summary>
    public Dataset Dataset { get; }

    /// <summary>The set as the model sees it.</summary>
    public TrainingData Data { get; }

    /// <summary>Its links.</summary>
    public LinkData Links { get; }

    /// <summary>Every score of every part.</summary>
    public Scores Score() => objective.Full();

    /// <summary>Chance of a link of each of some pairs.</summary>
    public double[] Chances(LinkPairs pairs) => objective.Chances(pairs);

    /// <summary>Reads pairs of nodes of the set from a table.</summary>
    /// <exception cref="DataFormatException">A line is wrong, or a node is not in the set.</exception>
    public LinkPairs ReadPairs(string path)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < Dataset.Nodes; i++) numbers.TryAdd(Dataset.NodeName(i), i);
        return LinkFolder.ReadPairs(path, name => numbers.GetValueOrDefault(name, -1)).Pairs;
    }

    /// <inheritdoc/>
    public void Dispose() => objective.Dispose();
}
