using System.Globalization;
using System.Text;
using System.Text.Json;
using Weft.Datasets;
using Weft.Graphs;
using Weft.Memory;
using Weft.Tests.Cli;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>Numbers of nodes, from files to predictions.</summary>
public class RegressionTests
{
    private const int Nodes = 300;

    /// <summary>A node's number is 100 + 20 · the mean of its neighbours' feature.</summary>
    private static string Set(Datasets.TemporaryFolder folder)
    {
        var random = new Random(2);
        double[] x = [.. Enumerable.Range(0, Nodes).Select(_ => random.NextDouble() * 2 - 1)];
        var edges = new StringBuilder("source,target\n");
        var nodes = new StringBuilder("id,label,split,x\n");
        for (int i = 0; i < Nodes; i++)
        {
            double sum = 0;
            for (int k = 0; k < 4; k++)
            {
                int j = random.Next(Nodes);
                sum += x[j];
                edges.Append(CultureInfo.InvariantCulture, $"{j},{i}\n");
            }
            nodes.Append(CultureInfo.InvariantCulture, $"{i},{(i == 5 ? "" : (100 + 5 * sum).ToString("F4", CultureInfo.InvariantCulture))},{(i == 5 ? "" : (i % 5) switch { 0 => "val", 1 => "test", _ => "train" })},{x[i]:F5}\n");
        }
        folder.Write("nodes.csv", nodes.ToString());
        return folder.Write("edges.csv", edges.ToString());
    }

    private static JsonElement Train(Datasets.TemporaryFolder folder, string run, params string[] more)
    {
        var result = Command.Weft(["train", folder["edges.csv"], "--task", "regression", "--model", "sage", "--hidden", "16", "--dropout", "0", "--lr", "0.02", "--json", "--out", folder[run], .. more.Contains("--epochs") ? more : ["--epochs", "200", .. more]]);
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void Scores_are_those_of_their_formulas()
    {
        var (output, targets) = (Matrix.From(4, 2, [1, 5, 2, 5, 4, 5, 9, 9]), Matrix.From(4, 2, [1, 4, 3, 4, 2, 4, 0, 0]));
        var scores = Regression.Scores(output, targets, [true, true, true, false]).ToDictionary();
        Assert.Equal((0.0 + 1 + 2 + 1 + 1 + 1) / 6, scores["mae"], 12);
        Assert.Equal(Math.Sqrt((0.0 + 1 + 4 + 3) / 6), scores["rmse"], 12);
        // The second number is the same in every row: nothing to explain.
        Assert.Equal(1 - 5.0 / 2, scores["r2"], 12);
        var scaled = Regression.Scores(output, targets, [true, true, true, false], [10, 1]).ToDictionary();
        Assert.Equal((10.0 * 3 + 3) / 6, scaled["mae"], 12);
        Assert.Equal(scores["r2"], scaled["r2"], 12);
        Assert.True(double.IsNaN(Regression.Scores(output, targets, new bool[4])[0].Value));
    }

    [Fact]
    public void Numbers_are_standardised_by_the_training_rows_and_brought_back()
    {
        var targets = Matrix.From(4, 2, [1, 7, 3, 7, 100, 7, 5, 7]);
        var scale = TargetScale.Of(targets, [true, true, false, true]);
        Assert.Equal([3, 7], scale.Mean);
        Assert.Equal([Math.Sqrt(8.0 / 3), 1], scale.Deviation);
        var back = scale.Apply(targets);
        Assert.Equal(0, (double)back[1, 0], 6);
        scale.Undo(back);
        for (int i = 0; i < 4; i++) Assert.Equal((double)targets[i, 0], (double)back[i, 0], 4);
    }

    [Fact]
    public void Floating_point_targets_of_an_archive_are_numbers_and_whole_ones_are_classes()
    {
        using var folder = new Datasets.TemporaryFolder();
        var set = new Dataset { Name = "n", Edges = new EdgeList(3, [0], [1]), Features = Matrix.From(3, 1, [1, 2, 3]), Targets = Matrix.From(3, 1, [0.5, double.NaN, 1]), TargetsAreNumbers = true, Classes = 1 };
        GraphArchive.Write(folder["n.npz"], set);
        var read = GraphArchive.Read(folder["n.npz"]);
        Assert.True(read.TargetsAreNumbers);
        Assert.Equal([true, false, true], Regression.Known(read.Targets));
        GraphArchive.Write(folder["two.npz"], set with { Targets = Matrix.From(3, 2, [0, 1, 1, 0.25, 0, 0]), Classes = 2 });
        Assert.True(GraphArchive.Read(folder["two.npz"]).TargetsAreNumbers);
        GraphArchive.Write(folder["labels.npz"], set with { Targets = Matrix.From(3, 2, [0, 1, 1, 1, 0, 0]), TargetsAreNumbers = false, Classes = 2 });
        Assert.False(GraphArchive.Read(folder["labels.npz"]).TargetsAreNumbers);
        var arrays = ArraySchemaWriter.Archive(set);
        arrays["y"] = new NpyArray(new[] { 1.0, double.PositiveInfinity, 2 }, 3);
        Npz.Write(folder["bad.npz"], arrays);
        Assert.Contains("array y[1]", Assert.Throws<DataFormatException>(() => GraphArchive.Read(folder["bad.npz"])).Message);
    }

    [Fact]
    public void A_label_that_is_no_number_and_an_unknown_number_in_the_split_are_refused()
    {
        var set = new Dataset { Name = "n", Edges = new EdgeList(3, [0], [1]), Features = Matrix.From(3, 1, [1, 2, 3]), Labels = [0, 1, -1], Classes = 2, ClassNames = ["1.5", "red"] };
        var settings = new DataSettings { Task = "regression" };
        Assert.Contains("'red', which is no number", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(set, settings, "gcn")).Message);
        set = set with { ClassNames = ["1.5", "-2e1"] };
        Assert.Equal([1.5, -20, double.NaN], Regression.WithNumbers(set).Targets.ToArray());
        set = set with { Splits = [new Split("all", [true, true, true], new bool[3], new bool[3])] };
        Assert.Contains("node 2", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(set, settings, "gcn")).Message);
        Assert.Contains("use --task regression", Assert.Throws<ArgumentException>(() => TrainingData.Prepare(Regression.WithNumbers(set), new DataSettings { Task = "node" }, "gcn")).Message);
    }

    [Fact]
    public void A_table_of_numbers_is_learned_scored_and_predicted_in_its_own_units()
    {
        using var folder = new Datasets.TemporaryFolder();
        Set(folder);
        var summary = Train(folder, "run");
        Assert.True(summary.GetProperty("test_r2").GetDouble() > 0.95, summary.ToString());
        Assert.InRange(summary.GetProperty("test_mae").GetDouble(), 0, summary.GetProperty("test_rmse").GetDouble());
        Assert.InRange(summary.GetProperty("test_rmse").GetDouble(), 0, 2);
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("test_accuracy").ValueKind);

        var evaluated = JsonDocument.Parse(Command.Weft("evaluate", folder["run"], "--json").Output).RootElement;
        foreach (string score in new[] { "test_loss", "test_mae", "test_rmse", "test_r2" })
            Assert.Equal(summary.GetProperty(score).GetDouble(), evaluated.GetProperty(score).GetDouble(), 4);
        Assert.Equal(Nodes - 1, evaluated.GetProperty("all_nodes").GetInt32());

        string[] predicted = Command.Weft("predict", folder["run"]).Output.Split('\n');
        Assert.Equal("node,value", predicted[0]);
        double rmse = evaluated.GetProperty("all_rmse").GetDouble();
        string[] truth = File.ReadAllLines(folder["nodes.csv"]);
        double squares = Enumerable.Range(0, Nodes).Where(i => i != 5).Sum(i => Math.Pow(Number(predicted[i + 1]) - Number(truth[i + 1]), 2));
        Assert.Equal(rmse, Math.Sqrt(squares / (Nodes - 1)), 3);
        Assert.InRange(Number(predicted[6]), 70, 130);

        static double Number(string line) => double.Parse(line.Split(',')[1], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Batches_and_random_splits_learn_numbers_too()
    {
        using var folder = new Datasets.TemporaryFolder();
        Set(folder);
        Assert.True(Train(folder, "batches", "--batch-size", "64", "--epochs", "60").GetProperty("test_r2").GetDouble() > 0.9);
        Assert.True(Train(folder, "random", "--split", "random").GetProperty("test_r2").GetDouble() > 0.9);
        Assert.Contains("use r2", Command.Weft("train", folder["edges.csv"], "--task", "regression", "--metric", "f1", "--out", folder["x"]).Error);
        Assert.Contains("train on one process", Command.Weft("train", folder["edges.csv"], "--task", "regression", "--processes", "2", "--out", folder["x"]).Error);
    }

    [Fact]
    public void The_loss_that_stops_training_is_the_validation_loss()
    {
        using var folder = new Datasets.TemporaryFolder();
        Set(folder);
        var summary = Train(folder, "run", "--epochs", "2000", "--patience", "20", "--weight-decay", "0");
        double best = double.PositiveInfinity;
        int at = 0, epoch = 0;
        foreach (string line in File.ReadLines(Path.Combine(folder["run"], "metrics.jsonl")))
        {
            epoch++;
            double loss = JsonDocument.Parse(line).RootElement.GetProperty("val_loss").GetDouble();
            if (loss <= best) (best, at) = (loss, epoch);
        }
        Assert.Equal(at, summary.GetProperty("best_epoch").GetInt32());
        Assert.True(epoch < 2000);
    }
}
