using System.Buffers.Binary;
using System.Security.Cryptography;
using Weft.Graphs;

namespace Weft.Companions;

/// <summary>Colours of the nodes of a graph after some rounds of refinement.</summary>
/// <param name="Colors">Colour of each node, [N]: the same on every machine and in every run.</param>
/// <param name="Classes">Number of different colours after each round, the start included; [Rounds + 1].</param>
/// <param name="IsStable">True if another round would part no two nodes.</param>
public sealed record NodeColors(UInt128[] Colors, IReadOnlyList<int> Classes, bool IsStable)
{
    /// <summary>Rounds done.</summary>
    public int Rounds => Classes.Count - 1;

    /// <summary>A hash of the multiset of colours: graphs that differ in it are not isomorphic.</summary>
    public UInt128 Signature => ColorRefinement.OfMultiset(Colors);
}

/// <summary>What refinement says about two graphs.</summary>
/// <param name="Distinguished">True if they are not isomorphic, for certain; false if refinement cannot tell them apart.</param>
/// <param name="Round">The first round after which their colours differ, 0 being the start; −1 if they do not.</param>
/// <param name="First">Colours of the first graph.</param>
/// <param name="Second">Colours of the second.</param>
public sealed record GraphComparison(bool Distinguished, int Round, NodeColors First, NodeColors Second);

/// <summary>
/// 1-WL, the colour refinement of Weisfeiler and Leman: a node's next colour is a hash of its own and of the multiset of the colours of its
/// in-neighbours. No message-passing layer tells apart what it does not.
/// </summary>
/// <remarks>
/// A colour is the first 128 bits of a SHA-256, so it is the same everywhere, and among m different neighbourhoods two meet with a
/// chance of about m²/2¹²⁹: below 10⁻²⁰ for a thousand million nodes. Edge weights are not looked at; parallel edges count.
/// </remarks>
public static class ColorRefinement
{
    /// <summary>Refines until nothing changes, or for so many rounds.</summary>
    /// <param name="graph">A graph on one process.</param>
    /// <param name="start">Colours at the start, [N]; null for one colour.</param>
    /// <param name="rounds">Rounds; −1 for as many as change something.</param>
    public static NodeColors Refine(Graph graph, UInt128[]? start = null, int rounds = -1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var colors = Start(graph, start);
        var classes = new List<int> { Count(colors) };
        while (rounds < 0 || classes.Count <= rounds)
        {
            var next = Round(graph, colors);
            int found = Count(next);
            if (rounds < 0 && found == classes[^1]) return new(colors, classes, IsStable: true);
            (colors, _) = (next, found);
            classes.Add(found);
        }
        return new(colors, classes, Count(Round(graph, colors)) == classes[^1]);
    }

    /// <summary>Refines two graphs side by side until their colours differ or neither changes.</summary>
    /// <param name="first">A graph on one process.</param>
    /// <param name="second">Another.</param>
    /// <param name="startOfFirst">Colours at the start; null for one colour. Both graphs have some, or neither.</param>
    /// <param name="startOfSecond">The same for the second.</param>
    public static GraphComparison Compare(Graph first, Graph second, UInt128[]? startOfFirst = null, UInt128[]? startOfSecond = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (startOfFirst is null != startOfSecond is null) throw new ArgumentException("one graph has colours at the start and the other has none: give both or neither");
        UInt128[] a = Start(first, startOfFirst), b = Start(second, startOfSecond);
        List<int> classesOfA = [Count(a)], classesOfB = [Count(b)];
        for (int round = 0; ; round++)
        {
            bool differ = OfMultiset(a) != OfMultiset(b);
            UInt128[] nextA = Round(first, a), nextB = Round(second, b);
            bool stableA = Count(nextA) == classesOfA[^1], stableB = Count(nextB) == classesOfB[^1];
            // As many colours in the two together as before, and each stable: the next rounds only rename them.
            bool stable = stableA && stableB && Count([.. nextA, .. nextB]) == Count([.. a, .. b]);
            if (differ || stable) return new(differ, differ ? round : -1, new(a, classesOfA, stableA), new(b, classesOfB, stableB));
            (a, b) = (nextA, nextB);
            classesOfA.Add(Count(a));
            classesOfB.Add(Count(b));
        }
    }

    /// <summary>Colours for nodes that have something before the first round: a label, a row of features.</summary>
    /// <param name="of">Bytes that are the same for nodes that begin alike.</param>
    public static UInt128 Color(ReadOnlySpan<byte> of)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(of, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    internal static UInt128 OfMultiset(ReadOnlySpan<UInt128> colors)
    {
        var sorted = colors.ToArray();
        Array.Sort(sorted);
        return Color(Bytes(sorted, new byte[16 * sorted.Length]));
    }

    private static UInt128[] Start(Graph graph, UInt128[]? start)
    {
        if (graph.Place.World.Size > 1) throw new NotSupportedException("colour refinement works on one process: leave the launcher out");
        if (graph.OwnedSources != graph.OwnedDestinations) throw new ArgumentException("colour refinement needs a whole graph, not a block");
        if (start is null)
        {
            var same = new UInt128[graph.OwnedSources];
            Array.Fill(same, Color([]));
            return same;
        }
        return start.Length == graph.OwnedSources ? [.. start] : throw new ArgumentException($"{start.Length} colours for {graph.OwnedSources} nodes: every node needs one");
    }

    // c′_i = hash(c_i, sorted colours of the in-neighbours)
    private static UInt128[] Round(Graph graph, UInt128[] colors)
    {
        var view = graph.ByDestination;
        var next = new UInt128[colors.Length];
        Parallel.For(0, colors.Length, () => (Colors: Array.Empty<UInt128>(), Bytes: Array.Empty<byte>()), (i, _, buffers) =>
        {
            int neighbours = (int)(view.Pointers[i + 1] - view.Pointers[i]);
            if (buffers.Colors.Length <= neighbours) buffers = (new UInt128[2 * neighbours + 2], new byte[16 * (2 * neighbours + 2)]);
            var around = buffers.Colors.AsSpan(0, neighbours + 1);
            for (int q = 0; q < neighbours; q++) around[q + 1] = colors[view.Index[view.Pointers[i] + q]];
            around[1..].Sort();
            around[0] = colors[i];
            next[i] = Color(Bytes(around, buffers.Bytes));
            return buffers;
        }, _ => { });
        return next;
    }

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<UInt128> colors, byte[] bytes)
    {
        for (int p = 0; p < colors.Length; p++) BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(16 * p), colors[p]);
        return bytes.AsSpan(0, 16 * colors.Length);
    }

    private static int Count(UInt128[] colors) => new HashSet<UInt128>(colors).Count;
}
