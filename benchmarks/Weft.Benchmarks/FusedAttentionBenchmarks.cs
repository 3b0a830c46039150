using BenchmarkDotNet.Attributes;
using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Benchmarks;

/// <summary>
/// Attention in one pass over the edges, with the scores of GATv1, GATv2 and self-attention, and its adjoint by recomputation.
/// Run with <c>dotnet run -c Release --project benchmarks/Weft.Benchmarks -- --filter '*FusedAttention*'</c>.
/// </summary>
public class FusedAttentionBenchmarks
{
    private const double Slope = 0.2;
    private Graph graph = null!;
    private Scoring scoring;
    private ScoringGradient gradient;
    private Matrix X, Z, state, dZ, dX, terms, coefficients;

    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Whose score.</summary>
    [Params("GATv1", "GATv2", "Dot product")]
    public string Score { get; set; } = "GATv1";

    /// <summary>Whether the adjoint keeps the coefficients of the edges between its passes.</summary>
    [Params(true, false)]
    public bool Keeps { get; set; }

    [ParamsSource(nameof(Shapes))]
    public EdgeShape Shape { get; set; }

    public static IEnumerable<EdgeShape> Shapes => EdgeShape.Both;

    [GlobalSetup]
    public void Setup()
    {
        RowParallel.Threads = Threads;
        graph = Shape.Graph();
        int K = Shape.Heads, F = K * Shape.Width;
        (X, Z, dZ, dX) = (Shape.OnNodes(F, 1), Shape.OnNodes(F, 2), Shape.OnNodes(F, 3), Shape.OnNodes(F, 4));
        (state, terms) = (Shape.OnNodes(2 * K, 5), Shape.OnNodes(RowTerms.Count * K, 6));
        coefficients = Keeps ? Matrix.Allocate(graph.Edges, 2 * K) : default;
        int width = Score == "GATv1" ? K : F;
        Matrix own = Shape.OnNodes(width, 7), theirs = Shape.OnNodes(width, 8), a = EdgeShape.Uniform(K, Shape.Width, 9);
        Matrix dOwn = Shape.OnNodes(width, 10), dTheirs = Shape.OnNodes(width, 11), da = EdgeShape.Uniform(K, Shape.Width, 12);
        (scoring, gradient) = Score switch
        {
            "GATv1" => (Scoring.Additive(own, theirs, Slope), new ScoringGradient(dOwn, dTheirs, default)),
            "Dot product" => (Scoring.DotProduct(own, theirs, 1 / Math.Sqrt(Shape.Width)), new ScoringGradient(dOwn, dTheirs, default)),
            _ => (Scoring.AdditiveBeforeNonlinearity(own, X, a, Slope), new ScoringGradient(dOwn, default, da)),
        };
        Forward();
    }

    [Benchmark]
    public void Forward() => graph.Attend(scoring, X, Shape.Heads, default, default, Z, state);

    [Benchmark]
    public void Adjoint() => graph.AttendAdjoint(scoring, X, Shape.Heads, default, default, Z, state, dZ, terms, coefficients, gradient, dX);
}
