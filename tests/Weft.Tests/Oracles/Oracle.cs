namespace Weft.Tests.Oracles;

/// <summary>A graph as a list of edges source → destination with one weight each, in the order given.</summary>
internal sealed record OracleGraph(string Name, int Nodes, int[] Source, int[] Destination, double[] Weight)
{
    /// <summary>Features of an edge of every test graph.</summary>
    public const int EdgeFeatures = 5;

    public int Edges => Source.Length;

    /// <summary>Features of each edge, [E, 5]: seeded numbers, unless others are given.</summary>
    public double[,] Features { get; init; } = TestGraphs.Numbers(Source.Length, EdgeFeatures, 900 + Source.Length);

    /// <summary>In-edges of each node, in the order of the list, found by looking at every edge.</summary>
    public int[][] InEdges()
    {
        var edges = new List<int>[Nodes];
        for (int i = 0; i < Nodes; i++) edges[i] = [];
        for (int e = 0; e < Edges; e++) edges[Destination[e]].Add(e);
        return [.. edges.Select(row => row.ToArray())];
    }

    public override string ToString() => Name;
}

/// <summary>
/// A layer written from its formula alone, in double precision, with plain loops. Parameters carry the names of the
/// mathematics (W, W_src, a_dst, b, eps, …); head k of a wide matrix lies in columns k·d … (k+1)·d − 1.
/// </summary>
internal interface IOracle
{
    /// <summary>
    /// The layer's output for the input H, and for the cotangent dH of that output the gradient in H and in every parameter.
    /// </summary>
    OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH);

    /// <summary>Rows and columns of the output, so that a caller can draw a cotangent.</summary>
    (int Rows, int Columns) OutputShape(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters) =>
        Run(graph, H, parameters, new double[0, 0]).Output is var output ? (output.GetLength(0), output.GetLength(1)) : default;
}

/// <summary>What an oracle finds.</summary>
/// <param name="Output">H, the layer's output.</param>
/// <param name="InputGradient">dH_prev.</param>
/// <param name="Gradients">Gradient of each parameter, under the parameter's name.</param>
/// <param name="Values">Intermediates under the names of the mathematics, heads leading, edges in the given order.</param>
/// <param name="ValueGradients">Their gradients, under the intermediate's own name (without the d).</param>
internal sealed record OracleResult(
    double[,] Output,
    double[,] InputGradient,
    IReadOnlyDictionary<string, double[,]> Gradients,
    IReadOnlyDictionary<string, double[]> Values,
    IReadOnlyDictionary<string, double[]> ValueGradients)
{
    /// <summary>
    /// max |S ⊙ dS|, the size of the terms that attention gradients are differences of; 0 for a layer without attention.
    /// </summary>
    public double AttentionScale
    {
        get
        {
            if (!Values.TryGetValue("S", out var S)) return 0;
            double largest = 0;
            for (int p = 0; p < S.Length; p++) largest = Math.Max(largest, Math.Abs(S[p] * ValueGradients["S"][p]));
            return largest;
        }
    }
}

/// <summary>One run of an oracle while it is being written down: a tape, the inputs on it, and what was named on the way.</summary>
internal sealed class OracleRun
{
    private readonly Dictionary<string, Var[,]> parameters = [];
    private readonly Dictionary<string, Var[]> named = [];

    public OracleRun(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters)
    {
        Graph = graph;
        this.H = Tape.Variables(H);
        foreach (var (name, value) in parameters) this.parameters[name] = Tape.Variables(value);
    }

    public Tape Tape { get; } = new();

    public OracleGraph Graph { get; }

    public Var[,] H { get; }

    public Var[,] this[string parameter] => parameters[parameter];

    public bool Has(string parameter) => parameters.ContainsKey(parameter);

    /// <summary>Keeps an intermediate so that its value and gradient can be compared.</summary>
    public void Name(string name, IEnumerable<Var> values) => named[name] = [.. values];

    public void Name(string name, Var[,] values) => named[name] = [.. values.Cast<Var>()];

    /// <summary>Left · right.</summary>
    public Var[,] Multiply(Var[,] left, Var[,] right)
    {
        int rows = left.GetLength(0), inner = left.GetLength(1), columns = right.GetLength(1);
        if (inner != right.GetLength(0)) throw new ArgumentException($"{rows} × {inner} by {right.GetLength(0)} × {columns}");
        var product = new Var[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                product[i, j] = Var.Dot(Tape, Enumerable.Range(0, inner).Select(c => (left[i, c], right[c, j])));
        return product;
    }

    /// <summary>Adds the one row of b, if the layer has that parameter, to every row of Z.</summary>
    public Var[,] AddBias(Var[,] Z, string name = "b") => Has(name) ? Map(Z, (z, j) => z + this[name][0, j]) : Z;

    public static Var[,] Map(Var[,] x, Func<Var, int, Var> f)
    {
        var y = new Var[x.GetLength(0), x.GetLength(1)];
        for (int i = 0; i < x.GetLength(0); i++)
            for (int j = 0; j < x.GetLength(1); j++) y[i, j] = f(x[i, j], j);
        return y;
    }

    /// <summary>Columns first … first + count − 1.</summary>
    public static Var[,] Columns(Var[,] x, int first, int count)
    {
        var y = new Var[x.GetLength(0), count];
        for (int i = 0; i < x.GetLength(0); i++)
            for (int j = 0; j < count; j++) y[i, j] = x[i, first + j];
        return y;
    }

    /// <summary>Softmax of the logits of one row, shifted by the row's largest as a constant; nothing for an empty row.</summary>
    public Var[] Softmax(Var[] L)
    {
        if (L.Length == 0) return [];
        double m = L.Max(x => x.Value);
        var w = L.Select(x => Var.Exp(x - m)).ToArray();
        var s = Var.Sum(Tape, w);
        return [.. w.Select(x => x / s)];
    }

    /// <summary>Closes the run: differentiates ⟨dH, output⟩. An empty dH means that only the output is wanted.</summary>
    public OracleResult Finish(Var[,] output, double[,] dH)
    {
        if (dH.Length == 0) dH = new double[output.GetLength(0), output.GetLength(1)];
        if (dH.GetLength(0) != output.GetLength(0) || dH.GetLength(1) != output.GetLength(1))
            throw new ArgumentException($"dH is {dH.GetLength(0)} × {dH.GetLength(1)}, the output {output.GetLength(0)} × {output.GetLength(1)}");
        Tape.Differentiate(output, dH);
        var values = new double[output.GetLength(0), output.GetLength(1)];
        for (int i = 0; i < values.GetLength(0); i++)
            for (int j = 0; j < values.GetLength(1); j++) values[i, j] = output[i, j].Value;
        return new OracleResult(
            values,
            Tape.Adjoints(H),
            parameters.ToDictionary(p => p.Key, p => Tape.Adjoints(p.Value)),
            named.ToDictionary(p => p.Key, p => p.Value.Select(x => x.Value).ToArray()),
            named.ToDictionary(p => p.Key, p => p.Value.Select(Tape.Adjoint).ToArray()));
    }
}
