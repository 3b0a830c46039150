namespace Weft.Tests.Oracles;

/// <summary>An optimiser written entry by entry from its formula. State starts at zero and is kept per tensor name.</summary>
internal abstract class OptimiserOracle
{
    private readonly Dictionary<(string Tensor, string Array), double[,]> state = [];
    private readonly Dictionary<string, int> steps = [];

    /// <summary>Changes w in place, given its gradient g.</summary>
    public void Step(string name, double[,] w, double[,] g)
    {
        steps[name] = steps.GetValueOrDefault(name) + 1;
        Step(name, steps[name], w, g);
    }

    protected abstract void Step(string name, int t, double[,] w, double[,] g);

    protected double[,] State(string tensor, string array, double[,] like)
    {
        if (!state.TryGetValue((tensor, array), out var values))
            state[(tensor, array)] = values = new double[like.GetLength(0), like.GetLength(1)];
        return values;
    }

    protected static double Norm(double[,] x)
    {
        double sum = 0;
        foreach (double v in x) sum += v * v;
        return Math.Sqrt(sum);
    }
}

internal sealed class SgdOracle(double rate, double momentum = 0, double decay = 0, bool nesterov = false) : OptimiserOracle
{
    protected override void Step(string name, int t, double[,] w, double[,] g)
    {
        var v = State(name, "v", w);
        for (int i = 0; i < w.GetLength(0); i++)
            for (int j = 0; j < w.GetLength(1); j++)
            {
                double q = g[i, j] + decay * w[i, j];
                v[i, j] = momentum * v[i, j] + q;
                w[i, j] -= rate * (nesterov ? q + momentum * v[i, j] : v[i, j]);
            }
    }
}

/// <summary>Adam; decoupled is AdamW.</summary>
internal sealed class AdamOracle(double rate, double beta1, double beta2, double epsilon, double decay, bool decoupled = false) : OptimiserOracle
{
    protected override void Step(string name, int t, double[,] w, double[,] g)
    {
        var m = State(name, "m", w);
        var v = State(name, "v", w);
        for (int i = 0; i < w.GetLength(0); i++)
            for (int j = 0; j < w.GetLength(1); j++)
            {
                if (decoupled) w[i, j] = (1 - rate * decay) * w[i, j];
                double q = decoupled ? g[i, j] : g[i, j] + decay * w[i, j];
                m[i, j] = beta1 * m[i, j] + (1 - beta1) * q;
                v[i, j] = beta2 * v[i, j] + (1 - beta2) * q * q;
                double mean = m[i, j] / (1 - Math.Pow(beta1, t)), square = v[i, j] / (1 - Math.Pow(beta2, t));
                w[i, j] -= rate * mean / (Math.Sqrt(square) + epsilon);
            }
    }
}

/// <summary>LARS, no ε in its ratio; a tensor whose name starts with b, or which has one dimension, takes ρ = 1.</summary>
internal sealed class LarsOracle(double rate, double momentum, double decay, double trust) : OptimiserOracle
{
    protected override void Step(string name, int t, double[,] w, double[,] g)
    {
        double norm = Norm(w), gradient = Norm(g);
        bool plain = name.StartsWith('b') || w.GetLength(0) == 1 || norm == 0 || gradient == 0;
        double ratio = plain ? 1 : trust * norm / (gradient + decay * norm);
        var v = State(name, "v", w);
        for (int i = 0; i < w.GetLength(0); i++)
            for (int j = 0; j < w.GetLength(1); j++)
            {
                v[i, j] = momentum * v[i, j] + rate * ratio * (g[i, j] + decay * w[i, j]);
                w[i, j] -= v[i, j];
            }
    }
}
