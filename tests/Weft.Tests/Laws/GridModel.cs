using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A model that must not notice where its graph lives: one layer, or two with dropout before each.</summary>
/// <param name="Layer">The layer's name in the catalog.</param>
/// <param name="Setting">What is special about the setting.</param>
/// <param name="Settings">The setting.</param>
/// <param name="Deep">True for two layers with dropout, false for the layer alone.</param>
/// <param name="Sparse">True for features in compressed rows, whose gradient nobody can want.</param>
internal sealed record GridModel(string Layer, string Setting, LayerSettings Settings, bool Deep, bool Sparse)
{
    private static readonly LayerSettings Usual = new()
    {
        Inputs = 5,
        Outputs = 3,
        Hidden = 4,
        Activation = Activation.Elu,
        Dropout = 0.5,
        AttentionDropout = 0.5,
    };

    /// <summary>The settings in which every layer of the catalog runs: 1, 3 and 4 heads, side by side and averaged.</summary>
    private static readonly (string Name, LayerSettings Settings)[] AllSettings =
    [
        ("4 heads", Usual with { Heads = 4 }),
        ("3 heads averaged, residual", Usual with { Heads = 3, Concatenate = false, Residual = true }),
        ("1 head, widening, no added loops, no bias", Usual with { Heads = 1, Inputs = 2, Outputs = 4, Bias = false, AddLoops = false, AttentionDropout = 0 }),
        ("4 heads averaged, shared weights", Usual with { Heads = 4, Outputs = 2, Concatenate = false, ShareWeights = true }),
    ];

    /// <summary>All models of one layer of the catalog.</summary>
    public static GridModel[] Of(string layer) =>
    [
        .. from setting in AllSettings
           from shape in new (bool Deep, bool Sparse)[] { (false, false), (true, false), (true, true) }
           where !shape.Sparse || layer is not ("dropout" or "pointwise")
           select new GridModel(layer, setting.Name, setting.Settings, shape.Deep, shape.Sparse),
    ];

    public int Inputs => (int)Settings.Inputs;

    /// <summary>The model with seeded parameters, biases and ε included.</summary>
    public Model Build()
    {
        var layers = new List<ILayer>();
        long width = Settings.Inputs;
        void Add(ILayer layer)
        {
            layers.Add(layer);
            width = layer.Outputs(width);
        }

        if (Deep) Add(new Dropout(0.4));
        Add(Catalog.Layers[Layer](Settings));
        if (Deep)
        {
            if (!Sparse) Add(new Pointwise(Activation.Tanh));
            Add(new Dropout(0.4));
            Add(Catalog.Layers[Layer](Settings with { Inputs = width }));
        }
        var model = new Model(layers);
        int number = 100;
        foreach (var (_, parameter) in model.Parameters)
            ToMatrix(TestGraphs.Numbers((int)parameter.Value.Rows, (int)parameter.Value.Columns, number++, 0.75)).CopyTo(parameter.Value);
        return model;
    }

    /// <summary>Width of the model's output.</summary>
    public int Outputs => (int)Build().Layers.Aggregate(Settings.Inputs, (width, layer) => layer.Outputs(width));

    /// <summary>A training pass forward and back after a pass without dropout: every result that a process holds, by name.</summary>
    /// <param name="graph">The whole graph or one process's part of it.</param>
    /// <param name="H">Features of the whole graph.</param>
    /// <param name="dH">Upstream gradient of the whole graph.</param>
    /// <param name="first">First owned node.</param>
    public GridResult Run(Graph graph, double[,] H, double[,] dH, long first)
    {
        var model = Build();
        NodeMatrix features = Sparse ? ToSparse(H, first, graph.OwnedSources) : ToMatrix(H).RowRange(first, graph.OwnedSources);
        var session = new Session(model, graph, features) { WantsFeatureGradient = !Sparse };
        double[] evaluated = session.Forward(new Pass(Seed: 11, Step: 2, Training: false)).ToArray();
        double[] trained = session.Forward(new Pass(Seed: 11, Step: 3, Training: true)).ToArray();
        var input = session.Backward(ToMatrix(dH).RowRange(first, graph.OwnedDestinations));
        var rows = new Dictionary<string, double[]> { ["output"] = evaluated, ["training output"] = trained };
        if (!Sparse) rows["dH_prev"] = input.ToArray();
        return new GridResult(rows, model.Parameters.ToDictionary(p => "d" + p.Name, p => p.Parameter.Gradient.ToArray()));
    }

    public static Graph Whole(OracleGraph graph) => Graph.FromEdges(graph.Nodes, graph.Source, graph.Destination, Weights(graph));

    public static Graph Part(ProcessGrid grid, ICommunicator world, OracleGraph graph) =>
        grid.Distribute(world, graph.Nodes, graph.Source, graph.Destination, Weights(graph));

    public static Matrix ToMatrix(double[,] values) => Matrix.From(values.GetLength(0), values.GetLength(1), [.. values.Cast<double>()]);

    private static Real[] Weights(OracleGraph graph) => [.. graph.Weight.Select(w => (Real)w)];

    // Every other entry is not stored.
    private static SparseMatrix ToSparse(double[,] values, long first, long count)
    {
        var pointers = new long[count + 1];
        var columns = new List<int>();
        var entries = new List<Real>();
        for (long i = 0; i < count; i++)
        {
            for (int j = 0; j < values.GetLength(1); j++)
            {
                if ((first + i + j) % 2 == 0) continue;
                columns.Add(j);
                entries.Add((Real)values[first + i, j]);
            }
            pointers[i + 1] = columns.Count;
        }
        return new SparseMatrix(pointers, [.. columns], [.. entries], values.GetLength(1));
    }

    public override string ToString() => $"{Layer}, {Setting}{(Deep ? ", two layers" : "")}{(Sparse ? ", sparse features" : "")}";
}

/// <summary>What a pass leaves on a process.</summary>
/// <param name="Rows">Matrices of which a process holds its own rows.</param>
/// <param name="Whole">Matrices that every process holds whole: gradients of parameters.</param>
internal sealed record GridResult(IReadOnlyDictionary<string, double[]> Rows, IReadOnlyDictionary<string, double[]> Whole)
{
    /// <summary>Rounding of this library's precision, relative to the largest entry or 1.</summary>
    private static double Tolerance => sizeof(Real) == 8 ? 1e-12 : 3e-5;

    /// <summary>Throws, naming the tensor and the entry, unless this is the part from node <paramref name="first"/> on of what one process computes.</summary>
    public void CheckAgainst(GridResult alone, long first, long nodes, string what)
    {
        foreach (var (name, expected) in alone.Rows)
        {
            long width = expected.Length / nodes;
            Check(name, expected.AsSpan((int)(first * width), Rows[name].Length), Rows[name], Largest(expected), what);
        }
        foreach (var (name, expected) in alone.Whole) Check(name, expected, Whole[name], Largest(expected), what);
    }

    private static double Largest(double[] values) => values.Length == 0 ? 1 : Math.Max(1, values.Max(Math.Abs));

    private static void Check(string name, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double scale, string what)
    {
        Assert.True(expected.Length == actual.Length, $"{what}: {name} has {actual.Length} entries, {expected.Length} were expected");
        for (int p = 0; p < expected.Length; p++)
            if (!(Math.Abs(actual[p] - expected[p]) <= Tolerance * scale))
                Assert.Fail($"{what}: {name}, entry {p}, is {actual[p]:R}; one process finds {expected[p]:R}, and {Tolerance * scale:G2} is allowed");
    }
}
