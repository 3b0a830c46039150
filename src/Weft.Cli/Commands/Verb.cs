using System.CommandLine;
using Weft.Communication;

namespace Weft.Cli.Commands;

/// <summary>A verb of the command line; its help ends with examples.</summary>
internal sealed class Verb : Command
{
    /// <summary>A verb.</summary>
    /// <param name="name">What the user types.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="examples">Whole command lines, each with what it does if that is not plain.</param>
    public Verb(string name, string description, params string[] examples) : base(name, description) => Examples = examples;

    /// <summary>Whole command lines for the end of the help.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>
    /// Sets what the verb does. The token is cancelled by Ctrl-C and SIGTERM; the work looks at it between its stages and before
    /// every write, and lets <see cref="OperationCanceledException"/> pass.
    /// </summary>
    /// <param name="work">The work; returns the exit code.</param>
    /// <param name="shared">True for work that the processes of a launcher share; all other is for one process.</param>
    public void Does(Func<ParseResult, CancellationToken, int> work, bool shared = false) =>
        SetAction((parsed, cancellation) =>
        {
            if (!shared && MpiCommunicator.LaunchedProcesses is > 1 and var processes)
                throw new UsageException($"weft {Name} works on one process, and a launcher has started {processes}: leave the launcher out");
            cancellation.ThrowIfCancellationRequested();
            int code = work(parsed, cancellation);
            // Whoever asked to stop is told so, even if the work was past its last stage.
            cancellation.ThrowIfCancellationRequested();
            return Task.FromResult(code);
        });
}
