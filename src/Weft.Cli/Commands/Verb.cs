using System.CommandLine;

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

    /// <summary>Sets what the verb does. The token is cancelled by Ctrl-C and SIGTERM; let <see cref="OperationCanceledException"/> pass.</summary>
    public void Does(Func<ParseResult, CancellationToken, int> work) =>
        SetAction((parsed, cancellation) =>
        {
            cancellation.ThrowIfCancellationRequested();
            return Task.FromResult(work(parsed, cancellation));
        });
}
