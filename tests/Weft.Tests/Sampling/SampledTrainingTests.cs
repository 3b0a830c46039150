using Weft.Datasets;
using Weft.Kernels;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;
using Weft.Tests.Training;
using Weft.Training;

namespace Weft.Tests.Sampling;

public class SampledTrainingTests
{
    private static readonly Dataset Citations = DatasetCatalog.Open("citations");
    private static readonly ModelSettings Small = new() { Model = "gatv2", Hidden = 4, Heads = 2, Dropout = 0.3, AttentionDropout = 0.2 };

    private static readonly SamplingSettings Batches = new() { BatchSize = 16, Fanouts = [3, 4] };

    public static TheoryData<string> Samplers => [.. SamplingSettings.Samplers];

    private static SamplingSettings Of(string sampler) => sampler switch
    {
        "neighbor" => Batches,
        "layer" => new() { Sampler = sampler, BatchSize = 16, Fanouts = [40, 30] },
        "cluster" => new() { Sampler = sampler, BatchSize = 100, Clusters = 40, Partition = "ldg" },
        _ => new() { Sampler = sampler, BatchSize = 60, SaintSamples = 40 },
    };

    private static Trainer Ready(SamplingSettings sampling, int epochs = 3, ModelSettings? model = null)
    {
        var data = TrainingData.Prepare(Citations, new DataSettings(), (model ?? Small).Model);
        var built = Architecture.Build(model ?? Small, data.Inputs, data.Outputs);
        built.Initialize(1);
        return new Trainer(built, data, new TrainingSettings { Epochs = epochs, Sampling = sampling });
    }

    private static string Digest(Trainer trainer)
    {
        using (trainer)
            while (!trainer.Finished) trainer.RunEpoch();
        return ParameterDigest.Sha256(trainer.Model.Parameters);
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Training_ends_at_the_same_bits_with_one_two_and_four_workers_on_any_number_of_threads(string sampler)
    {
        int before = RowParallel.Threads;
        try
        {
            var digests = new HashSet<string>();
            foreach (int workers in new[] { 1, 2, 4 })
            {
                RowParallel.Threads = workers == 2 ? 2 : 1;
                digests.Add(Digest(Ready(Of(sampler) with { Workers = workers })));
            }
            Assert.Single(digests);
            Assert.DoesNotContain(Digest(Ready(Of(sampler) with { BatchSize = Of(sampler).BatchSize + 20 })), digests);
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }

    [Theory]
    [MemberData(nameof(Samplers))]
    public void A_run_that_was_stopped_between_two_steps_goes_on_to_the_same_bits(string sampler)
    {
        string expected = Digest(Ready(Of(sampler)));
        using var folder = new TemporaryFolder();
        using (var first = Ready(Of(sampler)))
        {
            first.RunEpoch();
            using var stop = new CancellationTokenSource();
            if (first.Steps > 2)
            {
                Assert.Throws<OperationCanceledException>(() => first.RunEpoch(at => { if (at.Step == 2) stop.Cancel(); }, stop.Token));
                Assert.Equal(2, first.Step);
            }
            first.Save().Save(folder.Path);
        }
        var second = Ready(Of(sampler) with { Workers = 3 });
        second.Restore(Checkpoint.Load(folder.Path)!);
        Assert.Equal(expected, Digest(second));
    }

    [Theory]
    [InlineData("sage")]
    [InlineData("gcn")]
    public void Batches_learn_what_the_whole_graph_learns(string model)
    {
        var settings = new ModelSettings { Model = model, Hidden = 16, Dropout = 0.5 };
        using var trainer = Ready(new() { BatchSize = 32, Fanouts = [10, 10] }, epochs: 30, settings);
        var sampled = trainer.Train().Test!.Value.Accuracy;
        var data = trainer.Data;
        var built = Architecture.Build(settings, data.Inputs, data.Outputs);
        built.Initialize(1);
        double whole = new Trainer(built, data, new TrainingSettings { Epochs = 100 }).Train().Test!.Value.Accuracy;
        Assert.True(whole > 0.6 && sampled > whole - 0.03, $"{sampled} in batches, {whole} on the whole graph");
        var figures = trainer.Sampling!.Value;
        Assert.Equal(30L * trainer.Steps, figures.Batches);
        Assert.InRange(figures.Share, 1e-6, 1 - 1e-6);
        Assert.True(figures.Edges > figures.Batches && figures.Nodes > figures.Batches && figures.WaitShare is >= 0 and <= 1);
    }

    [Fact]
    public void Evaluation_is_exact_and_not_sampled()
    {
        using var trainer = Ready(Batches);
        trainer.RunEpoch();
        var scores = trainer.Evaluate();
        var (data, split) = (trainer.Data, trainer.Data.Split);
        var logits = trainer.Model.Predict(data.Batches[0].Graph, data.Batches[0].Features);
        foreach (var (found, mask) in new[] { (scores.Train, split.Train), (scores.Validation!.Value, split.Validation), (scores.Test!.Value, split.Test) })
        {
            Assert.Equal(Metrics.Accuracy(logits, data.Dataset.Labels!, mask), found.Accuracy, 12);
            var target = Weft.Losses.LossTarget.FromLabels(data.Batches[0].Graph, data.Dataset.Labels!, mask);
            Assert.Equal(new Weft.Losses.CrossEntropy().Evaluate(logits, target), found.Loss, sizeof(Real) == 8 ? 1e-12 : 1e-5);
        }
        Assert.Equal(split.TestCount, scores.Confusion!.Cast<long>().Sum());
    }

    [Fact]
    public void Warm_epochs_take_no_more_buffers()
    {
        // All neighbours and every training node in one batch, so that every epoch has the same sizes.
        using var trainer = Ready(new() { BatchSize = 10_000, Fanouts = [-1] }, epochs: 6);
        trainer.RunEpoch();
        long bytes = trainer.WorkspaceBytes;
        for (int epoch = 0; epoch < 4; epoch++) trainer.RunEpoch();
        Assert.Equal(bytes, trainer.WorkspaceBytes);
    }

    [Fact]
    public void A_worker_that_fails_fails_the_step()
    {
        var graph = new SampledGraph(Oracles.TestGraphs.Forty);
        var stored = new StoredGraph(graph.Adjacency, new MatrixFeatures(Matrix.Allocate(40, 2)));
        using var stream = new SampleStream(new Failing(graph.Neighbours(graph.AllNodes, [2])), stored, _ => { }, 2, 0, 0, 4);
        stream.Return(stream.Take());
        Assert.Contains("out of luck", Assert.Throws<IOException>(() => { for (int t = 0; t < 3; t++) stream.Take(); }).Message);
    }

    [Fact]
    public void Batches_come_in_order_and_end_with_the_last_epoch()
    {
        var graph = new SampledGraph(Oracles.TestGraphs.Forty);
        var stored = new StoredGraph(graph.Adjacency, new MatrixFeatures(Matrix.Allocate(40, 2)));
        var sampler = new NeighborSampler(graph.Adjacency, graph.AllNodes, 16, [2], false, 1);
        using var stream = new SampleStream(sampler, stored, _ => { }, 2, 1, 1, 3);
        foreach (var place in new[] { (1, 1), (1, 2), (2, 0), (2, 1), (2, 2) })
        {
            Assert.Equal(place, stream.Next);
            var batch = stream.Take();
            Assert.Equal(place, (batch.Epoch, batch.Number));
            stream.Return(batch);
        }
        Assert.Contains("no batch left", Assert.Throws<InvalidOperationException>(() => stream.Take()).Message);
    }

    [Fact]
    public void Impossible_settings_are_refused_in_words()
    {
        string Refused(SamplingSettings sampling, string model = "gatv2") => Assert.Throws<ArgumentException>(() => Ready(sampling, model: Small with { Model = model })).Message;
        Assert.Contains("fanouts has 3 numbers (1,2,3); the model has 2 layers", Refused(new() { Fanouts = [1, 2, 3] }));
        Assert.Contains("fanouts is 5,0", Refused(new() { Fanouts = [5, 0] }));
        Assert.Contains("sampler is 'luck'", Refused(new() { Sampler = "luck" }));
        Assert.Contains("batch-size is 0", Refused(new() { BatchSize = 0 }));
        Assert.Contains("workers is 65", Refused(new() { Workers = 65 }));
        Assert.Contains("clusters is 100000", Refused(new() { Sampler = "cluster", Clusters = 100_000, Partition = "ldg" }));
        Assert.Contains("cluster-partition is 'scissors'", Refused(new() { Sampler = "cluster", Partition = "scissors" }));
        Assert.Contains("nothing with the sampler saint-walk", Refused(new() { Sampler = "saint-walk", Fanouts = [3] }));
        Assert.Contains("replace is on; nothing with the sampler layer", Refused(new() { Sampler = "layer", Replace = true }));
        Assert.Contains("clusters is 4; nothing with the sampler neighbor", Refused(new() { Clusters = 4 }));
        Assert.Contains("no layer of the model looks at neighbours", Refused(new(), "mlp"));
    }

    private sealed class Failing(ISampler inner) : ISampler
    {
        public int MostBatches => inner.MostBatches;

        public int Batches(int epoch) => inner.Batches(epoch);

        public Sample Draw(int epoch, int number, SampleScratch scratch) =>
            epoch < 1 ? inner.Draw(epoch, number, scratch) : throw new IOException("out of luck");
    }
}
