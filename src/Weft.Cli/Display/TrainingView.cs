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
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{which}{config.Model.Model} on {data.Dataset.Name}, {trainer.Model.ParameterCount:N0} parameters, seed {config.Training.Seed}"));
        if (data.Links is { } links)
            terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{data.Nodes:N0} nodes, {data.Edges:N0} edges for messages, {data.Inputs:N0} features; {links.Split.Name}: {links.Split.Train.Count:N0} links for training, {links.Split.Validation.Count:N0} for validation, {links.Split.Test.Count:N0} for test"));
        else terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{data.Nodes:N0} nodes, {data.Edges:N0} edges, {data.Inputs:N0} features, {data.Outputs} {(data.Scale is null ? "classes" : data.Outputs == 1 ? "number, standardised by the training rows" : "numbers, standardised by the training rows")}{(config.Data.RandomFeatures > 0 || config.Data.RandomClasses > 0 ? " (made at random, for speed work)" : "")}"));
        if (config.Training.Sampling is { } sampling)
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"batches of {sampling.BatchSize:N0} by {sampling.Sampler}{(sampling.Fanouts is { } k ? " " + string.Join(',', k) : "")}, {sampling.Workers} workers"));
        if (config.Training.Sampling?.ScoredTraining is { } scored && scored < data.Split.TrainCount)
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"train scores are those of {scored:N0} of {data.Split.TrainCount:N0} training nodes"));
        if (data.Share is { } share)
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{share.Grid.Size} processes, grid {share.Grid}"));
        int twice = Enumerable.Range(0, data.Split.Train.Length).Count(i => data.Split.Train[i] ? data.Split.Validation[i] || data.Split.Test[i] : data.Split.Validation[i] && data.Split.Test[i]);
        if (twice > 0) terminal.Say(string.Create(CultureInfo.InvariantCulture, $"note: {twice:N0} nodes are in more than one part of the split; scores of those are not fair"));
        return terminal.IsInteractive ? new Bar(terminal.Person, config.Training) : new Lines(terminal, config.Training);
    }

    /// <summary>Takes an epoch.</summary>
    public abstract void Show(EpochReport report);

    /// <summary>Takes a step within an epoch.</summary>
    public virtual void Show(Trainer trainer)
    {
    }

    public virtual void Dispose()
    {
    }

    private static string Text(EpochReport report, TrainingSettings settings) => string.Create(CultureInfo.InvariantCulture,
        $"loss {report.TrainLoss:F4}  {(double.IsNaN(report.ValidationLoss) ? $"train {settings.Metric} {report.TrainScore:F4}" : $"val loss {report.ValidationLoss:F4}  val {settings.Metric} {report.ValidationScore:F4}")}");

    private sealed class Silent : TrainingView
    {
        public override void Show(EpochReport report)
        {
        }
    }

    private sealed class Lines(Terminal terminal, TrainingSettings settings) : TrainingView
    {
        private const double SecondsBetweenSteps = 10;
        private long said = Stopwatch.GetTimestamp();

        // Only an epoch that takes long has lines of its own.
        public override void Show(Trainer trainer)
        {
            if (Stopwatch.GetElapsedTime(said).TotalSeconds < SecondsBetweenSteps) return;
            said = Stopwatch.GetTimestamp();
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"epoch {trainer.Epoch + 1,5}  step {trainer.Step:N0} of {trainer.Steps:N0}"));
        }

        public override void Show(EpochReport report)
        {
            int step = report.Epoch <= 10 ? 5 : report.Epoch <= 100 ? 20 : 100;
            said = Stopwatch.GetTimestamp();
            if (report.Epoch != 1 && report.Epoch % step != 0 && report.Epoch != settings.Epochs) return;
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"epoch {report.Epoch,5}  {Text(report, settings)}  {report.StepMilliseconds:F1} ms"));
        }
    }

    /// <summary>One line, redrawn at most ten times a second.</summary>
    private sealed class Bar(IAnsiConsole console, TrainingSettings settings) : TrainingView
    {
        private readonly StatusLine line = new(console);
        private long started, shown;
        private int first;
        private EpochReport last;
        private long epochStarted = Stopwatch.GetTimestamp();

        // Within an epoch: how far it is, and how long the rest of it will take.
        public override void Show(Trainer trainer)
        {
            if (Stopwatch.GetElapsedTime(shown).TotalMilliseconds < 100) return;
            shown = Stopwatch.GetTimestamp();
            double done = trainer.Step / (double)trainer.Steps;
            string left = Left(Stopwatch.GetElapsedTime(epochStarted) * ((1 - done) / done));
            line.Draw((trainer.Epoch + done) / settings.Epochs, string.Create(CultureInfo.InvariantCulture,
                $"{trainer.Epoch + 1}/{settings.Epochs}  step {trainer.Step}/{trainer.Steps}{(last.Epoch > 0 ? $"  loss {last.TrainLoss:F3}" : "")}  {left} to the end of the epoch"));
        }

        public override void Show(EpochReport report)
        {
            (last, epochStarted) = (report, Stopwatch.GetTimestamp());
            if (first == 0) (first, started) = (report.Epoch, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(shown).TotalMilliseconds < 100 && report.Epoch != settings.Epochs) return;
            shown = Stopwatch.GetTimestamp();
            // A resumed run does not begin at epoch 1; its first epoch here is not counted, it waits for the compiler.
            double each = report.Epoch > first ? Stopwatch.GetElapsedTime(started).TotalMilliseconds / (report.Epoch - first) : report.StepMilliseconds;
            string left = Left(TimeSpan.FromMilliseconds(each * (settings.Epochs - report.Epoch)));
            line.Draw(report.Epoch / (double)settings.Epochs, string.Create(CultureInfo.InvariantCulture,
                $"{report.Epoch}/{settings.Epochs}  loss {report.TrainLoss:F3}  {(double.IsNaN(report.ValidationLoss) ? $"train {settings.Metric} {report.TrainScore:F3}" : $"val {report.ValidationLoss:F3}, {settings.Metric} {report.ValidationScore:F3}")}  {each:F1} ms  ≤ {left}"));
        }

        public override void Dispose()
        {
            line.Dispose();
            base.Dispose();
        }

        private static string Left(TimeSpan time) => time.TotalHours < 1 ? time.ToString(@"m\:ss", CultureInfo.InvariantCulture)
            : time.TotalDays < 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:F1} days");
    }
}
