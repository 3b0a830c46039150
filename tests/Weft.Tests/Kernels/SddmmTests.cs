using Weft.Graphs;
using Weft.Kernels;
using Weft.Memory;

namespace Weft.Tests.Kernels;

[AlsoWithNarrowVectors]
public class SddmmTests
{
    private const Real Scale = (Real)(-0.375);

    private static void AssertDots(EdgeView A, int heads, int d, Random random)
    {
        Matrix P = new Guarded(A.Rows, heads * d, random).View, Q = new Guarded(A.Columns, heads * d, random).View;
        var V = new Guarded(A.Count, heads, random);
        Sddmm.HeadDots(A, P, Q, Scale, V.View);
        V.AssertNothingOutsideWasWritten();
        for (long i = 0; i < A.Rows; i++)
            foreach (var (column, value) in TestEdges.Row(A, i))
                for (int k = 0; k < heads; k++)
                {
                    var sum = new NaiveSum();
                    for (int j = k * d; j < (k + 1) * d; j++) sum.Add((double)Scale * P[i, j] * Q[column, j]);
                    sum.AssertNear(V.View[value, k], $"value {value} of head {k}, {heads} heads of {d}");
                }
    }

    [Fact]
    public void Dots_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(1);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(11, 14, 45, random)))
            for (int width = 0; width <= 256; width++) AssertDots(A, 1, width, random);
    }

    [Fact]
    public void Dots_of_heads_of_every_width_agree_with_naive_loops()
    {
        var random = new Random(2);
        foreach (var A in TestEdges.BothViews(TestEdges.Random(8, 10, 30, random)))
            foreach (int heads in new[] { 1, 3, 8 })
                for (int d = 0; d <= 40; d++) AssertDots(A, heads, d, random);
    }

    [Fact]
    public void Graphs_without_edges_layers_without_heads_and_hubs_are_graphs_too()
    {
        var random = new Random(3);
        foreach (var (rows, columns, edges) in new[] { (6, 4, 0), (0, 4, 0), (5, 0, 0), (5, 7, 20) })
            foreach (var A in TestEdges.BothViews(TestEdges.Random(rows, columns, edges, random)))
                foreach (int heads in new[] { 0, 3 }) AssertDots(A, heads, 5, random);
        foreach (int size in TestEdges.HubSizes) AssertDots(TestEdges.Hub(size, random), 2, 3, random);
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        var random = new Random(4);
        var A = TestEdges.Random(900, 700, 20_000, random);
        Matrix P = Guarded.Random(900, 33, random), Q = Guarded.Random(700, 33, random);
        Guarded.AssertSameBitsForAnyThreads(() =>
        {
            var V = Matrix.Allocate(A.Count, 3);
            Sddmm.HeadDots(A, P, Q, Scale, V);
            return V.ToArray();
        });
    }
}
