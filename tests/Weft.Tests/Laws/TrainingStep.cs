using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.Models;
using Weft.Optimizers;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>A model with one layer in its middle, trained: the step that the laws of determinism and allocation repeat.</summary>
internal sealed class TrainingStep
{
    private const int Classes = 4;
    private readonly Model model;
    private readonly Session session;
    private readonly CrossEntropy loss = new();
    private readonly LossTarget target;
    private readonly Adam adam;
    private readonly Matrix dLogits;
    private int step;

    /// <param name="layerCase">The layer that is trained.</param>
    /// <param name="graph">Where.</param>
    /// <param name="first">True: the layer is the first and sees the data. False: it stands between two linear layers.</param>
    public TrainingStep(LayerCase layerCase, OracleGraph graph, bool first)
    {
        var layer = layerCase.Create();
        // A layer that joins the features wants them as wide as its input.
        int features = layer.Joins.Count > 0 ? layerCase.Inputs : 6;
        long inputs = layerCase.Inputs, outputs = layer.Outputs(inputs);
        var last = new Linear(outputs, Classes);
        model = new Model(first ? [layer, last] : [new Linear(features, inputs, activation: new(ActivationKind.Tanh)), layer, last]);
        model.Initialize(5);
        var library = LayerRun.LibraryGraph(graph);
        // A readout gives rows of graphs: the nodes are those of twenty.
        var members = Graph.OfMembership([.. Enumerable.Range(0, graph.Nodes).Select(i => i * 20 / graph.Nodes)], 20);
        if (layerCase.IsReadout) library = library.WithMembership(members);
        session = new Session(model, library, LayerRun.ToMatrix(TestGraphs.Numbers(graph.Nodes, first ? (int)inputs : features, 1)));
        var (scored, rows) = layerCase.IsReadout ? (members, 20) : (library, graph.Nodes);
        target = LossTarget.FromLabels(scored, [.. Enumerable.Range(0, rows).Select(i => i * 7 % Classes)],
            [.. Enumerable.Range(0, rows).Select(i => i % 3 != 1)]);
        adam = new Adam(model.Parameters, new WeightDecay(5e-4));
        dLogits = Matrix.Allocate(rows, Classes);
    }

    public double Run()
    {
        var logits = session.Forward(new Pass(Seed: 9, step++, Training: true));
        double value = loss.Evaluate(logits, target, dLogits);
        model.ClearGradients();
        session.Backward(dLogits);
        adam.Step(0.01);
        return value;
    }

    public IEnumerable<(string Name, double[,] Value)> Parameters =>
        model.Parameters.Select(p => (p.Name, LayerRun.ToArray(p.Parameter.Value)));

    /// <summary>Runs <paramref name="work"/> with so many threads.</summary>
    public static void WithThreads(int threads, Action work)
    {
        int before = RowParallel.Threads;
        RowParallel.Threads = threads;
        try
        {
            work();
        }
        finally
        {
            RowParallel.Threads = before;
        }
    }
}
