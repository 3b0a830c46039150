namespace Weft.Links;

/// <summary>What is wrong with a split: how often, and where first.</summary>
/// <param name="What">What is wrong, as in "edges of test that are in the message graph too".</param>
/// <param name="Count">How often.</param>
/// <param name="Source">First node of the first such pair.</param>
/// <param name="Target">Its second node.</param>
internal sealed record Leak(string What, int Count, int Source, int Target);

/// <summary>A part of a split by name.</summary>
/// <param name="Name">train, validation or test.</param>
/// <param name="Positives">Its links.</param>
/// <param name="Negatives">Its pairs that are none; null where there are none.</param>
internal sealed record LinkPart(string Name, LinkPairs Positives, LinkPairs? Negatives);

/// <summary>
/// Finds in a split what would let a model see what it is to predict: a held-out edge or its reverse among the messages, an edge in two parts or twice in one, and
/// negatives that are edges.
/// </summary>
internal static class LeakageCheck
{
    /// <summary>Every kind of leak that there is.</summary>
    /// <param name="message">Edges that messages flow along.</param>
    /// <param name="parts">The parts; all but the one named train are held out.</param>
    /// <param name="edges">Other edges of the whole graph, which are no negatives; null where the messages and the parts are all there is.</param>
    /// <param name="directed">True where i → j and j → i are two links: i → j may be a negative beside the link j → i.</param>
    public static IReadOnlyList<Leak> Find(LinkPairs message, IReadOnlyList<LinkPart> parts, LinkPairs? edges, bool directed)
    {
        var leaks = new List<Leak>();
        var flows = Keys(message);
        foreach (var part in parts.Where(p => p.Name != "train"))
        {
            Report($"edges of {part.Name} that are in the message graph too", part.Positives, (i, j) => i != j && flows.Contains(Key(i, j)));
            Report($"edges of {part.Name} whose reverse is in the message graph", part.Positives, (i, j) => i != j && !flows.Contains(Key(i, j)) && flows.Contains(Key(j, i)));
        }
        for (int one = 0; one < parts.Count; one++)
        {
            var first = Keys(parts[one].Positives);
            for (int other = one + 1; other < parts.Count; other++)
                Report($"edges of {parts[other].Name} that are in {parts[one].Name} too, as they are or reversed", parts[other].Positives, (i, j) => first.Contains(Key(i, j)) || first.Contains(Key(j, i)));
        }
        var links = new HashSet<long>(flows);
        foreach (var pairs in parts.Select(p => p.Positives).Append(edges))
            if (pairs is not null) links.UnionWith(Keys(pairs));
        foreach (var part in parts)
        {
            ReportRepeats($"edges that are in {part.Name} twice", part.Positives);
            if (part.Negatives is null) continue;
            Report($"negatives of {part.Name} that are edges", part.Negatives, (i, j) => links.Contains(Key(i, j)) || !directed && links.Contains(Key(j, i)));
            ReportRepeats($"negatives that are in {part.Name} twice", part.Negatives);
        }
        return leaks;

        void Report(string what, LinkPairs pairs, Func<int, int, bool> isWrong)
        {
            int count = 0, at = -1;
            for (int p = 0; p < pairs.Count; p++)
            {
                if (!isWrong(pairs.Source[p], pairs.Target[p])) continue;
                if (count++ == 0) at = p;
            }
            if (count > 0) leaks.Add(new Leak(what, count, pairs.Source[at], pairs.Target[at]));
        }

        void ReportRepeats(string what, LinkPairs pairs)
        {
            var seen = new HashSet<long>();
            Report(what, pairs, (i, j) => !seen.Add(directed || i <= j ? Key(i, j) : Key(j, i)));
        }
    }

    private static HashSet<long> Keys(LinkPairs pairs) => [.. Enumerable.Range(0, pairs.Count).Select(p => Key(pairs.Source[p], pairs.Target[p]))];

    private static long Key(int source, int target) => (long)source << 32 | (uint)target;
}
