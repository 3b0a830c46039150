using System.Numerics;

namespace Weft.Graphs;

/// <summary>
/// Orders in which the nodes of a graph may lie in memory. An order lists the nodes: the first is the node whose rows come first.
/// Each is a function of the graph alone, so two runs, and any numbers of threads, agree.
/// </summary>
/// <remarks>
/// A neighbour's row is found in a cache where neighbours lie near one another, or where the rows that most edges ask for lie
/// together. Which of the two a graph has to give, its data decide; a random graph has neither.
/// </remarks>
public static class NodeOrder
{
    private const int Sweeps = 6;

    /// <summary>Fewer nodes than these have rows that fit a processor's caches in any order.</summary>
    private const int WorthOrdering = 30_000;

    /// <summary>Places that are near: rows of 64 numbers between them fit a core's own cache.</summary>
    private const int NearPlaces = 4096;

    /// <summary>
    /// A random graph of a power law gains 0.12 by its clusters and nothing in time, one of planted communities 0.74 and half
    /// of an epoch's time.
    /// </summary>
    private const double ClearlyMore = 0.25;

    /// <summary>Names of the orders: none, degree, rcm, cluster, auto.</summary>
    public static IReadOnlyList<string> Names { get; } = ["none", "degree", "rcm", "cluster", "auto"];

    /// <summary>The order of this name; null for "none", and for "auto" where no other order is worth its time.</summary>
    /// <exception cref="ArgumentException">There is no such order.</exception>
    public static int[]? Named(string name, EdgeList edges) => name switch
    {
        "none" => null,
        "degree" => ByDegree(edges),
        "rcm" => ReverseCuthillMcKee(edges),
        "cluster" => Clusters(edges),
        "auto" => Auto(edges),
        _ => throw new ArgumentException($"there is no order '{name}'; use {string.Join(", ", Names)}"),
    };

    /// <summary>
    /// <see cref="Clusters"/> for a large graph whose own order has little locality, if they have clearly more; null otherwise.
    /// </summary>
    /// <returns>[N], or null</returns>
    public static int[]? Auto(EdgeList edges)
    {
        ArgumentNullException.ThrowIfNull(edges);
        if (edges.Nodes < WorthOrdering) return null;
        double own = Locality(edges, null);
        if (own > 0.5) return null;
        int[] order = Clusters(edges);
        return Locality(edges, order) >= own + ClearlyMore ? order : null;
    }

    /// <summary>Share of the edges, loops left out, whose two nodes lie near one another in memory.</summary>
    /// <param name="edges">The edges.</param>
    /// <param name="order">The order; null for that of the numbers.</param>
    public static double Locality(EdgeList edges, int[]? order)
    {
        ArgumentNullException.ThrowIfNull(edges);
        var place = new int[edges.Nodes];
        for (int i = 0; i < place.Length; i++) place[order is null ? i : order[i]] = i;
        long near = 0, count = 0;
        for (int e = 0; e < edges.Count; e++)
        {
            if (edges.Source[e] == edges.Destination[e]) continue;
            count++;
            if (Math.Abs(place[edges.Source[e]] - place[edges.Destination[e]]) < NearPlaces) near++;
        }
        return count == 0 ? 1 : (double)near / count;
    }

    /// <summary>Nodes of the most edges, in and out, first: the rows that most edges ask for lie together.</summary>
    /// <returns>[N]</returns>
    public static int[] ByDegree(EdgeList edges)
    {
        ArgumentNullException.ThrowIfNull(edges);
        int[] degree = edges.InDegrees();
        foreach (int j in edges.Source) degree[j]++;
        return ByDegree(degree, descending: true);
    }

    /// <summary>
    /// Breadth first from a node of small degree at the rim of each component, neighbours of small degree first, and all of that
    /// backwards: neighbours lie near one another where the graph is like a mesh. Directions do not count.
    /// </summary>
    /// <remarks>Cuthill and McKee's order, reversed as George proposed; the start is found by their repeated search for the rim.</remarks>
    /// <returns>[N]</returns>
    public static int[] ReverseCuthillMcKee(EdgeList edges)
    {
        ArgumentNullException.ThrowIfNull(edges);
        var graph = Undirected(edges);
        int n = (int)graph.Rows;
        int[] degree = [.. Enumerable.Range(0, n).Select(graph.Degree)];
        var (order, level) = (new int[n], new int[n]);
        Array.Fill(level, -1);
        var byDegree = Comparer<int>.Create((a, b) => degree[a] != degree[b] ? degree[a].CompareTo(degree[b]) : a.CompareTo(b));
        int done = 0;
        foreach (int root in ByDegree(degree, descending: false))
        {
            if (level[root] >= 0) continue;
            int start = root, depth = -1;
            // From the rim the levels are more and narrower; two or three searches find it.
            for (int search = 0; search < 3; search++)
            {
                int end = BreadthFirst(start, null);
                int farthest = level[order[end - 1]], candidate = order[end - 1];
                for (int p = end - 1; p >= done && level[order[p]] == farthest; p--)
                    if (byDegree.Compare(order[p], candidate) < 0) candidate = order[p];
                for (int p = done; p < end; p++) level[order[p]] = -1;
                if (farthest <= depth) break;
                (depth, start) = (farthest, candidate);
            }
            done = BreadthFirst(start, byDegree);
        }
        Array.Reverse(order);
        return order;

        int BreadthFirst(int start, Comparer<int>? among)
        {
            int end = done;
            (order[end++], level[start]) = (start, 0);
            for (int p = done; p < end; p++)
            {
                int from = end;
                foreach (int neighbour in graph.Row(order[p]))
                {
                    if (level[neighbour] >= 0) continue;
                    level[neighbour] = level[order[p]] + 1;
                    order[end++] = neighbour;
                }
                if (among is not null) order.AsSpan(from, end - from).Sort(among);
            }
            return end;
        }
    }

    /// <summary>
    /// Communities together, and communities that many edges join near one another: nodes take the label that most of their
    /// neighbours have, in some sweeps, and labels follow each other breadth first. Directions do not count.
    /// </summary>
    /// <remarks>Label propagation (Raghavan, Albert and Kumara), with a bound on the size of a label so that none takes all.</remarks>
    /// <returns>[N]</returns>
    public static int[] Clusters(EdgeList edges)
    {
        ArgumentNullException.ThrowIfNull(edges);
        var graph = Undirected(edges);
        int n = (int)graph.Rows;
        int[] label = Propagate(graph, n);
        // Members of each label, and of each label the others that its nodes' neighbours have.
        var members = EdgeView.Group(label, [.. Enumerable.Range(0, n)], n, n, out _);
        var (order, placed) = (new int[n], new bool[n]);
        var queue = new Queue<int>();
        int at = 0;
        for (int node = 0; node < n; node++)
        {
            Enqueue(label[node]);
            while (queue.TryDequeue(out int community))
                for (long q = members.Pointers[community]; q < members.Pointers[community + 1]; q++)
                {
                    int member = members.Index[q];
                    order[at++] = member;
                    foreach (int neighbour in graph.Row(member)) Enqueue(label[neighbour]);
                }
        }
        return order;

        void Enqueue(int community)
        {
            if (placed[community]) return;
            placed[community] = true;
            queue.Enqueue(community);
        }
    }

    // A label's size is bounded so that its rows, of some hundred numbers, fit a core's own cache.
    private static int[] Propagate(Adjacency graph, int n)
    {
        const int Largest = 2048;
        int[] label = [.. Enumerable.Range(0, n)], size = [.. Enumerable.Repeat(1, n)], count = new int[n];
        var seen = new List<int>();
        // Neighbouring numbers are far apart in this walk, so that no label runs along with it. A stride without a divisor in
        // common with n visits every node once.
        long stride = (long)(n * 0.6180339887498949) | 1;
        while (BigInteger.GreatestCommonDivisor(stride, n) > 1) stride += 2;
        for (int sweep = 0; sweep < Sweeps; sweep++)
        {
            int changed = 0;
            for (int step = 0; step < n; step++)
            {
                int node = (int)(step * stride % n);
                seen.Clear();
                foreach (int neighbour in graph.Row(node))
                    if (count[label[neighbour]]++ == 0) seen.Add(label[neighbour]);
                int best = label[node], most = count[best];
                foreach (int candidate in seen)
                {
                    if (count[candidate] > most && (candidate == label[node] || size[candidate] < Largest)) (best, most) = (candidate, count[candidate]);
                }
                foreach (int candidate in seen) count[candidate] = 0;
                if (best == label[node]) continue;
                size[label[node]]--;
                size[best]++;
                label[node] = best;
                changed++;
            }
            if (changed < n / 100) break;
        }
        return label;
    }

    private static int[] ByDegree(int[] degree, bool descending)
    {
        int[] order = [.. Enumerable.Range(0, degree.Length)];
        long[] keys = Array.ConvertAll(order, i => ((long)(descending ? int.MaxValue - degree[i] : degree[i]) << 32) | (uint)i);
        Array.Sort(keys, order);
        return order;
    }

    /// <summary>Neighbours of each node, loops left out.</summary>
    private readonly record struct Adjacency(long[] Pointers, int[] Index)
    {
        public long Rows => Pointers.Length - 1;

        public int Degree(int i) => (int)(Pointers[i + 1] - Pointers[i]);

        public ReadOnlySpan<int> Row(int i) => Index.AsSpan((int)Pointers[i], Degree(i));
    }

    private static Adjacency Undirected(EdgeList edges)
    {
        var pointers = new long[edges.Nodes + 1];
        for (int e = 0; e < edges.Count; e++)
        {
            if (edges.Source[e] == edges.Destination[e]) continue;
            pointers[edges.Source[e] + 1]++;
            pointers[edges.Destination[e] + 1]++;
        }
        for (int i = 0; i < edges.Nodes; i++) pointers[i + 1] += pointers[i];
        var next = pointers.AsSpan(0, (int)edges.Nodes).ToArray();
        var index = new int[pointers[^1]];
        for (int e = 0; e < edges.Count; e++)
        {
            if (edges.Source[e] == edges.Destination[e]) continue;
            index[next[edges.Source[e]]++] = edges.Destination[e];
            index[next[edges.Destination[e]]++] = edges.Source[e];
        }
        return new Adjacency(pointers, index);
    }
}
