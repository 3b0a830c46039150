using System.CommandLine;
using System.Globalization;
using Weft.Cli.Display;
using Weft.Datasets;
using Weft.Models;
using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary><c>weft plan</c>: what a training run will need, before it runs.</summary>
internal static class Plan
{
    private static readonly string[] Kinds = ["degree", "onehot", "constant", "learned"];

    public static Command Create()
    {
        var verb = new Verb("plan", "The memory that a training run will need, without running it, on a data set or from numbers alone; with --processes the grid that they should form, and what each of them then holds and receives.",
            "weft plan cora --recipe gat-paper",
            "weft plan graph.npz --model gatv2 --heads 4 --hidden 64 --json",
            "weft plan --nodes 2449029 --edges 123718280 --features 100 --classes 47",
            "weft plan cora --model gat --processes 4 --explain",
            "weft plan graph.npz --processes 64 --ranks-per-node 8 --memory 20GB");
        var choice = new RunChoice();
        var grid = new PlanGrid();
        var nodes = Ask.LargeIfGiven("--nodes", "Nodes, where there is no data set", 1);
        var edges = Ask.LargeIfGiven("--edges", "Edges, where there is no data set; loops that the model adds come on top", 0);
        var classes = Ask.WholeIfGiven("--classes", "Classes, where there is no data set", 1);
        var features = new Option<string>("--features")
        {
            Description = "Their number, where there is no data set; or features made from its graph",
            HelpName = "N|" + string.Join('|', Kinds),
            CustomParser = result =>
            {
                string value = result.Tokens.Single().Value;
                if (!Kinds.Contains(value) && Width(value) is null) result.AddError($"--features is '{value}': expected a whole number of at least 1, or {string.Join(", ", Kinds)}");
                return value;
            },
        };
        var entries = Ask.LargeIfGiven("--feature-entries", "Stored entries of sparse features, where there is no data set [dense]", 0);
        var json = Ask.Switch("--json", "One JSON object on standard output");
        choice.AddTo(verb, except: "--features");
        foreach (var option in new Option[] { features, nodes, edges, classes, entries, json }) verb.Options.Add(option);
        grid.AddTo(verb);

        verb.Does((parsed, cancellation) =>
        {
            var terminal = Terminal.Of(parsed, parsed.GetValue(json));
            if (grid.IsCalibration(parsed))
            {
                grid.Calibrate(parsed, terminal, parsed.GetValue(json));
                return 0;
            }
            var config = choice.Read(parsed);
            if (config.Training.Sampling is not null) throw new UsageException("weft plan knows the memory of training on whole graphs alone: leave out --sampler, --batch-size and the like");
            if (config.Data.Task == "link") throw new UsageException("weft plan knows nothing of links and their decoders: leave out --task link; weft train --summary shows the layers of its model");
            string? kind = parsed.GetValue(features);
            int? width = kind is null ? null : Width(kind);
            string[] numbers = [.. new Option[] { nodes, edges, classes, entries }.Where(o => parsed.GetResult(o) is not null).Select(o => o.Name)];
            bool several = grid.IsAsked(parsed);
            DataSize size;
            Dataset? data = null;
            if (numbers.Length == 0)
            {
                if (width is not null) throw new UsageException($"--features {kind} is their number where there is no data set: give --nodes, --edges and --classes too");
                if (kind is not null) config = config with { Data = config.Data with { Features = kind } };
                (config, size, data) = OnDataset(config, terminal, cancellation);
            }
            else
            {
                if (choice.Dataset(parsed) is { } name) throw new UsageException($"{numbers[0]} is for a plan without a data set; leave out {name} or the numbers");
                config = config with { Dataset = "", Model = Architecture.Settle(config.Model) };
                size = FromNumbers(config,
                    parsed.GetValue(nodes) ?? throw Missing("--nodes"), parsed.GetValue(edges) ?? throw Missing("--edges"),
                    width ?? Positive(config.Data.RandomFeatures) ?? throw Missing("--features"),
                    parsed.GetValue(classes) ?? Positive(config.Data.RandomClasses) ?? throw Missing("--classes"), parsed.GetValue(entries));
                config = config with { Model = config.Model with { Recompute = config.Model.Recompute ?? TrainingJob.Recomputes(config.Model, size.Nodes, size.Edges) } };
            }
            if (several)
            {
                grid.Write(parsed, terminal, parsed.GetValue(json), config, size, data);
                return 0;
            }
            var plan = MemoryPlan.Of(size, config.Model, config.Training);
            if (parsed.GetValue(json)) terminal.Output.WriteLine(PlanView.Json(config, plan));
            else PlanView.Write(terminal, config, plan);
            return 0;
        }, shared: true);
        return verb;
    }

    private static (RunConfig Config, DataSize Size, Dataset Data) OnDataset(RunConfig config, Terminal terminal, CancellationToken cancellation)
    {
        var dataset = DataFetch.Open(config.Dataset, terminal, cancellation);
        cancellation.ThrowIfCancellationRequested();
        config = TrainingJob.Settle(config, dataset);
        var data = TrainingData.Prepare(dataset, config.Data, config.Model.Model, config.Run);
        return (config with { Model = TrainingJob.Model(config, data) }, DataSize.Of(data), data.Dataset);
    }

    // A graph without loops of its own, which is what adds most of them.
    private static DataSize FromNumbers(RunConfig config, long nodes, long edges, int features, int classes, long? entries) =>
        new(nodes, edges + (TrainingData.AddsLoops(config.Data, config.Model.Model) ? nodes : 0), features, classes) { FeatureEntries = entries };

    private static UsageException Missing(string option) => new($"{option} is missing: a plan without a data set needs --nodes, --edges, --features and --classes");

    private static int? Positive(int value) => value > 0 ? value : null;

    private static int? Width(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int width) && width > 0 ? width : null;
}
