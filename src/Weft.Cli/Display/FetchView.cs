using System.Diagnostics;
using System.Globalization;
using Weft.Datasets;

namespace Weft.Cli.Display;

/// <summary>Progress of a download: a bar for a person, a line for each file otherwise.</summary>
internal sealed class FetchView(Terminal terminal) : IDisposable
{
    private readonly StatusLine line = new(terminal.Person);
    private long shown;
    private string file = "";

    /// <summary>Takes what has arrived.</summary>
    public void Show(FetchProgress progress)
    {
        string size = progress.Total is long total ? $" of {Megabytes(total)}" : "";
        if (!terminal.IsInteractive)
        {
            if (progress.File == file) return;
            file = progress.File;
            terminal.Say($"fetching {progress.File}{(progress.Total is long all ? $", {Megabytes(all)}" : "")}");
            return;
        }
        if (Stopwatch.GetElapsedTime(shown).TotalMilliseconds < 100 && progress.Bytes != progress.Total) return;
        shown = Stopwatch.GetTimestamp();
        line.Draw(progress.Total is > 0 ? progress.Bytes / (double)progress.Total.Value : 0, $"{progress.File}  {Megabytes(progress.Bytes)}{size}");
    }

    public void Dispose() => line.Dispose();

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):F1} MB");
}
