using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Weft.Cli.Launching;

/// <summary>
/// Passes on what a job writes to standard error, byte by byte, and reads in it what the launcher says about a rank that failed.
/// </summary>
internal sealed partial class LauncherErrors
{
    private const int LongestLine = 4096;

    private readonly StringBuilder line = new();
    private readonly Thread pump;

    public LauncherErrors(Stream from, Stream to)
    {
        pump = new Thread(() => Pump(from, to)) { IsBackground = true, Name = "standard error of the job" };
        pump.Start();
    }

    /// <summary>The rank that the launcher names.</summary>
    public int? Rank { get; private set; }

    /// <summary>The signal that killed it.</summary>
    public int? Signal { get; private set; }

    /// <summary>Its exit code.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Waits until all is passed on, but not for what somebody holds open.</summary>
    public void Finish() => pump.Join(2000);

    /// <summary>Takes one line. The first rank that is named counts: the others fall with it.</summary>
    public void Read(string text)
    {
        if (OpenMpiSignal().Match(text) is { Success: true } killed) (Rank, Signal) = (Rank ?? Number(killed, 1), Signal ?? Number(killed, 2));
        else if (OpenMpiProcess().Match(text) is { Success: true } named) Rank ??= Number(named, 1);
        else if (OpenMpiAbort().Match(text) is { Success: true } aborted) Rank ??= Number(aborted, 1);
        else if (MpichAbort().Match(text) is { Success: true } called) (Rank, ExitCode) = (Rank ?? Number(called, 2), ExitCode ?? Number(called, 1));
        else if (MpichSignal().Match(text) is { Success: true } string1) Signal ??= Number(string1, 1);
        else if (AnyExitCode().Match(text) is { Success: true } code) ExitCode ??= Number(code, 1);
    }

    private void Pump(Stream from, Stream to)
    {
        var buffer = new byte[1 << 14];
        try
        {
            for (int count; (count = from.Read(buffer)) > 0;)
            {
                to.Write(buffer.AsSpan(0, count));
                to.Flush();
                // What is looked for is plain ASCII.
                foreach (byte b in buffer.AsSpan(0, count))
                {
                    if (b != '\n' && line.Length < LongestLine) line.Append((char)b);
                    if (b != '\n') continue;
                    Read(line.ToString());
                    line.Clear();
                }
            }
        }
        catch (IOException)
        {
            // Whoever read our standard error has gone: the job goes on without being heard.
        }
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"process rank (\d{1,9}) with PID \d+ on node \S+ exited on signal (\d{1,3})")]
    private static partial Regex OpenMpiSignal();

    [GeneratedRegex(@"Process name: \[\[\d+,\d+\],(\d{1,9})\]")]
    private static partial Regex OpenMpiProcess();

    [GeneratedRegex(@"MPI_ABORT was invoked on rank (\d{1,9})")]
    private static partial Regex OpenMpiAbort();

    [GeneratedRegex(@"called MPI_Abort\(.*, (\d{1,3})\) - process (\d{1,9})")]
    private static partial Regex MpichAbort();

    [GeneratedRegex(@"EXIT STRING: .* \(signal (\d{1,3})\)")]
    private static partial Regex MpichSignal();

    [GeneratedRegex(@"(?:exit code:|^with errorcode) +(\d{1,3})", RegexOptions.IgnoreCase)]
    private static partial Regex AnyExitCode();
}
