using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Communication;
using Weft.Datasets;
using Weft.Distributed.Planning;
using Weft.Kernels;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>The part of <c>weft plan</c> that is about many processes: which grid they should form, and what each will hold and receive.</summary>
internal sealed class PlanGrid
{
    private static readonly (string Unit, double Bytes)[] Units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12), ("B", 1)];

    private readonly Option<int?> processes = Ask.WholeIfGiven("--processes", "Plan for so many processes: choose their grid", 1);
    private readonly Option<int?> perNode = Ask.WholeIfGiven("--ranks-per-node", "Processes of one machine [as measured, else 1]", 1);
    private readonly Option<double?> alpha = Ask.PositiveIfGiven("--alpha", "Seconds of a message of one word between machines");
    private readonly Option<double?> beta = Ask.PositiveIfGiven("--beta", "Seconds of each further word between machines");
    private readonly Option<double?> alphaWithin = Ask.PositiveIfGiven("--alpha-within", "The same within a machine");
    private readonly Option<double?> betaWithin = Ask.PositiveIfGiven("--beta-within", "The same within a machine");
    private readonly Option<double?> gammaSparse = Ask.PositiveIfGiven("--gamma-sparse", "Seconds of an operation of a product with the adjacency matrix");
    private readonly Option<double?> gammaDense = Ask.PositiveIfGiven("--gamma-dense", "Seconds of an operation of a dense product");
    private readonly Option<bool> explain = Ask.Switch("--explain", "Every candidate, not just the one to use");
    private readonly Option<string> file = Ask.Word("--calibration", "Costs from this file; none: the defaults [the newest measured, for as many processes if there is one]", "FILE");
    private readonly Option<bool> calibrate = Ask.Switch("--calibrate", "Measure what messages and arithmetic cost, for later plans: under mpirun, or in threads");
    private readonly Option<string> memory = new("--memory")
    {
        Description = "Most memory of a process, such as 20GB or 16GiB [any]",
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string value = result.Tokens.Single().Value;
            if (Bytes(value) is null) result.AddError($"--memory is '{value}': expected a size above 0 with a unit, such as 20GB or 16GiB");
            return value;
        },
    };

    private IEnumerable<Option> All => [processes, memory, perNode, alpha, beta, alphaWithin, betaWithin, gammaSparse, gammaDense, file, explain];

    public void AddTo(Command verb)
    {
        foreach (var option in All.Append(calibrate)) verb.Options.Add(option);
    }

    /// <summary>True if costs are to be measured, and nothing is to be planned.</summary>
    public bool IsCalibration(ParseResult parsed) => parsed.GetValue(calibrate);

    /// <summary>Measures, and keeps what it found.</summary>
    public void Calibrate(ParseResult parsed, Terminal terminal, bool json)
    {
        if (!MpiCommunicator.IsLaunched)
        {
            int ranks = parsed.GetValue(processes) ?? Environment.ProcessorCount;
            RowParallel.Threads = 1;
            Keep(ThreadCommunicator.Run(ranks, world => Calibrator.Measure(world, GridPlan.Threads))[0], terminal, json);
            return;
        }
        if (parsed.GetValue(processes) is not null) throw new UsageException("--processes plays processes in threads; under a launcher its -n says how many there are");
        MpiCommunicator.Run(world =>
        {
            var machines = Machines.Ask(world);
            RowParallel.Threads = Math.Max(1, Environment.ProcessorCount / machines.ProcessesOf(machines.Of(world.Rank)));
            var measured = Calibrator.Measure(world, world.Library);
            if (world.Rank == 0) Keep(measured, terminal, json);
            return 0;
        });
    }

    private static void Keep(Calibration measured, Terminal terminal, bool json)
    {
        string path = CalibrationFiles.Default.Save(measured);
        if (json) terminal.Output.WriteLine(JsonLine.Of(new { measured.Hosts, measured.Library, measured.Processes, measured.Precision, measured.AlphaWithin, measured.BetaWithin, measured.AlphaBetween, measured.BetaBetween, measured.GammaSparse, measured.GammaDense, File = path }));
        else PlanGridView.WriteCosts(terminal, measured, path);
    }

    /// <summary>True if the plan is for several processes.</summary>
    /// <exception cref="UsageException">Options for several processes were given without their number.</exception>
    public bool IsAsked(ParseResult parsed)
    {
        if (parsed.GetValue(processes) is not null) return true;
        if (All.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } given)
            throw new UsageException($"{given.Name} is for a plan of several processes: give --processes too");
        return false;
    }

    /// <summary>Plans and writes.</summary>
    public void Write(ParseResult parsed, Terminal terminal, bool json, RunConfig config, DataSize size, Dataset? data)
    {
        if (size.Batches is not null) throw new UsageException($"{config.Dataset} has many graphs; a grid of processes is for one graph");
        int ranks = parsed.GetValue(processes)!.Value;
        var calibration = Calibrated(parsed, Found(parsed.GetValue(file), ranks));
        // Measured with as many processes: they will be spread over as many machines again.
        int perMachine = calibration.Processes == ranks && calibration.Hosts is { Count: > 0 } hosts ? (ranks + hosts.Count - 1) / hosts.Count : 1;
        var request = GridPlan.Request(size, config.Model, config.Training, ranks, parsed.GetValue(perNode) ?? perMachine) with
        {
            MemoryLimit = parsed.GetValue(memory) is { } text ? Bytes(text)!.Value : double.PositiveInfinity,
        };
        if (data is not null && ranks > 1) request = new LoadedGraph(data.Edges, addsLoops: config.Model.Model == "gcn").Counted(request);
        var candidates = Planner.All(request, calibration);
        var best = Planner.Best(candidates, request);
        var view = new PlanGridView(config, request, calibration, candidates, best, parsed.GetValue(explain));
        if (json) terminal.Output.WriteLine(view.Json());
        else view.Write(terminal);
    }

    private static Calibration Found(string? named, int ranks) => named switch
    {
        "none" => Calibration.Default,
        null => CalibrationFiles.Default.Newest(ranks) ?? Calibration.Default,
        _ => CalibrationFiles.Read(named),
    };

    private Calibration Calibrated(ParseResult parsed, Calibration found)
    {
        Option<double?>[] given = [alpha, beta, alphaWithin, betaWithin, gammaSparse, gammaDense];
        string[] names = [.. given.Where(o => parsed.GetValue(o) is not null).Select(o => o.Name)];
        return names.Length == 0 ? found : found with
        {
            AlphaBetween = parsed.GetValue(alpha) ?? found.AlphaBetween,
            BetaBetween = parsed.GetValue(beta) ?? found.BetaBetween,
            AlphaWithin = parsed.GetValue(alphaWithin) ?? found.AlphaWithin,
            BetaWithin = parsed.GetValue(betaWithin) ?? found.BetaWithin,
            GammaSparse = parsed.GetValue(gammaSparse) ?? found.GammaSparse,
            GammaDense = parsed.GetValue(gammaDense) ?? found.GammaDense,
            Source = $"{string.Join(", ", names)} as given; the rest: {found.Source}",
        };
    }

    private static double? Bytes(string text)
    {
        foreach (var (unit, bytes) in Units)
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number > 0)
                return number * bytes;
        return null;
    }
}
