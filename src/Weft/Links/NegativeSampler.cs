using Weft.Graphs;
using Weft.Kernels;

namespace Weft.Links;

/// <summary>
/// Draws pairs of nodes that no edge of the whole graph joins. A draw is a function of the seed, the stream, the epoch and
/// its number.
/// </summary>
/// <remarks>
/// "uniform" draws both ends alike from all nodes; "degree" draws an end with a chance in proportion to its degree in the message graph plus
/// 1, so that a node without edges can be drawn too. A pair that is refused is drawn again; after many refusals the next pair in
/// the order of their numbers that will do is taken, so a draw ends on any graph that has such a pair.
/// </remarks>
internal sealed class NegativeSampler
{
    private const int MostDraws = 256;

    private readonly EdgeSet present;
    private readonly bool loops;
    private readonly long[]? upTo;

    /// <summary>A sampler for a graph.</summary>
    /// <param name="present">All edges of the graph, held-out ones too.</param>
    /// <param name="message">Edges whose ends give the degrees.</param>
    /// <param name="kind">uniform or degree.</param>
    /// <param name="loops">True to draw pairs of a node with itself too.</param>
    /// <exception cref="ArgumentException">There is no such kind.</exception>
    public NegativeSampler(EdgeSet present, EdgeList message, string kind, bool loops = false)
    {
        ArgumentNullException.ThrowIfNull(present);
        ArgumentNullException.ThrowIfNull(message);
        (this.present, this.loops) = (present, loops);
        upTo = kind switch
        {
            "uniform" => null,
            "degree" => Sums(message),
            _ => throw new ArgumentException($"there are no '{kind}' negatives; use uniform or degree"),
        };
    }

    /// <summary>Negatives of which none occurs twice.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Key of the random numbers.</param>
    /// <param name="stream">Their stream.</param>
    /// <param name="what">What they are for, for the message.</param>
    /// <exception cref="ArgumentException">The graph is too dense to have so many.</exception>
    public LinkPairs Distinct(int count, ulong seed, uint stream, string what)
    {
        if (present.Absent(loops) < count)
            throw new ArgumentException($"{what} needs {count} pairs of nodes without an edge, each once, and the graph has {present.Absent(loops)}: it is too dense for that; hold out fewer edges by --link-split");
        var taken = new HashSet<long>();
        var (source, target) = (new int[count], new int[count]);
        var key = new RandomKey(seed, 0, stream);
        for (int p = 0; p < count; p++)
        {
            (source[p], target[p]) = Draw(key, p, taken);
            taken.Add(present.Key(source[p], target[p]));
        }
        return new LinkPairs(source, target);
    }

    /// <summary>Refuses a graph that has no negative at all.</summary>
    /// <exception cref="ArgumentException">Every pair of nodes is joined.</exception>
    public void Check()
    {
        if (present.Absent(loops) < 1)
            throw new ArgumentException($"every pair of the {present.Nodes} nodes is joined by an edge: the graph is too dense to have negatives");
    }

    /// <summary>Negatives, of which some may occur twice, on all threads.</summary>
    /// <param name="seed">Key of the random numbers.</param>
    /// <param name="epoch">Number of the epoch: another one gives other negatives.</param>
    /// <param name="source">Receives their first nodes.</param>
    /// <param name="target">Receives their second nodes, as many.</param>
    public void Fill(ulong seed, int epoch, ArraySegment<int> source, ArraySegment<int> target)
    {
        var job = new Draws(this, new RandomKey(seed, (uint)epoch, LinkStreams.Training), source, target);
        RowParallel.For(source.Count, 64L * source.Count, ref job);
    }

    private (int Source, int Target) Draw(RandomKey key, int number, HashSet<long>? taken)
    {
        int source = 0, target = 0;
        for (uint draw = 0; draw < MostDraws; draw++)
        {
            var (a, b, c, d) = CounterRandom.Philox(key.Step, key.Stream, (uint)number, draw, key.Low, key.High);
            (source, target) = (Node((ulong)a << 32 | b), Node((ulong)c << 32 | d));
            if (!present.Directed && source > target) (source, target) = (target, source);
            if (IsFree(source, target, taken)) return (source, target);
        }
        do
        {
            if (++target == present.Nodes)
            {
                source = (int)((source + 1) % present.Nodes);
                target = present.Directed ? 0 : source;
            }
        }
        while (!IsFree(source, target, taken));
        return (source, target);
    }

    private bool IsFree(int source, int target, HashSet<long>? taken) =>
        (loops || source != target) && !present.Contains(source, target) && taken?.Contains(present.Key(source, target)) != true;

    private int Node(ulong random)
    {
        if (upTo is null) return (int)Math.BigMul(random, (ulong)present.Nodes, out _);
        long at = (long)Math.BigMul(random, (ulong)upTo[^1], out _);
        // The first node whose sum is above it.
        int place = Array.BinarySearch(upTo, at + 1);
        return place >= 0 ? place : ~place;
    }

    // Sums of degree + 1 over the nodes up to each.
    private static long[] Sums(EdgeList message)
    {
        var (ins, outs) = (message.InDegrees(), message.OutDegrees());
        var sums = new long[message.Nodes];
        long sum = 0;
        for (int i = 0; i < sums.Length; i++) sums[i] = sum += ins[i] + outs[i] + 1L;
        return sums;
    }

    private readonly struct Draws(NegativeSampler sampler, RandomKey key, ArraySegment<int> source, ArraySegment<int> target) : IRowJob
    {
        public void Run(long first, long last)
        {
            Span<int> sources = source, targets = target;
            for (int p = (int)first; p < last; p++) (sources[p], targets[p]) = sampler.Draw(key, p, null);
        }
    }
}
