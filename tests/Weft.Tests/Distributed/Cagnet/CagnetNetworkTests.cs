using Weft.Communication;
using Weft.Distributed.Cagnet;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Distributed.Cagnet;

/// <summary>Whole epochs on every scheme against the library's own layers and loss on one process.</summary>
public class CagnetNetworkTests
{
    private const int Steps = 5;
    private const double Rate = 0.5;
    private static readonly long[] Widths = [5, 7, 4, 3];
    private static readonly OracleGraph Oracle = TestGraphs.Random("37 nodes", 37, 140, seed: 37);
    private static readonly double[,] Features = TestGraphs.Numbers(37, 5, 1);

    // Every fifth node is not trained on.
    private static readonly int[] Labels = [.. Enumerable.Range(0, 37).Select(i => i % 5 == 4 ? -1 : i * i % 3)];

    public static TheoryData<string> Names => [.. CagnetCase.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Epochs_equal_those_of_one_process(string name)
    {
        var graph = LayerRun.LibraryGraph(Oracle).Normalized(addLoops: true);
        var (losses, logits, weights) = Reference(Initial(graph));
        ThreadCommunicator.Run(CagnetCase.All.Single(c => c.Name == name).Processes, world =>
        {
            var meter = new Metered(world);
            var scheme = CagnetCase.All.Single(c => c.Name == name).Build(meter, graph);
            var network = Network(scheme);
            for (int step = 0; step < Steps; step++)
            {
                meter.Reset();
                Closeness.Check($"loss {step}, {name}", new[,] { { losses[step] } }, new[,] { { network.Step(Rate) } }, tolerance: Closeness.Relative * 10);
            }
            // What is outside of the layers is the loss; its two row reductions are made where features are cut.
            long rows = scheme.FeatureGroup.Size == 1 ? 0 : scheme.Owned(3).Rows;
            Assert.Equal(
                CagnetWords.Loss(scheme.FeatureGroup.Size, scheme.FeatureGroup.Rank, rows, scheme.NodeGroup.Size, scheme.NodeGroup.Rank),
                meter[null, 0, Direction.Other].Words);

            Closeness.Check($"logits, {name}", logits, LayerRun.ToArray(scheme.Gather(network.Logits, Widths[^1])), tolerance: Closeness.Relative * 10);
            for (int l = 0; l < weights.Length; l++)
                Closeness.Check($"W{l}, {name}", weights[l], LayerRun.ToArray(network.Weights[l]), tolerance: Closeness.Relative * 10);
        });
    }

    private static CagnetNetwork Network(CagnetScheme scheme) => new(scheme, scheme.Cut(LayerRun.ToMatrix(Features)), Labels, Widths, Activation.Elu, seed: 5);

    private static double[][,] Initial(Graph graph) => [.. Network(new Broadcast1D(Alone.Instance, graph)).Weights.Select(LayerRun.ToArray)];

    private static (double[] Losses, double[,] Logits, double[][,] Weights) Reference(double[][,] W)
    {
        var graph = LayerRun.LibraryGraph(Oracle);
        var target = LossTarget.FromLabels(graph, Labels, [.. Labels.Select(y => y >= 0)]);
        var losses = new double[Steps];
        var logits = new double[0, 0];
        for (int step = 0; step < Steps; step++)
        {
            var layers = W.Select((w, l) => new LayerRun(new Gcn(w.GetLength(0), w.GetLength(1), bias: false, l + 1 < W.Length ? Activation.Elu : Activation.Identity), graph)
                .With(new Dictionary<string, double[,]> { ["W"] = w })).ToArray();
            var H = Features;
            foreach (var layer in layers) H = layer.Output(H);
            logits = H;
            var dZ = Matrix.Allocate(37, 3);
            losses[step] = new CrossEntropy().Evaluate(LayerRun.ToMatrix(H), target, dZ);
            var d = dZ;
            foreach (var layer in layers.Reverse()) d = layer.Backward(d);
            W = [.. layers.Select((layer, l) => Descent(W[l], LayerRun.ToArray(layer.Layer.Parameters[0].Gradient)))];
        }
        return (losses, logits, W);
    }

    private static double[,] Descent(double[,] W, double[,] dW)
    {
        var next = (double[,])W.Clone();
        for (int i = 0; i < W.GetLength(0); i++)
            for (int j = 0; j < W.GetLength(1); j++) next[i, j] -= Rate * dW[i, j];
        return next;
    }
}
