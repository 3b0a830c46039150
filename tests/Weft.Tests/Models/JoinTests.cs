using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Models;

/// <summary>Residual connections, jumping knowledge and norms in whole models: gradients by central differences, shapes, refusals.</summary>
public class JoinTests
{
    private static readonly OracleGraph Whole = TestGraphs.Forty;

    public static TheoryData<string, string, bool, string> Settings
    {
        get
        {
            var data = new TheoryData<string, string, bool, string>();
            foreach (string jumping in new[] { "none", "cat", "max", "sum" })
                foreach (bool residual in new[] { false, true }) data.Add("gcn", jumping, residual, "none");
            foreach (string norm in new[] { "batch", "layer", "graph" }) data.Add("sage", "cat", true, norm);
            data.Add("gatv2", "max", true, "layer");
            return data;
        }
    }

    private static ModelSettings Of(string model, string jumping, bool residual, string norm) => new()
    {
        Model = model,
        Layers = 3,
        Hidden = 4,
        Heads = 2,
        Dropout = 0,
        Activation = "prelu",
        JumpingKnowledge = jumping,
        Residual = residual,
        Norm = norm,
    };

#if REAL64 // differences need double precision
    [Theory]
    [MemberData(nameof(Settings))]
    public void Gradients_of_whole_models_are_central_differences(string name, string jumping, bool residual, string norm)
    {
        var model = Architecture.Build(Of(name, jumping, residual, norm), 5, 3);
        model.Initialize(8);
        // Away from the kinks, at which a node without neighbours would lie exactly.
        int number = 30;
        foreach (var (_, p) in model.Parameters)
            if (p.IsBias) LayerRun.ToMatrix(TestGraphs.Numbers(1, (int)p.Value.Columns, number++)).CopyTo(p.Value);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var graph = LayerRun.LibraryGraph(Whole);
        var session = new Session(model, graph, H) { WantsFeatureGradient = true };
        var dOut = TestGraphs.Numbers(Whole.Nodes, 3, 4);
        var pass = new Pass(1, 0, Training: true);
        session.Forward(pass);
        var dH = session.Backward(LayerRun.ToMatrix(dOut));
        double Loss()
        {
            // A session of its own, because one that knows the features keeps what depends on them alone.
            var output = LayerRun.ToArray(new Session(model, graph, H).Forward(pass));
            double sum = 0;
            for (int i = 0; i < output.GetLength(0); i++)
                for (int c = 0; c < 3; c++) sum += output[i, c] * dOut[i, c];
            return sum;
        }

        void Check(string what, Matrix value, Matrix gradient)
        {
            for (long i = 0; i < value.Rows; i += 3)
                for (long j = 0; j < value.Columns; j++)
                {
                    Real kept = value[i, j];
                    value[i, j] = kept + (Real)1e-6;
                    double above = Loss();
                    value[i, j] = kept - (Real)1e-6;
                    double below = Loss();
                    value[i, j] = kept;
                    double difference = (above - below) / 2e-6;
                    Assert.True(Math.Abs(difference - gradient[i, j]) < 1e-6 * Math.Max(1, Math.Abs(difference)), $"d{what}[{i}, {j}] is {gradient[i, j]:R}, the difference {difference:R}");
                }
        }

        foreach (var (parameter, p) in model.Parameters)
            if (p.IsLearned) Check(parameter, p.Value, p.Gradient);
        Check("features", H, dH);
    }
#endif

    [Fact]
    public void On_blocks_a_joined_model_computes_rows_of_what_it_computes_on_the_graph()
    {
        var settings = Of("sage", "cat", residual: true, norm: "layer") with { Layers = 2 };
        var model = Architecture.Build(settings, 5, 3);
        model.Initialize(8);
        var H = LayerRun.ToMatrix(TestGraphs.Numbers(Whole.Nodes, 5, 1));
        var expected = LayerRun.ToArray(new Session(model, LayerRun.LibraryGraph(Whole), H).Forward(default));
        int[] seeds = [7, 0, 4, 39], middle = Sources(seeds), all = Sources(middle);
        var session = new Session(model, new Workspace());
        var rows = Matrix.Allocate(all.Length, 5);
        for (int i = 0; i < all.Length; i++) H.Row(all[i]).CopyTo(rows.Row(i));
        session.Bind([Block(middle, all), Block(seeds, middle)], rows);
        var actual = LayerRun.ToArray(session.Forward(default));
        Assert.Equal(seeds.Length, actual.GetLength(0));
        for (int i = 0; i < seeds.Length; i++)
            for (int j = 0; j < 3; j++) Assert.Equal(expected[seeds[i], j], actual[i, j], sizeof(Real) == 8 ? 1e-12 : 1e-4);
        // Rows of an earlier layer that the last block does not have get no gradient through the joint, and no garbage.
        session.Backward(LayerRun.ToMatrix(TestGraphs.Numbers(seeds.Length, 3, 2)));
        Assert.All(model.Parameters, p => Assert.Equal(-1, Elementwise.FirstNotFinite(p.Parameter.Gradient)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_graph_norm_takes_each_graph_of_a_batch_by_itself(int activation)
    {
        int[] membership = [.. Enumerable.Range(0, Whole.Nodes).Select(i => i < 5 ? 0 : i < 6 ? 1 : i < 30 ? 3 : 4)];
        var graph = LayerRun.LibraryGraph(Whole).WithMembership(Graph.OfMembership(membership, 5));
        var σ = activation == 0 ? Activation.Identity : Activation.Elu;
        var layer = new GraphNorm(6, σ);
        var parameters = LayerRun.Parameters(layer);
        double[,] H = TestGraphs.Numbers(Whole.Nodes, 6, 1), dH = TestGraphs.Numbers(Whole.Nodes, 6, 2);
        var actual = new LayerRun(layer, graph).With(parameters).Run(H, dH);
        var expected = new GraphNormOracle(LayerCases.Oracle(σ), membership).Run(Whole, H, parameters, dH);
        Closeness.Check("H", expected.Output, actual.Output);
        Closeness.Check("dH", expected.InputGradient, actual.InputGradient, 10);
        foreach (var (name, gradient) in expected.Gradients) Closeness.Check("d" + name, gradient, actual.Gradients[name]);
    }

    [Fact]
    public void Evaluation_uses_the_running_statistics_that_training_left()
    {
        var layer = new BatchNorm(2, momentum: 0.5);
        foreach (var parameter in layer.Parameters) parameter.Initialize(1, 0);
        var graph = Graph.FromEdges(4, [], []);
        double[,] H = { { 1, 10 }, { 2, 10 }, { 3, 10 }, { 6, 10 } };
        var training = new LayerRun(layer, graph);
        training.Run(H, new double[4, 2]);
        training.Run(H, new double[4, 2]);
        // Mean 3, variance 3.5, of a sample 14/3; half of each step.
        Assert.Equal([2.25, 7.5], layer.Parameters[2].Value.ToArray());
        Assert.Equal(0.25 + 0.75 * 14 / 3, layer.Parameters[3].Value[0, 0], 1e-5);
        var output = new LayerRun(layer, graph, training: false).Output(H);
        Assert.Equal((6 - 2.25) / Math.Sqrt(0.25 + 0.75 * 14 / 3 + 1e-5), output[3, 0], 1e-5);
        Assert.Equal([2.25, 7.5], layer.Parameters[2].Value.ToArray());
    }

    [Fact]
    public void In_evaluation_the_statistics_of_a_batch_norm_do_not_depend_on_its_input()
    {
        var layer = new BatchNorm(3, Activation.Tanh);
        var parameters = LayerRun.Parameters(layer);
        double[,] H = TestGraphs.Numbers(9, 3, 1), dH = TestGraphs.Numbers(9, 3, 2);
        var result = new LayerRun(layer, Graph.FromEdges(9, [], []), training: false).With(parameters).Run(H, dH);
        for (int i = 0; i < 9; i++)
            for (int j = 0; j < 3; j++)
            {
                double inverse = 1 / Math.Sqrt(parameters["running_var"][0, j] + 1e-5), normal = (H[i, j] - parameters["running_mean"][0, j]) * inverse;
                double value = Math.Tanh(parameters["gamma"][0, j] * normal + parameters["beta"][0, j]);
                Assert.Equal(value, result.Output[i, j], sizeof(Real) == 8 ? 1e-12 : 1e-5);
                Assert.Equal(dH[i, j] * (1 - value * value) * parameters["gamma"][0, j] * inverse, result.InputGradient[i, j], sizeof(Real) == 8 ? 1e-12 : 1e-5);
            }
    }

    [Theory]
    [InlineData("norm", "norm is 'instance'; none, batch, layer, graph were expected")]
    [InlineData("jumping", "jumping-knowledge is 'lstm'; none, cat, max, sum were expected")]
    [InlineData("drop", "drop-edge is 1; a rate from 0 up to, not including, 1 was expected")]
    public void Impossible_settings_are_refused(string what, string message)
    {
        var settings = what switch
        {
            "norm" => new ModelSettings { Norm = "instance" },
            "jumping" => new ModelSettings { JumpingKnowledge = "lstm" },
            _ => new ModelSettings { DropEdge = 1 },
        };
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => Architecture.Build(settings, 5, 3)).Message);
        Assert.Contains("layers of one width", Assert.Throws<ArgumentException>(() => new JumpingKnowledge(Jumping.Max, [0], [3]).Outputs(4)).Message);
    }

    [Fact]
    public void Layers_stand_in_the_order_that_the_documents_say()
    {
        var model = Architecture.Build(Of("gcn", "cat", residual: true, norm: "batch") with { Layers = 2, Dropout = 0.5 }, 5, 3);
        Assert.Equal(["Dropout", "Gcn", "BatchNorm", "Prelu", "Residual", "Dropout", "Gcn", "BatchNorm", "Prelu", "Residual", "JumpingKnowledge", "Linear"], model.Layers.Select(l => l.GetType().Name));
        Assert.Equal([-1], model.Layers[4].Joins);
        Assert.Equal([4], model.Layers[9].Joins);
        Assert.Equal([4], model.Layers[10].Joins);
        Assert.Single(model.Layers[4].Parameters);
        Assert.Empty(model.Layers[9].Parameters);
    }

    private static int[] Sources(int[] destinations) =>
        [.. destinations, .. Enumerable.Range(0, Whole.Edges).Where(e => destinations.Contains(Whole.Destination[e])).Select(e => Whole.Source[e]).Distinct().Except(destinations)];

    private static Graph Block(int[] destinations, int[] sources)
    {
        int[] edges = [.. Enumerable.Range(0, Whole.Edges).Where(e => destinations.Contains(Whole.Destination[e]))];
        return Graph.Block(destinations.Length, sources.Length,
            [.. edges.Select(e => Array.IndexOf(sources, Whole.Source[e]))], [.. edges.Select(e => Array.IndexOf(sources, Whole.Destination[e]))], [.. edges.Select(e => (Real)Whole.Weight[e])]);
    }
}
