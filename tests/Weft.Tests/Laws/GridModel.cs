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

    /// <summary>Layers of the catalog that several processes can share: all but readouts, because many graphs are trained on one process, and gine, because a grid does not carry edge features.</summary>
    public static IEnumerable<string> Layers => Catalog.Layers.Keys.Where(layer => layer != "gine" && !layer.StartsWith("readout-", StringComparison.Ordinal));

    /// <summary>All models of one layer of the catalog.</summary>
    public static GridModel[] Of(string layer) =>
    [
        .. from setting in AllSettings
           from shape in new (bool Deep, bool Sparse)[] { (false, false), (true, false), (true, true) }
           where (!shape.Sparse || !LayerCase.IsDenseOnly(layer)) && (!shape.Deep || !LayerCase.IsJoining(layer))
           select new GridModel(layer, setting.Name, layer == "gine" ? setting.Settings with { EdgeFeatures = OracleGraph.EdgeFeatures } : setting.Settings, shape.Deep, shape.Sparse),
    ];

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
            LayerRun.ToMatrix(LayerRun.Values(parameter, number++, 0.75)).CopyTo(parameter.Value);
        return model;
    }

    /// <summary>Width of the model's output.</summary>
    public int Outputs => (int)Build().Layers.Aggregate(Settings.Inputs, (width, layer) => layer.Outputs(width));

    /// <summary>Features and upstream gradient for a whole graph; every other feature of a sparse model is zero.</summary>
    public (double[,] H, double[,] dH) Input(OracleGraph graph)
    {
        var H = TestGraphs.Numbers(graph.Nodes, (int)Settings.Inputs, 10);
        for (int i = 0; Sparse && i < graph.Nodes; i++)
            for (int j = i % 2; j < Settings.Inputs; j += 2) H[i, j] = 0;
        return (H, TestGraphs.Numbers(graph.Nodes, Outputs, 11));
    }

    /// <summary>A training pass forward and back after a pass without dropout: every result that a process holds, by name.</summary>
    /// <param name="graph">The whole graph or one process's part of it.</param>
    /// <param name="H">Features of the nodes that it owns.</param>
    /// <param name="dH">Upstream gradient at the nodes that it owns.</param>
    public GridResult Run(Graph graph, double[,] H, double[,] dH)
    {
        var model = Build();
        NodeMatrix features = Sparse ? LayerRun.ToSparse(H) : LayerRun.ToMatrix(H);
        var session = new Session(model, graph, features) { WantsFeatureGradient = !Sparse };
        var rows = new Dictionary<string, double[,]>
        {
            ["output"] = LayerRun.ToArray(session.Forward(new Pass(Seed: 11, Step: 2, Training: false))),
            ["training output"] = LayerRun.ToArray(session.Forward(new Pass(Seed: 11, Step: 3, Training: true))),
        };
        var input = session.Backward(LayerRun.ToMatrix(dH));
        if (!Sparse) rows["dH_prev"] = LayerRun.ToArray(input);
        return new GridResult(rows, model.Parameters.ToDictionary(p => "d" + p.Name, p => LayerRun.ToArray(p.Parameter.Gradient)));
    }

    /// <summary>One process's part of a graph.</summary>
    public static Graph Part(ProcessGrid grid, ICommunicator world, OracleGraph graph, NodeParts? parts = null, ExchangeKind kind = ExchangeKind.Halo, bool overlap = false) =>
        grid.Distribute(world, parts ?? NodeParts.Balanced(grid, graph.Nodes), graph.Source, graph.Destination, [.. graph.Weight.Select(w => (Real)w)], new DistributionOptions { Exchange = kind, Overlap = overlap });

    /// <summary>Parts of sizes that no rule of division would give.</summary>
    public static NodeParts Uneven(ProcessGrid grid, long nodes)
    {
        var random = new Random(grid.Size);
        var sizes = new long[grid.Size];
        Array.Fill(sizes, 1);
        for (long left = nodes - grid.Size; left > 0; left--) sizes[Math.Min(random.Next(grid.Size), random.Next(grid.Size))]++;
        return NodeParts.OfSizes(sizes);
    }

    /// <summary>Rows first … first + count − 1.</summary>
    public static double[,] Rows(double[,] whole, long first, long count)
    {
        var rows = new double[count, whole.GetLength(1)];
        for (int i = 0; i < rows.GetLength(0); i++)
            for (int j = 0; j < rows.GetLength(1); j++) rows[i, j] = whole[first + i, j];
        return rows;
    }

    public override string ToString() => $"{Layer}, {Setting}{(Deep ? ", two layers" : "")}{(Sparse ? ", sparse features" : "")}";
}

/// <summary>What a pass leaves on a process.</summary>
/// <param name="Rows">Matrices of which a process holds its own rows.</param>
/// <param name="Whole">Matrices that every process holds whole: gradients of parameters.</param>
internal sealed record GridResult(IReadOnlyDictionary<string, double[,]> Rows, IReadOnlyDictionary<string, double[,]> Whole)
{
    /// <summary>Throws, naming the tensor and the entry, unless this is the part from node <paramref name="first"/> on of what one process computes.</summary>
    public void CheckAgainst(GridResult alone, long first, string what)
    {
        foreach (var (name, expected) in alone.Rows)
        {
            var part = GridModel.Rows(expected, first, Rows[name].GetLength(0));
            Closeness.Check($"{what}: {name}", part, Rows[name], Largest(expected));
        }
        foreach (var (name, expected) in alone.Whole) Closeness.Check($"{what}: {name}", expected, Whole[name]);
    }

    /// <summary>Throws unless both have the same bits.</summary>
    public void CheckBits(GridResult other)
    {
        foreach (var (name, expected) in other.Rows) Closeness.CheckBits(name, expected, Rows[name]);
        foreach (var (name, expected) in other.Whole) Closeness.CheckBits(name, expected, Whole[name]);
    }

    private static double Largest(double[,] values) => values.Length == 0 ? 1 : Math.Max(1, values.Cast<double>().Max(Math.Abs));
}
