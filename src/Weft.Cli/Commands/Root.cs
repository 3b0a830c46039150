using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace Weft.Cli.Commands;

/// <summary><c>weft</c> itself: every verb, and the options that all of them have.</summary>
internal static class Root
{
    /// <summary>The verbs, in the order of the help. A new verb is one line here and one file beside this one.</summary>
    private static readonly Func<Command>[] Verbs =
    [
        Train.Create,
        Launch.Create,
        Evaluate.Create,
        Predict.Create,
        Baseline.Create,
        Explain.Create,
        Trace.Create,
        Compare.Create,
        Data.Create,
        RecipeVerb.Create,
        Plan.Create,
        Bench.Create,
    ];

    public static Command Create()
    {
        var root = new Verb("weft", "Graph neural networks for .NET: train, evaluate and take apart graph convolutional and attention networks.",
            "weft train                           a GATv2 on a generated citation graph",
            "weft train cora --recipe gat-paper   a row of a paper",
            "weft trace CASE.npz --out T.npz      every intermediate of a layer, by name");
        foreach (var create in Verbs) root.Subcommands.Add(create());
        var help = new HelpOption();
        help.Action = new VerbHelp((HelpAction)help.Action!);
        root.Options.Add(help);
        root.Options.Add(new Option<bool>("--version") { Description = "Show the version", Action = new VersionAction() });
        root.Options.Add(new Option<bool>("--debug") { Description = "Show the stack trace of an error", Recursive = true });
        root.SetAction(parsed => new VerbHelp(new HelpAction()).Invoke(parsed));
        return root;
    }

    /// <summary>The version of this program and its precision.</summary>
    public static string Version
    {
        get
        {
            string version = typeof(Root).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
            return version.Split('+')[0] + (sizeof(Real) == sizeof(double) ? " (double precision)" : "");
        }
    }

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"weft {Version}");
            return 0;
        }
    }

    /// <summary>The usual help, with the verb's examples at its end.</summary>
    private sealed class VerbHelp(HelpAction usual) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            usual.MaxWidth = 80;
            int code = usual.Invoke(parseResult);
            if (parseResult.CommandResult.Command is not Verb { Examples.Count: > 0 } verb) return code;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in verb.Examples) output.WriteLine($"  {example}");
            output.WriteLine();
            return code;
        }
    }
}
