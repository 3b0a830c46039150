using Weft.Links;
using Weft.Memory;
using Weft.Tests.Laws;
using Weft.Tests.Oracles;

namespace Weft.Tests.Links;

/// <summary>Scores of a ranking against their definitions, pair by pair; few different values, so that many are equal.</summary>
public class RankingTests
{
    public static TheoryData<int, int, int> Sizes => new() { { 1, 1, 3 }, { 5, 3, 2 }, { 40, 60, 5 }, { 60, 40, 1 }, { 200, 300, 1000 } };

    private static (double[] Positives, double[] Negatives) Draw(int positives, int negatives, int values)
    {
        var random = new Random(positives * 1000 + negatives);
        return ([.. Enumerable.Range(0, positives).Select(_ => random.Next(-values, values + 1) + 0.5)], [.. Enumerable.Range(0, negatives).Select(_ => random.Next(-values, values) - 0.5)]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Scores_are_their_definitions(int positives, int negatives, int values)
    {
        var (up, down) = Draw(positives, negatives, values);
        var ranking = new Ranking([.. up], [.. down]);
        Assert.Equal(up.Average(p => down.Average(n => p > n ? 1 : p == n ? 0.5 : 0)), ranking.Auc(), 12);
        Assert.Equal(up.Average(p => 1 / (1 + down.Count(n => n > p) + 0.5 * down.Count(n => n == p))), ranking.ReciprocalRank(), 12);
        foreach (int k in new[] { 1, 2, 10, 50, 100 })
            Assert.Equal(down.Length < k ? 1 : up.Average(p => down.Count(n => n >= p) < k ? 1.0 : 0), ranking.Hits(k), 12);

        double precision = 0, before = 0;
        foreach (double threshold in up.Concat(down).Distinct().OrderDescending())
        {
            double found = up.Count(p => p >= threshold), passed = found + down.Count(n => n >= threshold);
            precision += (found - before) / up.Length * (found / passed);
            before = found;
        }
        Assert.Equal(precision, ranking.AveragePrecision(), 12);
    }

    [Fact]
    public void Links_above_all_others_score_one_and_scores_of_nothing_are_not_defined()
    {
        var best = new Ranking([3, 2], [1, -1]);
        Assert.Equal((1, 1, 1, 1), (best.Auc(), best.AveragePrecision(), best.Hits(1), best.ReciprocalRank()));
        var same = new Ranking([1, 1, 1], [1, 1, 1, 1]);
        Assert.Equal((0.5, 3 / 7.0, 0, 1 / 3.0), (same.Auc(), same.AveragePrecision(), same.Hits(1), same.ReciprocalRank()));
        Assert.True(double.IsNaN(new Ranking([], [1]).Auc()) && double.IsNaN(new Ranking([1], []).AveragePrecision()) && double.IsNaN(new Ranking([1], []).ReciprocalRank()));
    }

    [Fact]
    public void The_first_rows_of_a_matrix_are_the_links()
    {
        var ranking = new Ranking(Matrix.From(5, 1, [2, 0, 1, -1, 3]), 2);
        Assert.Equal(2.0 / 6 + 1.0 / 6, ranking.Auc(), 12);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(300, 900)]
    public void The_loss_is_the_mean_logistic_cross_entropy_of_both_kinds_and_its_gradient_that_of_the_formula(int positives, int negatives)
    {
        var z = TestGraphs.Numbers(positives + negatives, 1, 4, scale: 8);
        double expected = 0;
        var gradient = new double[positives + negatives, 1];
        foreach (bool link in new[] { true, false })
        {
            var targets = new double[positives + negatives, 1];
            bool[] kind = [.. Enumerable.Range(0, positives + negatives).Select(p => p < positives == link)];
            for (int p = 0; p < positives; p++) targets[p, 0] = 1;
            var (value, part) = LossOracles.Logistic(z, targets, kind);
            expected += value / 2;
            for (int p = 0; p < positives + negatives; p++) gradient[p, 0] += part[p, 0] / 2;
        }
        var loss = new PairLoss(positives, negatives);
        var dz = Matrix.Allocate(positives + negatives, 1);
        double found = double.NaN;
        foreach (int threads in new[] { 1, 2, 3 })
            TrainingStep.WithThreads(threads, () =>
            {
                double before = found;
                found = loss.Evaluate(LayerRun.ToMatrix(z), dz);
                if (threads > 1) Assert.Equal(before, found);
            });
        Assert.Equal(expected, found, sizeof(Real) == 8 ? 12 : 5);
        Closeness.Check("dz", gradient, LayerRun.ToArray(dz));
        Assert.Equal(found, loss.Evaluate(LayerRun.ToMatrix(z)));
    }
}
