using Weft.Communication;
using Weft.Distributed;
using Weft.Graphs;
using Weft.Memory;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>⟨V x, y⟩ = ⟨x, V†y⟩ where x and y lie spread over processes, for the exchanges and for the verbs made of them.</summary>
public class AdjointAcrossProcesses
{
    private static readonly OracleGraph Whole = TestGraphs.Forty;

    public static TheoryData<int, int, int> Grids => new()
    {
        { 1, 1, 1 }, { 4, 1, 1 }, { 1, 4, 1 }, { 1, 1, 4 }, { 2, 2, 1 }, { 3, 2, 2 }, { 2, 1, 5 }, { 7, 3, 1 },
    };

    [Theory]
    [MemberData(nameof(Grids))]
    public void ScatterSum_is_the_adjoint_of_Gather(int rows, int columns, int channels)
    {
        OnGrid(rows, columns, channels, (graph, random) =>
        {
            foreach (var (heads, width) in new[] { (1, 1), (1, 6), (3, 2), (4, 1), (4, 3) })
                foreach (bool destinations in new[] { true, false })
                {
                    var share = graph.Place.Share(heads);
                    var exchange = destinations ? share.Destinations : share.Sources;
                    var x = random(graph.OwnedSources, heads * width);
                    var gathered = exchange.Gather(x, "x");
                    Assert.Equal((exchange.Rows, share.Count * width), (gathered.Rows, gathered.Columns));
                    // A verb leaves its sums in Partial, which is the destination itself where there is nobody to exchange with.
                    var scattered = Matrix.Allocate(x.Rows, x.Columns);
                    var y = exchange.Partial(scattered);
                    random(gathered.Rows, gathered.Columns).CopyTo(y);
                    exchange.ScatterSum(y, scattered);
                    Equal(graph, Dot(gathered, y), Dot(x, scattered));
                }
        });
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void Every_verb_has_its_adjoint(int rows, int columns, int channels)
    {
        OnGrid(rows, columns, channels, (graph, random) =>
        {
            long n = graph.OwnedSources, edges = graph.Edges;
            foreach (int heads in new[] { 1, 3, 4 })
            {
                int k = graph.LocalHeads(heads), d = 2;
                var (X, Y) = (random(n, heads * d), random(n, heads * d));
                var (Z, dX) = (Matrix.Allocate(n, heads * d), Matrix.Allocate(n, heads * d));
                graph.Aggregate(graph.Weights, X, Z);
                graph.AggregateAdjoint(graph.Weights, Y, dX);
                Equal(graph, Dot(Z, Y), Dot(X, dX));

                var (S, dS) = (random(edges, k), Matrix.Allocate(edges, k));
                graph.Aggregate(S, X, heads, Z);
                graph.AggregateAdjoint(S, Y, heads, dX);
                Equal(graph, Dot(Z, Y), Dot(X, dX));
                graph.SampledDot(Y, X, heads, dS);
                Equal(graph, Dot(Z, Y), Dot(S, dS));

                var (P, dP) = (Matrix.Allocate(edges, k * d), random(edges, k * d));
                var (dcDst, dcSrc) = (Matrix.Allocate(n, heads * d), Matrix.Allocate(n, heads * d));
                graph.OuterSum(X, Y, heads, P);
                graph.OuterSumAdjoint(dP, heads, dcDst, dcSrc);
                Equal(graph, Dot(P, dP), Dot(X, dcDst) + Dot(Y, dcSrc));
            }
        });
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void A_softmax_row_that_is_cut_still_sums_to_one_and_its_adjoint_to_zero(int rows, int columns, int channels)
    {
        OnGrid(rows, columns, channels, (graph, random) =>
        {
            const int heads = 3;
            int k = graph.LocalHeads(heads);
            var (m, s) = (Matrix.Allocate(graph.BlockRows, k), Matrix.Allocate(graph.BlockRows, k));
            var (L, S, dL) = (random(graph.Edges, k), Matrix.Allocate(graph.Edges, k), Matrix.Allocate(graph.Edges, k));
            graph.Softmax(L, m, s, S);
            graph.SoftmaxAdjoint(S, random(graph.Edges, k), s, dL);
            var ones = Matrix.Allocate(graph.OwnedSources, heads);
            ones.Fill(1);
            var (sums, zeros) = (Matrix.Allocate(graph.OwnedSources, heads), Matrix.Allocate(graph.OwnedSources, heads));
            graph.Aggregate(S, ones, heads, sums);
            graph.Aggregate(dL, ones, heads, zeros);
            double tolerance = sizeof(Real) == 8 ? 1e-14 : 1e-6;
            for (int i = 0; i < graph.OwnedSources; i++)
            {
                double expected = Whole.Destination.Contains(graph.Identity.NodeIds[i]) ? 1 : 0;
                for (int h = 0; h < heads; h++)
                {
                    Assert.Equal(expected, sums[i, h], tolerance);
                    Assert.Equal(0, zeros[i, h], tolerance);
                }
            }
        });
    }

    private static void OnGrid(int rows, int columns, int channels, Action<Graph, Func<long, long, Matrix>> body)
    {
        var grid = new ProcessGrid(rows, columns, channels);
        foreach (var kind in new[] { ExchangeKind.Halo, ExchangeKind.Dense })
            foreach (var parts in new[] { NodeParts.Balanced(grid, Whole.Nodes), GridModel.Uneven(grid, Whole.Nodes) })
                ThreadCommunicator.Run(grid.Size, world =>
                {
                    int seed = 1000 * world.Rank;
                    body(GridModel.Part(grid, world, Whole, parts, kind), (r, c) => LayerRun.ToMatrix(TestGraphs.Numbers((int)r, (int)c, seed++)));
                });
    }

    private static double Dot(Matrix x, Matrix y)
    {
        Assert.Equal((x.Rows, x.Columns), (y.Rows, y.Columns));
        return x.ToArray().Zip(y.ToArray(), (a, b) => a * b).Sum();
    }

    // Every process has its own part of both inner products.
    private static void Equal(Graph graph, double left, double right)
    {
        var (a, b) = (graph.SumOverNodes(left), graph.SumOverNodes(right));
        double tolerance = sizeof(Real) == 8 ? 1e-12 : 1e-4;
        Assert.True(Math.Abs(a) > 1e-3, $"⟨V x, y⟩ is {a}: this inner product proves nothing");
        Assert.True(Math.Abs(a - b) <= tolerance * Math.Max(1, Math.Abs(a)), $"⟨V x, y⟩ = {a:R}, ⟨x, V†y⟩ = {b:R}");
    }
}
