using Weft.Memory;

namespace Weft.Graphs;

/// <summary>
/// A directed graph as files hold it: edge e runs from Source[e] to Destination[e]. Parallel edges and self-loops are edges
/// like any other. Every operation keeps the order of the edges that were there and adds new ones after them.
/// </summary>
public sealed class EdgeList
{
    /// <summary>A graph over the given arrays, which are kept.</summary>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="source">Source of each edge, 0 … N − 1; [E].</param>
    /// <param name="destination">Destination of each edge, 0 … N − 1; [E].</param>
    /// <param name="weight">Weight of each edge, [E]; null where every weight is 1.</param>
    /// <param name="features">Features of each edge, [E, D_e], D_e ≥ 1; missing where edges have none.</param>
    /// <exception cref="ArgumentException">An end is not a node, or the lengths differ.</exception>
    public EdgeList(long nodes, int[] source, int[] destination, Real[]? weight = null, Matrix features = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if (nodes is < 0 or > int.MaxValue) throw new ArgumentException($"{nodes} nodes: 0 … {int.MaxValue} are possible", nameof(nodes));
        if (destination.Length != source.Length || weight is not null && weight.Length != source.Length)
            throw new ArgumentException($"{source.Length} sources, {destination.Length} destinations and {weight?.Length ?? source.Length} weights: every edge needs one of each");
        if (!features.IsMissing && (features.Rows != source.Length || features.Columns < 1))
            throw new ArgumentException($"features of edges are {features} for {source.Length} edges: a row of at least one feature for every edge was expected", nameof(features));
        for (int e = 0; e < source.Length; e++)
            if ((uint)source[e] >= nodes || (uint)destination[e] >= nodes)
                throw new ArgumentException($"edge {e} runs {source[e]} → {destination[e]}; nodes are 0 … {nodes - 1}");
        (Nodes, Source, Destination, Weight, Features) = (nodes, source, destination, weight, features);
    }

    /// <summary>Number of nodes, N.</summary>
    public long Nodes { get; }

    /// <summary>Number of edges, E; both directions of an undirected edge count.</summary>
    public int Count => Source.Length;

    /// <summary>Source of each edge; [E].</summary>
    public int[] Source { get; }

    /// <summary>Destination of each edge; [E].</summary>
    public int[] Destination { get; }

    /// <summary>Weight of each edge, [E]; null where every weight is 1.</summary>
    public Real[]? Weight { get; }

    /// <summary>Features of each edge, [E, D_e]; missing where edges have none.</summary>
    public Matrix Features { get; }

    /// <summary>D_e, features of an edge; 0 where edges have none.</summary>
    public long FeatureWidth => Features.Columns;

    /// <summary>How many of the last edges are the loops of <see cref="WithSelfLoops"/>.</summary>
    internal int AddedLoops { get; private init; }

    /// <summary>
    /// The number by which random numbers know an edge: its place in the list as it was given; of a loop that was added to node i,
    /// the number of edges before all of those, plus i.
    /// </summary>
    /// <param name="e">Its place in this list.</param>
    /// <param name="numbers">Number of each node, where nodes are called by other names here; null where not.</param>
    internal int Id(int e, int[]? numbers = null)
    {
        int given = Count - AddedLoops;
        return e < given ? e : checked(given + (numbers is null ? Source[e] : numbers[Source[e]]));
    }

    /// <summary>Bytes of the arrays.</summary>
    internal long Bytes => (long)Count * (2 * sizeof(int) + (Weight is null ? 0 : sizeof(Real))) + Features.Bytes;

    /// <summary>Number of in-edges of each node; [N].</summary>
    public int[] InDegrees() => Degrees(Destination);

    /// <summary>Number of out-edges of each node; [N].</summary>
    public int[] OutDegrees() => Degrees(Source);

    private int[] Degrees(int[] ends)
    {
        var degrees = new int[Nodes];
        foreach (int i in ends) degrees[i]++;
        return degrees;
    }

    /// <summary>Every edge turned round, in the same order.</summary>
    public EdgeList Transpose() => new(Nodes, Destination, Source, Weight, Features);

    /// <summary>The same edges without their features.</summary>
    public EdgeList WithoutFeatures() => Features.IsMissing ? this : new(Nodes, Source, Destination, Weight) { AddedLoops = AddedLoops };

    /// <summary>
    /// Adds its reverse to every edge whose reverse is missing, with the same weight and features, in the order of those edges.
    /// An edge list that is symmetric already comes back as it is.
    /// </summary>
    public EdgeList Undirected()
    {
        long[] present = SortedKeys();
        int[] added = [.. Enumerable.Range(0, Count).Where(e => Array.BinarySearch(present, Key(Destination[e], Source[e])) < 0)];
        return Append([.. added.Select(e => (Destination[e], Source[e], Weight is null ? 1 : Weight[e]))], Rows(added));
    }

    /// <summary>
    /// Gives one self-loop of weight 1 to each node that has none, in the order of the nodes. Where edges have features, a loop has
    /// the mean of those of its node's in-edges, zeros where there are none.
    /// </summary>
    public EdgeList WithSelfLoops()
    {
        var has = new bool[Nodes];
        for (int e = 0; e < Count; e++)
            if (Source[e] == Destination[e]) has[Source[e]] = true;
        (int, int, Real)[] loops = [.. Enumerable.Range(0, (int)Nodes).Where(i => !has[i]).Select(i => (i, i, (Real)1))];
        return Append(loops, Features.IsMissing ? default : MeansOfInEdges([.. loops.Select(loop => loop.Item1)]), loops.Length);
    }

    private Matrix MeansOfInEdges(int[] nodes)
    {
        var place = new int[Nodes];
        Array.Fill(place, -1);
        for (int p = 0; p < nodes.Length; p++) place[nodes[p]] = p;
        // Summed in double precision: the mean is rounded once.
        var sums = new double[nodes.Length * FeatureWidth];
        var edges = new int[nodes.Length];
        for (int e = 0; e < Count; e++)
        {
            if (place[Destination[e]] is not (>= 0 and var p)) continue;
            edges[p]++;
            for (int c = 0; c < FeatureWidth; c++) sums[p * FeatureWidth + c] += Features[e, c];
        }
        for (int p = 0; p < nodes.Length; p++)
            for (int c = 0; c < FeatureWidth; c++) sums[p * FeatureWidth + c] /= Math.Max(1, edges[p]);
        return Matrix.From(nodes.Length, FeatureWidth, sums);
    }

    /// <summary>Leaves out every self-loop.</summary>
    public EdgeList WithoutSelfLoops() => Where(e => Source[e] != Destination[e]);

    /// <summary>Sorts by source, then destination, and keeps the first of parallel edges.</summary>
    public EdgeList Simple()
    {
        var order = new int[Count];
        for (int e = 0; e < Count; e++) order[e] = e;
        var keys = new long[Count];
        for (int e = 0; e < Count; e++) keys[e] = Key(Source[e], Destination[e]);
        Array.Sort(keys, order);
        // The sort is not stable: within a run of equal keys the smallest edge number is the first edge.
        var kept = new List<int>(Count);
        for (int p = 0; p < Count;)
        {
            int end = p, first = order[p];
            for (; end < Count && keys[end] == keys[p]; end++) first = Math.Min(first, order[end]);
            kept.Add(first);
            p = end;
        }
        return Pick([.. kept]);
    }

    /// <summary>True if every edge's reverse is in the list too.</summary>
    public bool IsSymmetric()
    {
        long[] there = SortedKeys(Source, Destination), back = SortedKeys(Destination, Source);
        for (int p = 0, q = 0; p < Count || q < Count;)
        {
            if (p == Count || q == Count || there[p] != back[q]) return false;
            // Parallel edges count once: an edge need not have as many reverses.
            long key = there[p];
            while (p < Count && there[p] == key) p++;
            while (q < Count && back[q] == key) q++;
        }
        return true;
    }

    /// <summary>The edges for which <paramref name="keep"/> is true of their number, in the same order.</summary>
    public EdgeList Where(Func<int, bool> keep) => Pick([.. Enumerable.Range(0, Count).Where(keep)]);

    /// <summary>The same edges, in the same order, with the nodes numbered by their places in <paramref name="order"/>.</summary>
    internal EdgeList Renumber(int[] order)
    {
        var place = new int[order.Length];
        for (int i = 0; i < order.Length; i++) place[order[i]] = i;
        return new(Nodes, Array.ConvertAll(Source, j => place[j]), Array.ConvertAll(Destination, j => place[j]), Weight, Features) { AddedLoops = AddedLoops };
    }

    /// <summary>Every edge as one number that orders by source, then destination, in ascending order.</summary>
    internal long[] SortedKeys() => SortedKeys(Source, Destination);

    // The keys of each row are put together first: many short sorts, side by side, are several times as fast as a long one.
    private long[] SortedKeys(int[] rows, int[] columns)
    {
        int[] end = Degrees(rows);
        // From degrees to first places, each of which moves to its row's end while the row is filled.
        for (int i = 0, first = 0; i < end.Length; i++) (end[i], first) = (first, first + end[i]);
        var keys = new long[Count];
        for (int e = 0; e < Count; e++) keys[end[rows[e]]++] = Key(rows[e], columns[e]);
        Parallel.For(0, end.Length, i => keys.AsSpan((i == 0 ? 0 : end[i - 1])..end[i]).Sort());
        return keys;
    }

    private static long Key(int source, int destination) => (long)source << 32 | (uint)destination;

    /// <summary>The edges of these numbers, in this order.</summary>
    internal EdgeList Pick(int[] edges) => new(Nodes,
        Array.ConvertAll(edges, e => Source[e]), Array.ConvertAll(edges, e => Destination[e]), Weight is null ? null : Array.ConvertAll(edges, e => Weight[e]), Rows(edges));

    /// <summary>The features of these edges, in this order; missing where edges have none.</summary>
    internal Matrix Rows(int[] edges) => RowsOf(Features, edges);

    /// <summary>These rows of a matrix, in this order; missing where the matrix is.</summary>
    internal static Matrix RowsOf(Matrix all, int[] rows)
    {
        if (all.IsMissing) return default;
        var picked = Matrix.Allocate(rows.Length, all.Columns);
        for (int p = 0; p < rows.Length; p++) all.Row(rows[p]).CopyTo(picked.Row(p));
        all.KeepAlive();
        return picked;
    }

    private static Matrix Joined(Matrix first, Matrix second)
    {
        if (first.IsMissing) return default;
        var both = Matrix.Allocate(first.Rows + second.Rows, first.Columns);
        first.CopyTo(both.Top(first.Rows));
        second.CopyTo(both.RowRange(first.Rows, second.Rows));
        return both;
    }

    private EdgeList Append((int Source, int Destination, Real Weight)[] added, Matrix features, int loops = 0) => added.Length == 0 ? this : new(Nodes,
        [.. Source, .. added.Select(a => a.Source)],
        [.. Destination, .. added.Select(a => a.Destination)],
        Weight is null ? null : [.. Weight, .. added.Select(a => a.Weight)],
        Joined(Features, features))
    { AddedLoops = loops };
}
