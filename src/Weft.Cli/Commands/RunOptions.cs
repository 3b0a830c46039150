using System.CommandLine;
using Weft.Graphs;
using Weft.Links;
using Weft.Models;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>
/// The options that decide a run's result. Each changes one setting of a configuration; what is not given keeps the value of the
/// recipe, of the configuration file, or of the defaults.
/// </summary>
internal sealed class RunOptions
{
    private static readonly string[] OnOffNames = ["--bias", "--share-weights", "--residual", "--self-loops", "--normalize-features", "--edge-features"];

    // The last ones are no values, but meant as such: the message that refuses them says so.
    private static readonly string[] OnOffWords = ["on", "off", "true", "false", "yes", "no", "1", "0"];

    private static readonly string[] SamplingStarts = ["--sampler", "--batch-size", "--fanouts"];
    private static readonly string[] SamplingDetails = ["--replace", "--clusters", "--cluster-partition", "--walk-length", "--saint-samples", "--workers", "--score-train"];

    private readonly List<(Option Option, Func<ParseResult, RunConfig, RunConfig> Apply)> options = [];

    public RunOptions()
    {
        // First, because other options win over what the task stands for.
        Config(Ask.Choice("--task", "What is learned [what the labels are of]", null, "node", "graph", "link", "regression"), WithTask);
        Model(Ask.Choice("--model", "Kind of layer [gatv2]", null, [.. Architecture.Names]), (m, v) => m with { Model = v });
        Model(Ask.WholeIfGiven("--layers", "Number of layers [2]", 1), (m, v) => m with { Layers = v!.Value });
        Model(Ask.WholeIfGiven("--hidden", "Width of a hidden layer, per head [8; gcn 16; others 64]", 1), (m, v) => m with { Hidden = v });
        Model(Ask.WholeIfGiven("--heads", "Heads of hidden attention layers [8]", 1), (m, v) => m with { Heads = v!.Value });
        Model(Ask.WholeIfGiven("--output-heads", "Heads of the last attention layer, averaged [1]", 1), (m, v) => m with { OutputHeads = v!.Value });
        Model(Ask.RateIfGiven("--dropout", "Share of each layer's input that training drops [0.5]"), (m, v) => m with { Dropout = v!.Value });
        Model(Ask.RateIfGiven("--attention-dropout", "Share of attention coefficients that training drops [0]"), (m, v) => m with { AttentionDropout = v!.Value });
        Model(Ask.Choice("--activation", "After hidden layers [elu for attention, else relu]", null, "none", "relu", "elu", "leaky-relu", "tanh", "logistic", "gelu", "prelu"), (m, v) => m with { Activation = v });
        Model(Ask.NumberIfGiven("--slope", "Slope of the leaky ReLU of attention logits [0.2]"), (m, v) => m with { Slope = v!.Value });
        Model(Ask.Choice("--recompute", "Attention forms its coefficients twice in an epoch instead of keeping two numbers an edge and head: smaller, slower, the same bits [auto: where they are many]", null, "auto", "on", "off"), (m, v) => m with { Recompute = v == "auto" ? null : v == "on" });
        Model(OnOff("--bias", "Biases [on]"), (m, v) => m with { Bias = v == "on" });
        Model(OnOff("--share-weights", "GATv2: one matrix for sources and destinations [off]"), (m, v) => m with { ShareWeights = v == "on" });
        Model(Ask.Choice("--norm", "Normalisation between a hidden layer and its activation [none]", null, ["none", .. Architecture.NormNames]), (m, v) => m with { Norm = v });
        Model(OnOff("--residual", "Add each hidden layer's input to its output [off]"), (m, v) => m with { Residual = v == "on" });
        Model(Ask.Choice("--jumping-knowledge", "All hidden layers, combined, into a last linear layer [none]", null, ["none", .. Architecture.JumpingNames]), (m, v) => m with { JumpingKnowledge = v });
        Model(Ask.RateIfGiven("--drop-edge", "Share of the edges that each training step leaves out [0]"), (m, v) => m with { DropEdge = v!.Value });
        Model(Ask.WholeIfGiven("--embedding", "Width of a learned embedding before the first layer [0: none]", 0), (m, v) => m with { EmbeddingWidth = v!.Value });
        Model(Ask.Choice("--decoder", "Links: a link's logit from two embeddings [dot]", null, [.. LinkDecoder.Names]), (m, v) => m with { Decoder = v });
        Model(Ask.WholeIfGiven("--decoder-hidden", "Links: hidden width of the mlp decoder [64]", 1), (m, v) => m with { DecoderHidden = v });
        Model(Ask.WholeIfGiven("--outputs", "Links: width of the embeddings [that of a hidden layer]", 1), (m, v) => m with { Outputs = v });

        Model(Ask.Choice("--readout", "From nodes to graphs, where graphs have labels [mean; gin sum]", null, "sum", "mean", "max", "attention"), (m, v) => m with { Readout = v });
        Model(Ask.Switch("--jump-from-features", "Jumping knowledge reads the features too"), (m, v) => m with { JumpFromFeatures = v });
        Model(Ask.Switch("--norm-inside", "GIN: batch norms inside the layers' perceptrons"), (m, v) => m with { NormInside = v });
        Model(Ask.Switch("--learn-epsilon", "GIN with norms inside: learn ε [it stays 0]"), (m, v) => m with { LearnEpsilon = v });

        Training(Ask.Choice("--optimizer", "Rule of the step [adam]", null, "sgd", "adam", "adamw", "lars"), (t, v) => t with { Optimizer = v });
        Training(Ask.PositiveIfGiven("--lr", "Learning rate [0.005]"), (t, v) => t with { LearningRate = v!.Value });
        Training(Ask.NumberIfGiven("--weight-decay", "Weight decay, of weights but not biases [0.0005]", 0, double.MaxValue), (t, v) => t with { WeightDecay = v!.Value });
        Training(Ask.RateIfGiven("--momentum", "Momentum of sgd and lars [0.9]"), (t, v) => t with { Momentum = v!.Value });
        Training(Ask.Switch("--nesterov", "Nesterov's form of momentum"), (t, v) => t with { Nesterov = v });
        Training(Ask.NumberIfGiven("--clip", "Largest norm of the gradient [0: any]", 0, double.MaxValue), (t, v) => t with { Clip = v!.Value });
        Training(Ask.WholeIfGiven("--accumulate", "Batches whose gradients one step takes the mean of [1]", 1), (t, v) => t with { Accumulate = v!.Value });
        Training(Ask.RateIfGiven("--label-smoothing", "Share of a training target that is spread over all classes [0]"), (t, v) => t with { LabelSmoothing = v!.Value });
        Training(Ask.Word("--class-weights", "Weight of each class in the training loss: balanced, or a number for each, 1,2.5,1 [1]", "WEIGHTS"), (t, v) => t with { ClassWeights = v });
        Training(Ask.Word("--schedule", "constant, cosine:T, step:T:FACTOR, plateau:N:FACTOR, warmup:T or warmup:T+another [constant]", "RULE"), (t, v) => t with { Schedule = v });
        Training(Ask.WholeIfGiven("--epochs", "Most epochs [1000]", 1), (t, v) => t with { Epochs = v!.Value });
        Training(Ask.WholeIfGiven("--patience", "Epochs without progress before training stops; 0: never [100]", 0), (t, v) => t with { Patience = v!.Value });
        Training(Ask.Choice("--stopping", "What progress is: loss and score, loss alone, score alone, or loss below its last mean [best; links: score]", null, "best", "loss", "score", "window"), (t, v) => t with { Stopping = v });
        Training(Ask.WholeIfGiven("--evaluate-every", "Epochs between evaluations [1]", 1), (t, v) => t with { EvaluateEvery = v!.Value });
        Training(Ask.Choice("--metric", "Score that chooses the best epoch; of links auc, ap or mrr [accuracy; links: auc; numbers: r2]", null, "accuracy", "f1", "auc", "ap", "mrr", "r2"), (t, v) => t with { Metric = v });
        Training(Ask.SeedIfGiven("--seed", "Seed of start values, dropout and order [1]"), (t, v) => t with { Seed = v!.Value });

        Sampling(Ask.Choice("--sampler", "Train on batches of nodes, drawn by [neighbor]; saint is saint-walk", null, [.. SamplingSettings.Samplers, "saint"]), (s, v) => s with { Sampler = v == "saint" ? "saint-walk" : v });
        Sampling(Ask.WholeIfGiven("--batch-size", "Training nodes of a batch; about how many nodes of clusters; draws or walks of saint [512]", 1), (s, v) => s with { BatchSize = v!.Value });
        Sampling(Ask.Numbers("--fanouts", "Neighbours of a node, or nodes of a layer, for each layer, the first layer first; -1 for all [10; layer 512]"), (s, v) => s with { Fanouts = v });
        Sampling(Ask.Switch("--replace", "Draw neighbours with replacement"), (s, v) => s with { Replace = v });
        Sampling(Ask.WholeIfGiven("--clusters", "Clusters that the graph is cut into [so many that 8 make a batch]", 1), (s, v) => s with { Clusters = v });
        Sampling(Ask.Choice("--cluster-partition", "How clusters are found [metis where it is installed, else ldg]", null, "metis", "ldg"), (s, v) => s with { Partition = v });
        Sampling(Ask.WholeIfGiven("--walk-length", "Steps of a walk of saint-walk [2]", 1), (s, v) => s with { WalkLength = v!.Value });
        Sampling(Ask.WholeIfGiven("--saint-samples", "Subgraphs that saint counts in beforehand [so many that a node is in about 50]", 1), (s, v) => s with { SaintSamples = v });
        Sampling(Ask.WholeIfGiven("--workers", "Threads that draw batches ahead; the result does not depend on it [2]", 1, 64), (s, v) => s with { Workers = v!.Value });
        Sampling(Ask.WholeIfGiven("--score-train", "Most training nodes that an evaluation scores, spread over all of them [all]", 1), (s, v) => s with { ScoredTraining = v });

        Data(OnOff("--self-loops", "A loop for each node without one [on for gat and gatv2]"), (d, v) => d with { SelfLoops = v == "on" });
        Data(Ask.Switch("--undirected", "Add the missing reverse of each edge"), (d, v) => d with { Undirected = v });
        Data(Ask.Switch("--transpose", "Turn all edges round"), (d, v) => d with { Transpose = v });
        Data(OnOff("--normalize-features", "Divide each node's features by their sum [on if sparse]"), (d, v) => d with { NormalizeFeatures = v == "on" });
        Data(Ask.Switch("--binarize-features", "1 where a feature is above 0"), (d, v) => d with { BinarizeFeatures = v });
        Data(OnOff("--edge-features", "Read the features of the edges [on if there are some and the model can: gat, gatv2, gine]"), (d, v) => d with { EdgeFeatures = v == "on" });
        Data(Ask.Choice("--features", "Features made from the graph, or the nodes' labels of a TU set alone", null, "degree", "onehot", "constant", "learned", "labels"), (d, v) => d with { Features = v });
        Data(Ask.WholeIfGiven("--random-features", "Columns of random features, for speed work", 1), (d, v) => d with { RandomFeatures = v!.Value });
        Data(Ask.WholeIfGiven("--random-classes", "Random classes, for speed work", 2), (d, v) => d with { RandomClasses = v!.Value });
        Data(Ask.Word("--split", "public, random, or the number of a published split [public]", "SPLIT"), (d, v) => d with { Split = v });
        Data(Ask.WholeIfGiven("--train-per-class", "Training nodes of each class in a random split [20]", 1), (d, v) => d with { TrainPerClass = v!.Value });
        Data(Ask.WholeIfGiven("--val-per-class", "Validation nodes of each class in a random split [30]", 0), (d, v) => d with { ValidationPerClass = v!.Value });
        Data(Ask.Choice("--order", "Order of the nodes in memory while training; only time depends on it [auto]", null, [.. NodeOrder.Names]), (d, v) => d with { Order = v });
        Data(Ask.WholeIfGiven("--batch-graphs", "Graphs in a batch, for sets of many graphs [32 for labels of graphs]", 1), (d, v) => d with { GraphsPerBatch = v!.Value });
        Data(Ask.Switch("--virtual-node", "One more node for each graph, joined with all others"), (d, v) => d with { VirtualNode = v });
        Data(Ask.Word("--folds", "Cross-validation of graphs: auto, or a file with a fold for each graph", "FILE"), (d, v) => d with { Folds = v });
        Data(Ask.WholeIfGiven("--fold", "The fold to test, alone [all folds]", 0), (d, v) => d with { Fold = v });
        Data(Ask.Choice("--protocol", "Of a cross-validation: with a fold to validate, or without [both]", null, "honest", "published"), (d, v) => d with { Protocol = v });
        foreach (var (option, change) in LinkOptions.All) Add(option, (parsed, config) => config with { Data = config.Data with { Links = change(parsed, config.Data.Links ?? new LinkSettings()) } });
    }

    /// <summary>Adds the options to a verb, but for those that it has a form of its own of.</summary>
    public void AddTo(Command command, params string[] except)
    {
        foreach (var (option, _) in options)
            if (!except.Contains(option.Name)) command.Options.Add(option);
    }

    /// <summary>The configuration with every option that was given.</summary>
    public RunConfig Apply(ParseResult parsed, RunConfig config)
    {
        bool sampled = config.Training.Sampling is not null;
        foreach (var (option, apply) in options)
            if (parsed.GetResult(option) is { Implicit: false }) config = apply(parsed, config);
        if (config.Training.Sampling is not null && !sampled && Given(parsed).FirstOrDefault(SamplingDetails.Contains) is { } detail && !Given(parsed).Any(SamplingStarts.Contains))
            throw new UsageException($"{detail} is about batches of nodes: give --sampler or --batch-size too");
        return config;
    }

    /// <summary>
    /// The command line with "on" joined to each on-or-off option that stands alone. The parser would take the next word,
    /// such as the data set, for its value.
    /// </summary>
    public static string[] WithBareSwitchesOn(string[] args)
    {
        int end = Array.IndexOf(args, "--") is var dashes and >= 0 ? dashes : args.Length;
        return [.. args.Select((word, i) => i < end && OnOffNames.Contains(word) && !(i + 1 < end && OnOffWords.Contains(args[i + 1])) ? word + "=on" : word)];
    }

    /// <summary>Names of the options that were given.</summary>
    public IEnumerable<string> Given(ParseResult parsed) =>
        options.Where(o => parsed.GetResult(o.Option) is { Implicit: false }).Select(o => o.Option.Name);

    // A bare switch means on; "off" turns a default off.
    private static Option<string> OnOff(string name, string description)
    {
        var option = Ask.Choice(name, description, null, "on", "off");
        option.Arity = ArgumentArity.ZeroOrOne;
        var parse = option.CustomParser!;
        option.CustomParser = result => result.Tokens.Count == 0 ? "on" : parse(result);
        return option;
    }

    private static RunConfig WithTask(RunConfig config, string task)
    {
        config = config with { Data = config.Data with { Task = task } };
        return task == "link" ? config with { Training = config.Training with { Metric = "auc", Stopping = "score" } } : config;
    }

    private void Add(Option option, Func<ParseResult, RunConfig, RunConfig> apply) => options.Add((option, apply));

    private void Config<T>(Option<T> option, Func<RunConfig, T, RunConfig> change) => Add(option, (parsed, config) => change(config, parsed.GetValue(option)!));

    private void Model<T>(Option<T> option, Func<ModelSettings, T, ModelSettings> change) =>
        options.Add((option, (parsed, config) => config with { Model = change(config.Model, parsed.GetValue(option)!) }));

    private void Training<T>(Option<T> option, Func<TrainingSettings, T, TrainingSettings> change) =>
        options.Add((option, (parsed, config) => config with { Training = change(config.Training, parsed.GetValue(option)!) }));

    private void Sampling<T>(Option<T> option, Func<SamplingSettings, T, SamplingSettings> change) =>
        Training(option, (t, v) => t with { Sampling = change(t.Sampling ?? new(), v) });

    private void Data<T>(Option<T> option, Func<DataSettings, T, DataSettings> change) =>
        options.Add((option, (parsed, config) => config with { Data = change(config.Data, parsed.GetValue(option)!) }));
}
