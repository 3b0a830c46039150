using Weft.Graphs;
using Weft.Kernels;

namespace Weft.Links;

/// <summary>
/// Edges parted for link prediction: those that messages flow along, and those of training, validation and test that a model
/// should find. No validation or test edge, no copy of one and no reverse of one is left in the message graph.
/// </summary>
/// <remarks>
/// What is drawn is a pair of nodes {i, j}, i ≠ j, that an edge joins in either direction; the part in which a pair falls depends on the
/// seed and its two numbers alone. Without a direction it is one positive of that part, the smaller number first. With direction
/// each of i → j and j → i that is there is a positive of its own, both of them in the same part. Self-loops are no links: they stay in the message graph.
/// </remarks>
internal sealed class LinkSplit
{
    private LinkSplit(EdgeList edges, EdgeList message, bool directed, LinkShares shares, ulong seed, LinkPairs[] parts)
    {
        (Edges, Message, Directed, Shares, Seed) = (edges, message, directed, shares, seed);
        (Train, Validation, Test) = (parts[0], parts[1], parts[2]);
    }

    /// <summary>"links 85/5/10, seed 0".</summary>
    public string Name => $"links {Shares}, seed {Seed}{(Directed ? ", directed" : "")}";

    /// <summary>The whole graph.</summary>
    public EdgeList Edges { get; }

    /// <summary>Edges of training, in the order of the whole graph, and self-loops.</summary>
    public EdgeList Message { get; }

    /// <summary>True where i → j and j → i are two links.</summary>
    public bool Directed { get; }

    /// <summary>Per cents of the parts.</summary>
    public LinkShares Shares { get; }

    /// <summary>Seed of the split.</summary>
    public ulong Seed { get; }

    /// <summary>Links that training finds; they are in the message graph.</summary>
    public LinkPairs Train { get; }

    /// <summary>Links that choose when to stop.</summary>
    public LinkPairs Validation { get; }

    /// <summary>Links that are scored.</summary>
    public LinkPairs Test { get; }

    /// <summary>Parts the edges of a graph.</summary>
    /// <param name="edges">All edges, as the model would see them but for self-loops that it adds.</param>
    /// <param name="shares">How many per cent go where; validation and test are rounded down.</param>
    /// <param name="seed">The same seed gives the same parts on every machine.</param>
    /// <param name="directed">True where i → j and j → i are two links.</param>
    /// <exception cref="ArgumentException">A part would be empty.</exception>
    public static LinkSplit Create(EdgeList edges, LinkShares shares, ulong seed, bool directed = false)
    {
        ArgumentNullException.ThrowIfNull(edges);
        var joined = new EdgeSet(edges, directed: false).Pairs();
        int validation = (int)(joined.Count * shares.Validation / 100), test = (int)(joined.Count * shares.Test / 100), train = joined.Count - validation - test;
        if (validation == 0 || test == 0 || train == 0)
            throw new ArgumentException($"a split {shares} of {joined.Count} links gives {train} for training, {validation} for validation and {test} for test; every part needs one: choose other shares by --link-split, or a graph with more edges");

        int[] order = Shuffled(joined, seed);
        var part = new Dictionary<long, int>(joined.Count);
        for (int p = 0; p < order.Length; p++)
            part[Key(joined.Source[order[p]], joined.Target[order[p]])] = p < test ? 2 : p < test + validation ? 1 : 0;
        int PartOf(int i, int j) => i == j ? 0 : part[i < j ? Key(i, j) : Key(j, i)];

        var message = edges.Where(e => PartOf(edges.Source[e], edges.Destination[e]) == 0);
        var links = directed ? new EdgeSet(edges, directed: true).Pairs() : joined;
        int[] partOfLink = [.. Enumerable.Range(0, links.Count).Select(p => PartOf(links.Source[p], links.Target[p]))];
        return new LinkSplit(edges, message, directed, shares, seed, [.. Enumerable.Range(0, 3).Select(Pick)]);

        LinkPairs Pick(int wanted)
        {
            int[] chosen = [.. Enumerable.Range(0, links.Count).Where(p => partOfLink[p] == wanted)];
            return new LinkPairs(Array.ConvertAll(chosen, p => links.Source[p]), Array.ConvertAll(chosen, p => links.Target[p]));
        }
    }

    private static long Key(int smaller, int larger) => (long)smaller << 32 | (uint)larger;

    // By a random number of each pair's own; the pairs come in ascending order, which settles equal numbers.
    private static int[] Shuffled(LinkPairs pairs, ulong seed)
    {
        var random = new ulong[pairs.Count];
        for (int p = 0; p < random.Length; p++)
        {
            var (high, low, _, _) = CounterRandom.Philox(0, LinkStreams.Split, (uint)pairs.Source[p], (uint)pairs.Target[p], (uint)seed, (uint)(seed >> 32));
            random[p] = (ulong)high << 32 | low;
        }
        return [.. Enumerable.Range(0, pairs.Count).OrderBy(p => random[p])];
    }
}
