using Weft.Graphs;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;

namespace Weft.Analysis;

/// <summary>
/// Holds the adjoint of a layer, or of a model and its loss, against central differences of the forward pass, entry by entry: of every
/// parameter and of the input, with a random upstream gradient. It works in both precisions, more sharply in double.
/// </summary>
/// <remarks>
/// Differences are taken to the right and to the left, each extrapolated from h and h/2; their mean is the central difference. Where
/// they do not agree with smaller steps either, the loss has a kink there (a ReLU, a change of the maximum): the entry is left out and counted. Parameters that are all zeros are given random numbers for the time
/// of the check; values and gradients are put back.
/// </remarks>
public static class GradientCheck
{
    /// <summary>
    /// The default graph: 9 nodes, directed, weighted, with a node without edges, one without in-edges, self-loops, parallel edges of
    /// different weights and a hub.
    /// </summary>
    /// <param name="edgeFeatures">Features of each edge, random numbers; 0 for none.</param>
    public static Graph NastyGraph(int edgeFeatures = 0) => Graph.FromEdges(9,
        [2, 0, 5, 5, 5, 6, 0, 2, 3, 4, 5, 6, 8, 8, 8, 3, 8, 4],
        [2, 3, 4, 4, 4, 6, 7, 7, 7, 7, 7, 7, 7, 3, 5, 5, 6, 8],
        [0.5f, 1.25f, 0.75f, -1.5f, 2, 1, 0.25f, 1.75f, 1.5f, 1, 0.5f, 0.875f, 1.125f, 0.375f, 1.625f, 1, 0.625f, 1.375f],
        Features(18, edgeFeatures));

    /// <summary>Checks a layer as if it stood in the middle of a model: the loss is ⟨dH, its output⟩ with a random dH.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="inputs">Width of its input.</param>
    /// <param name="graph">Where it runs; null for <see cref="NastyGraph"/>.</param>
    /// <param name="settings">Step, tolerance, seed.</param>
    /// <exception cref="ArgumentException">The layer reads the outputs of other layers too: check it in a model.</exception>
    public static GradientReport Of(ILayer layer, long inputs, Graph? graph = null, GradientCheckSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.Joins.Count > 0) throw new ArgumentException($"{layer.GetType().Name} reads the outputs of other layers too: check it in a model with them");
        settings ??= new();
        graph ??= NastyGraph();
        var random = new Random(settings.Seed);
        var H = Matrix.Allocate(graph.OwnedSources, inputs);
        Randomize(H, random, 1);
        var saved = new Saved(new Workspace(), layer: 0) { Pass = new((ulong)settings.Seed, 0, settings.Training), Input = H };
        using var kept = new KeptParameters(layer.Parameters.Select(p => (p.Name, p)), random);

        Matrix Forward()
        {
            var output = layer.Forward(graph, H, saved).Dense;
            saved.EndCall();
            return output;
        }

        var first = Forward();
        var dH = Matrix.Allocate(first.Rows, first.Columns);
        Randomize(dH, random, 1);
        var upstream = Matrix.Allocate(first.Rows, first.Columns);
        dH.CopyTo(upstream);
        // A layer may return its argument, and write over it: the gradient is copied.
        var dInput = layer.Backward(graph, upstream, saved).ToArray();
        saved.EndCall();

        double Loss()
        {
            var output = Forward();
            double sum = 0;
            for (long i = 0; i < output.Rows; i++)
                for (long j = 0; j < output.Columns; j++) sum += (double)dH[i, j] * output[i, j];
            GC.KeepAlive(output);
            return sum;
        }

        return new(Compare([("H", H, dInput), .. kept.Gradients], _ => Loss(), settings));
    }

    /// <summary>Checks a model with its loss, at the features (where they are dense) and at every parameter.</summary>
    /// <param name="model">The model.</param>
    /// <param name="graph">Where it runs.</param>
    /// <param name="features">One row per node.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="target">What the loss compares with.</param>
    /// <param name="settings">Step, tolerance, seed.</param>
    public static GradientReport Of(Model model, Graph graph, NodeMatrix features, ILoss loss, LossTarget target, GradientCheckSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(loss);
        settings ??= new();
        using var kept = new KeptParameters(model.Parameters, new Random(settings.Seed));
        var pass = new Pass((ulong)settings.Seed, 0, settings.Training);
        var moved = features;
        if (!features.IsSparse)
        {
            var copy = Matrix.Allocate(features.Rows, features.Columns);
            features.Dense.CopyTo(copy);
            moved = copy;
        }
        var session = Start();
        var logits = session.Forward(pass);
        var dLogits = Matrix.Allocate(logits.Rows, logits.Columns);
        loss.Evaluate(logits, target, dLogits);
        var dInput = session.Backward(dLogits);
        var tensors = kept.Gradients;
        if (!features.IsSparse) tensors.Insert(0, ("H", moved.Dense, dInput.ToArray()));

        // What depends on constant features alone is computed once in a session: where they move, every evaluation has its own.
        return new(Compare(tensors, value => loss.Evaluate((value == moved.Dense ? Start() : session).Forward(pass), target), settings));

        Session Start() => new(model, graph, moved) { WantsFeatureGradient = !features.IsSparse };
    }

    private static List<TensorGradient> Compare(List<(string Name, Matrix Value, double[] Gradient)> tensors, Func<Matrix, double> loss, GradientCheckSettings settings)
    {
        var found = new List<TensorGradient>();
        // A tensor whose gradient is nothing beside the others' is not measured against itself: rounding of the loss is the same for all.
        double floor = Math.Max(double.Epsilon, Largest(tensors.SelectMany(t => t.Gradient)) * (sizeof(Real) == 8 ? 1e-3 : 0.05));
        foreach (var (name, value, gradient) in tensors)
        {
            long stride = settings.Entries <= 0 ? 1 : Math.Max(1, (value.Count + settings.Entries - 1) / settings.Entries);
            // Coprime with the width, so that every column has its turn.
            while (stride > 1 && Gcd(stride, value.Columns) != 1) stride++;
            double origin = loss(value), scale = Math.Max(floor, Largest(gradient));
            var entries = new List<Slope>();
            for (long p = 0; p < value.Count; p += stride) entries.Add(Slope.At(p, value, gradient[p], origin, loss, settings.Step, settings.Tolerance * scale));
            found.Add(Judge(name, value, entries, scale, settings.Tolerance));
        }
        return found;
    }

    private static TensorGradient Judge(string name, Matrix value, List<Slope> entries, double scale, double tolerance)
    {
        scale = Math.Max(scale, Largest(entries.Select(e => e.Numeric)));
        int kinks = 0;
        (Slope Entry, double Error) worst = (entries.FirstOrDefault(), 0);
        foreach (var entry in entries)
        {
            double error = Math.Abs(entry.Analytic - entry.Numeric) / scale;
            if (error > tolerance && entry.Disagreement / scale > tolerance)
            {
                kinks++;
                continue;
            }
            if (double.IsNaN(error)) error = double.PositiveInfinity;
            if (error > worst.Error) worst = (entry, error);
        }
        long columns = Math.Max(1, value.Columns);
        return new(name, entries.Count - kinks, kinks, worst.Entry.Place / columns, worst.Entry.Place % columns, worst.Entry.Analytic, worst.Entry.Numeric, worst.Error,
            worst.Error <= tolerance && kinks <= Math.Max(2, entries.Count / 10));
    }

    /// <summary>The derivative in one entry, from both sides of it.</summary>
    /// <param name="Place">Number of the entry.</param>
    /// <param name="Analytic">What the adjoint gives.</param>
    /// <param name="Numeric">The central difference.</param>
    /// <param name="Disagreement">Of the differences to the right and to the left: large beside a kink.</param>
    private readonly record struct Slope(long Place, double Analytic, double Numeric, double Disagreement)
    {
        private const int Attempts = sizeof(Real) == 8 ? 3 : 2, Shrink = sizeof(Real) == 8 ? 8 : 4;

        public static Slope At(long place, Matrix value, double analytic, double origin, Func<Matrix, double> loss, double step, double allowed)
        {
            var (i, j) = (place / value.Columns, place % value.Columns);
            Real before = value[i, j];
            step *= Math.Max(1, Math.Abs((double)before));
            Slope best = new(place, analytic, 0, double.PositiveInfinity);
            // A smaller step may pass a kink by, until rounding is all that is left of the difference.
            for (int attempt = 0; attempt < Attempts; attempt++, step /= Shrink)
            {
                double right = 2 * OneSided(step / 2) - OneSided(step), left = 2 * OneSided(-step / 2) - OneSided(-step);
                if (!(Math.Abs(right - left) < best.Disagreement)) continue;
                best = best with { Numeric = (right + left) / 2, Disagreement = Math.Abs(right - left) };
                if (best.Disagreement <= allowed) break;
            }
            value[i, j] = before;
            return best;

            double OneSided(double h)
            {
                Real moved = before + (Real)h;
                value[i, j] = moved;
                return (loss(value) - origin) / ((double)moved - before);
            }
        }
    }

    private static Matrix Features(long edges, int columns)
    {
        if (columns == 0) return default;
        var features = Matrix.Allocate(edges, columns);
        Randomize(features, new Random(columns), 1);
        return features;
    }

    private static double Largest(IEnumerable<double> values) => values.Select(Math.Abs).Append(0).Max();

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);

    private static void Randomize(Matrix matrix, Random random, double scale)
    {
        for (long i = 0; i < matrix.Rows; i++)
            for (long j = 0; j < matrix.Columns; j++) matrix[i, j] = (Real)((2 * random.NextDouble() - 1) * scale);
    }

    /// <summary>Values and gradients of parameters, put back at the end.</summary>
    private sealed class KeptParameters : IDisposable
    {
        private readonly List<(string Name, Parameter Parameter, Matrix Value, Matrix Gradient)> kept = [];

        public KeptParameters(IEnumerable<(string Name, Parameter Parameter)> parameters, Random random)
        {
            foreach (var (name, parameter) in parameters)
            {
                kept.Add((name, parameter, Copy(parameter.Value), Copy(parameter.Gradient)));
                parameter.Gradient.Clear();
                if (parameter.IsLearned && parameter.Value.ToArray().All(value => value == 0)) Randomize(parameter.Value, random, Math.Min(1, 2 / Math.Sqrt(parameter.Value.Rows)));
            }
        }

        // A running mean is no parameter of the loss.
        public List<(string Name, Matrix Value, double[] Gradient)> Gradients => [.. kept.Where(k => k.Parameter.IsLearned).Select(k => (k.Name, k.Parameter.Value, k.Parameter.Gradient.ToArray()))];

        public void Dispose()
        {
            foreach (var (_, parameter, value, gradient) in kept)
            {
                value.CopyTo(parameter.Value);
                gradient.CopyTo(parameter.Gradient);
            }
        }

        private static Matrix Copy(Matrix matrix)
        {
            var copy = Matrix.Allocate(matrix.Rows, matrix.Columns);
            matrix.CopyTo(copy);
            return copy;
        }
    }
}
