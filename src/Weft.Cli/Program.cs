using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Cli.Commands;

namespace Weft.Cli;

/// <summary>The command <c>weft</c>.</summary>
public static class Program
{
    internal const int Interrupted = 130;
    private const int Terminated = 143;

    /// <summary>Runs the command line of the process; Ctrl-C and SIGTERM ask the work to stop and to leave its checkpoint.</summary>
    /// <returns>0 done, 1 the work failed, 2 the input was wrong, 130 interrupted, 143 terminated.</returns>
    public static int Main(string[] args)
    {
        if (Launching.Leash.Enter(args) is { } ended) return ended;
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        using var stop = new CancellationTokenSource();
        int signalled = Interrupted;
        using var interrupt = Listen(PosixSignal.SIGINT, Interrupted);
        using var terminate = Listen(PosixSignal.SIGTERM, Terminated);
        int code = Run(args, Console.Out, Console.Error, stop.Token);
        return code == Interrupted ? signalled : code;

        // The first signal asks; a second one of the same kind finds the default, which ends the process.
        PosixSignalRegistration Listen(PosixSignal signal, int code) => PosixSignalRegistration.Create(signal, context =>
        {
            if (stop.IsCancellationRequested) return;
            context.Cancel = true;
            signalled = code;
            stop.Cancel();
        });
    }

    /// <summary>Runs one command line in this process.</summary>
    /// <param name="args">What follows <c>weft</c>.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="cancellation">Asks the work to stop; the result is then 130.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        var parsed = Root.Create().Parse(RunOptions.WithBareSwitchesOn(args));
        bool debug = args.Contains("--debug");
        if (CommandLineCheck.FirstProblem(parsed) is string problem)
        {
            error.WriteLine($"error: {problem}");
            return UsageException.ExitCode;
        }
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (Exception problemAtWork)
        {
            return ErrorReport.Write(problemAtWork, error, debug);
        }
    }
}
