using System.Globalization;
using Spectre.Console;
using Weft.Training;

namespace Weft.Cli.Display;

/// <summary>A plan: a table for a person, one JSON object for a program. MB are 2²⁰ bytes.</summary>
internal static class PlanView
{
    private const int MostNames = 3;

    private static readonly (MemoryPart Part, string Key, string Name)[] DataParts =
        [(MemoryPart.Features, "features_mb", "features"), (MemoryPart.Edges, "edges_mb", "edges"), (MemoryPart.Labels, "labels_mb", "labels and split")];

    private static readonly (MemoryPart Part, string Key, string Name)[] TrainingParts =
    [
        (MemoryPart.Parameters, "parameters_mb", "parameters and gradients"),
        (MemoryPart.Optimizer, "optimizer_mb", "optimiser"),
        (MemoryPart.Best, "best_parameters_mb", "best parameters"),
        (MemoryPart.Graph, "graph_mb", "graph by source, normalised"),
        (MemoryPart.Loss, "loss_mb", "gradient of the loss"),
    ];

    public static void Write(Terminal terminal, RunConfig config, MemoryPlan plan)
    {
        var size = plan.Size;
        terminal.Say(string.Create(CultureInfo.InvariantCulture,
            $"{config.Model.Model}, {plan.Parameters:N0} parameters, on {size.Nodes:N0} nodes, {size.Edges:N0} edges, {size.Features:N0} features{(size.FeatureEntries is { } z ? $" ({z:N0} entries)" : "")}, {size.Classes} classes"));
        ModelView.Write(terminal, plan.Layers);
        var table = Figures.Table("");
        table.AddColumn(Figures.Right("MB"));
        table.AddColumn(new TableColumn(new Text("")) { Padding = new Padding(0, 0, 0, 0) });
        void Row(string name, long bytes, string what = "") => table.AddRow(Figures.Row(name, Mb(bytes).ToString("N1", CultureInfo.InvariantCulture), what));
        foreach (var (part, _, name) in DataParts) Row("data: " + name, plan.Parts[part]);
        foreach (var (part, _, name) in TrainingParts) Row(name, plan.Parts[part]);
        foreach (var layer in plan.Buffers.GroupBy(b => (b.Layer, b.Kind)))
            Row($"layer {layer.Key.Layer + 1}, {layer.Key.Kind}", layer.Sum(b => b.Bytes), Largest([.. layer]));
        Row("temporary, all layers in turn", plan.Parts[MemoryPart.Temporary]);
        Row("beyond the data", plan.BeyondDataBytes, string.Create(CultureInfo.InvariantCulture, $"{Mb(plan.WorkspaceBytes):N1} of it buffers of layers"));
        Row("in all", plan.TotalBytes, "and the program itself, some 60 MB");
        terminal.Person.Write(table);
    }

    public static string Json(RunConfig config, MemoryPlan plan)
    {
        var figures = new Dictionary<string, object?>
        {
            ["dataset"] = config.Dataset.Length > 0 ? config.Dataset : null,
            ["model"] = config.Model.Model,
            ["nodes"] = plan.Size.Nodes,
            ["edges"] = plan.Size.Edges,
            ["features"] = plan.Size.Features,
            ["feature_entries"] = plan.Size.FeatureEntries,
            ["classes"] = plan.Size.Classes,
            ["parameters"] = plan.Parameters,
            ["precision"] = sizeof(Real) * 8,
        };
        foreach (var (part, key, _) in DataParts.Concat(TrainingParts)) figures[key] = Rounded(plan.Parts[part]);
        figures["temporary_mb"] = Rounded(plan.Parts[MemoryPart.Temporary]);
        figures["workspace_mb"] = Rounded(plan.WorkspaceBytes);
        figures["data_mb"] = Rounded(plan.DataBytes);
        figures["memory_beyond_data_mb"] = Rounded(plan.BeyondDataBytes);
        figures["total_mb"] = Rounded(plan.TotalBytes);
        figures["layers"] = ModelView.Json(plan.Layers);
        figures["buffers"] = plan.Buffers.Select(b => new { Layer = b.Layer + 1, b.Kind, b.Name, Mb = Rounded(b.Bytes) });
        return JsonLine.Of(figures);
    }

    private static string Largest(PlannedBuffer[] buffers)
    {
        var largest = buffers.OrderByDescending(b => b.Bytes).Take(MostNames);
        string names = string.Join(", ", largest.Select(b => string.Create(CultureInfo.InvariantCulture, $"{b.Name} {Mb(b.Bytes):N1}")));
        return buffers.Length > MostNames ? $"{names}, …" : names;
    }

    private static double Rounded(long bytes) => Math.Round(Mb(bytes), 4);

    private static double Mb(long bytes) => bytes / (double)(1 << 20);
}
