namespace Weft.Cli.Launching;

/// <summary>How this program is started once more.</summary>
internal static class ThisProgram
{
    /// <summary>The program's own executable, or the runtime with its assembly.</summary>
    public static IReadOnlyList<string> Command
    {
        get
        {
            string assembly = typeof(ThisProgram).Assembly.Location;
            string? running = Environment.ProcessPath;
            if (running is not null && Path.GetFileNameWithoutExtension(running) is "weft" or "Weft.Cli" || assembly.Length == 0) return [running ?? "weft"];
            string runtime = running is not null && Path.GetFileNameWithoutExtension(running) == "dotnet" ? running : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            return [runtime, assembly];
        }
    }
}
