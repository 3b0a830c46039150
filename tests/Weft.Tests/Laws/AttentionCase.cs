using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>An attention layer in one shape, run in the two forms that must agree: composed, as in a trace, and as in training.</summary>
/// <param name="Layer">The layer's name in the catalog.</param>
/// <param name="Settings">Its setting.</param>
internal sealed record AttentionCase(string Layer, LayerSettings Settings)
{
    public static readonly string[] Layers = ["gat", "gatv2", "attention"];

    public static AttentionCase Of(string layer, int heads, long width, double slope = 0.2, double dropout = 0, long inputs = 5, int edgeFeatures = 0) => new(layer, new LayerSettings
    {
        Inputs = inputs,
        Outputs = width,
        Heads = heads,
        Slope = slope,
        AttentionDropout = dropout,
        EdgeFeatures = edgeFeatures,
        Activation = Activation.Elu,
    });

    public ILayer Create() => Catalog.Layers[Layer](Settings);

    /// <summary>Runs both forms on seeded numbers and compares the output, every parameter's gradient and the input's.</summary>
    public void Check(Graph graph, string where)
    {
        var layer = Create();
        Check(graph, where, LayerRun.Parameters(layer), TestGraphs.Numbers((int)graph.OwnedSources, (int)Settings.Inputs, 1), _ => 1);
    }

    /// <summary>Runs both forms and compares.</summary>
    /// <param name="graph">Where messages flow.</param>
    /// <param name="where">Named in a failure.</param>
    /// <param name="parameters">The layer's parameters.</param>
    /// <param name="H">The layer's input.</param>
    /// <param name="magnitude">For the gradient of a parameter (or of "H"), the size of the factors that its attention gradients are summed with.</param>
    public void Check(Graph graph, string where, IReadOnlyDictionary<string, double[,]> parameters, double[,] H, Func<string, double> magnitude)
    {
        int rows = (int)graph.OwnedDestinations, columns = (int)Create().Outputs(Settings.Inputs);
        var dH = TestGraphs.Numbers(rows, columns, 2);
        var (composed, attention) = Composed();
        foreach (var mode in new[] { InputMode.Dense, InputMode.Constant })
        {
            var run = new LayerRun(Create(), graph, mode).With(parameters);
            // A first pass with other numbers, so that every buffer holds something wrong when the real one comes.
            run.Run(TestGraphs.Numbers(H.GetLength(0), H.GetLength(1), 3), TestGraphs.Numbers(rows, columns, 4));
            var fused = run.Run(H, dH);
            string what = $"{this}, {where}, {mode}: ";
            Closeness.Check(what + "H", composed.Output, fused.Output);
            if (mode == InputMode.Dense)
                Closeness.Check(what + "dH_prev", composed.InputGradient, fused.InputGradient, Math.Max(1, attention * magnitude("H")));
            foreach (var (name, gradient) in composed.Gradients)
                Closeness.Check($"{what}d{name}", gradient, fused.Gradients[name], Math.Max(1, attention * magnitude(name)));
            // Coefficients formed twice instead of kept are the same ones; with edge features the three terms of P are added in another order.
            var again = new LayerRun((this with { Settings = Settings with { Recompute = true } }).Create(), graph, mode).With(parameters).Run(H, dH);
            if (Settings.EdgeFeatures > 0)
                foreach (var (name, gradient) in composed.Gradients)
                    Closeness.Check($"{what}d{name}, recomputed", gradient, again.Gradients[name], Math.Max(1, attention * magnitude(name)));
            else
            {
                if (mode == InputMode.Dense) Closeness.CheckBits(what + "dH_prev, recomputed", fused.InputGradient, again.InputGradient);
                foreach (var (name, gradient) in fused.Gradients) Closeness.CheckBits($"{what}d{name}, recomputed", gradient, again.Gradients[name]);
            }
        }
        var predicted = new LayerRun(Create(), graph, InputMode.Traced, training: false).With(parameters).Output(H);
        Closeness.Check($"{this}, {where}, prediction: H", predicted, new LayerRun(Create(), graph, training: false).With(parameters).Output(H));

        (OracleResult, double) Composed()
        {
            var run = new LayerRun(Create(), graph, InputMode.Traced).With(parameters);
            var result = run.Run(H, dH);
            Assert.Contains("S", run.Recorded);
            double largest = 0;
            foreach (var (s, ds) in LayerRun.ToArray(run.Kept("S")).Cast<double>().Zip(LayerRun.ToArray(run.Kept("dS")).Cast<double>()))
                largest = Math.Max(largest, Math.Abs(s * ds));
            return (result, largest);
        }
    }

    public override string ToString() =>
        $"{Layer}, {Settings.Heads} × {Settings.Outputs}, slope {Settings.Slope}, attention dropout {Settings.AttentionDropout}{(Settings.EdgeFeatures > 0 ? $", {Settings.EdgeFeatures} edge features" : "")}";
}
