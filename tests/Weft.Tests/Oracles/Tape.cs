namespace Weft.Tests.Oracles;

/// <summary>
/// Reverse-mode automatic differentiation of scalars: every operation records the variables it read and its slope in each.
/// An oracle writes only the forward formula; its gradients come from here and so share nothing with a closed form.
/// </summary>
internal sealed class Tape
{
    private double[] value = new double[1024];
    private long[] first = new long[1025];
    private int[] parent = new int[4096];
    private double[] slope = new double[4096];
    private int count;
    private long links;
    private double[] adjoint = [];

    public Var Variable(double initial) => Close(initial);

    public Var[,] Variables(double[,] initial)
    {
        var variables = new Var[initial.GetLength(0), initial.GetLength(1)];
        for (int i = 0; i < initial.GetLength(0); i++)
            for (int j = 0; j < initial.GetLength(1); j++) variables[i, j] = Variable(initial[i, j]);
        return variables;
    }

    public double Value(Var x) => value[x.Index];

    /// <summary>The derivative of what <see cref="Differentiate"/> was given, in x.</summary>
    public double Adjoint(Var x) => adjoint[x.Index];

    /// <summary>Adds a link to the operation that the next <see cref="Close"/> ends.</summary>
    public void Link(Var x, double derivative)
    {
        if (links == parent.Length)
        {
            Array.Resize(ref parent, parent.Length * 2);
            Array.Resize(ref slope, slope.Length * 2);
        }
        parent[links] = x.Index;
        slope[links++] = derivative;
    }

    public Var Close(double result)
    {
        if (count == value.Length)
        {
            Array.Resize(ref value, value.Length * 2);
            Array.Resize(ref first, value.Length + 1);
        }
        value[count] = result;
        first[count + 1] = links;
        return new Var(this, count++);
    }

    /// <summary>Differentiates Σ seed · output in every variable of the tape.</summary>
    public void Differentiate(Var[,] outputs, double[,] seeds)
    {
        adjoint = new double[count];
        for (int i = 0; i < outputs.GetLength(0); i++)
            for (int j = 0; j < outputs.GetLength(1); j++) adjoint[outputs[i, j].Index] += seeds[i, j];
        for (int n = count - 1; n >= 0; n--)
        {
            double a = adjoint[n];
            if (a == 0) continue;
            for (long p = first[n]; p < first[n + 1]; p++) adjoint[parent[p]] += a * slope[p];
        }
    }

    public double[,] Adjoints(Var[,] variables)
    {
        var result = new double[variables.GetLength(0), variables.GetLength(1)];
        for (int i = 0; i < result.GetLength(0); i++)
            for (int j = 0; j < result.GetLength(1); j++) result[i, j] = Adjoint(variables[i, j]);
        return result;
    }
}

/// <summary>A scalar on a tape.</summary>
internal readonly struct Var(Tape tape, int index)
{
    public readonly Tape Tape = tape;
    public readonly int Index = index;

    public double Value => Tape.Value(this);

    public static Var operator +(Var x, Var y) => Binary(x.Value + y.Value, x, 1, y, 1);

    public static Var operator -(Var x, Var y) => Binary(x.Value - y.Value, x, 1, y, -1);

    public static Var operator *(Var x, Var y) => Binary(x.Value * y.Value, x, y.Value, y, x.Value);

    public static Var operator /(Var x, Var y) => Binary(x.Value / y.Value, x, 1 / y.Value, y, -x.Value / (y.Value * y.Value));

    public static Var operator +(Var x, double c) => Unary(x.Value + c, x, 1);

    public static Var operator -(Var x, double c) => Unary(x.Value - c, x, 1);

    public static Var operator *(double c, Var x) => Unary(c * x.Value, x, c);

    public static Var operator /(Var x, double c) => Unary(x.Value / c, x, 1 / c);

    public static Var Exp(Var x)
    {
        double y = Math.Exp(x.Value);
        return Unary(y, x, y);
    }

    public static Var Sqrt(Var x)
    {
        double y = Math.Sqrt(x.Value);
        return Unary(y, x, 0.5 / y);
    }

    public static Var Log(Var x) => Unary(Math.Log(x.Value), x, 1 / x.Value);

    /// <summary>eˣ − 1 without cancellation near zero.</summary>
    public static Var ExpMinusOne(Var x)
    {
        double u = Math.Exp(x.Value);
        double y = u == 1 ? x.Value : u - 1 == -1 ? -1 : (u - 1) * x.Value / Math.Log(u);
        return Unary(y, x, u);
    }

    public static Var Tanh(Var x)
    {
        double c = Math.Cosh(x.Value);
        return Unary(Math.Tanh(x.Value), x, double.IsInfinity(c) ? 0 : 1 / (c * c));
    }

    /// <summary>erf x = 2/√π·e^{−x²}·Σ_n 2ⁿ x^{2n+1}/(1·3·5·…·(2n + 1)), whose terms have one sign.</summary>
    public static Var Erf(Var x)
    {
        double slope = 2 / Math.Sqrt(Math.PI) * Math.Exp(-x.Value * x.Value);
        if (Math.Abs(x.Value) > 6) return Unary(Math.Sign(x.Value), x, slope);
        double sum = 0, term = x.Value;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum) && n < 500; n++)
        {
            sum += term;
            term *= 2 * x.Value * x.Value / (2 * n + 1);
        }
        return Unary(slope * sum, x, slope);
    }

    /// <summary>Σ x, in the order given; of nothing it is the constant 0.</summary>
    public static Var Sum(Tape tape, IEnumerable<Var> terms)
    {
        double sum = 0;
        foreach (var x in terms.ToArray())
        {
            sum += x.Value;
            tape.Link(x, 1);
        }
        return tape.Close(sum);
    }

    /// <summary>Σ x·y, in the order given.</summary>
    public static Var Dot(Tape tape, IEnumerable<(Var X, Var Y)> terms)
    {
        double sum = 0;
        foreach (var (x, y) in terms.ToArray())
        {
            sum += x.Value * y.Value;
            tape.Link(x, y.Value);
            tape.Link(y, x.Value);
        }
        return tape.Close(sum);
    }

    private static Var Unary(double result, Var x, double dx)
    {
        x.Tape.Link(x, dx);
        return x.Tape.Close(result);
    }

    private static Var Binary(double result, Var x, double dx, Var y, double dy)
    {
        x.Tape.Link(x, dx);
        x.Tape.Link(y, dy);
        return x.Tape.Close(result);
    }
}
