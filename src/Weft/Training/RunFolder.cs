using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Weft.Datasets;
using Weft.Memory;

namespace Weft.Training;

/// <summary>
/// The folder of a run: config.json, metrics.jsonl with one line an epoch, model.safetensors with the best parameters, and the
/// checkpoints to go on from. At any moment it holds what a resumed run needs to end with the same bits.
/// </summary>
public sealed class RunFolder : IDisposable
{
    /// <summary>Environment variable with the most seconds between checkpoints, 0 … 10; 10 if it is not set, 0 for one each epoch.</summary>
    public const string CheckpointSecondsVariable = "WEFT_CHECKPOINT_SECONDS";

    private const double MostSeconds = 10;

    private readonly StreamWriter metrics;
    private readonly TimeSpan checkpointEvery;
    private long checkpointAt = Stopwatch.GetTimestamp();
    private long flushedAt = Stopwatch.GetTimestamp();
    private string? dataDigest;

    private RunFolder(string path, RunConfig config, FileStream metrics, TimeSpan checkpointEvery)
    {
        (Path, Config, this.checkpointEvery) = (path, config, checkpointEvery);
        this.metrics = new StreamWriter(metrics, new UTF8Encoding(false)) { NewLine = "\n" };
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>What decides the result of the run.</summary>
    public RunConfig Config { get; }

    private static string ConfigFile(string path) => System.IO.Path.Combine(path, "config.json");

    internal static string MetricsFile(string path) => System.IO.Path.Combine(path, "metrics.jsonl");

    /// <summary>True if the folder holds a run, begun or ended.</summary>
    internal static bool IsOne(string path) => File.Exists(ConfigFile(path));

    /// <summary>The file of the best parameters.</summary>
    public static string ModelFileOf(string path) => System.IO.Path.Combine(path, "model.safetensors");

    /// <summary>Makes the folder of a new run. What an earlier run without its config.json left there is removed, lest it be taken for this one's.</summary>
    /// <exception cref="ArgumentException">The folder holds a run already.</exception>
    public static RunFolder Create(string path, RunConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var checkpointEvery = CheckpointInterval();
        if (File.Exists(path)) throw new ArgumentException($"{path} is a file; a folder for the run was expected");
        if (File.Exists(ConfigFile(path))) throw new ArgumentException($"{path} holds a run already; go on with it by --resume {path}, or choose another folder by --out");
        try
        {
            Directory.CreateDirectory(path);
            Training.Checkpoint.Delete(path);
            if (File.Exists(ModelFileOf(path))) File.Delete(ModelFileOf(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ArgumentException($"the folder {path} cannot be made ({problem.Message.TrimEnd('.')}); choose another by --out", problem);
        }
        AtomicFile.Write(ConfigFile(path), stream => stream.Write(Encoding.UTF8.GetBytes(config.ToJson() + "\n")));
        return new RunFolder(path, config, new FileStream(MetricsFile(path), FileMode.Create, FileAccess.Write, FileShare.Read), checkpointEvery);
    }

    /// <summary>The configuration of a run.</summary>
    /// <exception cref="DataFormatException">The folder holds no run.</exception>
    public static RunConfig ReadConfig(string path)
    {
        string file = ConfigFile(path);
        if (!File.Exists(file))
        {
            string? one = Directory.Exists(path) ? Directory.EnumerateDirectories(path, "seed-*").Order(StringComparer.Ordinal).FirstOrDefault() : null;
            throw new DataFormatException(path, "config.json", "there is no such file", one is null ? "the folder of a run (see weft train --out)" : $"the folder of one run, such as {one}");
        }
        return RunConfig.FromJson(File.ReadAllText(file), file);
    }

    /// <summary>
    /// Opens the folder of an interrupted run and brings the trainer to its newest whole checkpoint; without one it starts at
    /// epoch 0. Later lines of metrics.jsonl are cut off: their epochs will be run again, with the same bits.
    /// </summary>
    /// <exception cref="DataFormatException">The checkpoints are broken, or of another configuration or other data.</exception>
    public static RunFolder Resume(string path, RunConfig config, Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(trainer);
        var checkpointEvery = CheckpointInterval();
        string dataDigest = trainer.Data.Digest();
        if (Training.Checkpoint.Load(path) is { } checkpoint)
        {
            checkpoint.Expect(ConfigFile(path), Identity(config), config.Dataset, dataDigest);
            trainer.Restore(checkpoint);
        }
        var stream = new FileStream(MetricsFile(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        stream.SetLength(EndOfLine(stream, trainer.Epoch));
        stream.Seek(0, SeekOrigin.End);
        return new RunFolder(path, config, stream, checkpointEvery) { dataDigest = dataDigest };
    }

    // The data may have moved since: their digest tells whether they are the same.
    private static string Identity(RunConfig config) => (config with { Dataset = "" }).ToJson();

    /// <summary>Logs an epoch, and writes a checkpoint if the last one is old enough.</summary>
    public void Log(EpochReport report, Trainer trainer)
    {
        metrics.WriteLine(Line(report));
        // Whoever watches the run counts its lines.
        if (Stopwatch.GetElapsedTime(flushedAt).TotalMilliseconds >= 100)
        {
            metrics.Flush();
            flushedAt = Stopwatch.GetTimestamp();
        }
        CheckpointIfDue(trainer);
    }

    /// <summary>Writes a checkpoint if the last one is old enough; between two steps of an epoch too.</summary>
    public void CheckpointIfDue(Trainer trainer)
    {
        if (Stopwatch.GetElapsedTime(checkpointAt) >= checkpointEvery) WriteCheckpoint(trainer);
    }

    /// <summary>Writes a checkpoint now; the log is on the disk before it, so that it is never behind.</summary>
    public void WriteCheckpoint(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        metrics.Flush();
        ((FileStream)metrics.BaseStream).Flush(flushToDisk: true);
        var checkpoint = trainer.Save();
        checkpoint.Texts[Training.Checkpoint.ConfigurationKey] = Identity(Config);
        checkpoint.Texts[Training.Checkpoint.DataKey] = dataDigest ??= trainer.Data.Digest();
        checkpoint.Save(Path);
        checkpointAt = Stopwatch.GetTimestamp();
    }

    /// <summary>Writes the model's present parameters as the run's result.</summary>
    public void SaveModel(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        metrics.Flush();
        ModelFile.Save(trainer.Model, ModelFileOf(Path));
    }

    /// <inheritdoc/>
    public void Dispose() => metrics.Dispose();

    private static TimeSpan CheckpointInterval()
    {
        string? text = Environment.GetEnvironmentVariable(CheckpointSecondsVariable);
        if (string.IsNullOrEmpty(text)) return TimeSpan.FromSeconds(MostSeconds);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and <= MostSeconds
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException($"{CheckpointSecondsVariable} is '{text}': 0 … {MostSeconds} seconds were expected");
    }

    private static string Line(EpochReport report)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", report.Epoch);
            Number("train_loss", report.TrainLoss);
            if (report.Evaluated)
            {
                Number("train_score", report.TrainScore);
                Number("val_loss", report.ValidationLoss);
                Number("val_score", report.ValidationScore);
                Number("test_score", report.TestScore);
                Number("forward_ms", Math.Round(report.ForwardMilliseconds, 4));
            }
            Number("lr", report.LearningRate);
            Number("epoch_ms", Math.Round(report.StepMilliseconds, 4));
            json.WriteEndObject();

            void Number(string name, double value)
            {
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            }
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    // Where the last whole line of an epoch up to this one ends. What a kill cut short has no end and is dropped; the epochs
    // after it will be run again.
    private static long EndOfLine(FileStream stream, int epoch)
    {
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        int kept = 0;
        for (int start = 0, end; (end = bytes.AsSpan(start).IndexOf((byte)'\n')) >= 0; start += end + 1)
        {
            if (EpochOf(bytes.AsSpan(start, end)) is not { } found) continue;
            if (found > epoch) break;
            kept = start + end + 1;
        }
        return kept;
    }

    private static int? EpochOf(ReadOnlySpan<byte> line) =>
        line.StartsWith("{\"epoch\":"u8) && Utf8Parser.TryParse(line["{\"epoch\":"u8.Length..], out int epoch, out _) ? epoch : null;
}
