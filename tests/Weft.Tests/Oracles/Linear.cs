namespace Weft.Tests.Oracles;

/// <summary>H = σ(H_prev·W + b); b is optional.</summary>
internal sealed record LinearOracle(OracleActivation Activation) : IOracle
{
    public OracleResult Run(OracleGraph graph, double[,] H, IReadOnlyDictionary<string, double[,]> parameters, double[,] dH)
    {
        var run = new OracleRun(graph, H, parameters);
        var Z = run.AddBias(run.Multiply(run.H, run["W"]));
        run.Name("Z", Z);
        return run.Finish(Activation.Of(Z), dH);
    }
}
