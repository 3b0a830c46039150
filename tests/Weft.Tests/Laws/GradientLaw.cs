using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>
/// Every gradient is the derivative of the forward pass: central differences, entry by entry. In single precision a difference
/// of the library's own outputs says little, so there the differences are taken of the oracle's, in double.
/// </summary>
public class GradientLaw
{
    private const double Step = 1e-6;

    public static TheoryData<string> Cases => LayerCases.Names;

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_gradient_is_the_central_difference_of_the_forward_pass(string name)
    {
        var layerCase = LayerCases.Named(name);
        var graph = TestGraphs.Seven;
        var layer = layerCase.Create();
        var parameters = LayerRun.Parameters(layer);
        var run = new LayerRun(layer, graph).With(parameters);
        var oracle = run.Oracle(layerCase);
        var H = TestGraphs.Numbers(graph.Nodes, layerCase.Inputs, 1);
        var (rows, columns) = oracle.OutputShape(graph, H, parameters);
        var dH = TestGraphs.Numbers(rows, columns, 2);
        var actual = run.Run(H, dH);
        Compare("H", H, actual.InputGradient);
        foreach (var (parameter, values) in parameters) Compare(parameter, values, actual.Gradients[parameter]);

        double Loss()
        {
            var output = sizeof(Real) == 8 ? run.With(parameters).Output(H) : oracle.Run(graph, H, parameters, new double[0, 0]).Output;
            double sum = 0;
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) sum += dH[i, j] * output[i, j];
            return sum;
        }

        void Compare(string what, double[,] x, double[,] gradient)
        {
            var differences = new double[x.GetLength(0), x.GetLength(1)];
            // Of a wide matrix every seventh entry, which reaches each of its columns.
            int stride = x.Length > 300 ? 7 : 1;
            for (int p = 0; p < x.Length; p++)
            {
                var (i, j) = (p / x.GetLength(1), p % x.GetLength(1));
                differences[i, j] = gradient[i, j];
                if (p % stride != 0) continue;
                double kept = x[i, j];
                x[i, j] = kept + Step;
                double above = Loss();
                x[i, j] = kept - Step;
                double below = Loss();
                x[i, j] = kept;
                differences[i, j] = (above - below) / (2 * Step);
            }
            // A difference of outputs that are sums over wide rows is as much less exact.
            Closeness.Check($"{name}: d{what}", differences, gradient, 1, sizeof(Real) == 8 ? layerCase.Settings.Outputs > 32 ? 3e-8 : 1e-8 : Closeness.Relative);
        }
    }
}
