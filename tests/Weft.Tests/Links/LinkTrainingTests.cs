using Weft.Datasets;
using Weft.Links;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Datasets;
using Weft.Tests.Laws;
using Weft.Training;
using Weft.Training.Objectives;

namespace Weft.Tests.Links;

public class LinkTrainingTests
{
    private static readonly Dataset Blocks = Generated.StochasticBlocks(60, 3, 6, 0.8, 5, 1);

    private static readonly DataSettings Data = new() { Task = "link", Links = new LinkSettings { Split = "70/10/20" } };

    private static ModelSettings Settings(string decoder) => new() { Model = "gcn", Hidden = 6, Outputs = 4, Dropout = 0.3, Decoder = decoder, DecoderHidden = 5 };

    private static (Model Model, TrainingData Data) Ready(string decoder, DataSettings? settings = null, double? dropout = null)
    {
        var data = TrainingData.Prepare(Blocks, settings ?? Data, "gcn");
        var model = Architecture.Build(Settings(decoder) with { Dropout = dropout ?? 0.3 }, data.Inputs, data.Outputs);
        model.Initialize(3);
        return (model, data);
    }

    public static TheoryData<string> Decoders => [.. LinkDecoder.Names];

    private static bool IsSingle => sizeof(Real) == 4;

    /// <summary>In double precision alone: differences of single numbers say little.</summary>
    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_step_gives_the_gradient_of_its_loss(string decoder)
    {
        if (IsSingle) return;
        var (model, data) = Ready(decoder, Data with { Links = Data.Links! with { NegativesPerEdge = 3, PositiveLoops = true } });
        using var objective = new LinkObjective(model, data, new TrainingSettings { Metric = "auc" }, new Workspace());
        model.ClearGradients();
        Assert.Equal(1, objective.Begin(4, 0));
        objective.Step(4, 0);
        var gradients = model.Parameters.Select(p => LayerRun.ToArray(p.Parameter.Gradient)).ToArray();
        foreach (var ((name, parameter), gradient) in model.Parameters.Zip(gradients))
        {
            var differences = new double[gradient.GetLength(0), gradient.GetLength(1)];
            for (int i = 0; i < gradient.GetLength(0); i++)
                for (int j = 0; j < gradient.GetLength(1); j++)
                {
                    Real kept = parameter.Value[i, j];
                    const double Step = 1e-6;
                    parameter.Value[i, j] = (Real)(kept + Step);
                    double above = objective.Step(4, 0).Loss;
                    parameter.Value[i, j] = (Real)(kept - Step);
                    differences[i, j] = (above - objective.Step(4, 0).Loss) / (2 * Step);
                    parameter.Value[i, j] = kept;
                }
            Assert.Contains(gradient.Cast<double>(), g => g != 0);
            Closeness.Check($"{decoder}: d{name}", differences, gradient, 1, 1e-8);
        }
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void A_restored_trainer_ends_at_the_same_bits_on_any_number_of_threads(string decoder)
    {
        string? expected = null;
        var settings = new TrainingSettings { Epochs = 10, Metric = "auc", Stopping = "score" };
        TrainingStep.WithThreads(1, () => expected = Train(0));
        foreach (int threads in new[] { 2, 3 })
            TrainingStep.WithThreads(threads, () => Assert.Equal(expected, Train(4)));

        string Train(int cut)
        {
            var (model, data) = Ready(decoder);
            using var trainer = new Trainer(model, data, settings);
            if (cut == 0) return Ended(trainer);
            for (int epoch = 0; epoch < cut; epoch++) trainer.RunEpoch();
            var (other, again) = Ready(decoder);
            using var rest = new Trainer(other, again, settings);
            rest.Restore(Checkpoint.FromBytes(trainer.Save().ToBytes()));
            return Ended(rest);
        }

        static string Ended(Trainer trainer)
        {
            var scores = trainer.Train();
            return $"{ParameterDigest.Sha256(trainer.Model.Parameters)} {trainer.BestEpoch} {trainer.Last.TrainLoss:R} {trainer.Last.ValidationScore:R} {scores.Test!.Value.Loss:R} {scores.Test.Value.Auc:R}";
        }
    }

    [Fact]
    public void Scores_are_those_of_the_embeddings_of_the_message_graph()
    {
        var (model, data) = Ready("dot");
        using var trainer = new Trainer(model, data, new TrainingSettings { Epochs = 5, Metric = "auc", Stopping = "score" });
        var scores = trainer.Train();
        var links = data.Links!;
        var H = model.Predict(data.Batches[0].Graph, data.Batches[0].Features);
        double Logit(int i, int j) => Enumerable.Range(0, 4).Sum(c => (double)H[i, c] * H[j, c]);
        double[] Logits(LinkPairs pairs) => [.. pairs.Source.Zip(pairs.Target, Logit)];
        foreach (var (part, found) in links.Parts.Zip([scores.Train, scores.Validation!.Value, scores.Test!.Value]))
        {
            double[] up = Logits(part.Positives), down = Logits(part.Negatives!);
            Assert.Equal(up.Average(p => down.Average(n => p > n ? 1.0 : 0)), found.Auc, 10);
            Assert.Equal((up.Average(z => Math.Log(1 + Math.Exp(-z))) + down.Average(z => Math.Log(1 + Math.Exp(z)))) / 2, found.Loss, sizeof(Real) == 8 ? 10 : 5);
            Assert.Equal(new Ranking(up, down).ReciprocalRank(), found.Named("mrr"), 6);
            Assert.Equal(["ap", "hits@10", "hits@50", "hits@100", "mrr"], found.More!.Select(m => m.Key));
        }
    }

    [Fact]
    public void A_model_sees_the_message_graph_alone_and_no_negative_is_an_edge_or_scored_twice()
    {
        var data = TrainingData.Prepare(Blocks, Data with { Features = "degree" }, "gatv2");
        var links = data.Links!;
        int isolated = 0;
        var degrees = links.Split.Message.InDegrees();
        for (int i = 0; i < data.Nodes; i++)
            if (!Enumerable.Range(0, links.Split.Message.Count).Any(e => links.Split.Message.Source[e] == i && links.Split.Message.Destination[e] == i)) isolated++;
        // Loops for gatv2 come after the split.
        Assert.Equal(links.Split.Message.Count + isolated, data.Edges);
        Assert.NotEqual(degrees, Blocks.Edges.InDegrees());
        Assert.Empty(LeakageCheck.Find(new(data.Dataset.Edges.Source, data.Dataset.Edges.Destination), links.Parts, new(Blocks.Edges.Source, Blocks.Edges.Destination), directed: false));
        Assert.Empty(links.ValidationNegatives.Source.Zip(links.ValidationNegatives.Target).Intersect(links.TestNegatives.Source.Zip(links.TestNegatives.Target)));
        // Runs have splits of their own, the tenth that of the first again.
        Assert.NotEqual(data.Split.Name, TrainingData.Prepare(Blocks, Data, "gcn", 1).Split.Name);
        Assert.Equal("links 70/10/20, seed 3", TrainingData.Prepare(Blocks, Data, "gcn", 13).Split.Name);
    }

    [Fact]
    public void Another_order_of_the_nodes_in_memory_changes_time_alone()
    {
        var (model, data) = Ready("bilinear", Data with { Order = "rcm" }, dropout: 0);
        var (plainModel, plain) = Ready("bilinear", Data with { Order = "none" }, dropout: 0);
        Assert.NotEqual(data.Batches[0].Graph.Identity.NodeIds, plain.Batches[0].Graph.Identity.NodeIds);
        var settings = new TrainingSettings { Epochs = 8, Metric = "ap", Stopping = "score" };
        using var trainer = new Trainer(model, data, settings);
        using var plainTrainer = new Trainer(plainModel, plain, settings);
        var (scores, expected) = (trainer.Train(), plainTrainer.Train());
        Assert.Equal(expected.Test!.Value.Loss, scores.Test!.Value.Loss, sizeof(Real) == 8 ? 10 : 4);
        Assert.Equal(expected.Test!.Value.Auc, scores.Test!.Value.Auc, 2);
        Assert.Equal(data.Digest(), plain.Digest());
        Assert.NotEqual(data.Digest(), TrainingData.Prepare(Blocks, Data with { Links = new LinkSettings { Split = "70/10/20", Negative = "degree" } }, "gcn").Digest());
    }

    [Fact]
    public void Settings_that_do_not_go_together_are_refused()
    {
        void Refused(string message, Action act) => Assert.Contains(message, Assert.Throws<ArgumentException>(act).Message, StringComparison.Ordinal);
        Refused("go with --task link", () => TrainingData.Prepare(Blocks, Data with { Task = null }, "gcn"));
        Refused("negatives-per-edge is 0", () => TrainingData.Prepare(Blocks, Data with { Links = new LinkSettings { NegativesPerEdge = 0 } }, "gcn"));
        Refused("there are no 'hard' negatives", () => TrainingData.Prepare(Blocks, Data with { Links = new LinkSettings { Negative = "hard" } }, "gcn"));
        Refused("is many graphs", () => TrainingData.Prepare(DictionaryLookup.Create(4), Data, "gcn"));
        Refused("the model has no decoder", () => new Trainer(Architecture.Build(new ModelSettings(), 5, 3), TrainingData.Prepare(Blocks, Data, "gcn"), new TrainingSettings { Metric = "auc" }).Dispose());
        var (model, data) = Ready("dot");
        Refused("metric is accuracy; auc, ap or mrr for links was expected", () => new Trainer(model, data, new TrainingSettings()).Dispose());
        Refused("decoder goes with --task link", () => LinkData.Settle(new RunConfig { Model = new ModelSettings { Decoder = "dot" } }));
        Refused("decoder-hidden goes with the decoder mlp; the decoder is dot", () => LinkData.Settle(new RunConfig { Data = Data, Model = new ModelSettings { DecoderHidden = 3 } }));
        Refused("outputs is 0", () => Architecture.Build(new ModelSettings { Decoder = "dot", Outputs = 0 }, 5, 0));
        Refused("there is no decoder 'x'", () => Architecture.Build(new ModelSettings { Decoder = "x" }, 5, 0));
    }

    [Fact]
    public void A_graph_autoencoder_finds_the_links_of_cora()
    {
        if (RealData.Find("cora.npz") is not { } path) return;
        var config = Recipes.Find("gae-paper").Configure("cora");
        var data = TrainingData.Prepare(GraphArchive.Read(path), config.Data, config.Model.Model);
        var model = Architecture.Build(config.Model, data.Inputs, data.Outputs);
        model.Initialize(config.Training.Seed);
        using var trainer = new Trainer(model, data, config.Training);
        var scores = trainer.Train();
        Assert.Equal((4488, 263, 527), (data.Links!.Split.Train.Count, data.Links.Split.Validation.Count, data.Links.Split.Test.Count));
        Assert.InRange(scores.Test!.Value.Auc, 0.89, 0.94);
        Assert.InRange(scores.Test!.Value.Named("ap"), 0.89, 0.94);
    }
}
