using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Sampling;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;
using Weft.Training;

namespace Weft.Tests.Sampling;

/// <summary>Batches with all neighbours are the whole graph in pieces: outputs, gradients and inference are the whole graph's.</summary>
public class SampledPassTests
{
    private const int Inputs = 6, Classes = 4;
    private static readonly double Tolerance = sizeof(Real) == 8 ? 1e-12 : 5e-5;

    public static TheoryData<string, bool> Models
    {
        get
        {
            var models = new TheoryData<string, bool>();
            foreach (string model in Architecture.Names.Where(name => name != "mlp"))
            {
                models.Add(model, false);
                models.Add(model, true);
            }
            return models;
        }
    }

    private static (SampledGraph Graph, StoredGraph Stored, NodeMatrix H, Model Model) Ready(string name, bool sparse, int layers = 2)
    {
        var graph = new SampledGraph(TestGraphs.Hub, loops: name is "gat" or "gatv2");
        var settings = new ModelSettings { Model = name, Layers = layers, Hidden = 3, Heads = 2, Dropout = 0.4, AttentionDropout = 0.3, EdgeFeatures = (int)graph.List.FeatureWidth };
        var model = Architecture.Build(settings, Inputs, Classes);
        model.Initialize(3);
        var dense = LayerRun.ToMatrix(TestGraphs.Numbers(graph.Nodes, Inputs, 5));
        NodeMatrix H = sparse ? Sparse(dense) : dense;
        return (graph, new StoredGraph(graph.Adjacency, new MatrixFeatures(H)), H, model);
    }

    private static SparseMatrix Sparse(Matrix dense)
    {
        var (pointers, columns, values) = (new long[dense.Rows + 1], new List<int>(), new List<Real>());
        for (int i = 0; i < dense.Rows; i++)
        {
            for (int j = 0; j < dense.Columns; j++)
            {
                if ((i + j) % 3 == 0) continue;
                columns.Add(j);
                values.Add(dense[i, j]);
            }
            pointers[i + 1] = columns.Count;
        }
        return new SparseMatrix(pointers, [.. columns], values.ToArray(), dense.Columns);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Batches_with_all_neighbours_give_the_whole_output_and_their_gradients_the_whole_gradient(string name, bool sparse)
    {
        var (graph, stored, H, model) = Ready(name, sparse);
        int[] seeds = [.. graph.AllNodes.Where(i => i % 7 != 3)];
        int[] labels = [.. graph.AllNodes.Select(i => i * 5 % Classes)];
        // Dropout draws by the numbers of nodes and edges: the same step is the same pass.
        var pass = new Pass(5, 9, Training: true);
        var loss = new CrossEntropy();

        var session = new Session(model, graph.Graph, H);
        var whole = session.Forward(pass);
        var dLogits = Matrix.Allocate(graph.Nodes, Classes);
        bool[] mask = [.. graph.AllNodes.Select(seeds.Contains)];
        double wholeLoss = loss.Evaluate(whole, LossTarget.FromLabels(graph.Graph, labels, mask), dLogits);
        double[,] expected = LayerRun.ToArray(whole);
        model.ClearGradients();
        session.Backward(dLogits);
        double[][] gradients = [.. model.Parameters.Select(p => p.Parameter.Gradient.ToArray())];

        var sampler = new NeighborSampler(graph.Adjacency, seeds, 37, [-1, -1], replace: false, 2);
        var sampled = new Session(model, new Workspace());
        var (scratch, memory) = (graph.Scratch(), default(Matrix));
        model.ClearGradients();
        double sum = 0;
        for (int b = 0; b < sampler.Batches(0); b++)
        {
            var batch = MiniBatch.Draw(sampler, stored.Features, 0, b, scratch, memory);
            memory = batch.Memory;
            sampled.Bind(batch.Sample.Blocks, batch.Features);
            var rows = sampled.Forward(pass);
            var targets = batch.Sample.Targets;
            for (int i = 0; i < targets.Length; i++)
                for (int c = 0; c < Classes; c++)
                    Assert.True(Math.Abs(expected[targets[i], c] - rows[i, c]) <= Tolerance * Math.Max(1, Math.Abs(expected[targets[i], c])), $"node {targets[i]}, column {c}: {rows[i, c]:R}, {expected[targets[i], c]:R} on the whole graph");
            var d = Matrix.Allocate(rows.Rows, Classes);
            var target = LossTarget.FromLabels(batch.Sample.Blocks[^1], [.. targets.ToArray().Select(i => labels[i])], [.. targets.ToArray().Select(_ => true)]);
            double share = targets.Length / (double)seeds.Length;
            sum += share * loss.Evaluate(rows, target, d);
            // The mean over the batch, weighted by the batch's share of the training nodes.
            for (int i = 0; i < d.Rows; i++)
                foreach (ref Real entry in d.Row(i)) entry *= (Real)share;
            sampled.Backward(d);
        }
        Assert.Equal(wholeLoss, sum, Tolerance);
        for (int p = 0; p < gradients.Length; p++)
        {
            double[] found = model.Parameters[p].Parameter.Gradient.ToArray();
            double size = Math.Max(1, gradients[p].Max(Math.Abs));
            for (int k = 0; k < found.Length; k++)
                Assert.True(Math.Abs(gradients[p][k] - found[k]) <= Tolerance * size, $"d{model.Parameters[p].Name}[{k}] is {found[k]:R}, {gradients[p][k]:R} on the whole graph");
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Inference_layer_by_layer_gives_the_whole_output(string name, bool sparse)
    {
        var (graph, stored, H, model) = Ready(name, sparse, layers: 3);
        double[,] expected = LayerRun.ToArray(model.Predict(graph.Graph, H));
        int[][] wanted = [graph.AllNodes, [.. graph.AllNodes.Reverse()], [17, 299, 0, 1, 5], []];
        foreach (int[] nodes in wanted)
            foreach (var (mostNodes, mostEdges) in new[] { (1 << 14, 1L << 20), (7, 1L << 20), (100, 40L) })
            {
                var found = new LayerwiseInference(model, stored, nodes, new Workspace(), mostNodes, mostEdges).Run();
                Assert.Equal(nodes.Length, found.Rows);
                for (int i = 0; i < nodes.Length; i++)
                    for (int c = 0; c < Classes; c++)
                        Assert.True(Math.Abs(expected[nodes[i], c] - found[i, c]) <= Tolerance * Math.Max(1, Math.Abs(expected[nodes[i], c])), $"node {nodes[i]}, column {c}: {found[i, c]:R}, {expected[nodes[i], c]:R} on the whole graph");
            }
    }

    [Fact]
    public void Inference_layer_by_layer_joins_outputs_of_earlier_layers_and_features()
    {
        var (graph, stored, H, _) = Ready("gcn", sparse: false);
        var model = new Model([
            new Dropout(0.5), new Linear(Inputs, 5, activation: Activation.Elu), new Gcn(5, 5), new JoinBefore(1, -1), new Sage(5, 5), new JoinBefore(2, 3),
            new Gcn(5, Classes), new JoinBefore(5, 0)]);
        model.Initialize(7);
        double[,] expected = LayerRun.ToArray(model.Predict(graph.Graph, H));
        foreach (int chunk in new[] { 1000, 11 })
        {
            int[] nodes = [.. graph.AllNodes.Where(i => i % 3 == 1)];
            var found = new LayerwiseInference(model, stored, nodes, new Workspace(), chunk).Run();
            for (int i = 0; i < nodes.Length; i++)
                for (int c = 0; c < Classes; c++) Assert.Equal(expected[nodes[i], c], found[i, c], Tolerance);
        }
    }

    [Fact]
    public void A_sampled_block_without_a_share_of_its_edges_keeps_what_the_others_stand_for()
    {
        var (graph, _, _, _) = Ready("sage", sparse: false);
        var block = graph.Neighbours(graph.AllNodes, [4]).Draw(0, 0, graph.Scratch()).Blocks[0];
        var thin = new EdgeThinning(block, 0.5).Draw(new RandomKey(3, 1, 2));
        Assert.InRange(thin.Edges, block.Edges / 4, block.Edges * 3 / 4);
        var copies = SampledGraph.EdgesOf(block).ToLookup(e => (e.Destination, e.Id), e => e.Copies);
        var left = SampledGraph.EdgesOf(thin).ToArray();
        Assert.All(left, e => Assert.Contains(e.Copies, copies[(e.Destination, e.Id)]));
        Assert.Contains(left, e => e.Copies > 1);
        var means = thin.MeanWeights.ToArray();
        // The mean is over the edges that are left.
        var sums = left.Select((e, q) => (e.Destination, Weight: means[q], e.Copies)).GroupBy(e => e.Destination);
        foreach (var row in sums)
        {
            Assert.Equal(1, row.Sum(e => e.Weight), 5);
            Assert.All(row, e => Assert.Equal(e.Copies / row.Sum(o => o.Copies), e.Weight, 5));
        }
    }

    [Fact]
    public void A_model_that_sums_over_whole_graphs_is_refused()
    {
        var (graph, stored, _, _) = Ready("gcn", sparse: false);
        var model = new Model([new Gcn(Inputs, 3), new Readout(mean: false)]);
        Assert.Contains("whole graphs", Assert.Throws<ArgumentException>(() => new LayerwiseInference(model, stored, graph.AllNodes, new Workspace())).Message);
    }

    /// <summary>H + the first columns of two earlier outputs: a layer of rows that joins.</summary>
    private sealed class JoinBefore(int first, int second) : ILayer
    {
        public IReadOnlyList<Parameter> Parameters => [];

        public LayerReach Reach => LayerReach.Rows;

        public IReadOnlyList<int> Joins => [first, second];

        public IReadOnlyList<TraceName> Names => [];

        public long Outputs(long inputs) => inputs;

        public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
        {
            var sum = saved.Take("sum", H.Rows, H.Columns);
            for (int i = 0; i < H.Rows; i++)
                for (int j = 0; j < H.Columns; j++) sum[i, j] = H.Dense[i, j] + saved.Joined[0].Dense[i, j] - saved.Joined[1].Dense[i, j] / 2;
            return sum;
        }

        public Matrix Backward(Graph graph, Matrix dH, Saved saved) => throw new NotSupportedException();
    }
}
