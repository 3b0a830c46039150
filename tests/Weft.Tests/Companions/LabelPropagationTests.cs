using System.Text.Json;
using Weft.Companions;
using Weft.Graphs;
using Weft.Tests.Cli;
using Weft.Tests.Datasets;
using Weft.Tests.Laws;

namespace Weft.Tests.Companions;

/// <summary>Label propagation against its closed form, and as a user meets it.</summary>
public class LabelPropagationTests
{
    private const int Nodes = 24, Classes = 3;

    // Undirected, weighted, with a loop, parallel edges, a hub and two nodes (22, 23) that only know each other.
    private static (int[] Source, int[] Destination, double[] Weight) Edges()
    {
        var random = new Random(4);
        var pairs = new List<(int, int, double)> { (1, 1, 0.5), (2, 3, 1), (2, 3, 0.25), (22, 23, 1) };
        for (int i = 4; i < 22; i++) pairs.Add((0, i, random.Next(8, 65) / 32.0));
        for (int e = 0; e < 25; e++) pairs.Add((random.Next(22), random.Next(22), random.Next(8, 65) / 32.0));
        return ([.. pairs.Select(p => p.Item1), .. pairs.Select(p => p.Item2)], [.. pairs.Select(p => p.Item2), .. pairs.Select(p => p.Item1)], [.. pairs.Select(p => p.Item3), .. pairs.Select(p => p.Item3)]);
    }

    private static readonly int[] Labels = [.. Enumerable.Range(0, Nodes).Select(i => i * 7 % Classes)];
    private static readonly bool[] Known = [.. Enumerable.Range(0, Nodes).Select(i => i is 1 or 5 or 6 or 9 or 17)];

    private static Graph Library()
    {
        var (source, destination, weight) = Edges();
        return Graph.FromEdges(Nodes, source, destination, [.. weight.Select(w => (Real)w)]);
    }

    private static double[,] Dense()
    {
        var (source, destination, weight) = Edges();
        var A = new double[Nodes, Nodes];
        for (int e = 0; e < source.Length; e++) A[destination[e], source[e]] += weight[e];
        return A;
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    public void Spreading_ends_at_its_closed_form(double alpha)
    {
        var A = Dense();
        var degree = RowSums(A);
        var M = new double[Nodes, Nodes];
        var Y = new double[Nodes, Classes];
        for (int i = 0; i < Nodes; i++)
        {
            if (Known[i]) Y[i, Labels[i]] = 1 - alpha;
            for (int j = 0; j < Nodes; j++) M[i, j] = (i == j ? 1 : 0) - (A[i, j] == 0 ? 0 : alpha * A[i, j] / Math.Sqrt(degree[i] * degree[j]));
        }
        var expected = Solve(M, Y);
        var result = LabelPropagation.Run(Library(), Labels, Known, Classes, new() { Alpha = alpha, Tolerance = sizeof(Real) == 8 ? 1e-15 : 1e-8, Steps = 5000 });
        Assert.Equal(2, result.Unreached);
        for (int c = 0; c < Classes; c++)
            foreach (int i in new[] { 22, 23 })
            {
                Assert.Equal(0, expected[i, c], 12);
                expected[i, c] = Share(c);
            }
        Closeness.Check("F", expected, LayerRun.ToArray(result.Scores), floor: 0.1, tolerance: sizeof(Real) == 8 ? 1e-12 : 2e-5);
    }

    [Fact]
    public void Clamping_ends_at_the_harmonic_function()
    {
        var A = Dense();
        var degree = RowSums(A);
        var M = new double[Nodes, Nodes];
        var Y = new double[Nodes, Classes];
        for (int i = 0; i < Nodes; i++)
        {
            M[i, i] = 1;
            if (Known[i]) Y[i, Labels[i]] = 1;
            else if (i < 22)
                for (int j = 0; j < Nodes; j++) M[i, j] -= A[i, j] / degree[i];
        }
        var expected = Solve(M, Y);
        for (int c = 0; c < Classes; c++) expected[22, c] = expected[23, c] = Share(c);
        var result = LabelPropagation.Run(Library(), Labels, Known, Classes, new() { Rule = LabelRule.Clamping, Tolerance = sizeof(Real) == 8 ? 1e-15 : 1e-8, Steps = 20_000 });
        Closeness.Check("F", expected, LayerRun.ToArray(result.Scores), tolerance: sizeof(Real) == 8 ? 1e-11 : 2e-5);
        for (int i = 0; i < Nodes; i++)
            if (Known[i]) Assert.Equal(1, result.Scores[i, Labels[i]]);
    }

    [Fact]
    public void Class_mass_is_the_share_of_the_known_labels()
    {
        var plain = LabelPropagation.Run(Library(), Labels, Known, Classes);
        var scaled = LabelPropagation.Run(Library(), Labels, Known, Classes, new() { NormalizeClassMass = true });
        for (int c = 0; c < Classes; c++)
        {
            double mass = Enumerable.Range(0, 22).Sum(i => (double)scaled.Scores[i, c]);
            Assert.Equal(Share(c) * Nodes, mass, 4);
            Assert.Equal(plain.Scores[4, c] * mass / Enumerable.Range(0, 22).Sum(i => (double)plain.Scores[i, c]), scaled.Scores[4, c], 4);
        }
    }

    [Fact]
    public void Impossible_settings_are_refused()
    {
        void Refused(string expected, Action run) => Assert.Contains(expected, Assert.Throws<ArgumentException>(run).Message);
        Refused("no label is known", () => LabelPropagation.Run(Library(), Labels, new bool[Nodes], Classes));
        Refused("node 5 has the known label 2; labels are 0 … 1", () => LabelPropagation.Run(Library(), Labels, Known, 2));
        Refused("alpha is 1", () => LabelPropagation.Run(Library(), Labels, Known, Classes, new() { Alpha = 1 }));
        Refused("3 labels", () => LabelPropagation.Run(Library(), [0, 1, 2], Known, Classes));
        Refused("edge 0 has the weight -1", () => LabelPropagation.Run(Graph.FromEdges(2, [0], [1], [-1]), [0, 1], [true, false], 2));
    }

    [Theory]
    [InlineData("cora", 0.69, 0.74)]
    [InlineData("pubmed", 0.69, 0.74)]
    [InlineData("pubmed", 0.65, 0.75, "--rule", "clamping", "--class-mass")]
    public void The_baseline_has_the_usual_accuracy_on_citation_graphs(string set, double least, double most, params string[] options)
    {
        if (RealData.Find(set + ".npz") is not { } file) return;
        var result = Command.Weft(["baseline", file, "--json", .. options]);
        Assert.Equal(0, result.Code);
        var scores = JsonDocument.Parse(result.Output).RootElement;
        Assert.InRange(scores.GetProperty("test_accuracy").GetDouble(), least, most);
        Assert.Equal(1000, scores.GetProperty("test_nodes").GetInt32());
        Assert.Equal(1, scores.GetProperty("train_accuracy").GetDouble(), 1);
    }

    [Fact]
    public void The_verb_shows_a_table_and_refuses_what_it_cannot_do()
    {
        var shown = Command.Weft("baseline", "citations", "--rule", "clamping");
        Assert.Equal(0, shown.Code);
        Assert.Contains("label propagation (clamping) on citations: 2,700 nodes", shown.Output);
        Assert.Contains("steps", shown.Output);
        foreach (var (expected, args) in new (string, string[])[]
        {
            ("--alpha is '1': expected a number from", ["baseline", "karate", "--alpha", "1"]),
            ("--rule is 'x': expected spreading, clamping", ["baseline", "karate", "--rule", "x"]),
            ("no labels", ["baseline", "rmat-4-2"]),
        })
        {
            var refused = Command.Weft(args);
            Assert.Equal(2, refused.Code);
            Assert.Contains(expected, refused.Error);
        }
    }

    private static double Share(int c) => (double)Enumerable.Range(0, Nodes).Count(i => Known[i] && Labels[i] == c) / Known.Count(k => k);

    private static double[] RowSums(double[,] A) => [.. Enumerable.Range(0, Nodes).Select(i => Enumerable.Range(0, Nodes).Sum(j => A[i, j]))];

    // Gauss's elimination with pivots.
    private static double[,] Solve(double[,] M, double[,] B)
    {
        var (m, b) = ((double[,])M.Clone(), (double[,])B.Clone());
        int n = m.GetLength(0), columns = b.GetLength(1);
        for (int k = 0; k < n; k++)
        {
            int pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(m[i, k]));
            for (int j = 0; j < n; j++) (m[k, j], m[pivot, j]) = (m[pivot, j], m[k, j]);
            for (int c = 0; c < columns; c++) (b[k, c], b[pivot, c]) = (b[pivot, c], b[k, c]);
            for (int i = 0; i < n; i++)
            {
                if (i == k) continue;
                double factor = m[i, k] / m[k, k];
                for (int j = k; j < n; j++) m[i, j] -= factor * m[k, j];
                for (int c = 0; c < columns; c++) b[i, c] -= factor * b[k, c];
            }
        }
        for (int i = 0; i < n; i++)
            for (int c = 0; c < columns; c++) b[i, c] /= m[i, i];
        return b;
    }
}
