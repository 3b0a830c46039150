using Weft.Distributed;
using Weft.Distributed.Words;

namespace Weft.Tests.Distributed.Words;

/// <summary>The closed formulas against the ones in print, written out for one channel.</summary>
public class ExpandFoldFormulaTests
{
    [Theory]
    [InlineData(1, 1, 100)]
    [InlineData(4, 1, 100)]
    [InlineData(1, 3, 24)]
    [InlineData(2, 3, 23)]
    [InlineData(3, 2, 100)]
    public void Dense_exchanges_cost_what_the_expand_fold_formulas_say(int rows, int columns, int nodes)
    {
        var grid = new ProcessGrid(rows, columns, 1);
        var parts = NodeParts.Balanced(grid, nodes);
        const long D = 9, d = 5, K = 3;
        for (int rank = 0; rank < grid.Size; rank++)
        {
            var (i, j, _) = grid.PlaceOf(rank);
            long n = parts.Of(rank).Count;
            long ni = Enumerable.Range(0, columns).Sum(c => parts.Of(grid.RankOf(i, c, 0)).Count);
            long mj = Enumerable.Range(0, rows).Sum(r => parts.Of(grid.RankOf(r, j, 0)).Count);
            long Reduced(params long[] entries) => entries.Sum(m =>
            {
                long mine = m / grid.Size + (rank < m % grid.Size ? 1 : 0);
                return (grid.Size - 1) * mine + m - mine;
            });
            void Check(LayerShape shape, long forward, long backward)
            {
                var traffic = ExpandFold.Of(shape, grid, parts, rank);
                Assert.Equal((forward, backward), (traffic.ForwardWords, traffic.BackwardWords));
            }

            long expand = mj - n, fold = (columns - 1) * n, expandBack = ni - n, foldBack = (rows - 1) * n;
            Check(new LayerShape("gcn", D, d), (expand + fold) * d, (expandBack + foldBack) * d + Reduced(D * d, d));
            Check(new LayerShape("gcn", d, D) { Bias = false }, (expand + fold) * d, (expandBack + foldBack) * d + Reduced(D * d));
            Check(new LayerShape("gcn", D, d) { ConstantInput = true }, 0, Reduced(D * d, d));
            // GATv1: w_c = Kd + K, w_r = K; one row exchange of [Z ‖ m ‖ s]; backward [δ′ ‖ r ‖ m ‖ s].
            Check(new LayerShape("gat", D, d) { Heads = (int)K, Bias = false },
                expand * (K * d + K) + expandBack * K + fold * (K * d + 2 * K),
                expandBack * (K * d + 3 * K) + fold * K + foldBack * (K * d + K) + Reduced(D * K * d, K * d, K * d));
            // GATv2: w_c = w_r = Kd.
            Check(new LayerShape("gatv2", D, d) { Heads = (int)K, Bias = false },
                expand * K * d + expandBack * K * d + fold * (K * d + 2 * K),
                expandBack * (K * d + 3 * K) + fold * K * d + foldBack * K * d + Reduced(D * K * d, D * K * d, K * d));
            Check(new LayerShape("linear", D, d), 0, Reduced(D * d, d));
        }
    }

    [Fact]
    public void A_layer_without_a_formula_is_refused() =>
        Assert.Contains("no formula is known for the words of the layer magic", Assert.Throws<ArgumentException>(() =>
            ExpandFold.Of(new LayerShape("magic", 1, 1), new ProcessGrid(1, 1, 1), NodeParts.OfSizes([1]), 0)).Message);
}
