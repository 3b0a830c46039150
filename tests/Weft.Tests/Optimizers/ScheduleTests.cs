using Weft.Optimizers;

namespace Weft.Tests.Optimizers;

public class ScheduleTests
{
    [Theory]
    [InlineData("constant", 0, 1)]
    [InlineData("constant", 1000, 1)]
    [InlineData("step:100:0.5", 99, 1)]
    [InlineData("step:100:0.5", 100, 0.5)]
    [InlineData("step:100:0.5", 250, 0.25)]
    [InlineData("cosine:200", 0, 1)]
    [InlineData("cosine:200", 100, 0.5)]
    [InlineData("cosine:200", 200, 0)]
    [InlineData("cosine:200", 500, 0)]
    [InlineData("cosine:200:0.1", 100, 0.55)]
    [InlineData("cosine:200:0.1", 300, 0.1)]
    [InlineData("warmup:4", 0, 0.25)]
    [InlineData("warmup:4", 3, 1)]
    [InlineData("warmup:4", 9, 1)]
    [InlineData("warmup:10+cosine:200", 4, 0.5)]
    [InlineData("warmup:10+cosine:200", 10, 1)]
    [InlineData("warmup:10+cosine:200", 110, 0.5)]
    public void The_factor_is_that_of_the_text(string text, int epoch, double expected) =>
        Assert.Equal(expected, Schedule.Parse(text).Factor(epoch), 12);

    [Fact]
    public void Plateau_halves_after_the_patience_without_a_better_score_and_starts_waiting_again()
    {
        var schedule = Schedule.Parse("plateau:2");
        var factors = new List<double>();
        foreach (double score in new[] { 0.5, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7 })
        {
            schedule.Report(score);
            factors.Add(schedule.Factor(factors.Count));
        }
        Assert.Equal([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25], factors);
    }

    [Fact]
    public void The_state_of_a_plateau_survives_a_checkpoint()
    {
        var schedule = Schedule.Parse("warmup:1+plateau:2:0.1");
        foreach (double score in new[] { 0.5, 0.4, 0.4, 0.4 }) schedule.Report(score);
        var resumed = Schedule.Parse("warmup:1+plateau:2:0.1");
        resumed.State = schedule.State;
        resumed.Report(0.4);
        schedule.Report(0.4);
        Assert.Equal(0.01, resumed.Factor(9), 12);
        Assert.Equal(schedule.Factor(9), resumed.Factor(9));
        Assert.Throws<ArgumentException>(() => Schedule.Constant.State = schedule.State);
    }

    [Theory]
    [InlineData("")]
    [InlineData("linear")]
    [InlineData("constant:1")]
    [InlineData("step:100")]
    [InlineData("step:0:0.5")]
    [InlineData("step:ten:0.5")]
    [InlineData("step:10:half")]
    [InlineData("step:10:1.5")]
    [InlineData("step:10:NaN")]
    [InlineData("cosine:-5")]
    [InlineData("plateau:10:0")]
    [InlineData("cosine:10+warmup:5")]
    [InlineData("warmup:5+")]
    public void A_text_that_is_no_schedule_is_refused_with_the_forms_that_are(string text)
    {
        string message = Assert.Throws<FormatException>(() => Schedule.Parse(text)).Message;
        Assert.Contains("cosine:EPOCHS", message);
        Assert.DoesNotContain('\n', message);
    }
}
