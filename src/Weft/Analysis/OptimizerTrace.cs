using Weft.Datasets;
using Weft.Layers;
using Weft.Memory;
using Weft.Optimizers;

namespace Weft.Analysis;

/// <summary>Trace of the optimisers: the weight after each of a few steps with given gradients.</summary>
internal static class OptimizerTrace
{
    private delegate IOptimizer Maker(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double[] hyper);

    // Name, number of hyperparameters, constructor, equation. The learning rate comes first.
    private static readonly (string Name, int Hyper, Maker Make, string Equation)[] All =
    [
        ("sgd", 1, (p, h) => new Sgd(p), "w − η g"),
        ("sgdm", 3, (p, h) => new Sgd(p, h[1], nesterov: false, Decay(h[2])), "v ← μ v + q, w − η v"),
        ("nesterov", 3, (p, h) => new Sgd(p, h[1], nesterov: true, Decay(h[2])), "w − η (q + μ v)"),
        ("adam", 5, Adam, "w − η m̂ / (√v̂ + ε)"),
        ("adam_l2", 5, Adam, "the same, q = g + λ w"),
        ("adamw", 5, (p, h) => new AdamW(p, Decay(h[4]), h[1], h[2], h[3]), "(1 − η λ) w first"),
        ("lars", 4, (p, h) => new Lars(p, h[1], Decay(h[2]), h[3]), "v ← μ v + η ρ q, w − v"),
    ];

    public static Trace Of(TraceCase given)
    {
        var (w0, grads) = (given["w0"].WithShape(-1, -1), given["grads"]);
        grads.WithShape(-1, w0.Shape[0], w0.Shape[1]);
        double[] gradients = grads.AsDoubles();
        var entries = new List<TraceEntry>();
        foreach (var (name, count, make, equation) in All)
        {
            double[] hyper = given[name + "_hyper"].WithShape(count).AsDoubles();
            var w = new Parameter("w", w0.Shape[0], w0.Shape[1], Initializer.Zero);
            TraceArrays.ToMatrix(w0).CopyTo(w.Value);
            var optimizer = make([("w", w)], hyper);
            var steps = new List<Real>();
            for (int t = 0; t < grads.Shape[0]; t++)
            {
                int size = (int)w.Value.Count;
                Matrix.From(w.Value.Rows, w.Value.Columns, gradients.AsSpan(t * size, size)).CopyTo(w.Gradient);
                optimizer.Step(hyper[0]);
                steps.AddRange(w.Value.ToArray().Select(value => (Real)value));
            }
            entries.Add(new TraceEntry(name + "_w", "w", equation, new NpyArray(steps.ToArray(), grads.Shape)));
        }
        return new Trace(entries);
    }

    /// <summary>Adam with [lr, β1, β2, ε, λ]; λ covers every parameter.</summary>
    public static IOptimizer Adam(IReadOnlyList<(string Name, Parameter Parameter)> parameters, double[] hyper) =>
        new Adam(parameters, Decay(hyper[4]), hyper[1], hyper[2], hyper[3]);

    private static WeightDecay Decay(double lambda) => new(lambda) { Covers = (_, _) => true };
}
