using Weft.Memory;
using Weft.Training;

namespace Weft.Tests.Training;

public class MetricsTests
{
    // Predictions 0, 1, 2, 0, 2, 1 for labels 0, 1, 1, 0, 2, and a node outside the mask.
    private static readonly Matrix Logits = Matrix.From(6, 3, [3, 1, 0, 0, 2, 1, 0, 1, 2, 5, 5, 0, -3, -2, -1, 0, 9, 0]);
    private static readonly int[] Labels = [0, 1, 1, 0, 2, -1];
    private static readonly bool[] Mask = [true, true, true, true, true, false];

    [Fact]
    public void Accuracy_confusion_and_macro_f1_are_those_counted_by_hand()
    {
        Assert.Equal(0.8, Metrics.Accuracy(Logits, Labels, Mask), 12);
        Assert.Equal(new long[,] { { 2, 0, 0 }, { 0, 1, 1 }, { 0, 0, 1 } }, Metrics.Confusion(Logits, Labels, Mask, 3));
        // F1 is 1, 2/3, 2/3.
        Assert.Equal(7.0 / 9, Metrics.MacroF1(Logits, Labels, Mask), 6);
    }

    [Fact]
    public void Classes_that_never_occur_do_not_count_in_macro_f1()
    {
        var logits = Matrix.From(2, 4, [1, 0, 0, 0, 1, 0, 0, 0]);
        // Class 0: 2·1/(1 + 2); class 1: 0; classes 2 and 3 do not occur.
        Assert.Equal(1.0 / 3, Metrics.MacroF1(logits, [0, 1], [true, true]), 12);
    }

    [Fact]
    public void The_area_under_the_curve_counts_pairs_and_half_of_ties()
    {
        // Scores 3 1 | 2 1 0: of 6 pairs 3>2, 3>1, 3>0, 1<2, 1=1, 1>0.
        double[] scores = [3, 1, 2, 1, 0, 99];
        int[] labels = [1, 1, 0, 0, 0, 1];
        Assert.Equal(4.5 / 6, Metrics.RocAuc(Matrix.From(6, 1, scores), labels, Mask), 12);
        var pairs = Matrix.From(6, 2, [.. scores.SelectMany(s => new[] { 7.0, 7 + s })]);
        Assert.Equal(4.5 / 6, Metrics.RocAuc(pairs, labels, Mask), 12);
        Assert.Equal(3.0 / 5, Metrics.Accuracy(Matrix.From(6, 1, scores), labels, Mask), 12);
        Assert.Equal(new long[,] { { 1, 2 }, { 0, 2 } }, Metrics.Confusion(Matrix.From(6, 1, scores), labels, Mask, 2));
    }

    [Fact]
    public void The_area_for_many_classes_is_the_mean_of_each_against_the_rest_by_brute_force()
    {
        var random = new Random(8);
        const int nodes = 40, classes = 4;
        double[] z = [.. Enumerable.Range(0, nodes * classes).Select(_ => (double)random.Next(-3, 4))];
        int[] labels = [.. Enumerable.Range(0, nodes).Select(_ => random.Next(3))]; // class 3 has no node
        bool[] mask = [.. Enumerable.Range(0, nodes).Select(i => i % 5 != 0)];
        double Probability(int i, int c) => Math.Exp(z[i * classes + c]) / Enumerable.Range(0, classes).Sum(k => Math.Exp(z[i * classes + k]));
        var areas = new List<double>();
        for (int c = 0; c < 3; c++)
        {
            double won = 0, pairs = 0;
            for (int i = 0; i < nodes; i++)
                for (int j = 0; j < nodes; j++)
                {
                    if (!mask[i] || !mask[j] || labels[i] != c || labels[j] == c) continue;
                    double difference = Probability(i, c) - Probability(j, c);
                    won += Math.Abs(difference) < 1e-12 ? 0.5 : difference > 0 ? 1 : 0;
                    pairs++;
                }
            areas.Add(won / pairs);
        }
        // Sums of exponentials in another order may break a tie by a rounding: allow one pair.
        Assert.Equal(areas.Average(), Metrics.RocAuc(Matrix.From(nodes, classes, z), labels, mask), 0.005);
    }

    [Fact]
    public void Probabilities_that_saturate_are_still_ranked()
    {
        bool[] all = [true, true, true];
        Assert.Equal(1, Metrics.RocAuc(Matrix.From(3, 2, [0, 800, 0, 900, 0, 1000]), [0, 0, 1], all));
        // Class 2 has no node; classes 0 and 1 are told apart perfectly although every probability rounds to 0 or 1.
        Assert.Equal(1, Metrics.RocAuc(Matrix.From(3, 3, [0, 800, 0, 0, 900, 0, 0, 1000, 0]), [0, 0, 1], all));
    }

    [Fact]
    public void Scores_with_several_labels_per_node_are_those_counted_by_hand()
    {
        bool[] all = [true, true, true];
        var targets = Matrix.From(3, 2, [1, 0, 1, 1, 0, 0]);
        var logits = Matrix.From(3, 2, [2, -1, 1, -1, -1, 3]);
        Assert.Equal(4.0 / 6, Metrics.Accuracy(logits, targets, all), 12);
        // True positives 2, labelled 3, predicted 3.
        Assert.Equal(4.0 / 6, Metrics.MicroF1(logits, targets, all), 12);
        Assert.Equal(2.0 * 1 / (1 + 2), Metrics.MicroF1(logits, targets, [true, false, true]), 12);
        // Label 0: {2, 1} over {-1}: 1. Label 1: {-1} against {-1, 3}: a quarter.
        Assert.Equal((1 + 0.25) / 2, Metrics.RocAuc(logits, targets, all), 12);
    }

    [Fact]
    public void Scores_of_no_nodes_are_not_numbers()
    {
        Assert.Equal(double.NaN, Metrics.Accuracy(Logits, Labels, new bool[6]));
        Assert.Equal(double.NaN, Metrics.MacroF1(Logits, Labels, new bool[6]));
        Assert.Equal(double.NaN, Metrics.RocAuc(Logits, Labels, new bool[6]));
        Assert.Equal(double.NaN, Metrics.RocAuc(Matrix.Allocate(6, 2), [1, 1, 1, 1, 1, 1], [true, true, true, true, true, true]));
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Metrics.Accuracy(Logits, Labels, new bool[5]));
        Assert.Throws<ArgumentException>(() => Metrics.RocAuc(Logits, Matrix.Allocate(6, 2), new bool[6]));
    }
}
