using System.CommandLine;
using System.CommandLine.Parsing;
using Weft.Cli.Commands;
using Weft.Datasets;
using Weft.Training;

namespace Weft.Cli.Launching;

/// <summary>The command that every rank runs, and how a run is taken up again where it is <c>train</c>.</summary>
internal sealed class LaunchedCommand
{
    private readonly IReadOnlyList<string> words;
    private readonly ParseResult parsed;

    /// <summary>Checks the command as the ranks would, before there are any.</summary>
    /// <exception cref="UsageException">It is wrong.</exception>
    public LaunchedCommand(IReadOnlyList<string> words)
    {
        this.words = RunOptions.WithBareSwitchesOn([.. words]);
        parsed = Root.Create().Parse(this.words);
        if (CommandLineCheck.FirstProblem(parsed) is { } problem) throw new UsageException(problem);
        if (parsed.CommandResult.Command.Name != "train") return;
        if (Value("--runs") is { } runs && runs != "1") throw new UsageException($"--runs is '{runs}': a launched job is one run, which can be taken up again; launch each by itself, with --seed");
        Folder = Value("--resume") ?? Value("--out") ?? FreeFolder();
    }

    /// <summary>The run's folder; null for a command that cannot be taken up again.</summary>
    public string? Folder { get; }

    /// <summary>Epochs that the newest whole checkpoint has; null if there is none.</summary>
    public int? SavedEpochs
    {
        get
        {
            if (Folder is null || !Directory.Exists(Folder)) return null;
            try
            {
                return Checkpoint.Load(Folder)?.Epoch;
            }
            catch (DataFormatException)
            {
                return null;
            }
        }
    }

    /// <summary>The command line of the first start.</summary>
    public IReadOnlyList<string> First => Folder is null || Value("--resume") is not null || Value("--out") is not null ? words : [.. words, "--out", Folder];

    /// <summary>The command line that goes on with what there is.</summary>
    /// <param name="sameRanks">False if there are other ranks than at the first start: a grid of a given shape would not fit them.</param>
    public IReadOnlyList<string> Again(bool sameRanks)
    {
        // Without its config.json the folder holds no run yet.
        if (Folder is null || !File.Exists(Path.Combine(Folder, "config.json"))) return First;
        var decidesResult = new Command("run");
        new RunChoice().AddTo(decidesResult);
        string[] dropped = [.. decidesResult.Options.Select(o => o.Name), "--out", "--resume", "--runs"];
        List<string> again = ["train", "--resume", Folder];
        foreach (var option in parsed.CommandResult.Children.OfType<OptionResult>().Where(o => !o.Implicit && !dropped.Contains(o.Option.Name)))
        {
            again.Add(option.Option.Name);
            again.AddRange(option.Option.Name == "--grid" && !sameRanks ? ["auto"] : option.Tokens.Select(t => t.Value));
        }
        if (parsed.GetResult("--debug") is OptionResult { Implicit: false } && !again.Contains("--debug")) again.Add("--debug");
        return again;
    }

    private string? Value(string option) => parsed.GetResult(option) is OptionResult { Implicit: false, Tokens: [var token, ..] } ? token.Value : null;

    // runs/DATASET-MODEL-N with the first N that is free, as a run alone would take.
    private string FreeFolder()
    {
        string? dataset = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).FirstOrDefault()?.Value;
        string name = Path.GetFileNameWithoutExtension((dataset ?? Value("--recipe") ?? Value("--config") ?? new RunConfig().Dataset).TrimEnd('/', '\\'));
        if (Value("--model") is { } model) name += "-" + model;
        return Enumerable.Range(1, int.MaxValue).Select(number => Path.Combine("runs", $"{name}-{number}")).First(path => !Directory.Exists(path));
    }
}
