using Weft.Layers;
using Weft.Models;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>Training holds nothing with a row of features per edge: beside node matrices, at most two numbers per edge and head.</summary>
public class EdgeMemoryLaw
{
    private const int Nodes = 50, Heads = 4, Inputs = 5;
    private const long Width = 64;

    public static TheoryData<string> Layers => [.. AttentionCase.Layers];

    [Theory]
    [InlineData("gat")]
    [InlineData("gatv2")]
    [InlineData("gine")]
    public void Edge_features_add_nothing_for_each_edge_to_what_a_training_step_holds(string layer)
    {
        var settings = AttentionCase.Of(layer, Heads, Width, inputs: Inputs, edgeFeatures: OracleGraph.EdgeFeatures).Settings with { Recompute = true };
        Assert.Equal(Bytes(2_000), Bytes(42_000));

        long Bytes(int edges)
        {
            var model = new Model([new Linear(Inputs, Inputs), Catalog.Layers[layer](settings)]);
            model.Initialize(1);
            var session = new Session(model, LayerRun.LibraryGraph(TestGraphs.Random("many edges", Nodes, edges, seed: 60)), LayerRun.ToMatrix(TestGraphs.Numbers(Nodes, Inputs, 1)));
            var output = session.Forward(new Pass(Seed: 1, Step: 0, Training: true));
            session.Backward(LayerRun.ToMatrix(TestGraphs.Numbers(Nodes, (int)output.Columns, 2)));
            return session.WorkspaceBytes;
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_training_step_holds_some_numbers_per_edge_and_head_and_some_rows_per_node(string layer)
    {
        foreach (double dropout in new[] { 0, 0.5 })
        {
            long few = Bytes(2_000, dropout), many = Bytes(42_000, dropout);
            double perEdge = (many - few) / 40_000.0;
            Assert.True(perEdge <= 3 * Heads * sizeof(Real),
                $"{layer}, attention dropout {dropout}: {perEdge} bytes per edge are held; {3 * Heads * sizeof(Real)} are allowed, two numbers per head in blocks that are not full, and one row of features would be {Heads * Width * sizeof(Real)}");
            long nodeBytes = Nodes * (Heads * Width + Inputs) * sizeof(Real), blocks = 2 * (1L << 16) * sizeof(Real);
            Assert.True(few - 2_000 * perEdge <= 16 * nodeBytes + blocks,
                $"{layer}, attention dropout {dropout}: {few} bytes are held on {Nodes} nodes, {2_000 * perEdge} of them for edges; a node matrix is {nodeBytes}");
        }

        // Two numbers of each edge and head are what may be kept, and formed again instead.
        Assert.Equal(Bytes(2_000, 0.5, recompute: true), Bytes(42_000, 0.5, recompute: true));

        long Bytes(int edges, double dropout, bool recompute = false)
        {
            var graph = TestGraphs.Random("many edges", Nodes, edges, seed: 60);
            var attention = AttentionCase.Of(layer, Heads, Width, dropout: dropout, inputs: Inputs);
            var model = new Model([Catalog.Layers[layer](attention.Settings with { Recompute = recompute })]);
            model.Initialize(1);
            var session = new Session(model, LayerRun.LibraryGraph(graph), LayerRun.ToMatrix(TestGraphs.Numbers(Nodes, Inputs, 1))) { WantsFeatureGradient = true };
            session.Forward(new Pass(Seed: 1, Step: 0, Training: true));
            session.Backward(LayerRun.ToMatrix(TestGraphs.Numbers(Nodes, (int)(Heads * Width), 2)));
            return session.WorkspaceBytes;
        }
    }
}
