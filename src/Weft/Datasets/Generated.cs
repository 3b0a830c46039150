using Weft.Graphs;
using Weft.Memory;

namespace Weft.Datasets;

/// <summary>Generated graphs for tests of speed and behaviour. A seed means the same graph on every platform.</summary>
public static class Generated
{
    // Adding pairs apart from drawing them saves a fifth of the time: the waits for memory of a few pairs overlap.
    private const int PairsAtOnce = 1024;

    /// <summary>A stochastic block model: equal blocks, which are the classes, and features that hint at them.</summary>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="classes">Number of blocks.</param>
    /// <param name="degree">Mean number of neighbours of a node.</param>
    /// <param name="homophily">Share of edges inside a block, 0 … 1.</param>
    /// <param name="features">Width of the dense features, F; 0 for none. Uniform in −1 … 1, plus 1 in column class mod F.</param>
    /// <param name="seed">Seed.</param>
    /// <exception cref="ArgumentException">A size is out of range, or there is no room for so many edges.</exception>
    public static Dataset StochasticBlocks(int nodes, int classes, double degree, double homophily, int features, long seed)
    {
        if (classes < 2 || nodes < 2L * classes) throw new ArgumentException($"{nodes} nodes in {classes} blocks: at least 2 blocks of 2 nodes are needed");
        if (homophily is not (>= 0 and <= 1)) throw new ArgumentException($"homophily {homophily}: 0 … 1 was expected");
        ArgumentOutOfRangeException.ThrowIfNegative(features);
        var random = new SeededRandom((ulong)seed);
        int[] labels = [.. Enumerable.Range(0, nodes).Select(i => i % classes)];
        random.Shuffle(labels);
        int[][] members = [.. Enumerable.Range(0, classes).Select(c => Enumerable.Range(0, nodes).Where(i => labels[i] == c).ToArray())];
        var edges = Pairs(nodes, degree, () =>
        {
            int i = random.Below(nodes), other = random.Uniform() < homophily ? labels[i] : (labels[i] + 1 + random.Below(classes - 1)) % classes;
            return (i, members[other][random.Below(members[other].Length)]);
        });
        var x = Matrix.Allocate(nodes, features);
        for (int i = 0; i < nodes; i++)
            for (int j = 0; j < features; j++)
                x[i, j] = (Real)(2 * random.Uniform() - 1 + (j == labels[i] % features ? 1 : 0));
        return new Dataset { Name = $"sbm-{nodes}", Edges = edges, Features = features > 0 ? x : default(NodeMatrix), Labels = labels, Classes = classes };
    }

    /// <summary>
    /// R-MAT (Chakrabarti, Zhan and Faloutsos 2004): 2^scale nodes, directed edges that fall into the quarters of the
    /// adjacency matrix with the given chances, again and again. Self-loops and repeats are dropped, so fewer than edgeFactor · 2^scale stay.
    /// </summary>
    /// <exception cref="ArgumentException">The scale is not 1 … 26, or the chances do not leave one for the last quarter.</exception>
    public static Dataset Rmat(int scale, int edgeFactor, double a, double b, double c, long seed)
    {
        var edges = new RecursiveMatrix(scale, edgeFactor, a, b, c, seed).Checked().ToEdges();
        return new Dataset { Name = $"rmat-{scale}", Edges = edges.WithoutSelfLoops().Simple() };
    }

    /// <summary>A symmetric graph whose expected degrees follow a power law of the given exponent (Chung and Lu 2002), in a random order of the nodes.</summary>
    /// <exception cref="ArgumentException">The exponent is not above 2, or there is no room for so many edges.</exception>
    public static Dataset PowerLaw(int nodes, double degree, double exponent, long seed)
    {
        if (exponent is not (> 2 and <= 100)) throw new ArgumentException($"exponent {exponent}: above 2 was expected");
        if (nodes < 2) throw new ArgumentException($"{nodes} nodes: at least 2 were expected");
        var random = new SeededRandom((ulong)seed);
        int[] rank = random.Permutation(nodes);
        double power = -1 / (exponent - 1);
        var choice = new WeightedChoice([.. Enumerable.Range(0, nodes)], i => ExactPower.Of(rank[i] + 1, power));
        return new Dataset { Name = $"powerlaw-{nodes}", Edges = Pairs(nodes, degree, () => (choice.Draw(random), choice.Draw(random))) };
    }

    /// <summary>A grid of rows × columns nodes, each joined with its neighbours, with the diagonal ones too if asked.</summary>
    /// <exception cref="ArgumentException">A side is below 1, or there are too many nodes.</exception>
    public static Dataset Grid(int rows, int columns, bool diagonals)
    {
        if (rows < 1 || columns < 1 || (long)rows * columns > 1 << 27) throw new ArgumentException($"a grid of {rows} × {columns}: sides of at least 1 and at most 2^27 nodes were expected");
        var (source, destination) = (new List<int>(), new List<int>());
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++)
                for (int down = -1; down <= 1; down++)
                    for (int right = -1; right <= 1; right++)
                    {
                        if (down == 0 && right == 0 || !diagonals && down != 0 && right != 0) continue;
                        if ((uint)(r + down) >= (uint)rows || (uint)(c + right) >= (uint)columns) continue;
                        source.Add(r * columns + c);
                        destination.Add((r + down) * columns + c + right);
                    }
        return new Dataset { Name = $"grid-{rows}x{columns}", Edges = new EdgeList((long)rows * columns, [.. source], [.. destination]) };
    }

    // Both directions of nodes · degree / 2 different pairs.
    private static EdgeList Pairs(int nodes, double degree, Func<(int, int)> draw)
    {
        double wanted = degree * nodes / 2;
        if (!(degree >= 0 && degree <= nodes / 2.0 && wanted <= 1 << 29))
            throw new ArgumentException($"a mean degree of {degree} on {nodes} nodes: 0 … {nodes / 2.0} and at most 2^29 pairs were expected");
        var known = new PairSet(nodes, (int)wanted);
        var ends = new int[2 * PairsAtOnce];
        // Draws that repeat a pair are lost; where hubs have all their pairs already, the graph stays a little smaller.
        for (long left = (long)Math.Ceiling(20 * wanted); known.Count < (int)wanted && left > 0;)
        {
            // Never more than are missing: what is drawn is what would be drawn one pair at a time.
            int pairs = (int)Math.Min(left, Math.Min(PairsAtOnce, (int)wanted - known.Count));
            for (int p = 0; p < pairs; p++) (ends[2 * p], ends[2 * p + 1]) = draw();
            known.Add(ends.AsSpan(0, 2 * pairs));
            left -= pairs;
        }
        return known.ToEdges();
    }
}
