using Weft.Graphs;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Models;

public class SessionTests
{
    private static readonly OracleGraph Whole = TestGraphs.Forty;
    private static readonly int[] Seeds = [7, 0, 4, 39, 2];

    public static TheoryData<string> Models => ["gcn", "gat", "gatv2", "gin", "sage", "transformer"];

    [Theory]
    [MemberData(nameof(Models))]
    public void On_a_block_for_each_hop_a_pass_with_dropout_is_rows_of_the_pass_on_the_graph(string name)
    {
        var settings = new ModelSettings { Model = name, Layers = 2, Hidden = 3, Heads = 2, Dropout = 0.4, AttentionDropout = 0.3 };
        var model = Architecture.Build(settings, 5, 4);
        model.Initialize(3);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var pass = new Pass(5, 9, Training: true);
        var dRows = LayerRun.ToMatrix(TestGraphs.Numbers(Seeds.Length, 4, 2));

        var session = new Session(model, LayerRun.LibraryGraph(Whole), H);
        var all = LayerRun.ToArray(session.Forward(pass));
        var dAll = Matrix.Allocate(Whole.Nodes, 4);
        for (int i = 0; i < Seeds.Length; i++) dRows.Row(i).CopyTo(dAll.Row(Seeds[i]));
        session.Backward(dAll);
        var expected = model.Parameters.Select(p => p.Parameter.Gradient.ToArray()).ToArray();
        model.ClearGradients();

        var (last, middle) = Block(Seeds);
        var (first, sources) = Block(middle);
        var sampled = new Session(model, new Workspace());
        sampled.Bind([first, last], Rows(H, sources));
        var rows = LayerRun.ToArray(sampled.Forward(pass));
        sampled.Backward(dRows);

        double tolerance = sizeof(Real) == 8 ? 1e-12 : 2e-5;
        for (int i = 0; i < Seeds.Length; i++)
            for (int c = 0; c < 4; c++) Assert.Equal(all[Seeds[i], c], rows[i, c], tolerance);
        for (int p = 0; p < expected.Length; p++)
        {
            double[] found = model.Parameters[p].Parameter.Gradient.ToArray();
            for (int k = 0; k < found.Length; k++)
                Assert.True(Math.Abs(expected[p][k] - found[k]) <= tolerance * 10, $"d{model.Parameters[p].Name}[{k}] is {found[k]:R}, {expected[p][k]:R} on the graph");
        }
    }

    [Fact]
    public void The_next_batch_may_have_other_sizes_in_the_same_memory()
    {
        var model = Architecture.Build(new ModelSettings { Model = "sage", Hidden = 3, Dropout = 0 }, 5, 4);
        model.Initialize(3);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var session = new Session(model, new Workspace());
        foreach (int[] seeds in new[] { Seeds, [1, 2], [30, 31, 32, 33, 34, 35, 36], [5] })
        {
            var (last, middle) = Block(seeds);
            var (first, sources) = Block(middle);
            session.Bind([first, last], Rows(H, sources));
            var alone = new Session(model, new Workspace());
            alone.Bind([first, last], Rows(H, sources));
            Assert.Equal(LayerRun.ToArray(alone.Forward(default)), LayerRun.ToArray(session.Forward(default)));
        }
    }

    [Fact]
    public void Blocks_that_do_not_fit_the_model_are_refused()
    {
        var model = Architecture.Build(new ModelSettings { Model = "sage", Layers = 3 }, 5, 4);
        var (last, middle) = Block(Seeds);
        var (first, sources) = Block(middle);
        var session = new Session(model, new Workspace());
        Assert.Contains("2 blocks for 3 layers", Assert.Throws<ArgumentException>(() => session.Bind([first, last], Matrix.Allocate(sources.Length, 5))).Message);
        Assert.Contains("every node needs one", Assert.Throws<ArgumentException>(() => session.Bind([first], Matrix.Allocate(3, 5))).Message);
    }

#if REAL64 // differences need double precision
    [Fact]
    public void A_joined_output_gets_its_part_of_the_gradient()
    {
        ILayer[] layers = [new Linear(5, 4), new Pointwise(new(Weft.Kernels.ActivationKind.Tanh)), new Gcn(4, 4), new Sum([0, 1]), new Linear(4, 2)];
        var model = new Model(layers);
        model.Initialize(8);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var session = new Session(model, LayerRun.LibraryGraph(Whole), H);
        var dOut = TestGraphs.Numbers(Whole.Nodes, 2, 4);
        session.Forward(default);
        session.Backward(LayerRun.ToMatrix(dOut));
        double Loss()
        {
            var output = LayerRun.ToArray(session.Forward(default));
            double sum = 0;
            for (int i = 0; i < output.GetLength(0); i++)
                for (int c = 0; c < 2; c++) sum += output[i, c] * dOut[i, c];
            return sum;
        }
        foreach (var (name, parameter) in model.Parameters)
            for (long i = 0; i < parameter.Value.Rows; i++)
                for (long j = 0; j < parameter.Value.Columns; j++)
                {
                    Real kept = parameter.Value[i, j];
                    parameter.Value[i, j] = kept + (Real)1e-6;
                    double above = Loss();
                    parameter.Value[i, j] = kept - (Real)1e-6;
                    double below = Loss();
                    parameter.Value[i, j] = kept;
                    Assert.True(Math.Abs((above - below) / 2e-6 - parameter.Gradient[i, j]) < 1e-6, $"d{name}[{i}, {j}] is {parameter.Gradient[i, j]:R}, the difference {(above - below) / 2e-6:R}");
                }
    }
#endif

    [Fact]
    public void A_layer_cannot_join_what_comes_after_it()
    {
        var model = new Model([new Linear(5, 4), new Sum([1])]);
        Assert.Contains("reads the output of layer 1", Assert.Throws<ArgumentException>(() => new Session(model, LayerRun.LibraryGraph(Whole), Matrix.Allocate(Whole.Nodes, 5))).Message);
    }

    [Fact]
    public void A_statistic_is_left_alone_by_optimisers_and_kept_in_checkpoints()
    {
        var mean = new Parameter("running_mean", 1, 3, Initializer.One) { IsLearned = false };
        var weight = new Parameter("W", 1, 3, Initializer.One);
        foreach (var parameter in new[] { mean, weight })
        {
            parameter.Initialize(1, 0);
            parameter.Gradient.Fill(1);
        }
        var optimizer = new Weft.Optimizers.Adam([("l1.running_mean", mean), ("l1.W", weight)], new Weft.Optimizers.WeightDecay(0.1));
        optimizer.Step(0.1);
        Assert.Equal([1, 1, 1], mean.Value.ToArray());
        Assert.True(weight.Value[0, 0] < 1);
    }

    /// <summary>H plus the outputs of earlier layers.</summary>
    private sealed class Sum(int[] from) : ILayer
    {
        public IReadOnlyList<Parameter> Parameters => [];

        public LayerReach Reach => LayerReach.Rows;

        public IReadOnlyList<int> Joins => from;

        public IReadOnlyList<TraceName> Names => [];

        public long Outputs(long inputs) => inputs;

        public NodeMatrix Forward(Graph graph, NodeMatrix H, Saved saved)
        {
            var sum = saved.Take("H", H.Rows, H.Columns);
            H.Dense.CopyTo(sum);
            foreach (var joined in saved.Joined) Weft.Kernels.Elementwise.Add(sum, joined.Dense.Top(H.Rows), sum);
            return sum;
        }

        public Matrix Backward(Graph graph, Matrix dH, Saved saved)
        {
            for (int k = 0; k < saved.Joined.Count; k++)
                if (saved.NeedsJoinedGradient(k)) dH.CopyTo(saved.JoinedGradient(k));
            return dH;
        }
    }

    // The block of all in-edges of some nodes: those nodes first, then their other in-neighbours.
    private static (Graph Block, int[] Sources) Block(int[] destinations)
    {
        int[] edges = [.. destinations.SelectMany(v => Enumerable.Range(0, Whole.Edges).Where(e => Whole.Destination[e] == v))];
        int[] sources = [.. destinations, .. edges.Select(e => Whole.Source[e]).Distinct().Except(destinations)];
        var place = sources.Select((v, i) => (v, i)).ToDictionary(x => x.v, x => x.i);
        var view = EdgeView.Group([.. edges.Select(e => place[Whole.Destination[e]])], [.. edges.Select(e => place[Whole.Source[e]])], destinations.Length, sources.Length, out int[] order);
        var degrees = new double[Whole.Nodes];
        for (int e = 0; e < Whole.Edges; e++) degrees[Whole.Destination[e]] += Whole.Weight[e];
        var weights = Matrix.Allocate(edges.Length, 1);
        for (int q = 0; q < order.Length; q++) weights[q, 0] = (Real)Whole.Weight[edges[order[q]]];
        return (Graph.Block(view, [.. order.Select(o => edges[o])], weights, sources, Whole.Edges, [.. sources.Select(v => degrees[v])]), sources);
    }

    private static Matrix Rows(Matrix all, int[] nodes)
    {
        var rows = Matrix.Allocate(nodes.Length, all.Columns);
        for (int i = 0; i < nodes.Length; i++) all.Row(nodes[i]).CopyTo(rows.Row(i));
        return rows;
    }
}
