using Weft.Communication;
using Weft.Distributed;
using Weft.Distributed.Words;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Distributed.Words;

/// <summary>What every process receives in every layer, counted, is what the closed formulas say: to the word and to the message, forward and backward.</summary>
public class ExpandFoldWordsTests
{
    private static readonly ProcessGrid[] Grids =
    [
        new(1, 1, 1), new(4, 1, 1), new(1, 3, 1), new(2, 2, 1), new(3, 2, 1), new(2, 3, 1), new(2, 2, 2), new(3, 2, 3), new(1, 1, 4),
    ];

    private static readonly (string Name, LayerShape Shape)[] Shapes =
    [
        ("gcn, narrowing", new("gcn", 7, 5)),
        ("gcn, widening, no bias", new("gcn", 5, 9) { Bias = false }),
        ("gcn, constant features", new("gcn", 7, 5) { ConstantInput = true }),
        ("gcn, first layer after dropout, widening", new("gcn", 5, 9) { InputGradient = false }),
        ("gcn, first layer after dropout, narrowing", new("gcn", 9, 5) { InputGradient = false }),
        ("gin", new("gin", 7, 5) { Hidden = 6 }),
        ("gin, constant features", new("gin", 7, 5) { Hidden = 6, ConstantInput = true }),
        ("sage", new("sage", 7, 5)),
        ("sage, constant features", new("sage", 7, 5) { ConstantInput = true }),
        ("gat", new("gat", 7, 3) { Heads = 2 }),
        ("gat, averaged", new("gat", 7, 3) { Heads = 3, Concatenate = false }),
        ("gatv2", new("gatv2", 7, 3) { Heads = 2 }),
        ("gatv2, shared", new("gatv2", 7, 3) { Heads = 3, ShareWeights = true, Bias = false }),
        ("attention", new("attention", 7, 3) { Heads = 2, Residual = true }),
        ("attention-dense", new("attention-dense", 7, 3) { Heads = 2 }),
        ("linear", new("linear", 7, 5)),
        ("batch norm", new("batch-norm", 7, 7)),
        ("layer norm", new("layer-norm", 7, 7)),
        ("graph norm", new("graph-norm", 7, 7)),
        ("prelu", new("prelu", 7, 7)),
        ("residual, projected", new("residual", 7, 7) { Residual = true }),
        ("residual", new("residual", 7, 7)),
    ];

    public static TheoryData<string, int> LayersAndNodes()
    {
        var data = new TheoryData<string, int>();
        foreach (var (name, _) in Shapes)
            foreach (int nodes in new[] { 23, 24, 100 }) data.Add(name, nodes);
        return data;
    }

    [Theory]
    [MemberData(nameof(LayersAndNodes))]
    public void Counted_words_are_those_of_the_formula(string name, int nodes)
    {
        var shape = Shapes.Single(s => s.Name == name).Shape;
        var graph = GraphOf(nodes);
        foreach (var grid in Grids)
            foreach (var parts in new[] { NodeParts.Balanced(grid, nodes), GridModel.Uneven(grid, nodes) })
            {
                var halos = HaloCounts.OfAll(grid, parts, graph.Source, graph.Destination, addLoops: shape.Layer == "gcn");
                foreach (var (kind, overlap) in new[] { (ExchangeKind.Dense, false), (ExchangeKind.Halo, false), (ExchangeKind.Halo, true) })
                {
                    if (overlap && shape.Layer is not ("gcn" or "gin" or "sage")) continue;
                    var traffic = ThreadCommunicator.Run(grid.Size, world => Measure(shape, graph, grid, parts, kind, overlap, new Metered(world)));
                    for (int rank = 0; rank < grid.Size; rank++)
                    {
                        var expected = ExpandFold.Of(shape, grid, parts, rank, kind == ExchangeKind.Halo ? halos[rank] : null);
                        Assert.True(expected == traffic[rank], $"{name}, {nodes} nodes, grid {grid}, {kind}, parts {string.Join(" ", parts.Offsets.ToArray())}, rank {rank}: formula {expected}, counted {traffic[rank]}");
                        // A halo is never more.
                        if (kind == ExchangeKind.Halo) Assert.True(expected.Words <= ExpandFold.Of(shape, grid, parts, rank).Words);
                    }
                }
            }
    }

    public static TheoryData<string> Layers => [.. Shapes.Where(s => s.Shape.Layer != "attention-dense").Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Counted_words_of_a_reproducible_run_are_those_of_its_formula(string name)
    {
        var shape = Shapes.Single(s => s.Name == name).Shape;
        var graph = GraphOf(2_000);
        foreach (int processes in new[] { 1, 2, 3, 7 })
            foreach (var kind in new[] { ExchangeKind.Dense, ExchangeKind.Halo })
                ThreadCommunicator.Run(processes, world =>
                {
                    var meter = new Metered(world);
                    var options = new DistributionOptions { Exchange = kind, Reproducible = true };
                    var part = new ProcessGrid(processes, 1, 1).Distribute(meter, graph.Nodes, graph.Source, graph.Destination, [], options);
                    var counted = Measure(shape, part, meter);
                    var formula = ReproducibleWords.Of(shape, shape.Layer == "gcn" ? part.Normalized(true) : part);
                    Assert.True(formula == counted, $"{name}, {processes} processes, {kind}, rank {world.Rank}: formula {formula}, counted {counted}");
                });
    }

    // Directed; a third of the nodes without in-edges, some without any, so that rows, columns and whole blocks are empty.
    private static OracleGraph GraphOf(int nodes)
    {
        var random = new Random(nodes);
        var edges = Enumerable.Range(0, 3 * nodes).Select(_ => (Source: random.Next(nodes * 3 / 4), Destination: nodes / 4 + random.Next(nodes * 2 / 3))).ToArray();
        return new OracleGraph($"words {nodes}", nodes, [.. edges.Select(e => e.Source)], [.. edges.Select(e => Math.Min(nodes - 2, e.Destination))], [.. edges.Select(_ => 1.0)]);
    }

    private static LayerTraffic Measure(LayerShape shape, OracleGraph graph, ProcessGrid grid, NodeParts parts, ExchangeKind kind, bool overlap, Metered world)
    {
        var part = GridModel.Part(grid, world, graph, parts, kind, overlap);
        // The lists that the processes agreed on are those that the edges themselves tell.
        if (kind == ExchangeKind.Halo)
        {
            var (listed, agreed) = (HaloCounts.OfAll(grid, parts, graph.Source, graph.Destination, shape.Layer == "gcn")[world.Rank], HaloCounts.Of(shape.Layer == "gcn" ? part.Normalized(true) : part));
            Assert.Equal(listed.DestinationsNeeded, agreed.DestinationsNeeded);
            Assert.Equal(listed.DestinationsSent, agreed.DestinationsSent);
            Assert.Equal(listed.SourcesNeeded, agreed.SourcesNeeded);
            Assert.Equal(listed.SourcesSent, agreed.SourcesSent);
        }
        return Measure(shape, part, world);
    }

    private static LayerTraffic Measure(LayerShape shape, Graph part, Metered world)
    {
        var settings = new LayerSettings
        {
            Inputs = shape.Inputs,
            Outputs = shape.Outputs,
            Hidden = shape.Hidden,
            Heads = shape.Heads,
            Concatenate = shape.Concatenate,
            Bias = shape.Bias,
            ShareWeights = shape.ShareWeights,
            Residual = shape.Residual,
            Activation = Activation.Elu,
        };
        var layer = Catalog.Layers[shape.Layer](settings);
        var saved = new Saved(new Workspace(), layer: 0)
        {
            Input = LayerRun.ToMatrix(TestGraphs.Numbers((int)part.OwnedSources, (int)shape.Inputs, 1)),
            InputIsConstant = shape.ConstantInput,
            NeedsInputGradient = shape.InputGradient,
            Pass = new Pass(1, 0, Training: true),
        };
        if (layer.Joins.Count > 0) saved.Join([saved.Input], [true]);
        for (int step = 0; step < 2; step++)
        {
            // The second step is a warm one: what depends on the graph and on constant features is there.
            world.Reset();
            world.Enter(1, Direction.Forward);
            var H = layer.Forward(part, saved.Input, saved);
            saved.EndCall();
            world.Enter(1, Direction.Backward);
            layer.Backward(part, LayerRun.ToMatrix(TestGraphs.Numbers((int)H.Rows, (int)H.Columns, 2)), saved);
            saved.EndCall();
        }
        Assert.Equal(world.Total.Words, world[null, 1, Direction.Forward].Words + world[null, 1, Direction.Backward].Words);
        return new LayerTraffic(
            world[null, 1, Direction.Forward].Words, world[null, 1, Direction.Backward].Words,
            world[null, 1, Direction.Forward].Messages, world[null, 1, Direction.Backward].Messages);
    }
}
