using Weft.Distributed.Words;
using Weft.Graphs;

namespace Weft.Distributed.Cagnet;

/// <summary>Entries of M (or of Mᵀ) in some rows and columns: counted on a graph, or expected of one that exists as numbers alone.</summary>
/// <param name="transposed">True for Mᵀ.</param>
/// <param name="rows">A run of rows.</param>
/// <param name="columns">A run of columns.</param>
internal delegate long EntryCount(bool transposed, (long First, long Count) rows, (long First, long Count) columns);

/// <summary>
/// What a process receives in one layer, a features in and b out, of each of CAGNET's schemes, in closed form. n_i, a_j, … are the
/// sizes of pieces of n, a, … cut evenly, the remainder first; AR_q(m, g) = (g − 1)·m_q + (m − m_q) is an all-reduction of m values
/// over g members on member q. Broadcasts of nothing are not made and count no message.
/// </summary>
internal static class CagnetWords
{
    /// <summary>(n − n_p)·a forward, (n − n_p)·b + AR_p(ab, P) backward.</summary>
    public static LayerTraffic Broadcast1D(int processes, int rank, long n, long a, long b) => Broadcast1D(processes, rank, n, a, b, out _);

    /// <inheritdoc cref="Broadcast1D(int, int, long, long, long)"/>
    /// <param name="processes">P</param>
    /// <param name="rank">The process.</param>
    /// <param name="n">Number of nodes.</param>
    /// <param name="a">Features in.</param>
    /// <param name="b">Features out.</param>
    /// <param name="rooted">
    /// Words that the process broadcasts itself. It receives none of them, but stages come one after another, so they take as long
    /// as if it did.
    /// </param>
    public static LayerTraffic Broadcast1D(int processes, int rank, long n, long a, long b, out long rooted)
    {
        long others = n - Placement.Cut(n, processes, rank).Count, stages = processes * Depth(processes);
        rooted = processes == 1 ? 0 : (n - others) * (a + b);
        return new LayerTraffic(others * a, others * b + AllReduce(a * b, processes, rank), stages, stages + 2 * Depth(processes));
    }

    /// <summary>
    /// Process (i, j) of R × c multiplies with the nodes Q_j of its column's blocks: (|Q_j| − [i ∈ K_j]·n_i)·a + AR_j(n_i·a, c)
    /// forward; with b in the place of a, and AR_i(ab, R), backward.
    /// </summary>
    public static LayerTraffic Replicated15D(int processes, int copies, int rank, long n, long a, long b) => Replicated15D(processes, copies, rank, n, a, b, out _);

    /// <inheritdoc cref="Replicated15D(int, int, int, long, long, long)"/>
    public static LayerTraffic Replicated15D(int processes, int copies, int rank, long n, long a, long b, out long rooted)
    {
        int blocks = processes / copies, i = rank / copies, j = rank % copies;
        var (first, count) = Placement.Cut(blocks, copies, j);
        long own = Placement.Cut(n, blocks, i).Count, received = 0;
        for (int k = first; k < first + count; k++)
            if (k != i) received += Placement.Cut(n, blocks, k).Count;
        rooted = blocks > 1 && i >= first && i < first + count ? own * (a + b) : 0;
        long messages = count * Depth(blocks) + 2 * Depth(copies);
        return new LayerTraffic(
            received * a + AllReduce(own * a, copies, j),
            received * b + AllReduce(own * b, copies, j) + AllReduce(a * b, blocks, i),
            messages,
            messages + 2 * Depth(blocks));
    }

    /// <inheritdoc cref="Split3D(int, int, int, int, long, long, long, EntryCount)"/>
    public static LayerTraffic Summa2D(int rows, int columns, int rank, long n, long a, long b, EntryCount entries) =>
        Split3D(rows, columns, 1, rank, n, a, b, entries);

    /// <summary>
    /// Process (i, j, k), stages s of L_k with owner j_A(s); per direction, with its width w and the slice w_j of it:
    /// Σ_{s: j_A ≠ j} (2·nnz + n_i + 1) + (|L_k| − n_ik)·w_j + (D − 1)·n_ik·w_j + n_ik·(w − w_j); backward also
    /// AR(a_j·b, Pr·D) + (a − a_j)·b.
    /// </summary>
    public static LayerTraffic Split3D(int rows, int columns, int depth, int rank, long n, long a, long b, EntryCount entries) =>
        Split3D(rows, columns, depth, rank, n, a, b, entries, out _);

    /// <inheritdoc cref="Split3D(int, int, int, int, long, long, long, EntryCount)"/>
    public static LayerTraffic Split3D(int rows, int columns, int depth, int rank, long n, long a, long b, EntryCount entries, out long rooted)
    {
        int i = rank / depth / columns, j = rank / depth % columns, k = rank % depth;
        var stages = Stages(n, rows, columns, depth, k).ToArray();
        var strip = Placement.Cut(n, rows, i);
        long inner = stages.Sum(s => s.Nodes.Count), own = Placement.Cut(strip.Count, depth, k).Count;
        long aj = Placement.Cut(a, columns, j).Count;
        var (forward, backward) = (Direction(false, a), Direction(true, b));
        long reduced = AllReduce(aj * b, rows * depth, i * depth + k);
        rooted = forward.Rooted + backward.Rooted;
        return new LayerTraffic(
            forward.Words,
            backward.Words + reduced + (a - aj) * b,
            forward.Messages,
            backward.Messages + (aj * b > 0 ? 2 * Depth(rows * depth) : 0) + Depth(columns));

        (long Words, long Messages, long Rooted) Direction(bool transposed, long width)
        {
            long wj = Placement.Cut(width, columns, j).Count;
            long words = (inner - own) * wj + (depth - 1) * own * wj + own * (width - wj), messages = Depth(columns), mine = rows > 1 ? own * wj : 0;
            foreach (var (nodes, owner) in stages)
            {
                long nnz = entries(transposed, strip, nodes);
                if (owner != j) words += 2 * nnz + strip.Count + 1;
                else if (columns > 1) mine += 2 * nnz + strip.Count + 1;
                messages += Depth(columns) * (nnz > 0 ? 3 : 1) + (wj > 0 ? Depth(rows) : 0);
            }
            return (words, messages + (wj > 0 ? Depth(depth) : 0), mine);
        }
    }

    /// <summary>
    /// A softmax cross-entropy of c classes whose rows lie on <paramref name="columns"/> processes: the largest entry and then two
    /// sums of each row, AR_j(n, Pc) + AR_j(2n, Pc) over its n rows, and the loss itself over the processes that own all nodes.
    /// </summary>
    public static long Loss(int columns, int column, long ownRows, int nodeGroup, int member) =>
        AllReduce(ownRows, columns, column) + AllReduce(2 * ownRows, columns, column) + AllReduce(1, nodeGroup, member) * sizeof(double) / sizeof(Real);

    /// <summary>Entries counted on the whole graph.</summary>
    public static EntryCount Of(Graph graph) => (transposed, rows, columns) =>
    {
        var matrix = transposed ? graph.BySource : graph.ByDestination;
        long count = 0;
        for (long q = matrix.Pointers[rows.First]; q < matrix.Pointers[rows.First + rows.Count]; q++)
            if (matrix.Index[q] >= columns.First && matrix.Index[q] < columns.First + columns.Count) count++;
        return count;
    };

    /// <summary>Entries of <paramref name="total"/> spread evenly over n × n, rounded: for a graph that exists as numbers alone.</summary>
    public static EntryCount EvenlySpread(long n, long total) =>
        (_, rows, columns) => (long)Math.Round((double)total * rows.Count / n * columns.Count / n);

    // The inner nodes of layer k are cut at the ends of its slices and at those of Pc even pieces.
    private static IEnumerable<((long First, long Count) Nodes, int Owner)> Stages(long n, int rows, int columns, int depth, int k)
    {
        var slices = new (long First, long Count)[rows];
        var cuts = new SortedSet<long> { 0 };
        long total = 0;
        for (int i = 0; i < rows; i++)
        {
            var strip = Placement.Cut(n, rows, i);
            var (first, count) = Placement.Cut(strip.Count, depth, k);
            slices[i] = (strip.First + first, count);
            cuts.Add(total += count);
        }
        for (int j = 1; j < columns; j++) cuts.Add(Placement.Cut(total, columns, j).First);
        foreach (var (start, end) in cuts.Zip(cuts.Skip(1)))
        {
            // Places of L_k to nodes: the slice in which the place lies.
            long before = 0;
            int i = 0;
            while (start >= before + slices[i].Count) before += slices[i++].Count;
            yield return ((slices[i].First + start - before, end - start), Placement.PieceOf(total, columns, start));
        }
    }

    private static long AllReduce(long entries, int members, int member)
    {
        long mine = Placement.Cut(entries, members, member).Count;
        return (members - 1) * mine + entries - mine;
    }

    private static long Depth(int members) => members == 1 ? 0 : 1 + long.Log2(members - 1);
}
