namespace Weft.Sampling;

/// <summary>Some nodes of a large graph, numbered from 0 in the order in which they came.</summary>
/// <param name="nodes">Number of nodes of the graph, N.</param>
internal sealed class LocalNodes(int nodes)
{
    // One int a node of the graph, so that finding a node is one read; −1 is spelled 0, that most pages are never written.
    private readonly int[] placePlusOne = new int[nodes];
    private int[] numbers = new int[1024];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Their numbers in the graph.</summary>
    public ReadOnlySpan<int> Numbers => numbers.AsSpan(0, Count);

    /// <summary>Number in the graph of the node at a place.</summary>
    public int this[int place] => numbers[place];

    /// <summary>Place of a node; −1 if it is not here.</summary>
    public int Find(int node) => placePlusOne[node] - 1;

    /// <summary>Place of a node, which comes last if it was not here.</summary>
    public int Add(int node)
    {
        int place = placePlusOne[node] - 1;
        if (place >= 0) return place;
        if (Count == numbers.Length) Array.Resize(ref numbers, 2 * Count);
        numbers[Count] = node;
        placePlusOne[node] = ++Count;
        return Count - 1;
    }

    /// <summary>Forgets all of them.</summary>
    public void Clear()
    {
        for (int p = 0; p < Count; p++) placePlusOne[numbers[p]] = 0;
        Count = 0;
    }
}
