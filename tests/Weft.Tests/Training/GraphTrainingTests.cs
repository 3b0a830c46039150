using Weft.Datasets;
using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>Training on labels of whole graphs.</summary>
public class GraphTrainingTests
{
    private static readonly ModelSettings Gin = new() { Model = "gin", Layers = 2, Hidden = 6, Dropout = 0.3, Readout = "sum", NormInside = true };

    public static TheoryData<string, string> ModelsAndReadouts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string model in new[] { "gcn", "gat", "gatv2", "gin", "sage", "transformer" })
                foreach (string readout in new[] { "sum", "mean", "max", "attention" }) data.Add(model, readout);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(ModelsAndReadouts))]
    public void A_batch_of_graphs_gives_what_each_graph_gives_alone(string model, string readout)
    {
        var set = Molecules(9);
        var built = Architecture.Build(new ModelSettings { Model = model, Layers = 2, Hidden = 4, Heads = 2, Readout = readout }, 3, 2);
        built.Initialize(4);
        var pieces = new GraphPieces(Graph.FromEdges(set.Edges), set.Graphs!.Offsets);
        double tolerance = sizeof(Real) == 8 ? 1e-12 : 1e-4;
        foreach (int[] chosen in new int[][] { [0, 1, 2, 3, 4, 5, 6, 7, 8], [7, 2, 5], [4] })
        {
            var together = Output(built, pieces.Batch(chosen), Rows(set, chosen));
            for (int g = 0; g < chosen.Length; g++)
            {
                // Its own edges, from a list of its own.
                var alone = set.SelectGraphs([chosen[g]]);
                var row = Output(built, Graph.FromEdges(alone.Edges), alone.Features.Dense);
                for (int c = 0; c < 2; c++)
                    Assert.True(Math.Abs(row[0, c] - together[g, c]) <= tolerance * Math.Max(1, Math.Abs(row[0, c])), $"graph {chosen[g]}, column {c}: {together[g, c]:R} in a batch, {row[0, c]:R} alone");
            }
        }
    }

    [Fact]
    public void Gradients_of_batches_add_up_to_those_of_the_graphs()
    {
        var set = Molecules(6);
        var built = Architecture.Build(new ModelSettings { Model = "gatv2", Layers = 2, Hidden = 4, Heads = 2, Readout = "attention", Dropout = 0 }, 3, 2);
        built.Initialize(4);
        var pieces = new GraphPieces(Graph.FromEdges(set.Edges), set.Graphs!.Offsets);
        var upstream = TestGraphs.Numbers(6, 2, 8);
        double[][] Gradients(params int[][] batches)
        {
            built.ClearGradients();
            foreach (int[] chosen in batches)
            {
                var session = new Session(built, new Workspace());
                session.Bind([pieces.Batch(chosen)], Rows(set, chosen));
                session.Forward(new Pass(1, 1, Training: true));
                var dH = Matrix.Allocate(chosen.Length, 2);
                for (int g = 0; g < chosen.Length; g++) (dH[g, 0], dH[g, 1]) = ((Real)upstream[chosen[g], 0], (Real)upstream[chosen[g], 1]);
                session.Backward(dH);
            }
            return [.. built.Parameters.Select(p => p.Parameter.Gradient.ToArray())];
        }

        var (whole, parts) = (Gradients([0, 1, 2, 3, 4, 5]), Gradients([5, 0], [3], [1, 4, 2]));
        for (int p = 0; p < whole.Length; p++)
            for (int k = 0; k < whole[p].Length; k++)
                Assert.True(Math.Abs(whole[p][k] - parts[p][k]) <= (sizeof(Real) == 8 ? 1e-12 : 1e-4) * (1 + Math.Abs(whole[p][k])), $"d{built.Parameters[p].Name}[{k}]: {whole[p][k]:R} and {parts[p][k]:R}");
    }

    [Fact]
    public void A_node_draws_the_same_dropout_in_any_batch()
    {
        var set = Molecules(5);
        var built = new Model([new Dropout(0.5), new Linear(3, 4), new Readout(mean: false)]);
        built.Initialize(2);
        var pieces = new GraphPieces(Graph.FromEdges(set.Edges), set.Graphs!.Offsets);
        var one = Output(built, pieces.Batch([3]), Rows(set, [3]), training: true);
        var other = Output(built, pieces.Batch([1, 3, 0]), Rows(set, [1, 3, 0]), training: true);
        for (int c = 0; c < 4; c++) Assert.Equal(one[0, c], other[1, c], sizeof(Real) == 8 ? 1e-12 : 1e-5);
    }

    [Fact]
    public void Training_learns_ends_at_the_same_bits_on_any_number_of_threads_and_goes_on_from_a_checkpoint_within_an_epoch()
    {
        var data = TrainingData.Prepare(Molecules(40), new DataSettings { Folds = "auto", GraphsPerBatch = 7 }, "gin");
        Assert.Equal(2, data.Outputs);
        var settings = new TrainingSettings { Epochs = 12, LearningRate = 0.01, Patience = 0, WeightDecay = 0 };
        Trainer New()
        {
            var model = Architecture.Build(Gin, data.Inputs, data.Outputs);
            model.Initialize(3);
            return new Trainer(model, data, settings);
        }

        string expected = "";
        foreach (int threads in new[] { 1, 2, 3 })
            TrainingStep.WithThreads(threads, () =>
            {
                using var trainer = New();
                double first = trainer.RunEpoch().TrainLoss;
                while (!trainer.Finished) trainer.RunEpoch();
                Assert.True(trainer.Last.TrainLoss < first - 0.05, $"{trainer.Last.TrainLoss} after {first}");
                Assert.Equal(5, trainer.Steps);
                string digest = ParameterDigest.Sha256(trainer.Model.Parameters);
                if (threads == 1) expected = digest;
                Assert.Equal(expected, digest);
            });

        // Stopped after the third step of the fifth epoch.
        using var interrupted = New();
        for (int epoch = 0; epoch < 4; epoch++) interrupted.RunEpoch();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => interrupted.RunEpoch(at =>
        {
            if (at.Step == 3) stop.Cancel();
        }, stop.Token));
        byte[] saved = interrupted.Save().ToBytes();
        using var resumed = New();
        resumed.Restore(Checkpoint.FromBytes(saved));
        Assert.Equal(3, resumed.Step);
        while (!resumed.Finished) resumed.RunEpoch();
        Assert.Equal(expected, ParameterDigest.Sha256(resumed.Model.Parameters));
    }

    [Fact]
    public void Every_epoch_has_other_batches_and_each_graph_once()
    {
        // A step's loss counts its graphs; with a rate of nearly nothing, a batch's loss tells which graphs were in it.
        var data = TrainingData.Prepare(Molecules(40), new DataSettings { Folds = "auto", GraphsPerBatch = 7 }, "gin");
        var model = Architecture.Build(Gin with { Dropout = 0, NormInside = false }, data.Inputs, data.Outputs);
        model.Initialize(3);
        using var objective = Weft.Training.Objectives.Objective.Of(model, data, new TrainingSettings(), new Workspace());
        (double[] Losses, long Count) Epoch(int epoch)
        {
            int steps = objective.Begin(epoch, 0);
            var losses = new double[steps];
            long count = 0;
            for (int step = 0; step < steps; step++)
            {
                (losses[step], long graphs) = objective.Step(epoch, step);
                count += graphs;
            }
            return (losses, count);
        }

        var (first, second) = (Epoch(0), Epoch(1));
        Assert.Equal(data.Split.TrainCount, first.Count);
        Assert.Equal(data.Split.TrainCount, second.Count);
        Assert.NotEqual(first.Losses, second.Losses);
        Assert.Equal(first.Losses, Epoch(0).Losses);
    }

    [Fact]
    public void A_model_without_a_readout_is_refused()
    {
        var data = TrainingData.Prepare(Molecules(12), new DataSettings { Split = "random" }, "gcn");
        var model = Architecture.Build(new ModelSettings { Model = "gcn" }, data.Inputs, data.Outputs);
        using var trainer = new Trainer(model, data, new TrainingSettings());
        Assert.ThrowsAny<ArgumentException>(() => trainer.RunEpoch());
    }

    [Fact]
    public void The_published_protocol_takes_one_epoch_for_all_folds_and_the_honest_one_that_of_each()
    {
        var published = CrossValidation.Published([[0.5, 0.9, 0.6], [0.5, 0.5, 1.0], [0.5, 0.6, 0.5]]);
        Assert.Equal([3, 3, 3], published.Epochs);
        Assert.Equal(0.7, published.Mean, 1e-12);
        Assert.Equal(Math.Sqrt(0.14 / 2), published.Deviation, 1e-12);
        // The first of equals.
        Assert.Equal([1, 1], CrossValidation.Published([[0.5, 0.4], [0.5, 0.6]]).Epochs);
        Assert.Equal(0.75, CrossValidation.Honest([(0.5, 3), (1, 9)]).Mean);
    }

    private static Matrix Rows(Dataset set, int[] graphs)
    {
        var pieces = new GraphPieces(Graph.FromEdges(set.Edges), set.Graphs!.Offsets);
        var rows = Matrix.Allocate(graphs.Sum(g => pieces.Nodes(g).Count), set.Features.Columns);
        pieces.Gather(graphs, set.Features.Dense, rows);
        return rows;
    }

    private static double[,] Output(Model model, Graph graph, Matrix features, bool training = false) =>
        LayerRun.ToArray(new Session(model, graph, features).Forward(new Pass(1, 2, training)));

    /// <summary>Graphs of 1 … 9 nodes; those of class 1 are rings, those of class 0 paths, in both directions and weighted.</summary>
    internal static Dataset Molecules(int graphs)
    {
        var parts = new List<EdgeList>();
        var random = new Random(graphs);
        for (int g = 0; g < graphs; g++)
        {
            int n = g == 4 ? 1 : random.Next(4, 10);
            var edges = Enumerable.Range(0, g % 2 == 1 && n > 1 ? n : n - 1).SelectMany(i => new[] { (i, (i + 1) % n), ((i + 1) % n, i) }).ToArray();
            parts.Add(new EdgeList(n, [.. edges.Select(e => e.Item1)], [.. edges.Select(e => e.Item2)], [.. edges.Select(_ => (Real)(random.Next(8, 65) / 64.0))]));
        }
        var batch = GraphBatch.From(parts);
        var features = LayerRun.ToMatrix(TestGraphs.Numbers((int)batch.Edges.Nodes, 3, 7));
        for (int i = 0; i < features.Rows; i++) features[i, 0] = 1;
        return new Dataset
        {
            Name = "rings and paths",
            Edges = batch.Edges,
            Graphs = batch,
            Features = features,
            GraphLabels = [.. Enumerable.Range(0, graphs).Select(g => g % 2)],
            Classes = 2,
        };
    }
}
