using Weft.Analysis;
using Weft.Datasets;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Cli;
using Weft.Tests.Laws;
using Weft.Training;

namespace Weft.Tests.Analysis;

/// <summary>A trained model under the trace: the composed form and the form that training runs give the same.</summary>
public sealed class ModelTraceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("weft-run-").FullName;

    public static TheoryData<string> Models => [.. Architecture.Names];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public void A_traced_model_gives_the_loss_and_gradients_of_a_training_step(string name)
    {
        var data = TrainingData.Prepare(Datasets.EdgeFeatureSets.For(name, DatasetCatalog.Open("karate")), new DataSettings(), name);
        var batch = data.Batches[0];
        var model = Architecture.Build(new ModelSettings { Model = name, Dropout = 0, EdgeFeatures = (int)data.Dataset.Edges.FeatureWidth }, data.Inputs, data.Outputs);
        model.Initialize(3);
        var target = LossTarget.FromLabels(batch.Graph, data.Dataset.Labels!, data.Split.Train);

        var session = new Session(model, batch.Graph, batch.Features);
        var logits = session.Forward(new Pass(0, 0, Training: true));
        var dLogits = Matrix.Allocate(logits.Rows, logits.Columns);
        double loss = new CrossEntropy().Evaluate(logits, target, dLogits);
        session.Backward(dLogits);
        var gradients = model.Parameters.ToDictionary(p => p.Name, p => LayerRun.ToArray(p.Parameter.Gradient));

        var trace = Trace.Of(model, batch.Graph, batch.Features, new CrossEntropy(), target);
        var entries = trace.Entries.ToDictionary(entry => entry.Name);
        Closeness.Check("loss", new[,] { { loss } }, new[,] { { entries["loss"].Array.AsDoubles()[0] } });
        foreach (var (parameter, value) in model.Parameters)
            Closeness.Check($"{name}: gradient of {parameter}", gradients[parameter], LayerRun.ToArray(value.Gradient), 10);
        Assert.All(model.Parameters, p => Assert.Contains(trace.Inputs, input => input.Name == p.Name.Replace('.', '_')));
        Assert.All(trace.Entries, entry => Assert.Equal(entry.Layer == 0, !entry.Name.StartsWith('l') || entry.Name == "loss"));
        Assert.Equal(trace.Entries.Count, entries.Count);
    }

    [Fact]
    public void A_trained_run_can_be_traced_to_a_file_and_along_one_node()
    {
        string run = Path.Combine(folder, "run"), file = Path.Combine(folder, "trace.npz");
        var trained = Command.Weft("train", "karate", "--model", "gat", "--epochs", "3", "--quiet", "--out", run);
        Assert.True(trained.Code == 0, trained.Error);

        var all = Command.Weft("trace", run, "--out", file);
        Assert.True(all.Code == 0, all.Error);
        var arrays = Npz.Read(file);
        long edges = arrays["edge_src"].Count;
        Assert.Equal([8, edges], arrays["l1_S"].Shape);
        Assert.Equal([34, 2], arrays["l2_Zbar"].Shape);
        // Every node's attention sums to 1 over its in-edges, in the order of the edge list that the file gives.
        var sums = new double[34];
        double[] attention = arrays["l1_S"].AsDoubles();
        long[] destinations = arrays["edge_dst"].AsIntegers();
        for (int e = 0; e < edges; e++) sums[destinations[e]] += attention[5 * edges + e];
        Assert.All(sums, sum => Assert.Equal(1, sum, 1e-5));

        var node = Command.Weft("trace", run, "--layer", "2", "--node", "3", "--head", "0");
        Assert.True(node.Code == 0, node.Error);
        Assert.Contains("→3", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("l1_", node.Output, StringComparison.Ordinal);
        Assert.All(node.Output.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Theory]
    [InlineData("expected 0 … 33", "--node", "34")]
    [InlineData("expected 0 … 7", "--node", "0", "--head", "8")]
    [InlineData("--head without --node", "--head", "0")]
    [InlineData("expected 1 … 2", "--layer", "3")]
    [InlineData("expected 34 and 2, those of the model", "citations")]
    public void A_place_that_the_run_does_not_have_is_refused(string expected, params string[] args)
    {
        string run = Path.Combine(folder, "run");
        Assert.Equal(0, Command.Weft("train", "karate", "--epochs", "1", "--quiet", "--out", run).Code);
        var result = Command.Weft(["trace", run, .. args, "--out", Path.Combine(folder, "never.npz")]);
        Assert.Equal(2, result.Code);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "never.npz")));
    }
}
