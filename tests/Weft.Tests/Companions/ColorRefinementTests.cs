using System.Text.Json;
using Weft.Companions;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Memory;
using Weft.Models;
using Weft.Tests.Cli;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Companions;

/// <summary>1-WL on pairs whose answer is known, and against GIN, which by theory tells apart the same nodes.</summary>
public class ColorRefinementTests
{
    private static Graph Named(string name) => Graph.FromEdges(NamedGraphs.Find(name)!);

    [Theory]
    [InlineData("cycle:3+cycle:3", "cycle:6", -1)]
    [InlineData("decalin", "bicyclopentyl", -1)]
    [InlineData("rook", "shrikhande", -1)]
    [InlineData("cycle:5", "cycle:5", -1)]
    [InlineData("star:4", "path:4", 1)]
    [InlineData("cycle:4", "path:4", 1)]
    [InlineData("cycle:3", "complete:4", 0)]
    [InlineData("complete:3+path:1", "star:4", 1)]
    // Three legs of 1, 1, 4 and of 1, 2, 3: the same degrees.
    [InlineData("path:4+star:4", "path:5+path:3", 1)]
    public void Known_pairs_are_told_apart_or_not(string first, string second, int round)
    {
        var result = ColorRefinement.Compare(Named(first), Named(second));
        Assert.Equal(round, result.Round);
        Assert.Equal(round >= 0, result.Distinguished);
        Assert.Equal(round >= 0, result.First.Signature != result.Second.Signature);
    }

    [Fact]
    public void Trees_with_the_same_degrees_differ_after_the_rounds_that_see_it()
    {
        Graph Legs(params int[] legs)
        {
            var (source, destination, last) = (new List<int>(), new List<int>(), 0);
            foreach (int leg in legs)
                for (int step = 0, at = 0; step < leg; step++)
                {
                    (source, destination) = ([.. source, at, ++last], [.. destination, last, at]);
                    at = last;
                }
            return Graph.FromEdges(last + 1, [.. source], [.. destination]);
        }

        Assert.Equal(2, ColorRefinement.Compare(Legs(1, 1, 4), Legs(1, 2, 3)).Round);
        Assert.Equal(-1, ColorRefinement.Compare(Legs(4, 1, 1), Legs(1, 4, 1)).Round);
    }

    [Fact]
    public void The_order_of_nodes_and_edges_makes_no_difference()
    {
        var graph = TestGraphs.Forty;
        int[] places = [.. Enumerable.Range(0, graph.Nodes)], edges = [.. Enumerable.Range(0, graph.Edges)];
        new Random(2).Shuffle(places);
        new Random(3).Shuffle(edges);
        var moved = Graph.FromEdges(graph.Nodes, [.. edges.Select(e => places[graph.Source[e]])], [.. edges.Select(e => places[graph.Destination[e]])]);
        var (a, b) = (ColorRefinement.Refine(LayerRun.LibraryGraph(graph)), ColorRefinement.Refine(moved));
        Assert.Equal(a.Signature, b.Signature);
        Assert.Equal(a.Classes, b.Classes);
        for (int i = 0; i < graph.Nodes; i++) Assert.Equal(a.Colors[i], b.Colors[places[i]]);
        Assert.False(ColorRefinement.Compare(LayerRun.LibraryGraph(graph), moved).Distinguished);
        // An edge less is seen.
        Assert.True(ColorRefinement.Compare(LayerRun.LibraryGraph(graph), Graph.FromEdges(graph.Nodes, [.. graph.Source.Skip(1)], [.. graph.Destination.Skip(1)])).Distinguished);
    }

    [Fact]
    public void Hashes_are_the_same_on_every_machine()
    {
        Assert.Equal(UInt128.Parse("24b96f99c8f4fb9a141cfc9842c4b0e3", System.Globalization.NumberStyles.HexNumber), ColorRefinement.Color([]));
        var path = ColorRefinement.Refine(Named("path:4"), rounds: 2);
        Assert.Equal([1, 2, 2], path.Classes);
        Assert.Equal(path.Colors[0], path.Colors[3]);
        Assert.NotEqual(path.Colors[0], path.Colors[1]);
    }

    [Fact]
    public void Refinement_ends_when_nothing_changes()
    {
        var path = ColorRefinement.Refine(Named("path:9"));
        Assert.True(path.IsStable);
        Assert.Equal(5, path.Classes[^1]);
        Assert.Equal(1, ColorRefinement.Refine(Named("rook")).Classes[^1]);
        Assert.False(ColorRefinement.Refine(Named("path:9"), rounds: 1).IsStable);
        Assert.Equal(40, ColorRefinement.Refine(LayerRun.LibraryGraph(TestGraphs.Forty), [.. Enumerable.Range(0, 40).Select(i => ColorRefinement.Color([(byte)i]))]).Classes[^1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void GIN_with_random_weights_tells_apart_the_nodes_that_1WL_does(int seed)
    {
        const int nodes = 30, rounds = 3, width = 16;
        var random = new Random(seed);
        var pairs = Enumerable.Range(0, 34).Select(_ => (random.Next(nodes), random.Next(nodes))).ToArray();
        var graph = Graph.FromEdges(nodes, [.. pairs.Select(p => p.Item1), .. pairs.Select(p => p.Item2)], [.. pairs.Select(p => p.Item2), .. pairs.Select(p => p.Item1)]);
        var colors = ColorRefinement.Refine(graph, rounds: rounds).Colors;
        var model = new Model(Enumerable.Range(0, rounds).Select(l => new Gin(l == 0 ? 1 : width, width, width, Activation.Tanh)));
        model.Initialize((ulong)seed);
        foreach (var (_, parameter) in model.Parameters)
            if (parameter.Name is "b1" or "eps")
                for (long j = 0; j < parameter.Value.Columns; j++) parameter.Value[0, j] = (Real)(random.NextDouble() - 0.5);
        var ones = Matrix.Allocate(nodes, 1);
        ones.Fill(1);
        var output = model.Predict(graph, ones);
        int same = 0, different = 0;
        for (int i = 0; i < nodes; i++)
            for (int j = 0; j < i; j++)
            {
                double distance = Enumerable.Range(0, width).Max(k => Math.Abs((double)output[i, k] - output[j, k]));
                if (colors[i] == colors[j])
                {
                    same++;
                    Assert.True(distance < (sizeof(Real) == 8 ? 1e-12 : 1e-5), $"nodes {i} and {j} have one colour, and rows {distance} apart");
                }
                else
                {
                    different++;
                    Assert.True(distance > (sizeof(Real) == 8 ? 1e-6 : 3e-5), $"nodes {i} and {j} have two colours, and rows {distance} apart");
                }
            }
        Assert.True(same > 0 && different > 100, $"{same} pairs of one colour, {different} of two");
    }

    [Fact]
    public void The_verb_says_what_it_found_in_words_and_in_JSON()
    {
        var words = Command.Weft("explain", "wl", "cycle:3+cycle:3", "cycle:6");
        Assert.Equal(0, words.Code);
        Assert.Contains("1-WL cannot tell them apart", words.Output);
        var json = JsonDocument.Parse(Command.Weft("explain", "wl", "star:4", "path:4", "--json").Output).RootElement;
        Assert.True(json.GetProperty("distinguished").GetBoolean());
        Assert.Equal(1, json.GetProperty("round").GetInt32());
        Assert.Equal(32, json.GetProperty("first").GetProperty("signature").GetString()!.Length);
        Assert.Contains("karate#0 … karate#0 were expected", Command.Weft("explain", "wl", "karate#1", "karate").Error);
        Assert.Contains("cycle:N with N from 3", Command.Weft("explain", "wl", "cycle:2", "karate").Error);
        Assert.Contains("there is no set nothing", Command.Weft("explain", "wl", "nothing", "karate").Error);
        Assert.Contains("all nodes begin with one colour", Command.Weft("explain", "wl", "karate", "path:3").Output);
    }
}
