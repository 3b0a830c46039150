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
                OracleResult? result = null;
                TrainingStep.WithThreads(threads, () =>
                {
                    var graph = TestGraphs.Hub;
                    var layer = layerCase.Create();
                    var run = new LayerRun(layer, graph, mode).With(LayerRun.Parameters(layer));
                    var H = TestGraphs.Numbers(graph.Nodes, layerCase.Inputs, 1);
                    var shape = run.Output(H);
                    result = run.Run(H, TestGraphs.Numbers(shape.GetLength(0), shape.GetLength(1), 2));
                });
                return result!;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Five_training_steps_end_at_the_same_bits_for_any_number_of_threads(string name)
    {
        var alone = Train(1);
        foreach (int threads in new[] { 2, 3 })
        {
            var shared = Train(threads);
            Assert.Equal(alone.Losses, shared.Losses);
            foreach (var (parameter, value) in alone.Parameters)
                Closeness.CheckBits($"{name}, {threads} threads, after five steps: {parameter}", value, shared.Parameters[parameter]);
        }
        Assert.Equal(5, alone.Losses.Distinct().Count());

        (double[] Losses, Dictionary<string, double[,]> Parameters) Train(int threads)
        {
            var losses = new double[5];
            var parameters = new Dictionary<string, double[,]>();
            TrainingStep.WithThreads(threads, () =>
            {
                var step = new TrainingStep(LayerCases.Named(name), TestGraphs.Hub, first: false);
                for (int t = 0; t < losses.Length; t++) losses[t] = step.Run();
                foreach (var (parameter, value) in step.Parameters) parameters[parameter] = value;
            });
            return (losses, parameters);
        }
    }
}
