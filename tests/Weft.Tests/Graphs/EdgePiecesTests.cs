using Weft.Graphs;
using Weft.Kernels;

namespace Weft.Tests.Graphs;

public class EdgePiecesTests
{
    private static EdgeView View(params int[] degrees)
    {
        var rows = degrees.SelectMany((degree, i) => Enumerable.Repeat(i, degree)).ToArray();
        return EdgeView.Group(rows, new int[rows.Length], degrees.Length, 1, out _);
    }

    public static TheoryData<int[]> Degrees => new()
    {
        Array.Empty<int>(),
        new[] { 0 },
        new[] { 3, 0, 5 },
        new[] { 0, 4096, 4097, 0, 12289, 1 },
        Enumerable.Repeat(0, 1000).ToArray(),
        Enumerable.Range(0, 3000).Select(i => i * 7919 % 31).ToArray(),
        new[] { 10_000, 10_000, 1 },
    };

    [Theory]
    [MemberData(nameof(Degrees))]
    public void Pieces_hold_every_row_and_edge_once_and_in_order(int[] degrees)
    {
        var view = View(degrees);
        var pieces = view.Pieces;
        long edge = 0, row = 0;
        int part = 0;
        for (int p = 0; p < pieces.Count; p++)
        {
            Assert.Equal(edge, pieces.FirstEdge[p]);
            edge = pieces.LastEdge[p];
            Assert.Equal(row, pieces.FirstRow[p]);
            Assert.InRange(edge - pieces.FirstEdge[p], 0, 2 * RowVector.LongestRun);
            if (pieces.Part[p] >= 0)
            {
                Assert.Equal(part++, pieces.Part[p]);
                Assert.Equal(row + 1, pieces.LastRow[p]);
                Assert.InRange(edge - pieces.FirstEdge[p], 1, RowVector.LongestRun);
                if (edge < view.Pointers[row + 1]) continue;
            }
            else Assert.Equal(edge, view.Pointers[pieces.LastRow[p]]);
            row = pieces.LastRow[p];
        }
        Assert.Equal(degrees.Length, row);
        Assert.Equal(view.Count, edge);
        Assert.Equal(part, pieces.Parts);
    }

    [Fact]
    public void Rows_above_the_cut_are_long_and_know_their_parts()
    {
        var pieces = View(0, 4096, 4097, 0, 12289, 1).Pieces;
        Assert.Equal([new LongRow(2, 0, 2), new LongRow(4, 2, 4)], pieces.LongRows);
    }

    [Fact]
    public void A_small_graph_has_pieces_for_many_threads_and_a_large_one_not_too_many()
    {
        Assert.InRange(View([.. Enumerable.Repeat(5, 2708)]).Pieces.Count, 32, 64);
        Assert.InRange(View([.. Enumerable.Repeat(300, 20_000)]).Pieces.Count, 1_000, 2_000);
    }
}
