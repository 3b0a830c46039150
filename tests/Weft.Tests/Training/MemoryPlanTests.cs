using Weft.Datasets;
using Weft.Models;
using Weft.Tests.Datasets;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>What a plan says beforehand is what the trainer then holds, to the byte.</summary>
public class MemoryPlanTests
{
    public static TheoryData<string, string> Runs()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in Architecture.Names)
            foreach (string features in new[] { "sparse", "dense", "embedding" }) data.Add(model, features);
        return data;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_plan_is_what_the_trainer_holds(string model, string features)
    {
        var dataset = EdgeFeatureSets.For(model, Generated.StochasticBlocks(700, 5, degree: 6, homophily: 0.7, features: 90, seed: 3));
        var settings = new DataSettings
        {
            Split = "random",
            TrainPerClass = 10,
            ValidationPerClass = 10,
            RandomFeatures = features == "dense" ? 33 : 0,
            Features = features == "embedding" ? "degree" : null,
        };
        foreach (double dropout in new[] { 0, 0.4 })
        {
            var wanted = new ModelSettings { Model = model, Heads = 3, Layers = 3, Dropout = dropout, AttentionDropout = dropout, EmbeddingWidth = features == "embedding" ? 12 : 0, EdgeFeatures = (int)dataset.Edges.FeatureWidth };
            Compare(TrainingData.Prepare(dataset, settings, model), wanted, new TrainingSettings { Optimizer = dropout == 0 ? "adam" : "sgd" });
        }
    }

    [Theory]
    [InlineData("gcn")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    public void Hubs_and_wide_layers_are_planned_too(string model)
    {
        // A node in every twentieth edge: rows that are cut, and buffers larger than a block of the arena.
        var random = new Random(5);
        int[] source = [.. Enumerable.Range(0, 90_000).Select(e => e % 20 == 0 ? 7 : random.Next(2_000))];
        int[] destination = [.. Enumerable.Range(0, 90_000).Select(e => e % 20 == 1 ? 9 : random.Next(2_000))];
        var dataset = new Dataset { Name = "hubs", Edges = new Weft.Graphs.EdgeList(2_000, source, destination) };
        var data = TrainingData.Prepare(dataset, new DataSettings { RandomFeatures = 70, RandomClasses = 6 }, model);
        Compare(data, new ModelSettings { Model = model, Heads = 2, Hidden = 48, Dropout = 0 }, new TrainingSettings());
    }

    [Fact]
    public void Many_graphs_in_batches_share_their_buffers_in_a_plan_too()
    {
        var dataset = DictionaryLookup.Create(8, graphs: 1_100);
        var data = TrainingData.Prepare(dataset, new DataSettings(), "gatv2");
        Assert.True(data.Batches.Count >= 2);
        Compare(data, new ModelSettings { Model = "gatv2", Dropout = 0 }, new TrainingSettings());
    }

    [Fact]
    public void A_plan_grows_with_the_graph_and_says_what_for()
    {
        var model = new ModelSettings { Model = "gat", Heads = 4, Hidden = 16 };
        MemoryPlan Plan(long nodes, long edges) => MemoryPlan.Of(new DataSize(nodes, edges, 100, 10), model, new TrainingSettings());
        var (plan, moreNodes, moreEdges) = (Plan(1_000_000, 20_000_000), Plan(2_000_000, 20_000_000), Plan(1_000_000, 40_000_000));
        // Dense features are N × D numbers and nothing else; Adam has two moments, a parameter a value and a gradient.
        Assert.Equal(1_000_000L * 100 * sizeof(Real), plan.Parts[MemoryPart.Features]);
        Assert.Equal(2 * plan.Parts[MemoryPart.Features], moreNodes.Parts[MemoryPart.Features]);
        Assert.Equal(plan.Parts[MemoryPart.Features], moreEdges.Parts[MemoryPart.Features]);
        Assert.Equal(2 * plan.Parameters * sizeof(Real), plan.Parts[MemoryPart.Parameters]);
        Assert.Equal(plan.Parts[MemoryPart.Parameters], plan.Parts[MemoryPart.Optimizer]);
        Assert.True(moreEdges.Parts[MemoryPart.Graph] > plan.Parts[MemoryPart.Graph]);
        Assert.True(moreNodes.WorkspaceBytes > 1.5 * plan.WorkspaceBytes);
        Assert.Equal(plan.TotalBytes, plan.DataBytes + plan.BeyondDataBytes);
        Assert.Contains(plan.Buffers, b => b is { Kind: "Gat", Name: "X" } && b.Bytes == 1_000_000L * 64 * sizeof(Real));
    }

    private static void Compare(TrainingData data, ModelSettings model, TrainingSettings settings)
    {
        settings = settings with { Epochs = 2, Patience = 0 };
        var plan = MemoryPlan.Of(DataSize.Of(data), model, settings);
        long graphs = data.Batches.Sum(b => b.Graph.Bytes);
        var built = Architecture.Build(model, data.Inputs, data.Outputs);
        built.Initialize(1);
        var trainer = new Trainer(built, data, settings);
        trainer.Train();
        Assert.Equal(trainer.WorkspaceBytes, plan.WorkspaceBytes);
        // A batch without training nodes has no gradient of the loss, which a plan does not know.
        if (data.Batches.Count == 1) Assert.Equal(trainer.LossBytes, plan.Parts[MemoryPart.Loss]);
        Assert.Equal(trainer.OptimizerBytes, plan.Parts[MemoryPart.Optimizer]);
        Assert.Equal(built.ParameterCount * sizeof(Real), plan.Parts[MemoryPart.Best]);
        if (data.Dataset.Features.IsSparse) return;
        // Of sparse features training keeps a second form as well, which is among the graph's.
        Assert.Equal(data.Batches.Sum(b => b.Graph.Bytes) - graphs, plan.Parts[MemoryPart.Graph]);
        Assert.Equal(data.Dataset.Edges.Bytes + graphs, plan.Parts[MemoryPart.Edges]);
    }
}
