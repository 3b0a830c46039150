using System.Reflection;
using Weft.Graphs;
using Weft.Memory;
using Weft.Tests.Oracles;

namespace Weft.Tests.Laws;

/// <summary>⟨V x, y⟩ = ⟨x, V†y⟩ for every verb of a graph and its adjoint, in each argument in which the verb is linear.</summary>
public class AdjointLaw
{
    private const int Heads = 3, Width = 5;

    /// <summary>Verbs by the method that is the adjoint. Each is checked below; <see cref="Every_adjoint_of_a_graph_is_checked"/> counts them.</summary>
    private static readonly Dictionary<string, Action<Graph, string>> Verbs = new()
    {
        ["AggregateAdjoint(weights)"] = Aggregate,
        ["AggregateAdjoint(heads)"] = AggregateHeads,
        ["OuterSumAdjoint"] = OuterSum,
        ["EdgeDotAdjoint"] = EdgeDot,
        ["SoftmaxAdjoint"] = Softmax,
        ["AttendAllAdjoint"] = AttendAll,
        ["AttendAdjoint"] = Attend,
        ["MaximumAdjoint"] = Maximum,
        ["AggregateRectifiedAdjoint"] = AggregateRectified,
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string verb in Verbs.Keys)
                foreach (string graph in Graphs().Keys) cases.Add(verb, graph);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_verb_and_its_adjoint_agree_on_every_inner_product(string verb, string graph) =>
        Verbs[verb](Graphs()[graph](), $"{verb}, {graph}");

    [Fact]
    public void Every_adjoint_of_a_graph_is_checked()
    {
        var adjoints = typeof(Graph).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(m => m.Name.EndsWith("Adjoint", StringComparison.Ordinal)).ToArray();
        Assert.True(adjoints.Length >= 5);
        foreach (var method in adjoints)
            Assert.True(Verbs.Keys.Count(v => v.Split('(')[0] == method.Name) == adjoints.Count(m => m.Name == method.Name),
                $"{method.Name} of {nameof(Graph)} has an overload that this law does not check");
    }

    private static Dictionary<string, Func<Graph>> Graphs()
    {
        var graphs = TestGraphs.All.ToDictionary(g => g.Name, g => (Func<Graph>)(() => LayerRun.LibraryGraph(g)));
        // Rectangular: edges that end at the first 20 of 40 nodes.
        var forty = TestGraphs.Forty;
        int[] kept = [.. Enumerable.Range(0, forty.Edges).Where(e => forty.Destination[e] < 20)];
        graphs["a block of 20 × 40 nodes"] = () => Graph.Block(20, 40, [.. kept.Select(e => forty.Source[e])],
            [.. kept.Select(e => forty.Destination[e])], [.. kept.Select(e => (Real)forty.Weight[e])],
            features: EdgeList.RowsOf(LayerRun.ToMatrix(forty.Features), kept));
        return graphs;
    }

    private static void Aggregate(Graph graph, string where)
    {
        var (w, X, y) = (Random(graph.Edges, 1, 1), Random(graph.OwnedSources, Width, 2), Random(graph.OwnedDestinations, Width, 3));
        var (Z, dX, dw) = (Unset(graph.OwnedDestinations, Width), Unset(graph.OwnedSources, Width), Unset(graph.Edges, 1));
        graph.Aggregate(w, X, Z);
        graph.AggregateAdjoint(w, y, dX);
        graph.SampledDot(y, X, 1, dw);
        Equal(where + ", in X", (Z, y), (X, dX));
        Equal(where + ", in w", (Z, y), (w, dw));
        graph.Aggregate(default, X, Z);
        graph.AggregateAdjoint(default, y, dX);
        Equal(where + ", unweighted", (Z, y), (X, dX));
    }

    private static void AggregateHeads(Graph graph, string where)
    {
        const int columns = Heads * Width;
        var (S, X, y) = (Random(graph.Edges, Heads, 1), Random(graph.OwnedSources, columns, 2), Random(graph.OwnedDestinations, columns, 3));
        var (Z, dX, dS) = (Unset(graph.OwnedDestinations, columns), Unset(graph.OwnedSources, columns), Unset(graph.Edges, Heads));
        graph.Aggregate(S, X, Heads, Z);
        graph.AggregateAdjoint(S, y, Heads, dX);
        graph.SampledDot(y, X, Heads, dS);
        Equal(where + ", in X", (Z, y), (X, dX));
        Equal(where + ", in S", (Z, y), (S, dS));

        // The sampled product itself, linear in both of its matrices.
        var V = Unset(graph.Edges, Heads);
        graph.SampledDot(y, X, Heads, V, scale: 0.5);
        Scale(S, 0.5);
        graph.Aggregate(S, X, Heads, Z);
        graph.AggregateAdjoint(S, y, Heads, dX);
        Scale(S, 2);
        Equal("SampledDot, " + where + ", in P", (V, S), (y, Z));
        Equal("SampledDot, " + where + ", in Q", (V, S), (X, dX));
    }

    private static void OuterSum(Graph graph, string where)
    {
        const int columns = Heads * Width;
        var (cDst, cSrc, y) = (Random(graph.OwnedDestinations, columns, 1), Random(graph.OwnedSources, columns, 2), Random(graph.Edges, columns, 3));
        var (P, dcDst, dcSrc) = (Unset(graph.Edges, columns), Unset(graph.OwnedDestinations, columns), Unset(graph.OwnedSources, columns));
        graph.OuterSum(cDst, cSrc, Heads, P);
        graph.OuterSumAdjoint(y, Heads, dcDst, dcSrc);
        Equal(where, (P, y), (cDst, dcDst), (cSrc, dcSrc));
    }

    private static void EdgeDot(Graph graph, string where)
    {
        var (V, a, y) = (Random(graph.Edges, Heads * Width, 1), Random(Heads, Width, 2), Random(graph.Edges, Heads, 3));
        var (L, da, dV) = (Unset(graph.Edges, Heads), Unset(Heads, Width), Unset(graph.Edges, Heads * Width));
        graph.EdgeDot(V, a, L);
        graph.EdgeDotAdjoint(V, a, y, da, dV);
        Equal(where + ", in V", (L, y), (V, dV));
        Equal(where + ", in a", (L, y), (a, da));
    }

    // Not linear: the adjoint is that of the derivative, which is taken as a central difference along x.
    private static void Softmax(Graph graph, string where)
    {
        var (L, x, y) = (Random(graph.Edges, Heads, 1), Random(graph.Edges, Heads, 2), Random(graph.Edges, Heads, 3));
        Matrix m = Unset(graph.BlockRows, Heads), s = Unset(graph.BlockRows, Heads), r = Unset(graph.BlockRows, Heads);
        Matrix S = Unset(graph.Edges, Heads), dL = Unset(graph.Edges, Heads);
        graph.Softmax(L, m, s, S);
        graph.SoftmaxAdjoint(S, y, r, dL);
        var change = Difference(t =>
        {
            var moved = Unset(graph.Edges, Heads);
            graph.Softmax(Moved(L, t, x), m, s, moved);
            return moved;
        });
        EqualNearly(where, (change, y), (x, dL));
    }

    // On the edges from nodes to their graphs, of which each node has one. Values so far apart that no step changes which is largest.
    private static void Maximum(Graph graph, string where)
    {
        int n = (int)graph.OwnedSources;
        foreach (int graphs in new[] { 1, 3, n + 1 })
        {
            var members = Graph.OfMembership([.. Enumerable.Range(0, n).Select(i => i * graphs / n)], graphs);
            var (X, x, y) = (Unset(n, 70), Random(n, 70, 2), Random(graphs, 70, 3));
            for (int c = 0; c < 70; c++)
            {
                int[] ranks = [.. Enumerable.Range(0, n)];
                new Random(c).Shuffle(ranks);
                for (int i = 0; i < n; i++) X[i, c] = ranks[i];
            }
            Matrix Z = Unset(graphs, 70), dX = Unset(n, 70);
            members.Maximum(X, Z);
            members.MaximumAdjoint(X, Z, y, dX);
            var change = Difference(t =>
            {
                var moved = Unset(graphs, 70);
                members.Maximum(Moved(X, t, x), moved);
                return moved;
            });
            EqualNearly($"{where}, {graphs} graphs", (change, y), (x, dX));
        }
    }

    private static void AttendAll(Graph graph, string where)
    {
        if (graph.OwnedDestinations > 40) return;
        const int columns = Heads * Width;
        long n = graph.OwnedDestinations, N = graph.OwnedSources;
        var (Q, K, V, y) = (Random(n, columns, 1), Random(N, columns, 2), Random(N, columns, 3), Random(n, columns, 4));
        var (q, k, v) = (Random(n, columns, 5), Random(N, columns, 6), Random(N, columns, 7));
        Matrix m = Unset(graph.BlockRows, Heads), s = Unset(graph.BlockRows, Heads), r = Unset(graph.BlockRows, Heads), Z = Unset(n, columns);
        Matrix dQ = Unset(n, columns), dK = Unset(N, columns), dV = Unset(N, columns);
        graph.AttendAll(Q, K, V, Heads, 0.5, default, m, s, Z);
        graph.AttendAllAdjoint(Q, K, V, Heads, 0.5, default, m, s, r, Z, y, dQ, dK, dV);
        foreach (var (name, inQ, inK, inV, x, dx) in new[] { ("Q", 1, 0, 0, q, dQ), ("K", 0, 1, 0, k, dK), ("V", 0, 0, 1, v, dV) })
        {
            var change = Difference(t =>
            {
                var moved = Unset(n, columns);
                graph.AttendAll(Moved(Q, t * inQ, q), Moved(K, t * inK, k), Moved(V, t * inV, v), Heads, 0.5, default, m, s, moved);
                return moved;
            });
            EqualNearly($"{where}, in {name}", (change, y), (x, dx));
        }
    }

    // Every operand of each kind of score, moved in turn. The sources stay clear of zero, so that no step is over the leaky ReLU's kink.
    private static void Attend(Graph graph, string where)
    {
        Attend(graph, where + ", coefficients formed twice", keeps: false);
        Attend(graph, where + ", coefficients kept", keeps: true);
    }

    private static void Attend(Graph graph, string where, bool keeps)
    {
        const int columns = Heads * Width;
        long n = graph.OwnedDestinations, N = graph.OwnedSources;
        foreach (var (kind, features) in new[] { (ScoringKind.Additive, false), (ScoringKind.AdditiveBeforeNonlinearity, false), (ScoringKind.DotProduct, false), (ScoringKind.Additive, true), (ScoringKind.AdditiveBeforeNonlinearity, true) })
        {
            // Where all messages are one and the same the gradients at the features' weights are nothing but rounding.
            if (features && N == 1) continue;
            int w = kind == ScoringKind.Additive ? Heads : columns;
            bool hasVector = kind == ScoringKind.AdditiveBeforeNonlinearity;
            Matrix[] operands = [Random(n, w, 1), Random(N, w, 2), hasVector ? Random(Heads, Width, 3) : default, Random(N, columns, 4), features ? Random(OracleGraph.EdgeFeatures, w, 5) : default];
            var (y, Z, state, terms, coefficients) = (Random(n, columns, 5), Unset(n, columns), Unset(n, 2 * Heads), Unset(n, 4 * Heads), keeps ? Unset(graph.Edges, 2 * Heads) : default);
            Matrix[] gradients = [Unset(n, w), Unset(N, w), hasVector ? Unset(Heads, Width) : default, Unset(N, columns), features ? Unset(OracleGraph.EdgeFeatures, w) : default];
            for (long i = 0; i < N; i++)
                for (long j = 0; j < w; j++) operands[1][i, j] += operands[1][i, j] > 0 ? 4 : -4;
            if (features) Scale(operands[4], 0.25);
            Scoring Scored(Matrix[] of) => new(kind, of[0], of[1], of[2], 0.25) { Edges = features ? graph.EdgeFeatures : default, EdgeWeights = of[4] };
            graph.Attend(Scored(operands), operands[3], Heads, default, default, Z, state);
            graph.AttendAdjoint(Scored(operands), operands[3], Heads, default, default, Z, state, y, terms, coefficients, new(gradients[0], gradients[1], gradients[2], gradients[4]), gradients[3]);
            for (int at = 0; at < operands.Length; at++)
            {
                if (operands[at].IsMissing) continue;
                var direction = Random(operands[at].Rows, operands[at].Columns, 6 + at);
                var change = Difference(t =>
                {
                    Matrix[] moved = [.. operands];
                    moved[at] = Moved(operands[at], t, direction);
                    var result = Unset(n, columns);
                    graph.Attend(Scored(moved), moved[3], Heads, default, default, result, state);
                    return result;
                });
                EqualNearly($"{where}, {kind}{(features ? " with edge features" : "")}, operand {at}", (change, y), (direction, gradients[at]));
            }
        }
    }

    // The sources stay clear of zero, so that no step is over the kink.
    private static void AggregateRectified(Graph graph, string where)
    {
        long n = graph.OwnedDestinations, N = graph.OwnedSources;
        Matrix[] operands = [Random(N, Width, 1), Random(OracleGraph.EdgeFeatures, Width, 2), Random(1, Width, 3)];
        for (long i = 0; i < N; i++)
            for (long j = 0; j < Width; j++) operands[0][i, j] += operands[0][i, j] > 0 ? 8 : -8;
        var y = Random(n, Width, 4);
        Matrix[] gradients = [Unset(N, Width), Unset(OracleGraph.EdgeFeatures, Width), Unset(1, Width)];
        graph.AggregateRectifiedAdjoint(operands[0], operands[1], operands[2], y, gradients[0], gradients[1], gradients[2]);
        for (int at = 0; at < operands.Length; at++)
        {
            var direction = Random(operands[at].Rows, operands[at].Columns, 6 + at);
            var change = Difference(t =>
            {
                Matrix[] moved = [.. operands];
                moved[at] = Moved(operands[at], t, direction);
                var result = Unset(n, Width);
                graph.AggregateRectified(moved[0], moved[1], moved[2], result);
                return result;
            });
            EqualNearly($"{where}, operand {at}", (change, y), (direction, gradients[at]));
        }
    }

    private static Matrix Random(long rows, long columns, int seed) => LayerRun.ToMatrix(TestGraphs.Numbers((int)rows, (int)columns, seed));

    /// <summary>A destination full of NaN: a verb overwrites all of it.</summary>
    private static Matrix Unset(long rows, long columns)
    {
        var matrix = Matrix.Allocate(rows, columns);
        matrix.Fill(Real.NaN);
        return matrix;
    }

    private static void Scale(Matrix x, double factor)
    {
        for (long i = 0; i < x.Rows; i++)
            for (long j = 0; j < x.Columns; j++) x[i, j] *= (Real)factor;
    }

    private static Matrix Moved(Matrix x, double t, Matrix direction)
    {
        var moved = Unset(x.Rows, x.Columns);
        for (long i = 0; i < x.Rows; i++)
            for (long j = 0; j < x.Columns; j++) moved[i, j] = (Real)(x[i, j] + t * direction[i, j]);
        return moved;
    }

    private static Matrix Difference(Func<double, Matrix> of)
    {
        double step = sizeof(Real) == 8 ? 1e-5 : 1.0 / 128;
        Matrix above = of(step), below = of(-step), change = Unset(above.Rows, above.Columns);
        for (long i = 0; i < change.Rows; i++)
            for (long j = 0; j < change.Columns; j++) change[i, j] = (Real)((above[i, j] - (double)below[i, j]) / (2 * step));
        return change;
    }

    private static void Equal(string what, (Matrix, Matrix) left, params (Matrix, Matrix)[] right) =>
        Equal(what, sizeof(Real) == 8 ? 1e-13 : 1e-6, left, right);

    private static void EqualNearly(string what, (Matrix, Matrix) left, (Matrix, Matrix) right) =>
        Equal(what, sizeof(Real) == 8 ? 1e-8 : 1e-3, left, right);

    /// <summary>Both sides, relative to the sum of the sizes of their terms.</summary>
    private static void Equal(string what, double tolerance, (Matrix, Matrix) left, params (Matrix, Matrix)[] right)
    {
        double difference = 0, size = 0;
        Add(left, 1);
        foreach (var pair in right) Add(pair, -1);
        Assert.True(Math.Abs(difference) <= tolerance * size, $"{what}: ⟨Vx, y⟩ − ⟨x, V†y⟩ is {difference:G3} where terms sum to {size:G3}");

        void Add((Matrix X, Matrix Y) pair, int sign)
        {
            double[] x = pair.X.ToArray(), y = pair.Y.ToArray();
            Assert.Equal(x.Length, y.Length);
            for (int p = 0; p < x.Length; p++)
            {
                difference += sign * x[p] * y[p];
                size += Math.Abs(x[p] * y[p]);
            }
        }
    }
}
