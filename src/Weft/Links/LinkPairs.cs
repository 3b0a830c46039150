namespace Weft.Links;

/// <summary>Pairs of nodes: edges that are or are not there. Pair p runs from Source[p] to Target[p].</summary>
/// <param name="Source">First node of each pair; [P].</param>
/// <param name="Target">Second node of each pair; [P].</param>
internal sealed record LinkPairs(int[] Source, int[] Target)
{
    /// <summary>Number of pairs, P.</summary>
    public int Count => Source.Length;

    /// <summary>These pairs and then those.</summary>
    public LinkPairs Then(LinkPairs others) => new([.. Source, .. others.Source], [.. Target, .. others.Target]);

    /// <summary>The same pairs with other names for the nodes.</summary>
    /// <param name="name">What node i is called.</param>
    public LinkPairs Renamed(int[] name) => new(Array.ConvertAll(Source, i => name[i]), Array.ConvertAll(Target, i => name[i]));
}
