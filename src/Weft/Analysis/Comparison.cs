using Weft.Datasets;

namespace Weft.Analysis;

/// <summary>Which bound a comparison holds an array to.</summary>
public enum Bound
{
    /// <summary>One absolute tolerance for all arrays.</summary>
    Given,

    /// <summary>Each array's tol64 in the reference's manifest.</summary>
    Golden64,

    /// <summary>Each array's tol32 in the reference's manifest.</summary>
    Golden32,
}

/// <summary>How one array compares with its reference.</summary>
/// <param name="Name">Name of the array.</param>
/// <param name="Shape">Shape of the reference.</param>
/// <param name="Absolute">Largest |a − ref|.</param>
/// <param name="Relative">That, divided by the largest |ref| of the array.</param>
/// <param name="Tolerance">The largest absolute difference allowed; 0 for integers.</param>
/// <param name="WorstIndex">Index of the largest difference; empty if there is no entry.</param>
/// <param name="Value">The value there.</param>
/// <param name="Reference">The reference's value there.</param>
/// <param name="Problem">Why the values cannot be compared; null if they were.</param>
public sealed record ArrayComparison(
    string Name, IReadOnlyList<long> Shape, double Absolute, double Relative, double Tolerance, IReadOnlyList<long> WorstIndex, double Value, double Reference, string? Problem = null)
{
    /// <summary>True if every entry is within tolerance.</summary>
    public bool Holds => Problem is null && Absolute <= Tolerance;
}

/// <summary>Compares the arrays of two archives by name.</summary>
public static class Comparison
{
    /// <summary>
    /// Compares each array of the reference, or, if the manifest beside it knows it, each output listed there. An array
    /// that <paramref name="path"/> lacks does not hold, one that it has besides is ignored; integers must be equal; float32
    /// and float64 may mix.
    /// </summary>
    /// <param name="path">The archive to be judged.</param>
    /// <param name="reference">The archive to judge it by.</param>
    /// <param name="bound">Where the tolerances come from.</param>
    /// <param name="tolerance">The tolerance, if it is given.</param>
    /// <param name="manifest">The reference's manifest; the one beside it if nothing is given.</param>
    /// <exception cref="DataFormatException">A file is missing or broken, or a manifest is needed and there is none.</exception>
    public static IReadOnlyList<ArrayComparison> Compare(string path, string reference, Bound bound, double tolerance = 0, string? manifest = null)
    {
        var (judged, expected) = (Npz.Read(path), Npz.Read(reference));
        string name = Path.GetFileNameWithoutExtension(reference);
        string settingsFile = manifest ?? CaseSettings.Beside(reference);
        var settings = bound != Bound.Given || manifest is not null ? CaseSettings.Read(settingsFile, name)
            : File.Exists(settingsFile) ? CaseSettings.Find(settingsFile, name) : null;
        var names = settings is null ? expected.Keys : (IEnumerable<string>)settings.Outputs.Keys;
        var results = new List<ArrayComparison>();
        foreach (string array in names)
        {
            if (!expected.TryGetValue(array, out var wanted))
                throw new DataFormatException(reference, $"array {array}", "there is no such array", $"every output that {settings!.File} lists");
            double allowed = bound switch
            {
                Bound.Golden64 => settings!.Outputs[array].Tol64,
                Bound.Golden32 => settings!.Outputs[array].Tol32,
                _ => tolerance,
            };
            results.Add(Compare(array, judged.GetValueOrDefault(array), wanted, allowed));
        }
        return results;
    }

    private static ArrayComparison Compare(string name, NpyArray? judged, NpyArray wanted, double tolerance)
    {
        bool integers = !IsReal(wanted);
        if (integers) tolerance = 0;
        string? problem = judged is null ? "missing"
            : !judged.Shape.SequenceEqual(wanted.Shape) ? $"shape ({string.Join(", ", judged.Shape)})"
            : IsReal(judged) == integers ? (integers ? "no integers" : "integers")
            : null;
        if (problem is not null) return new ArrayComparison(name, wanted.Shape, double.PositiveInfinity, double.PositiveInfinity, tolerance, [], 0, 0, problem);

        double worst = -1, largest = 0;
        long at = 0;
        for (long p = 0; p < wanted.Count; p++)
        {
            var (a, r) = (Entry(judged!, p), Entry(wanted, p));
            double difference = Difference(judged!, wanted, p, a, r);
            if (difference > worst) (worst, at) = (difference, p);
            largest = Math.Max(largest, Math.Abs(r));
        }
        if (worst < 0) return new ArrayComparison(name, wanted.Shape, 0, 0, tolerance, [], 0, 0);
        double relative = worst == 0 ? 0 : worst / largest;
        return new ArrayComparison(name, wanted.Shape, worst, relative, tolerance, Index(at, wanted.Shape), Entry(judged!, at), Entry(wanted, at));
    }

    // NaN beside a number, or the other sign of infinity, is as far away as can be.
    private static double Difference(NpyArray judged, NpyArray wanted, long p, double a, double r)
    {
        if (judged.Data is long[] x && wanted.Data is long[] y) return x[p] == y[p] ? 0 : Math.Max(Math.Abs(a - r), 1);
        if (a.Equals(r) || a == r) return 0;
        double difference = Math.Abs(a - r);
        return double.IsNaN(difference) ? double.PositiveInfinity : difference;
    }

    private static bool IsReal(NpyArray array) => array.Data is float[] or double[];

    private static double Entry(NpyArray array, long p) => array.Data switch
    {
        double[] values => values[p],
        float[] values => values[p],
        long[] values => values[p],
        int[] values => values[p],
        byte[] values => values[p],
        bool[] values => values[p] ? 1 : 0,
        _ => throw array.Error("entries of an unknown type", "numbers"),
    };

    private static long[] Index(long position, long[] shape)
    {
        var index = new long[shape.Length];
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            index[axis] = position % shape[axis];
            position /= shape[axis];
        }
        return index;
    }
}
