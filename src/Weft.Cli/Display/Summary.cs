using System.Globalization;
using System.Text;
using System.Text.Json;
using Spectre.Console;
using Weft.Cli.Commands;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>What a training command ends with: a table for a person, one JSON object for a program.</summary>
internal static class Summary
{
    public static void Show(Terminal terminal, IReadOnlyList<RunOutcome> outcomes, string folder, bool json)
    {
        if (json) terminal.Output.WriteLine(ToJson(outcomes, folder));
        else Table(terminal, outcomes, folder);
    }

    private static void Table(Terminal terminal, IReadOnlyList<RunOutcome> outcomes, string folder)
    {
        var (first, many) = (outcomes[0], outcomes.Count > 1);
        var shown = Parts.Where(p => p.Part(first.Scores) is not null).ToArray();
        var columns = ScoreTable.Columns([.. shown.SelectMany(p => outcomes.Select(o => p.Part(o.Scores)!.Value))]);
        ScoreTable.Write(terminal.Person, columns, shown.Select(p => (p.Name, columns.Select(c => Text(outcomes, o => c.Value(p.Part(o.Scores)!.Value), c.Format)).ToArray())));
        if (!many && first.Scores.Confusion is { } confusion && confusion.GetLength(0) <= ScoreTable.MostClasses)
            ScoreTable.Confusion(terminal.Person, first.Config.Model.Readout is null ? "test nodes" : "test graphs", confusion, first.ClassNames);
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"best epoch {(many ? Text(outcomes, o => o.BestEpoch, "F0") : $"{first.BestEpoch} of {first.Epochs}")}, {(first.StepMilliseconds.Count == 0 ? "" : $"{Median(first.StepMilliseconds):F2} ms an epoch, ")}{(double.IsFinite(outcomes.Max(o => o.MemoryBeyondData)) ? string.Create(CultureInfo.InvariantCulture, $"{outcomes.Max(o => o.MemoryBeyondData):F0} MB beyond the data, ") : "")}{outcomes.Sum(o => o.Seconds):F1} s in all"));
        if (first.Sharing is { } sharing)
            terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{sharing.Processes} processes, grid {sharing.Grid}: the busiest received {sharing.WordsReceived:N0} words an epoch{(sharing.WordsPredicted is { } words ? string.Create(CultureInfo.InvariantCulture, $" ({words:N0} by formula)") : "")}, {sharing.CommunicationMilliseconds:F2} ms of it communicating"));
        if (first.Sampling is { Batches: > 0 } sampling && first.SampledSeconds is var seconds)
            terminal.Say(string.Create(CultureInfo.InvariantCulture,
                $"{sampling.Batches:N0} batches, {sampling.Batches / seconds:N1} a second with {sampling.Nodes / seconds:N0} nodes and {sampling.Edges / seconds:N0} edges; sampling is {sampling.Share:P0} of the work, training waited for it {sampling.WaitShare:P0} of its time"));
        terminal.Say(many ? $"{outcomes.Count} runs in {folder}" : $"model and log in {folder}");
    }

    private static readonly (string Name, Func<Scores, NodeScores?> Part)[] Parts =
        [("train", s => s.Train), ("val", s => s.Validation), ("test", s => s.Test)];

    private static string Text(IReadOnlyList<RunOutcome> outcomes, Func<RunOutcome, double> value, string format)
    {
        double[] values = [.. outcomes.Select(value)];
        if (values.Any(double.IsNaN)) return "–";
        string mean = values.Average().ToString(format, CultureInfo.InvariantCulture);
        return values.Length == 1 ? mean : $"{mean} ± {Deviation(values).ToString(format, CultureInfo.InvariantCulture)}";
    }

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return values.Length < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    private static double Median(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return double.NaN;
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    private static string ToJson(IReadOnlyList<RunOutcome> outcomes, string folder)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(json, outcomes, folder);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<RunOutcome> outcomes, string folder)
    {
        var first = outcomes[0];
        json.WriteStartObject();
        json.WriteString("dataset", first.Config.Dataset);
        json.WriteString("model", first.Config.Model.Model);
        if (first.Config.Recipe is { } recipe) json.WriteString("recipe", recipe);
        json.WriteString("split", first.Split);
        json.WriteNumber("nodes", first.Nodes);
        json.WriteNumber("edges", first.Edges);
        json.WriteNumber("features", first.Features);
        json.WriteNumber("classes", first.Classes);
        if (first.Config.Data.RandomFeatures > 0 || first.Config.Data.RandomClasses > 0) json.WriteBoolean("random_data", true);
        json.WriteNumber("parameters", first.Parameters);
        json.WriteNumber("seed", first.Config.Training.Seed);
        json.WriteNumber("runs", outcomes.Count);
        json.WriteNumber("threads", RowParallel.Threads);
        json.WriteNumber("precision", first.Config.Precision);
        json.WriteString("version", first.Config.Version);
        Number("epochs", o => o.Epochs, 0);
        Number("best_epoch", o => o.BestEpoch, 0);
        foreach (var (name, part) in Parts)
        {
            Number($"{name}_loss", o => part(o.Scores)?.Loss ?? double.NaN, 6);
            Number($"{name}_accuracy", o => part(o.Scores)?.Accuracy ?? double.NaN, 6);
            Number($"{name}_f1", o => part(o.Scores)?.F1 ?? double.NaN, 6);
            Number($"{name}_auc", o => part(o.Scores)?.Auc ?? double.NaN, 6);
            foreach (string more in outcomes.SelectMany(o => part(o.Scores)?.More ?? []).Select(m => m.Key).Distinct())
                Number($"{name}_{more}", o => part(o.Scores)?.Named(more) ?? double.NaN, 6);
        }
        double[] medians = [.. outcomes.Select(o => Median(o.StepMilliseconds))];
        Plain("epoch_ms_median", Median([.. medians]));
        Plain("epoch_ms_min", outcomes.Min(o => o.StepMilliseconds.DefaultIfEmpty(double.NaN).Min()));
        Plain("forward_ms_median", Median([.. outcomes.Select(o => Median(o.ForwardMilliseconds))]));
        Plain("peak_memory_mb", MemoryMeter.Peak);
        Plain("memory_beyond_data_mb", outcomes.Max(o => o.MemoryBeyondData));
        Plain("workspace_mb", first.WorkspaceBytes / (double)(1 << 20));
        if (first.Sharing is { } sharing)
        {
            json.WriteNumber("processes", sharing.Processes);
            json.WriteString("grid", sharing.Grid);
            json.WriteNumber("words_received", sharing.WordsReceived);
            if (sharing.WordsPredicted is { } predicted) json.WriteNumber("words_predicted", predicted);
            else json.WriteNull("words_predicted");
            Plain("communication_ms_median", sharing.CommunicationMilliseconds);
        }
        if (first.Sampling is { } sampling)
        {
            double seconds = first.SampledSeconds;
            json.WriteString("sampler", first.Config.Training.Sampling!.Sampler);
            json.WriteNumber("workers", first.Config.Training.Sampling.Workers);
            Plain("batches_per_second", sampling.Batches / seconds);
            Plain("nodes_per_second", sampling.Nodes / seconds);
            Plain("sampled_edges_per_second", sampling.Edges / seconds);
            Plain("sampling_share", sampling.Share);
            Plain("sampling_wait_share", sampling.WaitShare);
        }
        Plain("start_s", first.StartSeconds);
        Plain("wall_s", outcomes.Sum(o => o.Seconds));
        Texts("parameters_sha256", o => o.ParametersSha256);
        Texts("best_parameters_sha256", o => o.BestParametersSha256);
        if (first.Layers is { } layers)
        {
            json.WritePropertyName("layers");
            JsonSerializer.Serialize(json, ModelView.Json(layers));
        }
        json.WriteString("run", folder);
        json.WriteEndObject();

        // A run that had ended before it was resumed has no times.
        void Plain(string name, double value)
        {
            if (double.IsFinite(value)) json.WriteNumber(name, Math.Round(value, 4));
            else json.WriteNull(name);
        }

        void Number(string name, Func<RunOutcome, double> value, int digits)
        {
            double[] all = [.. outcomes.Select(value)];
            if (all.Any(v => !double.IsFinite(v))) json.WriteNull(name);
            else if (all.Length == 1) json.WriteNumber(name, Math.Round(all[0], digits));
            else
            {
                json.WriteStartObject(name);
                json.WriteNumber("mean", Math.Round(all.Average(), 6));
                json.WriteNumber("std", Math.Round(Deviation(all), 6));
                json.WriteStartArray("all");
                foreach (double v in all) json.WriteNumberValue(Math.Round(v, digits));
                json.WriteEndArray();
                json.WriteEndObject();
            }
        }

        void Texts(string name, Func<RunOutcome, string> value)
        {
            if (outcomes.Count == 1)
            {
                json.WriteString(name, value(first));
                return;
            }
            json.WriteStartArray(name);
            foreach (var outcome in outcomes) json.WriteStringValue(value(outcome));
            json.WriteEndArray();
        }
    }
}
