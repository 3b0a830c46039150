using Weft.Datasets;
using Weft.Links;

namespace Weft.Training;

/// <summary>Links that a model should find in a set, and the pairs of nodes that it should tell them from.</summary>
internal sealed class LinkData
{
    private LinkData(LinkSplit split, LinkSettings settings)
    {
        (Split, Settings) = (split, settings);
        Sampler = new NegativeSampler(new EdgeSet(split.Edges, split.Directed), split.Message, settings.Negative, settings.NegativeLoops);
        Sampler.Check();
        // No pair is in both.
        var evaluation = Sampler.Distinct(split.Validation.Count + split.Test.Count, split.Seed, LinkStreams.Evaluation, "the split");
        (ValidationNegatives, TestNegatives) = (Range(evaluation, 0, split.Validation.Count), Range(evaluation, split.Validation.Count, split.Test.Count));
        TrainNegatives = Sampler.Distinct(split.Train.Count, split.Seed, LinkStreams.TrainingScores, "the score of the training links");
    }

    /// <summary>Which links are for what.</summary>
    public LinkSplit Split { get; }

    /// <summary>How they were parted.</summary>
    public LinkSettings Settings { get; }

    /// <summary>What draws the negatives of training.</summary>
    public NegativeSampler Sampler { get; }

    /// <summary>What the training links are scored against; training draws others in each epoch.</summary>
    public LinkPairs TrainNegatives { get; }

    /// <summary>What the validation links are scored against, as many.</summary>
    public LinkPairs ValidationNegatives { get; }

    /// <summary>What the test links are scored against, as many.</summary>
    public LinkPairs TestNegatives { get; }

    /// <summary>The parts with their fixed negatives.</summary>
    public IReadOnlyList<LinkPart> Parts =>
        [new("train", Split.Train, TrainNegatives), new("validation", Split.Validation, ValidationNegatives), new("test", Split.Test, TestNegatives)];

    /// <summary>A data set ready for one run of link prediction: the model sees the message graph alone.</summary>
    /// <exception cref="ArgumentException">The set has no features, many graphs, too few or too many edges, or a setting is impossible.</exception>
    public static TrainingData Prepare(Dataset dataset, DataSettings settings, string model, int run)
    {
        var links = Of(dataset, settings, (ulong)(run % 10));
        // What is made of the graph, such as degrees, is made of what the model may see of it.
        dataset = TrainingData.PrepareInputs(dataset with { Edges = links.Split.Message }, settings with { Undirected = false, Transpose = false }, model);
        var none = new bool[dataset.Nodes];
        return TrainingData.Arranged(dataset, new Split(links.Split.Name, none, none, none), settings, links);
    }

    /// <summary>The links of a set, parted as the settings say.</summary>
    /// <param name="dataset">The set as read.</param>
    /// <param name="settings">What to do to it.</param>
    /// <param name="seed">Seed of the split and of its negatives.</param>
    /// <exception cref="ArgumentException">The set has many graphs, too few or too many edges, or a setting is impossible.</exception>
    public static LinkData Of(Dataset dataset, DataSettings settings, ulong seed)
    {
        if (dataset.Graphs is not null) throw new ArgumentException($"{dataset.Name} is many graphs: links are predicted in one");
        if (settings.Folds is not null || settings.VirtualNode) throw new ArgumentException($"{(settings.VirtualNode ? "virtual nodes" : "folds")} are for sets whose graphs have labels; the task is link");
        var links = settings.Links ?? new LinkSettings();
        if (links.NegativesPerEdge < 1) throw new ArgumentException($"negatives-per-edge is {links.NegativesPerEdge}; at least 1 was expected");
        var edges = settings.Transpose ? dataset.Edges.Transpose() : dataset.Edges;
        if (settings.Undirected) edges = edges.Undirected();
        return new LinkData(LinkSplit.Create(edges, LinkShares.Parse(links.Split), seed, links.Directed), links);
    }

    /// <summary>A configuration with every choice made that link prediction leaves open; one of another task as it is.</summary>
    /// <exception cref="ArgumentException">It has settings that do not go together.</exception>
    public static RunConfig Settle(RunConfig config)
    {
        var model = config.Model;
        if (config.Data.Task == "link")
        {
            if (model.DecoderHidden is not null && model.Decoder != "mlp") throw new ArgumentException($"decoder-hidden goes with the decoder mlp; the decoder is {model.Decoder ?? "dot"}");
            return config with { Data = config.Data with { Links = config.Data.Links ?? new LinkSettings() }, Model = model with { Decoder = model.Decoder ?? "dot" } };
        }
        string? given = model.Decoder is not null ? "decoder" : model.DecoderHidden is not null ? "decoder-hidden" : model.Outputs is not null ? "outputs" : null;
        return given is null ? config : throw new ArgumentException($"{given} goes with --task link");
    }

    /// <summary>Adds the links that are not in the message graph, numbered after its edges.</summary>
    public void AddTo(DataDigest digest, int messages)
    {
        foreach (var pairs in new[] { Split.Validation, Split.Test, ValidationNegatives, TestNegatives })
            for (int p = 0; p < pairs.Count; p++) digest.AddEdge(messages++, pairs.Source[p], pairs.Target[p], 1);
    }

    private static LinkPairs Range(LinkPairs pairs, int first, int count) => new(pairs.Source[first..(first + count)], pairs.Target[first..(first + count)]);
}
