using Weft.Graphs;
using Weft.Memory;

namespace Weft.Measurement;

/// <summary>The kernels that walk a graph's edges.</summary>
internal static class GraphWorks
{
    private const int Word = Matrix.BytesPerEntry, Index = sizeof(int);

    /// <summary>Kernels that read a row of F features for each edge.</summary>
    public static IReadOnlyList<Work> OfWidth(Graph graph, int features, Operands operands)
    {
        long N = graph.OwnedSources, E = graph.Edges, F = features;
        int K = Heads(features);
        Lazy<Matrix> X = operands.Random(N, F), Z = operands.Random(N, F), w = operands.Random(E, 1), S = operands.Random(E, K);
        var gather = LimitWorks.Gather(graph, X, F);
        Work Of(string name, string shape, double bytesPerEdge, double bytesPerNode, Action run) => new(name, shape, run)
        {
            Operations = 2.0 * E * F,
            Bytes = E * (F * Word + Index + bytesPerEdge) + N * bytesPerNode,
            Edges = E,
            GatheredRows = E,
            Limits = [gather],
        };
        string one = $"F {F}", heads = $"{K}×{F / K}";
        var weighted = Of("spmm weighted", one, Word, F * Word, () => graph.Aggregate(w.Value, X.Value, Z.Value));
        return
        [
            gather,
            Of("spmm", one, 0, F * Word, () => graph.Aggregate(default, X.Value, Z.Value)),
            weighted,
            // By source an edge finds its weight through the permutation.
            Of("spmm dX", one, Word + Index, F * Word, () => graph.AggregateAdjoint(w.Value, X.Value, Z.Value)),
            Of("spmm heads", heads, K * Word, F * Word, () => graph.Aggregate(S.Value, X.Value, K, Z.Value)),
            Of("sddmm heads", heads, K * Word, F * Word, () => graph.SampledDot(Z.Value, X.Value, K, S.Value)),
            .. new AttentionWorks(graph, F, K, gather, weighted, X, operands).All(),
        ];
    }

    /// <summary>Kernels whose operands have a row for each edge.</summary>
    public static IReadOnlyList<Work> OnEdges(Graph graph, int heads, Operands operands)
    {
        long N = graph.OwnedSources, E = graph.Edges;
        Lazy<Matrix> L = operands.Random(E, heads), S = operands.Random(E, heads), dS = operands.Random(E, heads), c = operands.Random(N, heads);
        Lazy<Matrix> m = Operands.Zero(N, heads), s = Operands.Zero(N, heads);
        var triad = LimitWorks.Triad(E, heads, $"E×{heads}");
        Work Of(string name, int matrices, int operations, Action run) => new(name, $"E×{heads}", run)
        {
            Operations = (double)operations * E * heads,
            Bytes = (double)matrices * E * heads * Word,
            Edges = E,
            Limits = [triad],
        };
        return
        [
            triad,
            // Largest, difference, exponential, sum, quotient: an exponential counts for one operation.
            Of("softmax", 2, 5, () => graph.Softmax(L.Value, m.Value, s.Value, S.Value)),
            Of("softmax dL", 3, 4, () => graph.SoftmaxAdjoint(S.Value, dS.Value, m.Value, dS.Value)),
            Of("outer sum", 1, 1, () => graph.OuterSum(c.Value, c.Value, heads, L.Value)),
        ];
    }

    /// <summary>As published networks have them: eight heads of width 8; else four, where the width allows.</summary>
    private static int Heads(int features) => features == 64 ? 8 : features % 4 == 0 ? 4 : 1;
}
