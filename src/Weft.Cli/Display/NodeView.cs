using System.Globalization;
using Spectre.Console;
using Weft.Analysis;

namespace Weft.Cli.Display;

/// <summary>One node's way through a network: its row of every node matrix, and the rows of its in-edges of every edge matrix.</summary>
internal static class NodeView
{
    private const int Values = 5;

    /// <summary>Refuses a node or head that the trace does not have.</summary>
    public static void Check(Trace trace, int node, int? head)
    {
        var nodes = trace.Entries.Where(entry => entry.Rows == TraceRows.Nodes).ToArray();
        if (nodes.Length == 0) throw new UsageException($"--node is {node}: this case has no nodes to follow");
        long count = nodes.Max(entry => entry.Array.Shape[Axis(entry)]);
        if (node >= count) throw new UsageException($"--node is {node}: expected 0 … {count - 1}");
        long heads = trace.Entries.Where(HasHeads).Select(entry => entry.Array.Shape[0]).DefaultIfEmpty(0).Max();
        if (head >= heads) throw new UsageException(heads == 0 ? $"--head is {head}: no layer of this trace has heads" : $"--head is {head}: expected 0 … {heads - 1}");
    }

    /// <summary>Shows the node's rows in data-flow order.</summary>
    public static void Write(Terminal terminal, Trace trace, IEnumerable<TraceEntry> entries, int node, int? head)
    {
        int[] inEdges = [.. Enumerable.Range(0, trace.Edges.Count).Where(e => trace.Edges[e].Destination == node)];
        var table = Figures.Table("name", "head", "edge", "values");
        foreach (var entry in entries)
        {
            if (entry.Rows == TraceRows.None) continue;
            foreach (int k in Heads(entry, head))
            {
                if (entry.Rows == TraceRows.Nodes) Add(entry, k, node, "");
                else foreach (int e in inEdges) Add(entry, k, e, $"{trace.Edges[e].Source}→{node}");
            }
        }
        terminal.Person.Write(table);

        void Add(TraceEntry entry, int k, int row, string edge) =>
            table.AddRow(Figures.Row(entry.Name, HasHeads(entry) ? k.ToString(CultureInfo.InvariantCulture) : "", edge, Row(entry, k, row)));
    }

    private static IEnumerable<int> Heads(TraceEntry entry, int? head) =>
        !HasHeads(entry) ? [0] : head is null ? Enumerable.Range(0, (int)entry.Array.Shape[0]) : head < entry.Array.Shape[0] ? [head.Value] : [];

    // Heads lead in every file; a node matrix without them has the layout [N, width].
    private static bool HasHeads(TraceEntry entry) => entry.HeadsLead;

    private static int Axis(TraceEntry entry) => HasHeads(entry) ? 1 : 0;

    private static string Row(TraceEntry entry, int head, int row)
    {
        var (array, axis) = (entry.Array, Axis(entry));
        long width = array.Shape.Skip(axis + 1).Aggregate(1L, (product, size) => product * size);
        long first = ((axis == 1 ? head * array.Shape[1] : 0) + row) * width;
        var values = Enumerable.Range(0, (int)Math.Min(width, Values))
            .Select(c => Figures.Short(Convert.ToDouble(array.Data.GetValue(first + c), CultureInfo.InvariantCulture)).PadLeft(8));
        return string.Join(' ', values) + (width > Values ? $" +{width - Values}" : "");
    }
}
