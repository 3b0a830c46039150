using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Optimizers;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A reproducible run gives the same bits for any number of processes: losses and parameters after 20 training steps, with dropout on.</summary>
public class ReproducibleLaw
{
    private const int Nodes = 1_990, Classes = 4, Steps = 20;

    // 8 leaves of 256 nodes, the last not full; a hub with in-edges and one with out-edges, both longer than one run of a sum.
    private static readonly OracleGraph Whole = TestGraphs.Random("1,990 nodes with hubs", Nodes, 9_000, seed: 77, inHub: 5_000, outHub: 4_500);

    [Theory]
    [InlineData("gcn", false)]
    [InlineData("gat", false)]
    [InlineData("gatv2", false)]
    [InlineData("gin", false)]
    [InlineData("sage", false)]
    [InlineData("attention", false)]
    [InlineData("linear", false)]
    [InlineData("batch-norm", false)]
    [InlineData("layer-norm", false)]
    [InlineData("gcn", true)]
    [InlineData("gatv2", true)]
    public void Bits_do_not_depend_on_the_number_of_processes(string layer, bool sparse)
    {
        var expected = Train(layer, sparse, 1)[0];
        Assert.NotEqual(expected.Losses[0], expected.Losses[^1]);
        for (int processes = 2; processes <= 7; processes++)
            foreach (var result in Train(layer, sparse, processes)) expected.CheckSame($"{layer}, {processes} processes", result);
        // One process that knows of no grid: the same, where no gradient is summed over edges and no sparse features over nodes.
        if (layer != "gatv2" && !sparse) expected.CheckSame($"{layer}, one process without a grid", Alone(layer));
    }

    [Fact]
    public void Without_the_mode_the_bits_do_depend_on_the_number_of_processes()
    {
        // Else the tests above would prove nothing.
        var one = Train("gat", sparse: false, 1, reproducible: false)[0];
        var three = Train("gat", sparse: false, 3, reproducible: false)[0];
        Assert.Contains(one.Parameters, p => !p.Value.Cast<double>().SequenceEqual(three.Parameters[p.Key].Cast<double>()));
    }

    [Fact]
    public void Halo_and_dense_exchanges_give_the_same_bits()
    {
        var expected = Train("gatv2", sparse: false, 3)[0];
        foreach (var result in Train("gatv2", sparse: false, 3, ExchangeKind.Dense)) expected.CheckSame("dense", result);
    }

    [Fact]
    public void A_grid_that_cuts_columns_and_parts_without_whole_leaves_are_refused()
    {
        var options = new DistributionOptions { Reproducible = true };
        Assert.Contains("use 4 × 1 × 1", Assert.Throws<ArgumentException>(() => NodeParts.For(new ProcessGrid(2, 2, 1), 2_000, options)).Message);
        var few = Assert.Throws<ArgumentException>(() => NodeParts.For(new ProcessGrid(5, 1, 1), 1_000, options)).Message;
        Assert.Contains("1000 nodes are enough for 4 processes, not for 5", few);
        Assert.Equal([0, 512, 768, 1_000], NodeParts.For(new ProcessGrid(3, 1, 1), 1_000, options).Offsets.ToArray());
        var failure = Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(2, world =>
            new ProcessGrid(2, 1, 1).Distribute(world, NodeParts.OfSizes([300, 700]), [0], [1], [], options)));
        Assert.Contains("process 1 begins at place 300", failure.Message);
    }

    [Fact]
    public void Pieces_of_edges_do_not_depend_on_which_other_rows_a_process_has()
    {
        // So many edges that the pieces of an ordinary graph grow with their number; one row is cut in parts.
        const int rows = 2_048, from = 1_024;
        int[] counts = [.. Enumerable.Range(0, rows).Select(i => i == 1_500 ? 9_000 : 200 + i % 190)];
        EdgeView View(int first)
        {
            var pointers = new long[rows - first + 1];
            for (int i = first; i < rows; i++) pointers[i - first + 1] = pointers[i - first] + counts[i];
            return new EdgeView(pointers, new int[pointers[^1]], null, 1, byLeaf: true);
        }
        var (whole, part) = (View(0), View(from));
        long edges = whole.Pointers[from];
        int skipped = whole.Pieces.FirstRow.Count(row => row < from);
        Assert.Equal(whole.Pieces.FirstRow.Skip(skipped).Select(row => row - from), part.Pieces.FirstRow);
        Assert.Equal(whole.Pieces.LastRow.Skip(skipped).Select(row => row - from), part.Pieces.LastRow);
        Assert.Equal(whole.Pieces.FirstEdge.Skip(skipped).Select(edge => edge - edges), part.Pieces.FirstEdge);
        Assert.Equal(whole.Pieces.Part.Skip(skipped), part.Pieces.Part);
        Assert.Equal(3, part.Pieces.Parts);
    }

    [Fact]
    public void Attention_between_all_pairs_is_refused()
    {
        var failure = Assert.Throws<RankFailedException>(() => Train("attention-dense", sparse: false, 2));
        Assert.Contains("a reproducible run has attention on edges alone", failure.Message);
    }

    [Fact]
    public void A_sum_over_nodes_brings_as_many_words_as_its_formula_says()
    {
        foreach (int processes in new[] { 2, 3, 5, 7 })
            foreach (int entries in new[] { 1, 6, 100 })
                ThreadCommunicator.Run(processes, world =>
                {
                    var meter = new Metered(world);
                    var parts = NodeParts.AtLeaves(new ProcessGrid(processes, 1, 1), 5_000);
                    var tree = new NodeTree(meter, parts.Offsets);
                    var sums = Matrix.Allocate(tree.Runs.Length * entries, 1);
                    meter.Reset();
                    tree.Sum(sums, new Workspace());
                    Assert.Equal(tree.Words(entries, world.Rank), meter.Total.Words);
                });
    }

    [Fact]
    public void A_warm_reproducible_step_allocates_nothing()
    {
        foreach (string layer in new[] { "gcn", "gatv2", "gin" })
        {
            var allocated = ThreadCommunicator.Run(2, world =>
            {
                var run = new Run(layer, sparse: false, Part(world, ExchangeKind.Halo));
                // The runtime itself allocates when threads first meet at a lock: what every step allocates is the layer's.
                long least = long.MaxValue;
                for (int step = 0; step < 8; step++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    run.Step();
                    least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                }
                return least;
            });
            Assert.True(allocated.All(bytes => bytes == 0), $"{layer}: bytes allocated by each process in every step: {string.Join(", ", allocated)}");
        }
    }

    /// <summary>As one of the processes of <paramref name="world"/>: the bits of one process.</summary>
    internal static void Check(ICommunicator world, string layer) =>
        Train(layer, sparse: false, 1)[0].CheckSame($"{layer}, {world.Size} processes", new Run(layer, sparse: false, Part(world, ExchangeKind.Halo)).Train());

    private static Result[] Train(string layer, bool sparse, int processes, ExchangeKind kind = ExchangeKind.Halo, bool reproducible = true) => ThreadCommunicator.Run(processes, world =>
    {
        var run = new Run(layer, sparse, Part(world, kind, reproducible));
        return run.Train();
    });

    private static Graph Part(ICommunicator world, ExchangeKind kind, bool reproducible = true)
    {
        var grid = new ProcessGrid(world.Size, 1, 1);
        var options = new DistributionOptions { Exchange = kind, Reproducible = reproducible };
        return grid.Distribute(world, Whole.Nodes, Whole.Source, Whole.Destination, [.. Whole.Weight.Select(w => (Real)w)], options);
    }

    private static Result Alone(string layer) => new Run(layer, sparse: false, LayerRun.LibraryGraph(Whole)).Train();

    private sealed class Run
    {
        private readonly Model model;
        private readonly Session session;
        private readonly CrossEntropy loss = new();
        private readonly LossTarget target;
        private readonly Adam adam;
        private readonly Matrix dLogits;
        private int step;

        public Run(string layer, bool sparse, Graph graph)
        {
            var settings = new LayerSettings { Inputs = 6, Outputs = 5, Hidden = 7, Heads = 3, Activation = Activation.Elu, AttentionDropout = 0.3 };
            var first = Catalog.Layers[layer](settings);
            var second = Catalog.Layers[layer](settings with { Inputs = first.Outputs(6), Outputs = Classes, Concatenate = false, Activation = default });
            var layers = new List<ILayer> { first, new Dropout(0.3), second };
            if (second.Outputs(first.Outputs(6)) is var width && width != Classes) layers.Add(new Linear(width, Classes));
            model = new Model(layers);
            model.Initialize(5);
            var nodes = graph.Identity.NodeIds;
            var H = GridModel.Rows(TestGraphs.Numbers(Nodes, 6, 1), nodes[0], nodes.Length);
            for (int i = 0; sparse && i < nodes.Length; i++)
                for (int j = nodes[i] % 2; j < 6; j += 2) H[i, j] = 0;
            session = new Session(model, graph, sparse ? LayerRun.ToSparse(H) : LayerRun.ToMatrix(H));
            target = LossTarget.FromLabels(graph, [.. nodes.Select(i => i * 7 % Classes)], [.. nodes.Select(i => i % 3 != 1)]);
            adam = new Adam(model.Parameters, new WeightDecay(5e-4));
            dLogits = Matrix.Allocate(nodes.Length, Classes);
        }

        public double Step()
        {
            var logits = session.Forward(new Pass(Seed: 9, step++, Training: true));
            double value = loss.Evaluate(logits, target, dLogits);
            model.ClearGradients();
            session.Backward(dLogits);
            adam.Step(0.01);
            return value;
        }

        public Result Train()
        {
            var losses = new double[Steps];
            for (int s = 0; s < Steps; s++) losses[s] = Step();
            return new Result(losses, model.Parameters.ToDictionary(p => p.Name, p => LayerRun.ToArray(p.Parameter.Value)));
        }
    }

    private sealed record Result(double[] Losses, Dictionary<string, double[,]> Parameters)
    {
        public void CheckSame(string what, Result other)
        {
            for (int s = 0; s < Losses.Length; s++)
                Assert.True(BitConverter.DoubleToInt64Bits(Losses[s]) == BitConverter.DoubleToInt64Bits(other.Losses[s]), $"{what}: loss of step {s} is {other.Losses[s]:R}, not {Losses[s]:R}");
            foreach (var (name, values) in Parameters) Closeness.CheckBits($"{what}: {name}", values, other.Parameters[name]);
        }
    }
}
