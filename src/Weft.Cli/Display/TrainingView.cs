using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>Progress while training: a bar that is redrawn for a person, a plain line now and then for a file, or nothing.</summary>
internal abstract class TrainingView : IDisposable
{
    /// <summary>The view that fits the terminal, after a line that says what is being trained.</summary>
    public static TrainingView Open(Terminal terminal, bool quiet, string which, RunConfig config, Trainer trainer)
    {
        if (quiet) return new Silent();
        var data = trainer.Data;
        terminal.Person.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{which}{config.Model.Model} on {data.Dataset.Name}: {data.Dataset.Nodes:N0} nodes, {data.Edges:N0} edges, {data.Inputs:N0} features, {data.Outputs} classes; {trainer.Model.ParameterCount:N0} parameters, seed {config.Training.Seed}"));
        return terminal.IsInteractive ? new Bar(terminal.Person, config.Training) : new Lines(terminal.Person, config.Training);
    }

    /// <summary>Takes an epoch.</summary>
    public abstract void Show(EpochReport report);

    public virtual void Dispose()
    {
    }

    private static string Text(EpochReport report, TrainingSettings settings) => string.Create(CultureInfo.InvariantCulture,
        $"loss {report.TrainLoss:F4}  val loss {report.ValidationLoss:F4}  val {settings.Metric} {report.ValidationScore:F4}");

    private sealed class Silent : TrainingView
    {
        public override void Show(EpochReport report)
        {
        }
    }

    private sealed class Lines(IAnsiConsole console, TrainingSettings settings) : TrainingView
    {
        public override void Show(EpochReport report)
        {
            int step = report.Epoch <= 10 ? 5 : report.Epoch <= 100 ? 20 : 100;
            if (report.Epoch != 1 && report.Epoch % step != 0 && report.Epoch != settings.Epochs) return;
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {report.Epoch,5}  {Text(report, settings)}  {report.StepMilliseconds:F1} ms"));
        }
    }

    /// <summary>One line, redrawn at most ten times a second.</summary>
    private sealed class Bar(IAnsiConsole console, TrainingSettings settings) : TrainingView
    {
        private readonly long started = Stopwatch.GetTimestamp();
        private long shown;
        private bool drawn;

        public override void Show(EpochReport report)
        {
            if (Stopwatch.GetElapsedTime(shown).TotalMilliseconds < 100 && report.Epoch != settings.Epochs) return;
            shown = Stopwatch.GetTimestamp();
            double each = Stopwatch.GetElapsedTime(started).TotalSeconds / report.Epoch;
            string left = TimeSpan.FromSeconds(each * (settings.Epochs - report.Epoch)).ToString(@"m\:ss", CultureInfo.InvariantCulture);
            string text = string.Create(CultureInfo.InvariantCulture, $"{report.Epoch}/{settings.Epochs}  {Text(report, settings)}  {1000 * each:F1} ms  ≤ {left} left");
            int width = Math.Clamp(console.Profile.Width - text.Length - 3, 0, 30);
            int done = (int)((long)width * report.Epoch / settings.Epochs);
            if (text.Length >= console.Profile.Width) text = text[..(console.Profile.Width - 1)];
            console.Write(new ControlCode("\r\u001b[2K"));
            if (width >= 5)
            {
                console.Write(new Text(new string('━', done), new Style(Color.Green)));
                console.Write(new Text(new string('─', width - done) + " ", new Style(Color.Grey)));
            }
            console.Write(new Text(text));
            drawn = true;
        }

        public override void Dispose()
        {
            if (drawn) console.Write(new ControlCode("\r\u001b[2K"));
        }
    }
}
