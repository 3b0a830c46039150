using Weft.Training;

namespace Weft.Cli.Commands;

/// <summary>A run that has ended: the figures of its summary, without the trainer and its memory.</summary>
internal sealed record RunOutcome
{
    public required RunConfig Config { get; init; }

    public required string Split { get; init; }

    public required long Nodes { get; init; }

    public required long Edges { get; init; }

    public required long Features { get; init; }

    public required long Classes { get; init; }

    public required IReadOnlyList<string>? ClassNames { get; init; }

    public required long Parameters { get; init; }

    public required int Epochs { get; init; }

    public required int BestEpoch { get; init; }

    public required Scores Scores { get; init; }

    /// <summary>Of each epoch that was run here: none for a run that had ended before it was resumed.</summary>
    public required IReadOnlyList<double> StepMilliseconds { get; init; }

    public required IReadOnlyList<double> ForwardMilliseconds { get; init; }

    public required string ParametersSha256 { get; init; }

    public required string BestParametersSha256 { get; init; }

    /// <summary>MB of 2²⁰ bytes; NaN if no epoch was run.</summary>
    public required double MemoryBeyondData { get; init; }

    public required long WorkspaceBytes { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Seconds from the start of the process to the first epoch; NaN if no epoch was run.</summary>
    public required double StartSeconds { get; init; }

    public required string Folder { get; init; }

    /// <summary>The layers, where they were asked for.</summary>
    public IReadOnlyList<LayerSummary>? Layers { get; init; }

    /// <summary>What it cost to share the graph; null for a process alone.</summary>
    public required Sharing? Sharing { get; init; }

    /// <summary>What sampling did and cost in <see cref="SampledSeconds"/>; null where no batches were drawn.</summary>
    public required SamplingFigures? Sampling { get; init; }

    /// <summary>Time of the steps of all epochs but the first, which waits for the compiler; of the first if it was the only one.</summary>
    public double SampledSeconds => StepMilliseconds.Skip(StepMilliseconds.Count > 1 ? 1 : 0).Sum() / 1000;
}
