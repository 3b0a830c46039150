using Weft.Tests.Oracles;

namespace Weft.Tests.Golden;

/// <summary>A golden case in the oracles' terms: graph, input, parameters in the library's layout.</summary>
internal static class GoldenSettings
{
    public static OracleGraph Graph(this GoldenCase golden)
    {
        int nodes = (int)golden["num_nodes"].Scalar;
        if (!golden.Has("edge_src")) return new OracleGraph(golden.Name, nodes, [], [], []);
        int[] source = golden["edge_src"].Integers;
        double[] weight = golden.Has("edge_weight") ? golden["edge_weight"].Values : [.. source.Select(_ => 1.0)];
        return new OracleGraph(golden.Name, nodes, source, golden["edge_dst"].Integers, weight);
    }

    /// <summary>Names of the parameters of a layer that the case holds, without the prefix.</summary>
    public static string[] ParameterNames(this GoldenCase golden, string prefix = "")
    {
        string[] known = ["W", "W_src", "W_dst", "a", "a_src", "a_dst", "b", "W_Q", "W_K", "W_V", "eps", "W1", "b1", "W2", "b2", "W_self", "W_neigh"];
        return [.. known.Where(name => golden.Has(prefix + name))];
    }

    /// <summary>Those parameters, heads side by side where a golden array has a leading head axis.</summary>
    public static Dictionary<string, double[,]> Parameters(this GoldenCase golden, string prefix = "") =>
        golden.ParameterNames(prefix).ToDictionary(name => name, name =>
        {
            var array = golden[prefix + name];
            return array.Shape.Length == 3 ? array.HeadsBesideEachOther : array.Matrix;
        });

    /// <summary>A matrix in the library's layout, flattened as the golden array of this name is.</summary>
    public static double[] InGoldenOrder(this GoldenCase golden, string array, double[,] values)
    {
        int[] shape = golden[array].Shape;
        if (shape.Length != 3 || values.GetLength(0) != shape[1]) return [.. values.Cast<double>()];
        var ordered = new List<double>();
        for (int k = 0; k < shape[0]; k++)
            for (int i = 0; i < shape[1]; i++)
                for (int c = 0; c < shape[2]; c++) ordered.Add(values[i, k * shape[2] + c]);
        return [.. ordered];
    }

    public static string Text(this GoldenCase golden, string setting, string otherwise) =>
        golden.Settings.TryGetProperty(setting, out var value) ? value.GetString()! : otherwise;

    public static bool Flag(this GoldenCase golden, string setting) =>
        golden.Settings.TryGetProperty(setting, out var value) && value.GetBoolean();
}
