using Weft.Kernels;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>The number of threads never shows in a result: the same bits for 1, 2 and 3.</summary>
public class DeterminismLaw
{
    public static TheoryData<string> Cases => [.. LayerCases.All.Where(c => c.Large || c.Settings.Outputs > 4).Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_gradients_have_the_same_bits_for_any_number_of_threads(string name)
    {
        var layerCase = LayerCases.Named(name);
        foreach (var mode in new[] { InputMode.Dense, InputMode.Constant })
        {
            var alone = Run(1);
            foreach (int threads in new[] { 2, 3 })
            {
                var shared = Run(threads);
                string where = $"{name}, {mode}, {threads} threads: ";
                Closeness.CheckBits(where + "H", alone.Output, shared.Output);
                Closeness.CheckBits(where + "dH_prev", alone.InputGradient, shared.InputGradient);
                foreach (var (parameter, gradient) in alone.Gradients)
                    Closeness.CheckBits($"{where}d{parameter}", gradient, shared.Gradients[parameter]);
            }

            OracleResult Run(int threads)
            {
                int before = RowParallel.Threads;
                RowParallel.Threads = threads;
                try
                {
                    var graph = TestGraphs.Hub;
                    var layer = layerCase.Create();
                    var run = new LayerRun(layer, graph, mode).With(LayerRun.Parameters(layer));
                    var H = TestGraphs.Numbers(graph.Nodes, layerCase.Inputs, 1);
                    var shape = run.Output(H);
                    return run.Run(H, TestGraphs.Numbers(shape.GetLength(0), shape.GetLength(1), 2));
                }
                finally
                {
                    RowParallel.Threads = before;
                }
            }
        }
    }
}
