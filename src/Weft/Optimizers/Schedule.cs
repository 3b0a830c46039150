using System.Globalization;

namespace Weft.Optimizers;

/// <summary>
/// How the learning rate changes over epochs: a factor on the rate that was asked for. Written as
/// <c>constant</c>, <c>step:EVERY:FACTOR</c>, <c>cosine:EPOCHS[:FLOOR]</c>, <c>plateau:PATIENCE[:FACTOR]</c>, and
/// <c>warmup:EPOCHS</c>, alone or before another: <c>warmup:10+cosine:200</c>.
/// </summary>
public abstract class Schedule
{
    private const string Forms = "constant, step:EVERY:FACTOR, cosine:EPOCHS[:FLOOR], plateau:PATIENCE[:FACTOR], warmup:EPOCHS, or warmup:EPOCHS+another";

    /// <summary>Always 1.</summary>
    public static Schedule Constant { get; } = new ConstantSchedule();

    /// <summary>The factor on the learning rate in an epoch.</summary>
    /// <param name="epoch">0 for the first.</param>
    public abstract double Factor(int epoch);

    /// <summary>Tells the schedule how an evaluation went; only <c>plateau</c> listens.</summary>
    /// <param name="score">Higher is better.</param>
    public virtual void Report(double score)
    {
    }

    /// <summary>Numbers that a checkpoint keeps; empty for schedules that depend on the epoch alone.</summary>
    /// <exception cref="ArgumentException">Numbers of another schedule are put back.</exception>
    public virtual IReadOnlyList<double> State
    {
        get => [];
        set => ExpectState(value, 0);
    }

    /// <summary>factor^⌊epoch / every⌋</summary>
    public static Schedule Step(int every, double factor) => new StepSchedule(Positive(every, "the number of epochs"), Fraction(factor, "the factor"));

    /// <summary>From 1 down to the floor along half a cosine over so many epochs, then the floor.</summary>
    public static Schedule Cosine(int epochs, double floor = 0) => new CosineSchedule(Positive(epochs, "the number of epochs"), floor == 0 ? 0 : Fraction(floor, "the floor"));

    /// <summary>(epoch + 1) / epochs at first, then another schedule from its beginning.</summary>
    public static Schedule WarmUp(int epochs, Schedule? then = null) => new WarmUpSchedule(Positive(epochs, "the number of epochs"), then ?? Constant);

    /// <summary>Multiplies by the factor whenever the score has not improved for so many evaluations.</summary>
    public static Schedule Plateau(int patience, double factor = 0.5) => new PlateauSchedule(Positive(patience, "the patience"), Fraction(factor, "the factor"));

    /// <summary>The schedule that a text describes.</summary>
    /// <exception cref="FormatException">It describes none; the message says what is wrong and what is possible.</exception>
    public static Schedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int plus = text.IndexOf('+', StringComparison.Ordinal);
        string[] parts = (plus < 0 ? text : text[..plus]).Split(':', StringSplitOptions.TrimEntries);
        var then = plus < 0 ? null : Parse(text[(plus + 1)..]);
        if (then is not null && parts[0] != "warmup") throw Bad(text, "only warmup may come before another schedule");
        try
        {
            return (parts[0], parts.Length) switch
            {
                ("constant", 1) => Constant,
                ("step", 3) => Step(Whole(parts[1]), Number(parts[2])),
                ("cosine", 2) => Cosine(Whole(parts[1])),
                ("cosine", 3) => Cosine(Whole(parts[1]), Number(parts[2])),
                ("plateau", 2) => Plateau(Whole(parts[1])),
                ("plateau", 3) => Plateau(Whole(parts[1]), Number(parts[2])),
                ("warmup", 2) => WarmUp(Whole(parts[1]), then),
                _ => throw Bad(text, "there is no such schedule, or it takes another number of values"),
            };
        }
        catch (ArgumentException problem)
        {
            throw Bad(text, problem.Message);
        }
    }

    private protected static void ExpectState(IReadOnlyList<double> state, int count)
    {
        if (state.Count != count) throw new ArgumentException($"{state.Count} numbers for a schedule that keeps {count}; the schedule has changed");
    }

    private static FormatException Bad(string text, string why) => new($"schedule \"{text}\": {why}; expected {Forms}");

    private static int Whole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw new ArgumentException($"{text} is not a whole number");

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : throw new ArgumentException($"{text} is not a number");

    private static int Positive(int value, string what) =>
        value > 0 ? value : throw new ArgumentException($"{what} is {value}; at least 1 was expected");

    private static double Fraction(double value, string what) =>
        value > 0 && value <= 1 ? value : throw new ArgumentException($"{what} is {value.ToString(CultureInfo.InvariantCulture)}; above 0 and at most 1 was expected");

    private sealed class ConstantSchedule : Schedule
    {
        public override double Factor(int epoch) => 1;
    }

    private sealed class StepSchedule(int every, double factor) : Schedule
    {
        public override double Factor(int epoch) => Math.Pow(factor, epoch / every);
    }

    private sealed class CosineSchedule(int epochs, double floor) : Schedule
    {
        public override double Factor(int epoch) => floor + (1 - floor) * (1 + Math.Cos(Math.PI * Math.Min(epoch, epochs) / epochs)) / 2;
    }

    private sealed class WarmUpSchedule(int epochs, Schedule then) : Schedule
    {
        public override double Factor(int epoch) => epoch < epochs ? (epoch + 1.0) / epochs : then.Factor(epoch - epochs);

        public override void Report(double score) => then.Report(score);

        public override IReadOnlyList<double> State
        {
            get => then.State;
            set => then.State = value;
        }
    }

    private sealed class PlateauSchedule(int patience, double factor) : Schedule
    {
        private double best = double.NegativeInfinity, current = 1;
        private int waited;

        public override double Factor(int epoch) => current;

        public override void Report(double score)
        {
            if (score > best) (best, waited) = (score, 0);
            else if (++waited >= patience) (current, waited) = (current * factor, 0);
        }

        public override IReadOnlyList<double> State
        {
            get => [best, current, waited];
            set
            {
                ExpectState(value, 3);
                (best, current, waited) = (value[0], value[1], (int)value[2]);
            }
        }
    }
}
