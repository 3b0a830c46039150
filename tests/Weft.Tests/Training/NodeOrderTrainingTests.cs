using Weft.Datasets;
using Weft.Graphs;
using Weft.Models;
using Weft.Tests.Cli;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>The order of nodes in memory never shows: the same losses, the same dropout, the same predictions, node by node.</summary>
public class NodeOrderTrainingTests
{
    private static readonly double Tolerance = sizeof(Real) == 8 ? 1e-9 : 2e-3;

    public static TheoryData<string, string> Runs()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in Architecture.Names)
            foreach (string order in NodeOrder.Names.Except(["none", "auto"])) data.Add(model, order);
        return data;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_in_another_order_learns_the_same(string model, string order)
    {
        var dataset = Datasets.EdgeFeatureSets.For(model, Dataset());
        var settings = new ModelSettings { Model = model, EdgeFeatures = (int)dataset.Edges.FeatureWidth, Hidden = 6, Heads = 3, Dropout = 0.4, AttentionDropout = 0.4 };
        foreach (bool sparse in new[] { false, true })
        {
            var set = sparse ? dataset.WithFeatures(FeatureKind.OneHot) : dataset;
            var (expected, plain) = Train(set, "none");
            var (actual, ordered) = Train(set, order);
            Assert.NotEqual(Enumerable.Range(0, set.Nodes), NodeOrder.Named(order, set.Edges)!);
            for (int epoch = 0; epoch < expected.Count; epoch++)
            {
                Assert.Equal(expected[epoch].TrainLoss, actual[epoch].TrainLoss, Tolerance);
                Assert.Equal(expected[epoch].ValidationLoss, actual[epoch].ValidationLoss, Tolerance);
            }
            // Of the nodes as the data number them: a model does not know in what order it was trained.
            var graph = Graph.FromEdges(set.Nodes, set.Edges.Source, set.Edges.Destination, set.Edges.Weight, set.Edges.Features);
            double[] here = plain.Predict(graph, set.Features).ToArray(), there = ordered.Predict(graph, set.Features).ToArray();
            for (int p = 0; p < here.Length; p++) Assert.Equal(here[p], there[p], 10 * Tolerance);
        }

        (List<EpochReport>, Model) Train(Dataset set, string named)
        {
            var data = TrainingData.Prepare(set, new DataSettings { Split = "random", TrainPerClass = 10, ValidationPerClass = 10, SelfLoops = true, Order = named }, model);
            var built = Architecture.Build(settings, data.Inputs, data.Outputs);
            built.Initialize(3);
            var trainer = new Trainer(built, data, new TrainingSettings { Optimizer = "sgd", LearningRate = 0.05, Epochs = 5, Patience = 0 });
            var reports = new List<EpochReport>();
            while (!trainer.Finished) reports.Add(trainer.RunEpoch());
            return (reports, built);
        }
    }

    [Theory]
    [MemberData(nameof(OrderNames))]
    public void Dropout_draws_by_the_number_of_a_node_and_of_an_edge_whatever_the_order(string order)
    {
        var set = Dataset();
        int[] places = NodeOrder.Named(order, set.Edges)!;
        var plain = Graph.FromEdges(set.Nodes, set.Edges.Source, set.Edges.Destination, set.Edges.Weight);
        var ordered = Graph.InOrder(set.Edges.Renumber(places), places);
        Assert.Equal(places, ordered.Identity.NodeIds);
        // The edge of this number runs between the same two nodes, with the same weight, loops of a GCN included.
        foreach (var (a, b) in new[] { (plain, ordered), (plain.Normalized(addLoops: true), ordered.Normalized(addLoops: true)) })
        {
            var (here, there) = (Edges(a), Edges(b));
            Assert.Equal(here.Count, there.Count);
            foreach (var (id, edge) in here)
            {
                Assert.Equal((edge.Source, edge.Destination), (there[id].Source, there[id].Destination));
                Assert.Equal(edge.Weight, there[id].Weight, 1e-6);
            }
        }

        static Dictionary<int, (int Source, int Destination, double Weight)> Edges(Graph graph)
        {
            var edges = new Dictionary<int, (int, int, double)>();
            var (view, ids) = (graph.ByDestination, graph.Identity.NodeIds);
            for (int i = 0; i < view.Rows; i++)
                for (long e = view.Pointers[i]; e < view.Pointers[i + 1]; e++) edges.Add(graph.EdgeIds[e], (ids[view.Index[e]], ids[i], graph.Weights[e, 0]));
            return edges;
        }
    }

    public static TheoryData<string> OrderNames => [.. NodeOrder.Names.Except(["none", "auto"])];

    [Theory]
    [MemberData(nameof(OrderNames))]
    public void A_loss_that_is_not_finite_names_the_node_as_the_data_do(string order)
    {
        var set = Dataset();
        var x = Weft.Memory.Matrix.Allocate(300, 2);
        x.Fill(1);
        x[123, 1] = Real.PositiveInfinity;
        bool[] all = [.. Enumerable.Repeat(true, 300)];
        set = set with { Features = x, Splits = [new Split("all", all, new bool[300], new bool[300])] };
        var data = TrainingData.Prepare(set, new DataSettings { Order = order }, "mlp");
        var model = Architecture.Build(new ModelSettings { Model = "mlp", Layers = 1, Dropout = 0 }, data.Inputs, data.Outputs);
        model.Initialize(3);
        var trainer = new Trainer(model, data, new TrainingSettings());
        Assert.Contains("[123, ", Assert.Throws<TrainingDivergedException>(() => trainer.RunEpoch()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_in_another_order_resumes_and_predicts_node_by_node()
    {
        using var folder = new TemporaryFolder();
        string[] run = ["train", "citations", "--model", "gat", "--order", "cluster", "--patience", "0", "--quiet"];
        Assert.Equal(0, Command.Weft([.. run, "--epochs", "8", "--out", folder.File("whole")]).Code);
        Assert.Equal(0, Command.Weft([.. run, "--epochs", "5", "--out", folder.File("part")]).Code);
        var config = RunFolder.ReadConfig(folder.File("whole"));
        Assert.Equal("cluster", config.Data.Order);
        // A run that was cut off after five of eight epochs.
        var data = TrainingData.Prepare(DatasetCatalog.Open("citations"), config.Data, "gat");
        using var token = new CancellationTokenSource();
        var model = Architecture.Build(config.Model, data.Inputs, data.Outputs);
        model.Initialize(config.Training.Seed);
        var trainer = new Trainer(model, data, config.Training);
        using (var files = RunFolder.Create(folder.File("cut"), config))
        {
            for (int epoch = 0; epoch < 5; epoch++) files.Log(trainer.RunEpoch(), trainer);
            files.WriteCheckpoint(trainer);
        }
        Assert.Equal(0, Command.Weft("train", "--resume", folder.File("cut"), "--quiet").Code);
        Assert.Equal(File.ReadAllBytes(RunFolder.ModelFileOf(folder.File("whole"))), File.ReadAllBytes(RunFolder.ModelFileOf(folder.File("cut"))));

        // Predictions carry the numbers and the order of the data: most nodes are of the class that is predicted for them.
        var predicted = Command.Weft("predict", folder.File("whole"));
        Assert.Equal(0, predicted.Code);
        string[] rows = predicted.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        var set = DatasetCatalog.Open("citations");
        Assert.Equal(set.Nodes, rows.Length);
        Assert.Equal(Enumerable.Range(0, set.Nodes).Select(set.NodeName), rows.Select(row => row.Split(',')[0]));
        double right = rows.Select((row, i) => row.Split(',')[1] == set.ClassName(set.Labels![i]) ? 1.0 : 0).Average();
        Assert.True(right > 0.5, $"{right}");
    }

    [Fact]
    public void A_run_of_the_command_takes_auto_and_writes_it_down_and_an_older_one_keeps_the_order_of_its_data()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "2", "--quiet", "--out", folder.File("run")).Code);
        Assert.Equal("auto", RunFolder.ReadConfig(folder.File("run")).Data.Order);
        var set = Dataset();
        Assert.Same(set.Edges, TrainingData.Prepare(set, new DataSettings { Split = "random" }, "gcn").Dataset.Edges);
    }

    private static Dataset Dataset()
    {
        var blocks = Generated.StochasticBlocks(300, 3, degree: 5, homophily: 0.8, features: 7, seed: 6);
        // Directed and weighted, with a loop, parallel edges and a node without edges.
        int kept = blocks.Edges.Count / 2;
        int[] source = [.. blocks.Edges.Source.Take(kept), 4, 9, 9], destination = [.. blocks.Edges.Destination.Take(kept), 4, 11, 11];
        return blocks with { Edges = new EdgeList(300, source, destination, [.. source.Select((_, e) => (Real)(1 + e % 4 * 0.25))]) };
    }
}
