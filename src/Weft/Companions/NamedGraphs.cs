using System.Globalization;
using Weft.Graphs;

namespace Weft.Companions;

/// <summary>
/// Small graphs by name, on which the limits of message passing are shown: cycle:N, path:N, star:N, complete:N, decalin,
/// bicyclopentyl, rook and shrikhande; with + between them, side by side. Each edge is there in both directions.
/// </summary>
public static class NamedGraphs
{
    private const int Most = 10_000;

    /// <summary>The names, with N for a number of nodes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cycle:N", "path:N", "star:N", "complete:N", "decalin", "bicyclopentyl", "rook", "shrikhande"];

    /// <summary>The graph of this name; null where it is no such name.</summary>
    /// <exception cref="ArgumentException">The name is one of these, and its number of nodes is impossible.</exception>
    public static EdgeList? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var parts = name.Split('+').Select(One).ToArray();
        return parts.Contains(null) ? null : parts.Length == 1 ? parts[0] : GraphBatch.From(parts!).Edges;
    }

    private static EdgeList? One(string name)
    {
        string[] parts = name.Split(':');
        int Nodes(int fewest)
        {
            if (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= fewest && n <= Most) return n;
            throw new ArgumentException($"'{name}' is no graph: {parts[0]}:N with N from {fewest} to {Most} was expected");
        }

        return (parts[0], parts.Length) switch
        {
            ("cycle", _) when Nodes(3) is var n => Both(n, Enumerable.Range(0, n).Select(i => (i, (i + 1) % n))),
            ("path", _) when Nodes(1) is var n => Both(n, Enumerable.Range(0, n - 1).Select(i => (i, i + 1))),
            ("star", _) when Nodes(1) is var n => Both(n, Enumerable.Range(1, n - 1).Select(i => (0, i))),
            ("complete", _) when Nodes(1) is var n && n > 2000 => throw new ArgumentException($"'{name}' has {(long)n * (n - 1)} edges; at most 2000 nodes are possible in a complete graph"),
            ("complete", _) when Nodes(1) is var n => Both(n, Enumerable.Range(0, n).SelectMany(i => Enumerable.Range(i + 1, n - i - 1).Select(j => (i, j)))),
            // Two molecules of ten carbon atoms: two hexagons that share a side, and two pentagons joined by a bond.
            ("decalin", 1) => Both(10, Enumerable.Range(0, 10).Select(i => (i, (i + 1) % 10)).Append((0, 5))),
            ("bicyclopentyl", 1) => Both(10, Enumerable.Range(0, 5).SelectMany(i => new[] { (i, (i + 1) % 5), (5 + i, 5 + (i + 1) % 5) }).Append((0, 5))),
            // Two strongly regular graphs of 16 nodes, 6 neighbours, 2 common ones, whether adjacent or not.
            ("rook", 1) => Squares((dx, dy) => dx == 0 || dy == 0),
            ("shrikhande", 1) => Squares((dx, dy) => (dx, dy) is (0, 1) or (0, 3) or (1, 0) or (3, 0) or (1, 1) or (3, 3)),
            _ => null,
        };
    }

    // Nodes are the squares of a board of 4 × 4 whose opposite sides meet.
    private static EdgeList Squares(Func<int, int, bool> adjacent) => Both(16,
        from a in Enumerable.Range(0, 16)
        from b in Enumerable.Range(a + 1, 15 - a)
        where adjacent((b / 4 - a / 4 + 4) % 4, (b % 4 - a % 4 + 4) % 4)
        select (a, b));

    private static EdgeList Both(int nodes, IEnumerable<(int, int)> pairs)
    {
        var all = pairs.ToArray();
        return new(nodes, [.. all.Select(p => p.Item1), .. all.Select(p => p.Item2)], [.. all.Select(p => p.Item2), .. all.Select(p => p.Item1)]);
    }
}
