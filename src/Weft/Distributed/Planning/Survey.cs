using Weft.Distributed.Words;

namespace Weft.Distributed.Planning;

/// <summary>
/// The survey's asymptotic words of a GCN layer, forward and backward: with a = b = f it prints 2nf + f² for 1D,
/// 2nf/c + 2nfc/P for 1.5D, 8nf/√P + 2·nnz/√P for 2D, 12nf/P^⅔ + 2·nnz/P^⅔ for 3D. Here 2f is a + b, and f² is ab.
/// </summary>
internal static class Survey
{
    /// <summary>Words of all layers; not a number where a layer is no GCN's.</summary>
    public static double Words(IReadOnlyList<LayerShape> layers, string family, double nodes, double edges, double processes, double copies)
    {
        double words = 0;
        foreach (var layer in layers)
        {
            double both = nodes * (layer.Inputs + layer.Outputs);
            words += layer.Layer switch
            {
                "dropout" or "pointwise" => 0,
                "gcn" => family switch
                {
                    "1D" => both + (double)layer.Inputs * layer.Outputs,
                    "1.5D" => both / copies + both * copies / processes,
                    "2D" => (4 * both + 2 * edges) / Math.Sqrt(processes),
                    "3D" => (6 * both + 2 * edges) / Math.Cbrt(processes * processes),
                    _ => double.NaN,
                },
                _ => double.NaN,
            };
        }
        return words;
    }
}
