namespace Weft.Sampling;

/// <summary>
/// Cuts the training nodes of an epoch into batches and draws what a step on each of them needs. A sample is a function of
/// (seed, epoch, batch, node) alone, so any thread may draw any of them.
/// </summary>
internal interface ISampler
{
    /// <summary>Number of batches of an epoch.</summary>
    int Batches(int epoch);

    /// <summary>The most batches that an epoch may have.</summary>
    int MostBatches { get; }

    /// <summary>Draws a batch.</summary>
    /// <param name="epoch">0, 1, …</param>
    /// <param name="number">Number of the batch in its epoch.</param>
    /// <param name="scratch">Memory of the thread that draws.</param>
    Sample Draw(int epoch, int number, SampleScratch scratch);
}

/// <summary>Memory that a thread draws samples with, one after another.</summary>
/// <param name="adjacency">The graph that is drawn from.</param>
internal sealed class SampleScratch(IAdjacency adjacency)
{
    private int[] neighbours = new int[1024], drawn = new int[64];

    /// <summary>The nodes of a sample.</summary>
    public LocalNodes Local { get; } = new(adjacency.Nodes);

    /// <summary>Nodes that may become part of it; made where they are asked for.</summary>
    public LocalNodes Candidates => candidates ??= new(adjacency.Nodes);

    private LocalNodes? candidates;

    /// <summary>The edges of the block that is being drawn.</summary>
    public BlockEdges Edges { get; } = new(adjacency);

    /// <summary>An empty set.</summary>
    public HashSet<int> Marks { get; } = [];

    /// <summary>A number for each candidate.</summary>
    public List<double> Numbers { get; } = [];

    /// <summary>Sources of a node's in-edges, until the next call.</summary>
    public ReadOnlySpan<int> Neighbours(int node)
    {
        int degree = adjacency.Degree(node);
        if (neighbours.Length < degree) neighbours = new int[2 * degree];
        adjacency.Sources(node, neighbours);
        return neighbours.AsSpan(0, degree);
    }

    /// <summary>Room for so many numbers, until the next call.</summary>
    public Span<int> Drawn(int count)
    {
        if (drawn.Length < count) drawn = new int[2 * count];
        return drawn.AsSpan(0, count);
    }
}
