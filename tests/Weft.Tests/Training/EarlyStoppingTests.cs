using Weft.Training;

namespace Weft.Tests.Training;

public class EarlyStoppingTests
{
    [Fact]
    public void Patience_counts_epochs_in_which_neither_improves_and_keeps_where_both_do()
    {
        var rule = EarlyStopping.Create("best", 2);
        (double Loss, double Score, bool Keep, bool Stop)[] epochs =
        [
            (1.0, 0.5, true, false),
            (0.9, 0.4, false, false), // loss alone
            (1.1, 0.5, false, false), // score alone, equal
            (1.2, 0.4, false, false), // neither: 1
            (0.9, 0.6, true, false),  // both, loss equal
            (0.95, 0.5, false, false),
            (0.95, 0.5, false, true),
        ];
        for (int epoch = 0; epoch < epochs.Length; epoch++)
            Assert.Equal((epochs[epoch].Keep, epochs[epoch].Stop), rule.Report(epochs[epoch].Loss, epochs[epoch].Score));
    }

    [Fact]
    public void The_loss_rule_looks_at_the_loss_alone()
    {
        var rule = EarlyStopping.Create("loss", 2);
        (double Loss, double Score, bool Keep, bool Stop)[] epochs =
        [
            (1.0, 0.5, true, false),
            (1.0, 0.9, false, false), // equal is not below
            (0.9, 0.1, true, false),
            (0.95, 0.9, false, false),
            (double.NaN, 0.9, false, true),
        ];
        foreach (var (loss, score, keep, stop) in epochs) Assert.Equal((keep, stop), rule.Report(loss, score));
        Assert.Throws<ArgumentException>(() => EarlyStopping.Create("luck", 2));
    }

    [Fact]
    public void Patience_of_zero_never_stops()
    {
        foreach (string name in new[] { "best", "loss", "score", "window" })
        {
            var rule = EarlyStopping.Create(name, 0);
            for (int epoch = 0; epoch < 50; epoch++) Assert.False(rule.Report(epoch, -epoch).Stop);
        }
    }

    [Fact]
    public void A_score_that_is_not_a_number_never_becomes_the_best()
    {
        var rule = EarlyStopping.Create("best", 2);
        Assert.Equal((false, false), rule.Report(1, double.NaN));
        Assert.Equal((true, false), rule.Report(0.9, 0.5));
        Assert.Equal((false, false), rule.Report(2, double.NaN));
        Assert.Equal((false, true), rule.Report(2, 0.4));
    }

    [Fact]
    public void The_highest_score_is_kept_whatever_the_loss_and_no_progress_is_waited_for_so_long()
    {
        var rule = EarlyStopping.Create("score", 2);
        Assert.Equal((true, false), rule.Report(1, 0.5));
        Assert.Equal((false, false), rule.Report(0.1, 0.5));
        Assert.Equal((true, false), rule.Report(9, 0.6));
        Assert.Equal((false, false), rule.Report(0.1, double.NaN));
        Assert.Equal((false, true), rule.Report(0.1, 0.59));
    }

    [Fact]
    public void A_window_stops_where_the_loss_is_above_the_mean_of_those_before_but_not_before_it_is_full()
    {
        var rule = EarlyStopping.Create("window", 3);
        // Rising from the start: epochs 0 … 3 are too early, epoch 4 compares 5 with (2 + 3 + 4) / 3.
        for (int epoch = 0; epoch < 4; epoch++) Assert.Equal((true, false), rule.Report(1 + epoch, 0));
        Assert.True(rule.Report(5, 0).Stop);

        rule = EarlyStopping.Create("window", 3);
        foreach (double loss in new[] { 9.0, 8, 7, 6, 6 }) Assert.False(rule.Report(loss, 0).Stop);
        Assert.False(rule.Report(19.0 / 3, 0).Stop); // equal to (7 + 6 + 6) / 3
        Assert.True(rule.Report(6.5, 0).Stop);       // above (6 + 6 + 6.33) / 3
    }

    [Fact]
    public void Rules_go_on_from_their_state()
    {
        foreach (Func<EarlyStopping> make in new Func<EarlyStopping>[] { () => EarlyStopping.Create("best", 4), () => EarlyStopping.Create("loss", 4), () => EarlyStopping.Create("score", 4), () => EarlyStopping.Create("window", 4) })
        {
            for (int cut = 0; cut < 30; cut++)
            {
                var (whole, first, second) = (make(), make(), make());
                for (int epoch = 0; epoch < 30; epoch++)
                {
                    double loss = Math.Cos(0.4 * epoch) + 0.02 * epoch;
                    if (epoch == cut) second.State = first.State;
                    Assert.Equal(whole.Report(loss, -loss), (epoch < cut ? first : second).Report(loss, -loss));
                }
                Assert.Equal(whole.State, second.State);
            }
            Assert.Throws<ArgumentException>(() => make().State = [1, 2, 3, 4, 5, 6, 7]);
        }
    }
}
