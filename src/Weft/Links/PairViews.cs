using Weft.Graphs;

namespace Weft.Links;

/// <summary>
/// Pairs of nodes as edges that kernels walk: grouped by target and by source, each entry carrying the number of its pair. The
/// arrays are kept when other pairs are put in.
/// </summary>
internal sealed class PairViews
{
    private readonly Grouping byTarget, bySource;

    /// <summary>Room for pairs.</summary>
    /// <param name="nodes">Number of nodes, N.</param>
    /// <param name="count">Number of pairs, P.</param>
    public PairViews(long nodes, int count)
    {
        (Nodes, Source, Target) = (nodes, new int[count], new int[count]);
        (byTarget, bySource) = (new Grouping(nodes, count), new Grouping(nodes, count));
    }

    /// <summary>These pairs.</summary>
    public PairViews(long nodes, LinkPairs pairs)
        : this(nodes, pairs.Count)
    {
        pairs.Source.CopyTo(Source, 0);
        pairs.Target.CopyTo(Target, 0);
        Group();
    }

    /// <summary>Number of nodes, N.</summary>
    public long Nodes { get; }

    /// <summary>Number of pairs, P.</summary>
    public int Count => Source.Length;

    /// <summary>First node of each pair, [P]; call <see cref="Group"/> once it is written.</summary>
    public int[] Source { get; }

    /// <summary>Second node of each pair, [P]; call <see cref="Group"/> once it is written.</summary>
    public int[] Target { get; }

    /// <summary>Row i: pairs whose target is i; columns are sources; values by pair.</summary>
    public EdgeView ByTarget { get; private set; } = null!;

    /// <summary>Row i: pairs whose source is i; columns are targets; values by pair.</summary>
    public EdgeView BySource { get; private set; } = null!;

    /// <summary>Row i: pairs whose target is i; columns are the pairs themselves.</summary>
    public EdgeView PairsByTarget { get; private set; } = null!;

    /// <summary>Row i: pairs whose source is i; columns are the pairs themselves.</summary>
    public EdgeView PairsBySource { get; private set; } = null!;

    /// <summary>Bytes of the arrays.</summary>
    public long Bytes => 2L * Count * sizeof(int) + byTarget.Bytes + bySource.Bytes;

    /// <summary>Puts <see cref="Source"/> and <see cref="Target"/>, as they are now, into the views.</summary>
    public void Group()
    {
        (ByTarget, PairsByTarget) = byTarget.Of(Target, Source);
        (BySource, PairsBySource) = bySource.Of(Source, Target);
    }

    private sealed class Grouping(long nodes, int count)
    {
        private readonly long[] pointers = new long[nodes + 1];
        private readonly int[] order = new int[count], other = new int[count];

        public long Bytes => (long)pointers.Length * sizeof(long) + 2L * count * sizeof(int);

        /// <summary>Groups by one end with a stable counting sort.</summary>
        public (EdgeView Nodes, EdgeView Pairs) Of(int[] end, int[] otherEnd)
        {
            Array.Clear(pointers);
            foreach (int i in end) pointers[i + 1]++;
            for (long i = 0; i < nodes; i++) pointers[i + 1] += pointers[i];
            for (int p = 0; p < end.Length; p++)
            {
                long q = pointers[end[p]]++;
                (order[q], other[q]) = (p, otherEnd[p]);
            }
            // Each pointer has moved on to where the next row starts.
            for (long i = nodes; i > 0; i--) pointers[i] = pointers[i - 1];
            pointers[0] = 0;
            return (new EdgeView(pointers, other, order, nodes), new EdgeView(pointers, order, null, count));
        }
    }
}
