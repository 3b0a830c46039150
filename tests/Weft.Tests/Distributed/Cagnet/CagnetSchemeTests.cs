using Weft.Communication;
using Weft.Distributed.Cagnet;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Distributed.Cagnet;

/// <summary>CAGNET's schemes compute what one process computes, and receive as many words as their formulas say, to the word.</summary>
public class CagnetSchemeTests
{
    // Nodes 0 and 1 have no in-edge, node 1 no edge at all, and edges between a few nodes alone leave most blocks empty.
    private static readonly OracleGraph[] Graphs =
    [
        TestGraphs.Random("23 nodes", 23, 90, seed: 23), TestGraphs.Random("24 nodes", 24, 100, seed: 24), TestGraphs.Random("100 nodes", 100, 320, seed: 100),
        new("30 nodes, one corner", 30, [3, 4, 5, 3], [4, 5, 3, 3], [0.5, -1.25, 2, 0.75]),
        new("18 nodes, no edge", 18, [], [], []),
    ];

    public static TheoryData<string> Names => [.. CagnetCase.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_equals_one_process_and_receives_the_words_of_its_formula(string name)
    {
        var scheme = CagnetCase.All.Single(c => c.Name == name);
        foreach (var oracle in Graphs)
            foreach (var (a, b) in new[] { (5, 4), (4, 6), (1, 3), (3, 2), (12, 12) })
            {
                var graph = LayerRun.LibraryGraph(oracle);
                var (H, G) = (TestGraphs.Numbers(oracle.Nodes, a, 1), TestGraphs.Numbers(oracle.Nodes, b, 2));
                var W = TestGraphs.Numbers(a, b, 3);
                var T = Sum(oracle, transposed: false, H);
                var U = Sum(oracle, transposed: true, G);
                var results = scheme.Layer(graph, H, W, G);
                for (int rank = 0; rank < results.Length; rank++)
                {
                    string where = $"{name}, {oracle.Name}, {a} → {b}, rank {rank}";
                    Closeness.Check($"Z, {where}", Product(T, W), results[rank].Z);
                    Closeness.Check($"dH, {where}", Product(U, Transpose(W)), results[rank].dH);
                    Closeness.Check($"dW, {where}", Product(Transpose(H), U), results[rank].dW);
                    Assert.True(scheme.Words(rank, graph, a, b) == results[rank].Metered, $"{where}: the formula says {scheme.Words(rank, graph, a, b)}, metered were {results[rank].Metered}");
                }
            }
    }

    [Fact]
    public void Normalised_weights_of_a_directed_graph_are_the_librarys()
    {
        var oracle = Graphs[0];
        var graph = LayerRun.LibraryGraph(oracle).Normalized(addLoops: true);
        var (H, G, W) = (TestGraphs.Numbers(23, 5, 1), TestGraphs.Numbers(23, 4, 2), TestGraphs.Numbers(5, 4, 3));
        var layer = new LayerRun(new Weft.Layers.Gcn(5, 4, bias: false), LayerRun.LibraryGraph(oracle)).With(new Dictionary<string, double[,]> { ["W"] = W });
        var expected = layer.Run(H, G);
        foreach (var scheme in CagnetCase.All.Where(c => c.Processes is 6 or 8))
            foreach (var (Z, dH, dW, _) in scheme.Layer(graph, H, W, G))
            {
                Closeness.Check($"Z, {scheme}", expected.Output, Z);
                Closeness.Check($"dH, {scheme}", expected.InputGradient, dH);
                Closeness.Check($"dW, {scheme}", expected.Gradients["W"], dW);
            }
    }

    [Fact]
    public void What_one_process_broadcasts_every_other_member_of_its_group_receives()
    {
        var graph = LayerRun.LibraryGraph(Graphs[2]);
        var even = CagnetWords.Of(graph);
        foreach (var (processes, group, name) in new[] { (4, 4, "1D 4"), (8, 4, "1.5D 8 with 2 copies"), (9, 3, "2D 3 × 3"), (8, 2, "3D 2 × 2 × 2") })
        {
            var results = ThreadCommunicator.Run(processes, world =>
            {
                var meter = new Metered(world);
                var scheme = CagnetCase.All.Single(c => c.Name == name).Build(meter, graph);
                var (H, W, G) = (scheme.Cut(LayerRun.ToMatrix(TestGraphs.Numbers(100, 6, 1))), LayerRun.ToMatrix(TestGraphs.Numbers(6, 7, 3)), scheme.Cut(LayerRun.ToMatrix(TestGraphs.Numbers(100, 7, 2))));
                meter.Reset();
                scheme.Forward(1, H, W, G);
                scheme.Backward(1, H, G, W, H, W);
                return meter[Operation.Broadcast].Words;
            });
            long rooted = Enumerable.Range(0, processes).Sum(rank => Rooted(name, rank, even));
            Assert.Equal(results.Sum(), rooted * (group - 1));
        }

        static long Rooted(string name, int rank, EntryCount even)
        {
            long rooted;
            if (name == "1D 4") CagnetWords.Broadcast1D(4, rank, 100, 6, 7, out rooted);
            else if (name.StartsWith("1.5D", StringComparison.Ordinal)) CagnetWords.Replicated15D(8, 2, rank, 100, 6, 7, out rooted);
            else if (name.StartsWith("2D", StringComparison.Ordinal)) CagnetWords.Split3D(3, 3, 1, rank, 100, 6, 7, even, out rooted);
            else CagnetWords.Split3D(2, 2, 2, rank, 100, 6, 7, even, out rooted);
            return rooted;
        }
    }

    [Fact]
    public void Grids_that_do_not_fit_and_too_many_processes_are_refused()
    {
        var graph = LayerRun.LibraryGraph(TestGraphs.Seven);
        Refused(4, world => new Summa2D(world, graph, 2, 3), "a grid of 2 × 3 on 4 processes");
        Refused(4, world => new Split3D(world, graph, 2, 2, 2), "a grid of 2 × 2 × 2 on 4 processes");
        Refused(6, world => new Replicated15D(world, graph, 4), "4 copies on 6 processes");
        Refused(6, world => new Replicated15D(world, graph, 3), "3 copies on 6 processes");
        Refused(8, world => new Broadcast1D(world, graph), "use 7 processes or fewer");

        static void Refused(int processes, Func<ICommunicator, CagnetScheme> build, string message) =>
            Assert.Contains(message, Assert.Throws<RankFailedException>(() => ThreadCommunicator.Run(processes, world => { build(world); })).Message);
    }

    // M·X or Mᵀ·X edge by edge.
    private static double[,] Sum(OracleGraph graph, bool transposed, double[,] X)
    {
        var sum = new double[graph.Nodes, X.GetLength(1)];
        for (int e = 0; e < graph.Edges; e++)
        {
            var (to, from) = transposed ? (graph.Source[e], graph.Destination[e]) : (graph.Destination[e], graph.Source[e]);
            for (int c = 0; c < X.GetLength(1); c++) sum[to, c] += graph.Weight[e] * X[from, c];
        }
        return sum;
    }

    private static double[,] Product(double[,] A, double[,] B)
    {
        var product = new double[A.GetLength(0), B.GetLength(1)];
        for (int i = 0; i < A.GetLength(0); i++)
            for (int j = 0; j < B.GetLength(1); j++)
                for (int k = 0; k < A.GetLength(1); k++) product[i, j] += A[i, k] * B[k, j];
        return product;
    }

    private static double[,] Transpose(double[,] A)
    {
        var transpose = new double[A.GetLength(1), A.GetLength(0)];
        for (int i = 0; i < A.GetLength(0); i++)
            for (int j = 0; j < A.GetLength(1); j++) transpose[j, i] = A[i, j];
        return transpose;
    }
}
