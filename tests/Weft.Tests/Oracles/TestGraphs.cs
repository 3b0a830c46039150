namespace Weft.Tests.Oracles;

/// <summary>
/// Seeded graphs that break careless code: directed, weighted, with empty rows, an isolated node, self-loops, parallel edges
/// and hubs. Weights are multiples of 1/64, features of 1/4096: exact in single precision too.
/// </summary>
internal static class TestGraphs
{
    /// <summary>One node, no edge.</summary>
    public static OracleGraph Single { get; } = new("1 node, no edge", 1, [], [], []);

    /// <summary>One node with its self-loop listed twice.</summary>
    public static OracleGraph SingleWithLoops { get; } = new("1 node, two loops", 1, [0, 0], [0, 0], [0.5, 1.25]);

    public static OracleGraph Edgeless { get; } = new("5 nodes, no edge", 5, [], [], []);

    public static OracleGraph Seven { get; } = Random("7 nodes", 7, 12, seed: 7);

    /// <summary>Weights of both signs: node 4's in-weights with an added loop sum to exactly 0, node 5's to less.</summary>
    public static OracleGraph Negative { get; } = new(
        "6 nodes, negative weights", 6,
        [0, 3, 5, 4, 2, 3, 0, 4], [3, 4, 4, 5, 5, 2, 2, 0], [0.75, -1.5, 0.5, -3, 0.25, 1.5, -0.25, 2]);

    public static OracleGraph Forty { get; } = Random("40 nodes", 40, 150, seed: 40);

    public static OracleGraph ThreeHundred { get; } = Random("300 nodes", 300, 900, seed: 300);

    /// <summary>300 nodes; one has 8,500 in-edges (three pieces of 4,096), another 4,300 out-edges. Most are parallel.</summary>
    public static OracleGraph Hub { get; } = Random("300 nodes with hubs", 300, 500, seed: 301, inHub: 8_500, outHub: 4_300);

    /// <summary>All of them but the hub, which is slow in an oracle.</summary>
    public static OracleGraph[] Small { get; } = [Single, SingleWithLoops, Edgeless, Seven, Negative, Forty, ThreeHundred];

    public static OracleGraph[] All { get; } = [.. Small, Hub];

    /// <summary>
    /// A random directed multigraph in which node 0 has no in-edge, node 1 no edge at all, node 2 only its own loop as in-edge,
    /// node 3 a single in-edge and node 4 the same in-edge three times, once with each of three weights.
    /// </summary>
    public static OracleGraph Random(string name, int nodes, int edges, int seed, int inHub = 0, int outHub = 0)
    {
        var random = new Random(seed);
        var list = new List<(int Source, int Destination)> { (2, 2), (0, 3), (5, 4), (5, 4), (5, 4), (6, 6) };
        int Source()
        {
            int j = random.Next(nodes - 1);
            return j == 0 ? 0 : j + 1;
        }

        while (list.Count < edges) list.Add((Source(), random.Next(5, nodes)));
        for (int e = 0; e < inHub; e++) list.Add((Source(), nodes - 1));
        for (int e = 0; e < outHub; e++) list.Add((nodes - 2, random.Next(5, nodes)));
        var shuffled = list.ToArray();
        random.Shuffle(shuffled);
        return new OracleGraph(name, nodes, [.. shuffled.Select(e => e.Source)], [.. shuffled.Select(e => e.Destination)],
            [.. shuffled.Select(_ => random.Next(8, 129) / 64.0)]);
    }

    /// <summary>Numbers between −scale and scale, multiples of 1/4096 for a scale of 1.</summary>
    public static double[,] Numbers(int rows, int columns, int seed, double scale = 1)
    {
        var random = new Random(seed);
        var values = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) values[i, j] = random.Next(-4096, 4097) / 4096.0 * scale;
        return values;
    }
}
