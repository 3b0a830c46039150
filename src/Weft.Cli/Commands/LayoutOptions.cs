using System.CommandLine;
using Weft.Distributed;
using Weft.Distributed.Partitioning;

namespace Weft.Cli.Commands;

/// <summary>How processes share a run's graph. None of it is kept in the run: it may go on with another layout, or alone.</summary>
/// <param name="Grid">Name of the grid; null for auto.</param>
/// <param name="Processes">Ranks to play in threads; null where a launcher started the processes.</param>
/// <param name="Partition">Name of the partitioner; null for the parts that a set comes in, or blocks.</param>
/// <param name="Reduction">fast, deterministic or reproducible.</param>
/// <param name="Exchange">halo or dense.</param>
internal sealed record Layout(string? Grid, int? Processes, string? Partition, string Reduction, string Exchange);

/// <summary>The options of <c>weft train</c> that say how processes share the graph.</summary>
internal sealed class LayoutOptions
{
    private const int MostInThreads = 4096;

    private readonly Option<string> grid = Ask.Word("--grid", $"How processes share the graph: {GridName.Forms} [auto]", "GRID");
    private readonly Option<int?> processes = Ask.WholeIfGiven("--processes", "Play so many processes in threads; under mpirun the launcher says how many", 1, MostInThreads);
    private readonly Option<string> partition = Ask.Choice("--partition", "Which nodes a process owns [the parts of the set, else block]", null, [.. Partitioners.Names]);
    private readonly Option<string> reduction = Ask.Choice("--reduction", "Sums over processes: in rank order, as fast as MPI likes, or with the same bits for any number of processes", "deterministic", "deterministic", "fast", "reproducible");
    private readonly Option<string> exchange = Ask.Choice("--exchange", "Rows that processes send: those that edges need, or all", "halo", "halo", "dense");

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command verb)
    {
        foreach (var option in new Option[] { grid, processes, partition, reduction, exchange }) verb.Options.Add(option);
    }

    /// <summary>What the command line says; null where it says nothing of sharing.</summary>
    public Layout? Read(ParseResult parsed, bool launched)
    {
        var given = new Option[] { grid, processes, partition, reduction, exchange }.Where(o => parsed.GetResult(o) is { Implicit: false }).ToArray();
        if (given.Length == 0 && !launched) return null;
        if (launched && parsed.GetValue(processes) is not null) throw new UsageException("--processes plays processes in threads; under a launcher its -n says how many there are");
        string? name = parsed.GetValue(grid) is { } text && text != "auto" ? text : null;
        int? count = launched ? null : parsed.GetValue(processes) ?? Count(name);
        if (!launched && count is null) throw new UsageException($"{given[0].Name} is for several processes: add --processes P, or start them with mpirun -n P weft train …");
        if (parsed.GetValue(reduction) == "reproducible" && parsed.GetValue(partition) is not (null or "block"))
            throw new UsageException("--reduction reproducible keeps the order of the nodes, whatever the number of processes: leave out --partition");
        return new Layout(name, count, parsed.GetValue(partition), parsed.GetValue(reduction)!, parsed.GetValue(exchange)!);
    }

    // A grid that is given by its sizes says how many processes it needs.
    private static int? Count(string? grid)
    {
        long product = 1;
        foreach (string size in (grid ?? "").ToLowerInvariant().Split('x', '×'))
        {
            if (!int.TryParse(size, out int number) || number < 1) return null;
            product *= number;
            if (product > MostInThreads) throw new UsageException($"a grid of {grid} has more than {MostInThreads} processes, too many to be played in threads: start them with mpirun");
        }
        return (int)product;
    }
}
