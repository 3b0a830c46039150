using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Measurement;

/// <summary>
/// Fused attention and its adjoint, for the three scores. Rows gathered are those of one pass over destinations forward, and of one
/// over destinations and one over sources backward, which reads the coefficients that the first has kept.
/// </summary>
internal sealed class AttentionWorks
{
    private const int Word = Matrix.BytesPerEntry, Index = sizeof(int);
    private const double Slope = 0.2;

    private readonly Graph graph;
    private readonly long features;
    private readonly int heads;
    private readonly Work gather, spmm;
    private readonly Lazy<Matrix> X, theirs, own, dZ, dX, terms, coefficients;
    private readonly Operands operands;

    /// <summary>Attention over rows of F = K·d features.</summary>
    /// <param name="graph">The edges.</param>
    /// <param name="features">F</param>
    /// <param name="heads">K</param>
    /// <param name="gather">The limit.</param>
    /// <param name="spmm">The product of the same width, which times are told beside.</param>
    /// <param name="X">[N, F]</param>
    /// <param name="operands">Makes the others.</param>
    public AttentionWorks(Graph graph, long features, int heads, Work gather, Work spmm, Lazy<Matrix> X, Operands operands)
    {
        (this.graph, this.features, this.heads, this.gather, this.spmm, this.X, this.operands) = (graph, features, heads, gather, spmm, X, operands);
        long N = graph.OwnedSources;
        (theirs, own, dZ, dX) = (operands.Random(N, features), operands.Random(N, features), operands.Random(N, features), Operands.Zero(N, features));
        terms = Operands.Zero(N, RowTerms.Count * heads);
        coefficients = Operands.Zero(graph.Edges, 2 * heads);
    }

    /// <summary>Six kernels.</summary>
    public IEnumerable<Work> All()
    {
        long N = graph.OwnedSources;
        Lazy<Matrix> cDst = operands.Random(N, heads), cSrc = operands.Random(N, heads), dcDst = Operands.Zero(N, heads), dcSrc = Operands.Zero(N, heads);
        Lazy<Matrix> a = operands.Random(heads, features / heads), da = Operands.Zero(heads, features / heads);
        Lazy<Matrix> dOwn = Operands.Zero(N, features), dTheirs = Operands.Zero(N, features);
        double scale = 1 / Math.Sqrt(features / (double)heads);
        return Pair("gat", () => Scoring.Additive(cDst.Value, cSrc.Value, Slope), () => new(dcDst.Value, dcSrc.Value, default), rows: (1, 2), operations: (2, 4))
            .Concat(Pair("gatv2", () => Scoring.AdditiveBeforeNonlinearity(own.Value, X.Value, a.Value, Slope), () => new(dOwn.Value, default, da.Value), rows: (1, 3), operations: (6, 10)))
            .Concat(Pair("dot", () => Scoring.DotProduct(own.Value, theirs.Value, scale), () => new(dOwn.Value, dTheirs.Value, default), rows: (2, 4), operations: (4, 8)));
    }

    // Forward and adjoint; of each, the rows gathered for an edge and the operations for an edge and feature.
    private IEnumerable<Work> Pair(string name, Func<Scoring> scoring, Func<ScoringGradient> gradient, (int Forward, int Adjoint) rows, (int Forward, int Adjoint) operations)
    {
        // The adjoint reads what a forward pass left.
        var attended = new Lazy<(Matrix Z, Matrix State)>(() =>
        {
            Matrix Z = Matrix.Allocate(graph.OwnedDestinations, features), state = Matrix.Allocate(graph.OwnedDestinations, 2 * heads);
            graph.Attend(scoring(), X.Value, heads, default, default, Z, state);
            return (Z, state);
        });
        yield return Of(name, rows.Forward, 1, operations.Forward, () => graph.Attend(scoring(), X.Value, heads, default, default, attended.Value.Z, attended.Value.State));
        yield return Of($"{name} adjoint", rows.Adjoint, 5, operations.Adjoint, () =>
            graph.AttendAdjoint(scoring(), X.Value, heads, default, default, attended.Value.Z, attended.Value.State, dZ.Value, terms.Value, coefficients.Value, gradient(), dX.Value));
    }

    private Work Of(string name, int rowsPerEdge, int rowsPerNode, int operations, Action run) => new(name, $"{heads}×{features / heads}", run)
    {
        Operations = (double)operations * graph.Edges * features,
        Bytes = (double)graph.Edges * rowsPerEdge * (features * Word + Index) + (double)graph.OwnedSources * rowsPerNode * features * Word,
        Edges = graph.Edges,
        GatheredRows = (double)rowsPerEdge * graph.Edges,
        Limits = [gather],
        Beside = spmm,
    };
}
