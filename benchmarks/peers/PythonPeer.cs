using System.Diagnostics;
using System.Globalization;

namespace Weft.Peers;

/// <summary>
/// A script that runs a peer written for Python. Its first line is "ready NAME" or "absent REASON"; for every line it is then given it does that
/// work once and answers with milliseconds, or with "absent REASON".
/// </summary>
internal sealed class PythonPeer : IDisposable
{
    private readonly Process process;

    private PythonPeer(Process process, string name) => (this.process, Name) = (process, name);

    /// <summary>Name and version of the peer.</summary>
    public string Name { get; }

    /// <summary>Starts a script; null, and one line that says why, where its peer is absent.</summary>
    public static PythonPeer? TryStart(string python, string script, params string[] arguments)
    {
        string file = Path.Combine(AppContext.BaseDirectory, script);
        var start = new ProcessStartInfo(python) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in arguments.Prepend(file)) start.ArgumentList.Add(argument);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine($"{script}: skipped, there is no {python} here");
            return null;
        }
        string answer = process.StandardOutput.ReadLine() ?? "absent it ended at once";
        if (answer.StartsWith("ready ", StringComparison.Ordinal)) return new PythonPeer(process, answer[6..]);
        Console.Error.WriteLine($"{script} {string.Join(' ', arguments.Skip(1))}: skipped, {answer.Replace("absent ", "", StringComparison.Ordinal)}");
        process.WaitForExit();
        process.Dispose();
        return null;
    }

    /// <summary>A side of a comparison; null, and one line that says why, where the peer cannot do this work here.</summary>
    public Contestant? Side(string command, string suffix = "")
    {
        if (Answer(command) is not null) return new Contestant(Name + suffix, () => Answer(command) ?? throw new InvalidOperationException($"{Name} gave up in the middle of {command}"));
        return null;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    private double? Answer(string command)
    {
        process.StandardInput.WriteLine(command);
        process.StandardInput.Flush();
        string answer = process.StandardOutput.ReadLine() ?? "absent it ended";
        if (double.TryParse(answer, NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds)) return milliseconds;
        Console.Error.WriteLine($"{Name}, {command}: skipped, {answer.Replace("absent ", "", StringComparison.Ordinal)}");
        return null;
    }
}
