using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed;
using Weft.Distributed.Partitioning;
using Weft.Graphs;
using Weft.Models;
using Weft.Training;

namespace Weft.Tests.Training;

/// <summary>A run on several processes is the run that one process makes alone.</summary>
public class SharedTrainingTests
{
    private static readonly ModelSettings Small = new() { Hidden = 4, Heads = 2, Dropout = 0.3, AttentionDropout = 0.2 };
    private static readonly DataSettings Prepared = new() { Split = "random", TrainPerClass = 20, ValidationPerClass = 20, SelfLoops = true };
    private static readonly Dataset Blocks = Uneven(Generated.StochasticBlocks(nodes: 240, classes: 4, degree: 6, homophily: 0.8, features: 9, seed: 3));

    // Rounding grows from step to step: the curves part slowly, and faster in single precision.
    private static double Near => sizeof(Real) == 8 ? 1e-10 : 1e-4;

    public static TheoryData<string, string, string> Layouts()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string model in Architecture.Names.Where(name => name != "gine"))
            foreach (var (grid, partition) in new[] { ("3x1x1", "block"), ("1d", "ldg"), ("2x2x1", "random"), ("2x1x2", "ldg") }) data.Add(model, grid, partition);
        return data;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Curves_scores_and_data_are_those_of_one_process(string model, string grid, string partition)
    {
        var settings = new TrainingSettings { Epochs = 10, Patience = 0, Clip = 1, Metric = "f1" };
        var alone = Alone(model, settings);
        var curve = Curve(alone);
        var scores = alone.Evaluate();
        ThreadCommunicator.Run(grid == "1d" ? 4 : GridSize(grid), world =>
        {
            var trainer = Shared(world, model, settings, grid, partition);
            Assert.Equal(alone.Data.Digest(), trainer.Data.Digest());
            Assert.Equal((alone.Data.Nodes, alone.Data.Edges), (trainer.Data.Nodes, trainer.Data.Edges));
            var shared = Curve(trainer);
            for (int e = 0; e < curve.Count; e++)
            {
                Assert.Equal(curve[e].TrainLoss, shared[e].TrainLoss, Near);
                Assert.Equal(curve[e].ValidationLoss, shared[e].ValidationLoss, Near);
                Assert.Equal(curve[e].TestScore, shared[e].TestScore, 0.02);
            }
            var sharedScores = trainer.Evaluate();
            Assert.Equal(scores.Test!.Value.Loss, sharedScores.Test!.Value.Loss, Near);
            Assert.Equal(scores.Test.Value.Auc, sharedScores.Test.Value.Auc, 1e-3);
            Assert.Equal(scores.Confusion!.Cast<long>().Sum(), sharedScores.Confusion!.Cast<long>().Sum());
        });
    }

    [Fact]
    public void A_checkpoint_goes_on_with_other_numbers_of_processes_and_alone()
    {
        var settings = new TrainingSettings { Epochs = 12, Patience = 0 };
        double expected = Curve(Alone("gatv2", settings))[^1].TrainLoss;
        using var folder = new TemporaryFolder();
        int done = 0;
        foreach (var (processes, grid) in new[] { (4, "2x2x1"), (3, "1d"), (2, "1x2x1"), (6, "3x2x1") })
        {
            done += 2;
            ThreadCommunicator.Run(processes, world =>
            {
                var trainer = Shared(world, "gatv2", settings, grid, "ldg");
                // Only the first process sees the folder.
                if (world.Rank == 0 && Checkpoint.Load(folder.Path) is { } found) trainer.Restore(found);
                trainer.Synchronize();
                Assert.Equal(done - 2, trainer.Epoch);
                while (trainer.Epoch < done) trainer.RunEpoch();
                if (world.Rank == 0) trainer.Save().Save(folder.Path);
            });
        }
        var last = Alone("gatv2", settings);
        last.Restore(Checkpoint.Load(folder.Path)!);
        last.Train();
        Assert.Equal(expected, last.Last.TrainLoss, Near);
    }

    [Theory]
    [InlineData("gcn")]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gin")]
    [InlineData("sage")]
    [InlineData("transformer")]
    public void Reproducible_runs_end_at_the_same_bits_on_any_number_of_processes(string model)
    {
        var set = Uneven(Generated.StochasticBlocks(nodes: 1900, classes: 4, degree: 6, homophily: 0.8, features: 9, seed: 3));
        var settings = new TrainingSettings { Epochs = 6, Patience = 0, Clip = 1 };
        string? expected = null;
        for (int processes = 1; processes <= 7; processes++)
        {
            string[] ends = ThreadCommunicator.Run(processes, world =>
            {
                var options = new DistributionOptions { Reproducible = true };
                var source = new DatasetSource(TrainingData.PrepareWhole(set, Prepared, model));
                var trainer = Ready(SharedData.Prepare(source, Prepared, 0, world, GridName.Parse("1d", processes), options), model, settings);
                Curve(trainer);
                return ParameterDigest.Sha256(trainer.Model.Parameters);
            });
            expected ??= ends[0];
            Assert.All(ends, end => Assert.Equal(expected, end));
        }
    }

    [Fact]
    public void A_digest_tells_other_data_apart()
    {
        string digest = Alone("gcn", new TrainingSettings { Epochs = 1 }).Data.Digest();
        var edges = Blocks.Edges;
        var moved = new EdgeList(edges.Nodes, edges.Source, [.. edges.Destination.Select((d, e) => e == 17 ? (d + 1) % 240 : d)], edges.Weight);
        var heavier = new EdgeList(edges.Nodes, edges.Source, edges.Destination, [.. edges.Weight!.Select((w, e) => e == 5 ? w + 1 : w)]);
        int[] labels = [.. Blocks.Labels!];
        labels[9] = (labels[9] + 1) % 4;
        foreach (var other in new[] { Blocks with { Edges = moved }, Blocks with { Edges = heavier }, Blocks with { Labels = labels } })
            Assert.NotEqual(digest, TrainingData.Prepare(other, Prepared, "gcn").Digest());
        Assert.Equal(digest, TrainingData.Prepare(Blocks, Prepared with { Order = "degree" }, "gcn").Digest());
    }

    [Fact]
    public void Every_process_hears_of_what_one_of_them_found()
    {
        ThreadCommunicator.Run(3, world =>
        {
            Assert.True(Agreement.Any(world, world.Rank == 2));
            Assert.False(Agreement.Any(world, false));
            Assert.Equal("of 1", Agreement.First(world, world.Rank > 0 ? $"of {world.Rank}" : null));
            Assert.Null(Agreement.First(world, null));
        });
        Assert.Equal("mine", Agreement.First(Weft.Communication.Alone.Instance, "mine"));
    }

    [Fact]
    public void A_loss_that_is_no_number_is_reported_alike_by_all_processes_with_the_node_where_it_began()
    {
        var broken = Weft.Memory.Matrix.Allocate(Blocks.Nodes, 9);
        broken[200, 3] = Real.NaN;
        var failure = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(3, world =>
            Ready(SharedData.Prepare(new DatasetSource(Blocks with { Features = broken }), Prepared, 0, world, GridName.Parse("1d", 3), new DistributionOptions()), "gcn", new TrainingSettings()).RunEpoch()));
        Assert.IsType<TrainingDivergedException>(failure.InnerException);
        Assert.Matches(@"first not finite: \S+ \[\d+, \d+\] = NaN", failure.Message);
    }

    /// <summary>As one of the processes of <paramref name="world"/>: the curve of one process.</summary>
    internal static void Check(ICommunicator world, string model)
    {
        var settings = new TrainingSettings { Epochs = 6, Patience = 0, Clip = 1 };
        var (alone, shared) = (Curve(Alone(model, settings)), Curve(Shared(world, model, settings, "1d", "ldg")));
        for (int e = 0; e < alone.Count; e++)
        {
            Assert.Equal(alone[e].TrainLoss, shared[e].TrainLoss, Near);
            Assert.Equal(alone[e].ValidationLoss, shared[e].ValidationLoss, Near);
        }
    }

    // Weights, a node with a loop of its own, one without edges and a hub.
    private static Dataset Uneven(Dataset set)
    {
        var edges = set.Edges;
        var kept = Enumerable.Range(0, edges.Count).Where(e => edges.Source[e] != 13 && edges.Destination[e] != 13).ToArray();
        int[] source = [.. kept.Select(e => edges.Source[e]), 7, .. Enumerable.Range(20, 100)];
        int[] destination = [.. kept.Select(e => edges.Destination[e]), 7, .. Enumerable.Repeat(5, 100)];
        return set with { Edges = new EdgeList(set.Nodes, source, destination, [.. source.Select((s, e) => (Real)(0.5 + (s + e) % 3))]) };
    }

    private static int GridSize(string grid) => grid.Split('x').Select(int.Parse).Aggregate((a, b) => a * b);

    private static List<EpochReport> Curve(Trainer trainer)
    {
        var curve = new List<EpochReport>();
        while (!trainer.Finished) curve.Add(trainer.RunEpoch());
        return curve;
    }

    private static Trainer Alone(string model, TrainingSettings settings) => Ready(TrainingData.Prepare(Blocks, Prepared, model), model, settings);

    private static Trainer Shared(ICommunicator world, string model, TrainingSettings settings, string grid, string partition)
    {
        var whole = TrainingData.PrepareWhole(Blocks, Prepared, model);
        var parted = Partition.Of(new GraphStructure(whole.Nodes, whole.Edges.Source, whole.Edges.Destination), world.Size, Partitioners.Named(partition));
        var source = new DatasetSource(whole, parted.Order, parted.Offsets);
        return Ready(SharedData.Prepare(source, Prepared, 0, world, GridName.Parse(grid, world.Size), new DistributionOptions()), model, settings);
    }

    private static Trainer Ready(TrainingData data, string name, TrainingSettings settings)
    {
        var model = Architecture.Build(Small with { Model = name }, data.Inputs, data.Outputs);
        model.Initialize(settings.Seed);
        return new Trainer(model, data, settings);
    }
}
