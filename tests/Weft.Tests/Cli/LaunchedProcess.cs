using System.Diagnostics;
using Weft.Tests.Training;

namespace Weft.Tests.Cli;

/// <summary><c>weft launch</c> in a process of its own, with a shell script in the place of an MPI launcher.</summary>
/// <remarks>
/// The script finds the number of its own start in $attempt and the ranks in $2; its folder is $here, the words of each start
/// are lines of the file calls, and note WORDS writes a line to the file notes.
/// </remarks>
internal sealed class LaunchedProcess : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string script;
    private Process? process;

    public LaunchedProcess(string body)
    {
        script = folder.File("launcher.sh");
        File.WriteAllText(script, $$"""
            #!/bin/sh
            if [ "$1" = --version ]; then echo "a launcher of the tests, HYDRA in name"; exit 0; fi
            here='{{Path.GetDirectoryName(script)}}'
            echo "$*" >> "$here/calls"
            attempt=$(wc -l < "$here/calls")
            note() { echo "$*" >> "$here/notes"; }
            {{body}}
            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Needs a shell, and does not depend on the precision.</summary>
    public static bool IsSkipped => sizeof(Real) == 8 || OperatingSystem.IsWindows();

    public int Id => process!.Id;

    public string[] Calls => Lines("calls");

    public string[] Notes => Lines("notes");

    public string PathOf(string name) => folder.File(name);

    public LaunchedProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Weft.Cli.dll"), "launch", "--launcher", script, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["WEFT_CHECKPOINT_SECONDS"] = "0";
        process = Process.Start(start)!;
        return this;
    }

    /// <summary>Waits for a line of the script's notes.</summary>
    public LaunchedProcess Until(string note)
    {
        for (int i = 0; i < 600 && !Notes.Contains(note); i++) Thread.Sleep(50);
        Assert.Contains(note, Notes);
        return this;
    }

    public LaunchedProcess Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{Id}"]);
        kill.WaitForExit();
        return this;
    }

    public CommandResult Finish()
    {
        var (output, error) = (process!.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(60_000), "weft launch did not end");
        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>True once the process whose number the script noted after a word is gone.</summary>
    public bool IsGone(string word)
    {
        string id = Notes.Last(n => n.StartsWith(word + " ", StringComparison.Ordinal)).Split(' ')[1];
        for (int i = 0; i < 100; i++)
        {
            // A process that nobody has waited for yet is gone all the same.
            string status = $"/proc/{id}/status";
            if (!File.Exists(status) || File.ReadAllText(status).Contains("State:\tZ", StringComparison.Ordinal)) return true;
            Thread.Sleep(50);
        }
        return false;
    }

    public void Dispose()
    {
        if (process is { HasExited: false }) process.Kill(entireProcessTree: true);
        process?.Dispose();
        folder.Dispose();
    }

    private string[] Lines(string name) => File.Exists(folder.File(name)) ? File.ReadAllLines(folder.File(name)) : [];
}
