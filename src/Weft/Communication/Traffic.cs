using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weft.Communication;

/// <summary>The operations of a communicator that <see cref="Metered"/> counts.</summary>
public enum Operation
{
    /// <summary><see cref="ICommunicator.Barrier"/>.</summary>
    Barrier,

    /// <summary>Copies of one member's data to all.</summary>
    Broadcast,

    /// <summary>Sums of everyone's data, for everyone.</summary>
    AllReduce,

    /// <summary>Everyone's pieces, for everyone.</summary>
    AllGather,

    /// <summary><see cref="ICommunicator.ReduceScatter"/>.</summary>
    ReduceScatter,

    /// <summary>A piece from everyone to everyone, begun and waited for or at once.</summary>
    AllToAll,

    /// <summary><see cref="ICommunicator.Receive"/>.</summary>
    Receive,
}

/// <summary>What one process received by one operation.</summary>
/// <param name="Calls">How often it was called.</param>
/// <param name="Words">Words received from other processes.</param>
/// <param name="Messages">Messages that a model of latency counts, one after another.</param>
/// <param name="Seconds">Time spent, waiting for others included.</param>
public readonly record struct Traffic(long Calls, long Words, long Messages, double Seconds)
{
    /// <summary>Both together.</summary>
    public static Traffic operator +(Traffic a, Traffic b) =>
        new(a.Calls + b.Calls, a.Words + b.Words, a.Messages + b.Messages, a.Seconds + b.Seconds);

    /// <summary>Both together.</summary>
    public static Traffic Add(Traffic left, Traffic right) => left + right;
}

/// <summary>What one process received by one operation in one place of a pass.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Layer">Number of the layer, from 1; 0 outside of passes.</param>
/// <param name="Direction">The pass.</param>
/// <param name="Traffic">What it received.</param>
public readonly record struct TrafficRow(Operation Operation, int Layer, Direction Direction, Traffic Traffic);

/// <summary>The counts of a process: one for a meter and all groups split from it.</summary>
internal sealed class TrafficLedger
{
    private readonly Dictionary<(Operation Operation, int Layer, Direction Direction), Traffic> rows = [];

    public int Layer { get; set; }

    public Direction Direction { get; set; }

    public IEnumerable<TrafficRow> Rows =>
        rows.Select(row => new TrafficRow(row.Key.Operation, row.Key.Layer, row.Key.Direction, row.Value))
            .OrderBy(row => row.Layer).ThenBy(row => row.Direction).ThenBy(row => row.Operation);

    public void Reset() => rows.Clear();

    public Traffic Sum(Operation? operation, int? layer, Direction? direction)
    {
        var total = default(Traffic);
        foreach (var (key, traffic) in rows)
            if ((operation ?? key.Operation) == key.Operation && (layer ?? key.Layer) == key.Layer && (direction ?? key.Direction) == key.Direction)
                total += traffic;
        return total;
    }

    /// <summary>Adds a call where the pass is now.</summary>
    public void Count(Operation operation, long words, long messages, long start) => Count(operation, Layer, Direction, new Traffic(1, words, messages, Since(start)));

    public void Count(Operation operation, int layer, Direction direction, Traffic traffic) =>
        CollectionsMarshal.GetValueRefOrAddDefault(rows, (operation, layer, direction), out _) += traffic;

    public static double Since(long start) => Stopwatch.GetElapsedTime(start).TotalSeconds;
}
