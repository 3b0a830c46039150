using System.Diagnostics;
using Weft.Communication;
using Weft.Memory;

namespace Weft.Tests.Mpi;

/// <summary>
/// What every rank of a job runs that <see cref="MpiTierTests"/> has started with a launcher: this assembly, as a program.
/// </summary>
internal static class MpiTier
{
    /// <summary>The first argument of the program.</summary>
    public const string Argument = "--mpi-tier";

    /// <summary>What the ranks check together. A check that fails ends the job.</summary>
    public static readonly Dictionary<string, Action<MpiCommunicator>> Checks = new()
    {
        ["spans"] = CollectiveChecks.Spans,
        ["matrices"] = CollectiveChecks.Matrices,
        ["large-counts"] = CollectiveChecks.LargeCounts,
        ["fast-reductions"] = CollectiveChecks.FastReductions,
        ["split"] = CollectiveChecks.Split,
        ["long-broadcasts"] = BroadcastChecks.Long,
        ["messages"] = CollectiveChecks.Messages,
        ["overlap"] = CollectiveChecks.Overlap,
        ["meter"] = CollectiveChecks.Meter,
        ["errors"] = ProcessChecks.Errors,
        ["managed-faults"] = ProcessChecks.ManagedFaults,
        ["threads"] = ProcessChecks.Threads,
        ["allocation"] = ProcessChecks.Allocation,
        ["waiting"] = ProcessChecks.Waiting,
        ["layers"] = LayerChecks.LayersOnGrids,
        ["layer-bits"] = LayerChecks.SameBitsAsThreads,
        ["layer-reproducible"] = LayerChecks.Reproducible,
        ["layer-cagnet"] = LayerChecks.CagnetSchemes,
        ["layer-training"] = LayerChecks.Training,
    };

    /// <summary>What ends a job in another way than well.</summary>
    private static readonly Dictionary<string, Func<int>> Scenarios = new()
    {
        ["throw"] = FaultScenarios.Throw,
        ["throw-in-run"] = FaultScenarios.ThrowInRun,
        ["kill"] = FaultScenarios.Kill,
        ["stuck"] = FaultScenarios.Stuck,
        ["start"] = FaultScenarios.Start,
        ["start-twice"] = FaultScenarios.StartTwice,
        ["latency"] = FaultScenarios.Latency,
        ["loop"] = FaultScenarios.Loop,
        ["wire"] = WireScenario.Run,
    };

    public static int Run(string[] names)
    {
        if (names is [var only] && Scenarios.TryGetValue(only, out var scenario)) return scenario();
        using var world = MpiCommunicator.Start();
        if (world.Rank == 0) Console.WriteLine($"{world.Library}, {world.Size} ranks, {Matrix.BytesPerEntry} bytes a number");
        foreach (string name in names)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                Checks[name](world);
            }
            catch (Exception failure)
            {
                world.Abort(new InvalidOperationException($"check {name}: {failure}", failure));
            }
            world.Barrier();
            if (world.Rank == 0) Console.WriteLine($"passed {name} ({Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms)");
        }
        return 0;
    }
}
