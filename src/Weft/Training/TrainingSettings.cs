namespace Weft.Training;

/// <summary>Everything that decides how a model is trained.</summary>
public sealed record TrainingSettings
{
    /// <summary>sgd, adam, adamw or lars.</summary>
    public string Optimizer { get; init; } = "adam";

    /// <summary>η</summary>
    public double LearningRate { get; init; } = 0.005;

    /// <summary>λ; of weights, never of biases.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>True where λ concerns the first layer's weights only.</summary>
    public bool DecayFirstLayerOnly { get; init; }

    /// <summary>μ of sgd and lars.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of momentum.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Largest norm of the whole gradient; 0 for no limit.</summary>
    public double Clip { get; init; }

    /// <summary>Batches whose gradients one step takes the mean of.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>ε of label smoothing, in training alone; 0 for none.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>What a node's loss weighs by its class, in training alone: "balanced" for the inverse of a class's share, or a number for each class, "1,2.5,1"; null for 1.</summary>
    public string? ClassWeights { get; init; }

    /// <summary>How η changes: constant, cosine:T, step:T:γ, plateau:N:γ, warmup:T, or warmup:T+another.</summary>
    public string Schedule { get; init; } = "constant";

    /// <summary>Most epochs.</summary>
    public int Epochs { get; init; } = 1000;

    /// <summary>Epochs without progress after which training stops; 0 for none of that.</summary>
    public int Patience { get; init; } = 100;

    /// <summary>
    /// "score": stop after Patience epochs in which the validation score was not above its best, keep the parameters of that. "best": stop after Patience epochs in which neither validation loss nor score was at least as good as ever, keep the
    /// parameters when both were. "loss": the same by the validation loss alone. "window": stop when the validation loss exceeds the mean of the last Patience ones, keep the
    /// last parameters.
    /// </summary>
    public string Stopping { get; init; } = "best";

    /// <summary>True to stop as soon as every training node is right.</summary>
    public bool StopWhenFitted { get; init; }

    /// <summary>Epochs from one evaluation to the next.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>accuracy, f1 or auc; of links auc, ap or mrr: the score that chooses the best parameters.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>Seed of start values, dropout and the order of batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How batches of nodes are drawn; null to train on whole graphs.</summary>
    public SamplingSettings? Sampling { get; init; }
}

/// <summary>What is done to a data set before training.</summary>
public sealed record DataSettings
{
    /// <summary>What is learned: node (classes of nodes), graph, link or regression (numbers of nodes); null for what the labels of the set are of.</summary>
    public string? Task { get; init; }

    /// <summary>Give a loop to each node that has none; null for the model's own default: yes for gat and gatv2.</summary>
    public bool? SelfLoops { get; init; }

    /// <summary>Add the missing reverse of each edge.</summary>
    public bool Undirected { get; init; }

    /// <summary>Turn all edges round.</summary>
    public bool Transpose { get; init; }

    /// <summary>Read the features of the edges; null for: if there are some and the model can.</summary>
    public bool? EdgeFeatures { get; init; }

    /// <summary>Divide each node's features by their sum; null for: if they are sparse.</summary>
    public bool? NormalizeFeatures { get; init; }

    /// <summary>1 where a feature is above 0.</summary>
    public bool BinarizeFeatures { get; init; }

    /// <summary>Features made from the graph: degree, onehot, constant or learned; labels for the nodes' labels of a TU set without their attributes; null for those of the data.</summary>
    public string? Features { get; init; }

    /// <summary>
    /// Order of the nodes in memory while training: none, degree, rcm, cluster or auto; null for none, and for auto in a run of the command.
    /// Only time depends on it: numbers of nodes, random numbers and results are those of the data's own order.
    /// </summary>
    public string? Order { get; init; }

    /// <summary>public, random, or the number of a published split; null for public where there is one.</summary>
    public string? Split { get; init; }

    /// <summary>Training nodes of each class in a random split.</summary>
    public int TrainPerClass { get; init; } = 20;

    /// <summary>Validation nodes of each class in a random split.</summary>
    public int ValidationPerClass { get; init; } = 30;

    /// <summary>Columns of random features, for speed work on bare graphs; 0 for none.</summary>
    public int RandomFeatures { get; init; }

    /// <summary>Classes of random labels, for speed work on bare graphs; 0 for none.</summary>
    public int RandomClasses { get; init; }

    /// <summary>
    /// Most graphs in one batch, where the data are many graphs: put together anew, at random, in every epoch. Null for 32 where
    /// graphs are what is learned, and for batches of 1,024 that stay as they are where it is nodes.
    /// </summary>
    public int? GraphsPerBatch { get; init; }

    /// <summary>Give each graph of a set of many one more node, joined with all others of it, with a feature of its own.</summary>
    public bool VirtualNode { get; init; }

    /// <summary>
    /// Folds of the graphs for a cross-validation: auto for those that come with the set, or ten with each class shared out
    /// evenly; or a file with one number a graph, 0 …. Null for a split.
    /// </summary>
    public string? Folds { get; init; }

    /// <summary>The fold that is tested; null for run mod number of folds.</summary>
    public int? Fold { get; init; }

    /// <summary>
    /// honest: the fold after the tested one is for validation. published: there is none, and all other folds are trained on, as
    /// Xu et al. 2019 did; the best epoch is then chosen over all folds. Null for honest.
    /// </summary>
    public string? Protocol { get; init; }

    /// <summary>How links are parted and what they are told from, where they are learned; null for the defaults.</summary>
    public LinkSettings? Links { get; init; }
}

/// <summary>What link prediction does to the edges of a set.</summary>
public sealed record LinkSettings
{
    /// <summary>Per cents of the links for training, validation and test.</summary>
    public string Split { get; init; } = "85/5/10";

    /// <summary>True where i → j and j → i are two links; else a pair of joined nodes is one.</summary>
    public bool Directed { get; init; }

    /// <summary>How pairs that are no links are drawn: uniform, or degree for ends in proportion to their degree plus 1.</summary>
    public string Negative { get; init; } = "uniform";

    /// <summary>Pairs that are no links for each link of training.</summary>
    public int NegativesPerEdge { get; init; } = 1;

    /// <summary>True to draw pairs of a node with itself too.</summary>
    public bool NegativeLoops { get; init; }

    /// <summary>True to train on each node as a link with itself too, as the graph autoencoder does, whose target is A + I; such links are never scored.</summary>
    public bool PositiveLoops { get; init; }
}
