using Weft.Layers;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>Every layer equals its oracle: the output, the gradient at the input and the gradient of every parameter.</summary>
public class OracleLaw
{
    public static TheoryData<string> Cases => LayerCases.Names;

    [Fact]
    public void Every_layer_of_the_library_is_among_the_cases()
    {
        // A demonstration may have a layer of its own inside it; the layers that models are built from are public.
        var layers = typeof(ILayer).Assembly.GetTypes().Where(t => !t.IsAbstract && !t.IsNestedPrivate && t.IsAssignableTo(typeof(ILayer))).ToHashSet();
        Assert.True(layers.Count >= 6);
        layers.ExceptWith(LayerCases.All.Select(c => c.Create().GetType()));
        Assert.True(layers.Count == 0, $"the catalog, and so every law, lacks {string.Join(", ", layers.Select(t => t.Name))}");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_layer_equals_its_oracle_on_every_graph(string name)
    {
        var layerCase = LayerCases.Named(name);
        foreach (var graph in layerCase.Graphs) Compare(layerCase, graph, InputMode.Dense);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_layer_equals_its_oracle_on_constant_sparse_and_traced_input(string name)
    {
        var layerCase = LayerCases.Named(name);
        Compare(layerCase, TestGraphs.Forty, InputMode.Constant);
        Compare(layerCase, TestGraphs.Forty, InputMode.Traced);
        if (layerCase.TakesSparse) Compare(layerCase, TestGraphs.Forty, InputMode.Sparse);
    }

    [Fact]
    public void Dropout_factors_are_zero_or_the_inverse_of_what_is_kept()
    {
        var layerCase = LayerCases.Named("gat, attention dropout");
        var factors = new LayerRun(layerCase.Create(), TestGraphs.Hub).AttentionFactors(2, 0.5).Cast<double>().ToArray();
        Assert.All(factors, b => Assert.True(b is 0 or 2));
        Assert.Equal(1, factors.Average(), 0.03);
        var rows = new LayerRun(new Dropout(0.75), TestGraphs.Hub).Output(Ones(300, 50)).Cast<double>().ToArray();
        Assert.All(rows, b => Assert.True(b is 0 or 4));
        Assert.Equal(1, rows.Average(), 0.06);
    }

    private static double[,] Ones(int rows, int columns)
    {
        var ones = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) ones[i, j] = 1;
        return ones;
    }

    private static void Compare(LayerCase layerCase, OracleGraph graph, InputMode mode)
    {
        var layer = layerCase.Create();
        var parameters = LayerRun.Parameters(layer);
        var run = new LayerRun(layer, graph, mode).With(parameters);
        var oracle = run.Oracle(layerCase);
        // A first pass with other numbers, so that every buffer holds something wrong when the real one comes.
        var H = Input(graph.Nodes, layerCase.Inputs, 1, mode);
        var (rows, columns) = oracle.OutputShape(graph, H, parameters);
        var dH = TestGraphs.Numbers(rows, columns, 2);
        run.Run(Input(graph.Nodes, layerCase.Inputs, 3, mode), TestGraphs.Numbers(rows, columns, 4));

        var expected = oracle.Run(graph, H, parameters, dH);
        var actual = run.Run(H, dH);
        string where = $"{layerCase.Name}, {graph.Name}, {mode}: ";
        double attention = expected.AttentionScale;
        Closeness.Check(where + "H", expected.Output, actual.Output);
        if (actual.InputGradient.Length > 0 || mode is InputMode.Dense or InputMode.Traced)
            Closeness.Check(where + "dH_prev", expected.InputGradient, actual.InputGradient, Math.Max(1, attention));
        Assert.Equal(expected.Gradients.Keys.Order(), actual.Gradients.Keys.Order());
        foreach (var (parameter, gradient) in expected.Gradients)
            Closeness.Check($"{where}d{parameter}", gradient, actual.Gradients[parameter], Math.Max(1, attention));
    }

    private static double[,] Input(int nodes, int width, int seed, InputMode mode)
    {
        var H = TestGraphs.Numbers(nodes, width, seed);
        // Node 6 has a loop of its own: a row of zeros, of both signs, puts its logit and every function of H exactly on the kink.
        if (nodes > 6)
            for (int j = 0; j < width; j++) H[6, j] = j % 2 == 0 ? 0.0 : -0.0;
        if (mode != InputMode.Sparse) return H;
        for (int i = 0; i < nodes; i++)
            for (int j = 0; j < width; j++)
                if ((i * 7 + j * 3 + seed) % 4 != 0) H[i, j] = 0;
        return H;
    }
}
