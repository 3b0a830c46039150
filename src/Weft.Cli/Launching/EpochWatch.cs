using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Weft.Cli.Launching;

/// <summary>Tells from metrics.jsonl of a run folder whether a job still gets on.</summary>
/// <remarks>
/// The file grows at the first epoch that ends ten seconds or more after it grew last. A job is held to hang if it has not grown
/// for ten median epochs, or for <paramref name="least"/> if that is longer; before the first epoch, while data are read, for ten
/// times as long.
/// </remarks>
internal sealed class EpochWatch(string folder, TimeSpan least)
{
    private const int Times = 10, TailBytes = 1 << 14;

    private readonly string file = Path.Combine(folder, "metrics.jsonl");
    private readonly long atStart = LengthOf(Path.Combine(folder, "metrics.jsonl"));
    private long length = -1, since = Stopwatch.GetTimestamp();
    private bool grown;

    /// <summary>How long no epoch has been seen, if that is too long.</summary>
    public TimeSpan? Hanging()
    {
        long now = LengthOf(file);
        if (now != length)
        {
            // A run that is taken up again cuts off what it will do once more.
            grown |= now > (length < 0 ? atStart : length);
            (length, since) = (now, Stopwatch.GetTimestamp());
        }
        var waited = Stopwatch.GetElapsedTime(since);
        var limit = grown ? least : Times * least;
        return waited > limit && waited > Times * MedianEpoch() ? waited : null;
    }

    private TimeSpan MedianEpoch()
    {
        if (length <= 0) return TimeSpan.Zero;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(Math.Max(0, stream.Length - TailBytes), SeekOrigin.Begin);
        var bytes = new byte[TailBytes];
        int count = stream.ReadAtLeast(bytes, TailBytes, throwOnEndOfStream: false);
        double[] epochs = [.. Encoding.UTF8.GetString(bytes, 0, count).Split('\n').Select(Milliseconds).Where(ms => ms > 0).Order()];
        return epochs.Length == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(epochs[epochs.Length / 2]);
    }

    // Step and evaluation together; 0 for a line that was cut.
    private static double Milliseconds(string line)
    {
        try
        {
            using var epoch = JsonDocument.Parse(line);
            return epoch.RootElement.EnumerateObject()
                .Where(p => p.Name.EndsWith("_ms", StringComparison.Ordinal) && p.Value.ValueKind == JsonValueKind.Number).Sum(p => p.Value.GetDouble());
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } info ? info.Length : 0;
}
