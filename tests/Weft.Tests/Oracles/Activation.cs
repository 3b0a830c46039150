namespace Weft.Tests.Oracles;

/// <summary>A pointwise function of section 2: σ by its name, with a slope (leaky ReLU) or an α (ELU).</summary>
internal sealed record OracleActivation(string Name, double Parameter = 1)
{
    public static readonly OracleActivation Identity = new("identity");

    /// <summary>Every function of the section, slopes 0 and 1 among them.</summary>
    public static readonly OracleActivation[] All =
    [
        Identity, new("relu"), new("leaky_relu", 0.2), new("leaky_relu", 0), new("leaky_relu", 1),
        new("elu"), new("elu", 0.5), new("tanh"), new("logistic"), new("gelu"),
    ];

    /// <summary>σ(x). The right branch is taken for x &gt; 0 only, so both zeros take the left one.</summary>
    public Var Of(Var x) => Name switch
    {
        "identity" => x,
        "relu" => x.Value > 0 ? x : 0 * x,
        "leaky_relu" => x.Value > 0 ? x : Parameter * x,
        "elu" => x.Value > 0 ? x : Parameter * Var.ExpMinusOne(x),
        "tanh" => Var.Tanh(x),
        "logistic" => Logistic(x),
        "gelu" => 0.5 * (x * (Var.Erf(Math.Sqrt(0.5) * x) + 1)),
        _ => throw new ArgumentException($"no activation is called {Name}"),
    };

    public Var[,] Of(Var[,] x) => OracleRun.Map(x, (v, _) => Of(v));

    public override string ToString() => Name is "leaky_relu" or "elu" ? $"{Name}({Parameter})" : Name;

    private static Var Logistic(Var x)
    {
        if (x.Value < 0)
        {
            var grown = Var.Exp(x);
            return grown / (grown + 1);
        }
        var one = x.Tape.Variable(1);
        return one / (Var.Exp(-1 * x) + 1);
    }
}

/// <summary>H = σ(H_prev).</summary>
internal sealed record ActivationOracle(OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        return run.Finish(Activation.Of(run.H), dH);
    }
}

/// <summary>H = B ⊙ H_prev with the factors B, each 0 or 1/(1−p), given.</summary>
internal sealed record DropoutOracle(double[,] Factor) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var kept = new Var[H.GetLength(0), H.GetLength(1)];
        for (int i = 0; i < H.GetLength(0); i++)
            for (int j = 0; j < H.GetLength(1); j++) kept[i, j] = Factor[i, j] * run.H[i, j];
        return run.Finish(kept, dH);
    }
}

/// <summary>Z̄ = (1/K) Σ_k Z^k: [N, K·d] → [N, d].</summary>
internal sealed record HeadMeanOracle(int Heads) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        return run.Finish(Of(run, run.H, Heads), dH);
    }

    public static Var[,] Of(OracleRun run, Var[,] Z, int heads)
    {
        int rows = Z.GetLength(0), d = Z.GetLength(1) / heads;
        var mean = new Var[rows, d];
        for (int i = 0; i < rows; i++)
            for (int c = 0; c < d; c++)
                mean[i, c] = Var.Sum(run.Tape, Enumerable.Range(0, heads).Select(k => Z[i, k * d + c])) / heads;
        return mean;
    }
}
