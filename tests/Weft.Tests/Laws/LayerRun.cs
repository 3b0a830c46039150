using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>How a layer meets its input.</summary>
internal enum InputMode
{
    /// <summary>The output of another layer: dense, its gradient wanted.</summary>
    Dense,

    /// <summary>The data: what depends on it alone is computed once, and nobody wants its gradient.</summary>
    Constant,

    /// <summary>The data as compressed rows.</summary>
    Sparse,

    /// <summary>Dense, in a traced pass, which keeps everything and takes the composed route.</summary>
    Traced,
}

/// <summary>A layer of the library in the oracles' terms: arrays in, arrays out.</summary>
internal sealed class LayerRun
{
    private readonly InputMode mode;
    private readonly Saved saved;

    public LayerRun(ILayer layer, OracleGraph graph, InputMode mode = InputMode.Dense, bool training = true)
        : this(layer, LibraryGraph(graph), mode, training)
    {
    }

    public LayerRun(ILayer layer, Graph graph, InputMode mode = InputMode.Dense, bool training = true)
    {
        (Layer, Graph, this.mode) = (layer, graph, mode);
        saved = new Saved(new Workspace(), layer: 2, tracing: mode == InputMode.Traced) { Pass = new Pass(Seed: 11, Step: 3, training) };
    }

    public ILayer Layer { get; }

    /// <summary>Names of the matrices that a traced run has kept, in the order in which the layer took them.</summary>
    public IReadOnlyList<string> Recorded => saved.Order;

    /// <summary>A matrix that a run has kept.</summary>
    public Matrix Kept(string code) => saved[code];

    public Graph Graph { get; }

    public static Graph LibraryGraph(OracleGraph graph) =>
        Graph.FromEdges(graph.Nodes, graph.Source, graph.Destination, [.. graph.Weight.Select(w => (Real)w)], ToMatrix(graph.Features));

    /// <summary>Seeded parameters for a layer, under their names; multiples of 1/4096, the wide ones small, variances positive.</summary>
    public static Dictionary<string, double[,]> Parameters(ILayer layer) =>
        layer.Parameters.Select((p, n) => (p, n)).ToDictionary(x => x.p.Name, x => Values(x.p, 100 + x.n, Math.Max(x.p.Value.Rows, x.p.Value.Columns) > 16 ? 0.25 : 1));

    /// <summary>Seeded values for a parameter; a variance's are positive.</summary>
    public static double[,] Values(Parameter parameter, int seed, double scale)
    {
        var values = TestGraphs.Numbers((int)parameter.Value.Rows, (int)parameter.Value.Columns, seed, scale);
        if (!parameter.IsLearned && parameter.Initializer == Initializer.One)
            for (int j = 0; j < values.GetLength(1); j++) values[0, j] = Math.Abs(values[0, j]) + 0.5;
        return values;
    }

    public LayerRun With(IReadOnlyDictionary<string, double[,]> parameters)
    {
        foreach (var parameter in Layer.Parameters) ToMatrix(parameters[parameter.Name]).CopyTo(parameter.Value);
        return this;
    }

    /// <summary>One pass forward and back, gradients from zero.</summary>
    public OracleResult Run(double[,] H, double[,] dH)
    {
        foreach (var parameter in Layer.Parameters) parameter.Gradient.Clear();
        SetInput(H);
        var output = ToArray(Forward());
        var upstream = ToMatrix(dH);
        var input = Backward(upstream);
        return new OracleResult(output, input.IsMissing ? new double[0, 0] : ToArray(input),
            Layer.Parameters.ToDictionary(p => p.Name, p => ToArray(p.Gradient)), new Dictionary<string, double[]>(), new Dictionary<string, double[]>());
    }

    public double[,] Output(double[,] H)
    {
        SetInput(H);
        return ToArray(Forward());
    }

    public void SetInput(double[,] H)
    {
        saved.InputIsConstant = mode is InputMode.Constant or InputMode.Sparse;
        saved.NeedsInputGradient = !saved.InputIsConstant;
        saved.Input = mode == InputMode.Sparse ? ToSparse(H) : ToMatrix(H);
        // A layer alone joins its own input, in memory of its own.
        if (Layer.Joins.Count > 0)
            saved.Join([.. Layer.Joins.Select(_ => mode == InputMode.Sparse ? (NodeMatrix)ToSparse(H) : ToMatrix(H))], [.. Layer.Joins.Select(_ => saved.NeedsInputGradient)]);
    }

    public Matrix Forward()
    {
        var output = Layer.Forward(Graph, saved.Input, saved);
        saved.EndCall();
        return output.Dense;
    }

    public Matrix Backward(Matrix dH)
    {
        var input = Layer.Backward(Graph, dH, saved);
        saved.EndCall();
        for (int k = 0; k < Layer.Joins.Count && saved.NeedsInputGradient; k++) Elementwise.Add(input, saved.JoinedGradient(k), input);
        return input;
    }

    /// <summary>The factors of attention dropout that the layer will draw in this run, [E, K], in the order of the edge list.</summary>
    public double[,] AttentionFactors(int heads, double rate)
    {
        var ones = Matrix.Allocate(Graph.Edges, heads);
        ones.Fill(1);
        var drawn = Matrix.Allocate(Graph.Edges, heads);
        Graph.DropEdges(ones, heads, rate, saved.Key(RandomPurpose.AttentionDropout), drawn);
        var factors = new double[Graph.Edges, heads];
        for (int e = 0; e < Graph.Edges; e++)
            for (int k = 0; k < heads; k++) factors[Graph.EdgeIds[e], k] = drawn[e, k];
        // A loop over entries holds the address of the numbers, not the matrix that owns them.
        GC.KeepAlive(drawn);
        return factors;
    }

    /// <summary>The oracle of a case, given the factors that this run will draw.</summary>
    public IOracle Oracle(LayerCase layerCase)
    {
        var ones = new double[Graph.OwnedSources, layerCase.Inputs];
        for (int i = 0; i < ones.GetLength(0); i++)
            for (int j = 0; j < ones.GetLength(1); j++) ones[i, j] = 1;
        return layerCase.Oracle(
            AttentionFactors(layerCase.Settings.Heads, layerCase.Settings.AttentionDropout),
            Layer is Dropout ? Output(ones) : ones);
    }

    public static Matrix ToMatrix(double[,] values) =>
        Matrix.From(values.GetLength(0), values.GetLength(1), [.. values.Cast<double>()]);

    public static double[,] ToArray(Matrix matrix)
    {
        var values = new double[matrix.Rows, matrix.Columns];
        for (int i = 0; i < matrix.Rows; i++)
            for (int j = 0; j < matrix.Columns; j++) values[i, j] = matrix[i, j];
        GC.KeepAlive(matrix);
        return values;
    }

    /// <summary>The non-zero entries, in compressed rows.</summary>
    public static SparseMatrix ToSparse(double[,] values)
    {
        var pointers = new long[values.GetLength(0) + 1];
        var columns = new List<int>();
        var entries = new List<Real>();
        for (int i = 0; i < values.GetLength(0); i++)
        {
            for (int j = 0; j < values.GetLength(1); j++)
            {
                if (values[i, j] == 0) continue;
                columns.Add(j);
                entries.Add((Real)values[i, j]);
            }
            pointers[i + 1] = columns.Count;
        }
        return new SparseMatrix(pointers, [.. columns], [.. entries], values.GetLength(1));
    }
}
