using System.Runtime.InteropServices;
using Weft.Companions;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Layers;
using Weft.Losses;
using Weft.Memory;
using Weft.MessagePassing;
using Weft.Models;
using Weft.Optimizers;

namespace Weft.Analysis;

/// <summary>What one aggregation makes of two neighbourhoods.</summary>
/// <param name="Aggregation">sum, mean or max.</param>
/// <param name="First">The aggregated row of the first node.</param>
/// <param name="Second">The aggregated row of the second.</param>
/// <param name="TellsApart">True if they differ.</param>
public sealed record AggregatedPair(string Aggregation, double[] First, double[] Second, bool TellsApart);

/// <summary>A model trained to tell the two sides of an example apart.</summary>
/// <param name="Model">gin, gcn, sage (mean) or max.</param>
/// <param name="Accuracy">Share of the nodes that it puts on the right side after training.</param>
/// <param name="Loss">Cross-entropy after training; ln 2 is that of a coin.</param>
/// <param name="TellsApart">True if every node is on the right side.</param>
/// <param name="Theory">True if it can tell them apart, by its formula.</param>
public sealed record TrainedPair(string Model, double Accuracy, double Loss, bool TellsApart, bool Theory);

/// <summary>Two neighbourhoods, or two graphs, that some aggregations tell apart and some do not.</summary>
/// <param name="Name">What differs.</param>
/// <param name="First">The first side.</param>
/// <param name="Second">The second side.</param>
/// <param name="Aggregates">What sum, mean and max give.</param>
/// <param name="Models">What trained models give.</param>
/// <param name="ColorsDiffer">True if 1-WL colour refinement, which bounds them all, tells the sides apart.</param>
public sealed record AggregatorExample(string Name, string First, string Second, IReadOnlyList<AggregatedPair> Aggregates, IReadOnlyList<TrainedPair> Models, bool ColorsDiffer);

/// <summary>
/// What sum, mean and max can tell apart (Xu et al. 2019): multisets of neighbours through the library's own aggregation, and GIN, GCN,
/// GraphSAGE and a maximum trained on them.
/// </summary>
/// <remarks>
/// Where all nodes have the same degree, GCN's weights 1/√(d_i·d_j) make it a mean; where degrees differ, they count neighbours, and GCN
/// tells apart what a mean does not.
/// </remarks>
public static class AggregatorLimits
{
    private const int Width = 8, Steps = 300;
    private const double Rate = 0.02;

    /// <summary>Runs every example.</summary>
    /// <param name="seed">Seed of the start values.</param>
    /// <param name="cancellation">Ends the work between two models.</param>
    public static IReadOnlyList<AggregatorExample> Run(ulong seed = 1, CancellationToken cancellation = default) =>
    [
        Example("a multiset twice", "{a, b}", "{a, a, b, b}", Star("ab"), Star("aabb"), centersOnly: true, ["gin", "gcn"], seed, cancellation),
        Example("one element more", "{a, b}", "{a, b, b}", Star("ab"), Star("abb"), centersOnly: true, ["gin", "gcn", "sage"], seed, cancellation),
        Example("regular, all nodes alike", "triangle", "complete:4", Alike("cycle:3"), Alike("complete:4"), centersOnly: false, ["gin"], seed, cancellation),
        Example("the same colours", "two triangles", "hexagon", Alike("cycle:3+cycle:3"), Alike("cycle:6"), centersOnly: false, [], seed, cancellation),
    ];

    private static AggregatorExample Example(string name, string first, string second, Side a, Side b, bool centersOnly, string[] able, ulong seed, CancellationToken cancellation)
    {
        var graph = Graph.FromEdges(GraphBatch.From([a.Edges, b.Edges]).Edges);
        var features = Matrix.From(a.Features.Length + b.Features.Length, a.Features[0].Length, [.. a.Features.Concat(b.Features).SelectMany(row => row)]);
        int second0 = a.Features.Length;
        bool[] mask = [.. Enumerable.Range(0, (int)features.Rows).Select(i => !centersOnly || i == 0 || i == second0)];
        int[] sides = [.. Enumerable.Range(0, mask.Length).Select(i => i < second0 ? 0 : 1)];
        var target = LossTarget.FromLabels(graph, sides, mask);
        var trained = new List<TrainedPair>();
        foreach (string model in new[] { "gin", "gcn", "sage", "max" })
        {
            cancellation.ThrowIfCancellationRequested();
            trained.Add(Train(model, graph, features, target, seed, able.Contains(model)));
        }
        return new(name, first, second,
            [.. new[] { Aggregation.Sum, Aggregation.Mean, Aggregation.Max }.Select(aggregation => Aggregated(aggregation, graph, features, second0))],
            trained, ColorRefinement.Compare(Graph.FromEdges(a.Edges), Graph.FromEdges(b.Edges), Colors(a), Colors(b)).Distinguished);
    }

    private static AggregatedPair Aggregated(Aggregation aggregation, Graph graph, Matrix features, int second)
    {
        var session = new Session(new Model([new SourceMessages(aggregation, features.Columns)]), graph, features);
        var rows = session.Forward(default);
        double[] a = rows.RowRange(0, 1).ToArray(), b = rows.RowRange(second, 1).ToArray();
        return new(aggregation.ToString().ToLowerInvariant(), a, b, a.Zip(b).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-5));
    }

    private static TrainedPair Train(string name, Graph graph, Matrix features, LossTarget target, ulong seed, bool theory)
    {
        var model = new Model([.. Layers(name, features.Columns), new Linear(Width, 2)]);
        model.Initialize(seed);
        var session = new Session(model, graph, features);
        var loss = new CrossEntropy();
        var optimizer = new Adam(model.Parameters);
        var dLogits = Matrix.Allocate(features.Rows, 2);
        for (int step = 0; step < Steps; step++)
        {
            model.ClearGradients();
            loss.Evaluate(session.Forward(new Pass(seed, step, Training: true)), target, dLogits);
            session.Backward(dLogits);
            optimizer.Step(Rate);
        }
        var logits = session.Forward(default);
        int right = 0, count = 0;
        for (int i = 0; i < target.Mask.Length; i++)
        {
            if (!target.Mask[i]) continue;
            count++;
            if (logits[i, 1] > logits[i, 0] == (target.Labels![i] == 1)) right++;
        }
        return new(name, (double)right / count, loss.Evaluate(logits, target), right == count, theory);
    }

    private static ILayer[] Layers(string name, long inputs) => name switch
    {
        "gin" => [new Gin(inputs, Width, Width, Activation.Elu, Activation.Elu), new Gin(Width, Width, Width, Activation.Elu, Activation.Elu)],
        "gcn" => [new Gcn(inputs, Width, activation: Activation.Elu), new Gcn(Width, Width, activation: Activation.Elu)],
        "sage" => [new Sage(inputs, Width, activation: Activation.Elu), new Sage(Width, Width, activation: Activation.Elu)],
        _ => [new Linear(inputs, Width, activation: Activation.Elu), new SourceMessages(Aggregation.Max, Width), new Linear(Width, Width, activation: Activation.Elu)],
    };

    private static UInt128[] Colors(Side side) => [.. side.Features.Select(row => ColorRefinement.Color(MemoryMarshal.AsBytes<double>(row)))];

    /// <summary>Edges and a row of features for each node.</summary>
    private sealed record Side(EdgeList Edges, double[][] Features);

    // Node 0, which begins with nothing, hears the others.
    private static Side Star(string around) => new(
        new EdgeList(around.Length + 1, [.. Enumerable.Range(1, around.Length)], new int[around.Length]),
        [[0, 0], .. around.Select(c => c == 'a' ? new double[] { 1, 0 } : [0, 1])]);

    private static Side Alike(string name)
    {
        var edges = NamedGraphs.Find(name)!;
        return new(edges, [.. Enumerable.Range(0, (int)edges.Nodes).Select(_ => new double[] { 1 })]);
    }

    /// <summary>m_e = X_j: the aggregation and nothing else.</summary>
    private sealed class SourceMessages(Aggregation aggregation, long width) : MessagePassingLayer(aggregation, width)
    {
        protected override void Message(in MessageEdge edge, Span<Real> message) => edge.Source.CopyTo(message);

        protected override void MessageAdjoint(in MessageEdge edge, ReadOnlySpan<Real> dMessage, in MessageGradient gradient) => RowMath.Add(dMessage, gradient.Source);
    }
}
